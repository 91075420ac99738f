import { Server, ServerCredentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromTraceparent, spanIdOf, toTraceparent, traceIdOf } from '../../telemetry/trace-context.js';
import { readTraceSettings, TraceSettingsError } from '../../telemetry/trace-settings.js';
import { startTracing, type Tracing } from '../../telemetry/tracing.js';
import { OtlpReceiver } from './otlp-receiver.js';

/** Of long ago, so that nothing takes it for now. */
const BEGAN = 1_000_000_000_000.5;
const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const logger = pino({ level: 'silent' });

describe('what the environment says of traces', () => {
  it('is nothing without an endpoint, or when they are switched off', () => {
    const at = { [ENDPOINT]: 'http://localhost:4318' };
    expect(readTraceSettings({})).toBeUndefined();
    expect(readTraceSettings({ [ENDPOINT]: ' ' })).toBeUndefined();
    expect(readTraceSettings({ ...at, OTEL_SDK_DISABLED: 'TRUE' })).toBeUndefined();
    expect(readTraceSettings({ ...at, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
    expect(readTraceSettings(at)).toEqual({ protocol: 'http/protobuf', sampler: { kind: 'always_on' } });
  });

  it('chooses protocol and sampler', () => {
    const env = {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c:1/x',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    };
    expect(readTraceSettings(env)).toEqual({ protocol: 'grpc', sampler: { kind: 'traceidratio', ratio: 0.25 } });
  });

  it.each([
    [{ [ENDPOINT]: 'localhost:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT "localhost:4318" must be a URL'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'thrift' }, 'OTEL_EXPORTER_OTLP_PROTOCOL "thrift" must be one of http/protobuf'],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER "zipkin" must be otlp or none'],
    [{ OTEL_TRACES_SAMPLER: 'some' }, 'OTEL_TRACES_SAMPLER "some" must be always_on, always_off or traceidratio'],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG "2" must be'],
  ])('that cannot be used is refused: %j', (env, words) => {
    const read = (): unknown => readTraceSettings({ [ENDPOINT]: 'http://localhost:4318', ...env });
    expect(read).toThrow(TraceSettingsError);
    expect(read).toThrow(words);
  });
});

describe('a trace context', () => {
  it('is the same for the same thing, another for another, and survives the way to a worker', () => {
    const traceId = traceIdOf('trial', 'a', 1, 2);
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf('trial', 'a', 1, 2)).toBe(traceId);
    expect(traceIdOf('trial', 'a', 1, 3)).not.toBe(traceId);
    expect(traceIdOf('trial', 'a1', 2)).not.toBe(traceIdOf('trial', 'a', 12));
    const context = { traceId, spanId: spanIdOf(traceId, 'attempt', 1) };
    expect(fromTraceparent(toTraceparent(context))).toEqual(context);
  });

  it('is none where a trial is not sampled, or the text is something else', () => {
    const traceId = 'a'.repeat(32);
    for (const text of ['', 'x', `00-${traceId}-${'b'.repeat(16)}-00`, `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`]) {
      expect(fromTraceparent(text)).toBeUndefined();
    }
  });
});

describe('spans', () => {
  let receiver: OtlpReceiver;
  const before = process.env[ENDPOINT];
  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
    process.env[ENDPOINT] = receiver.address;
  });
  afterEach(() => {
    receiver.close();
    if (before === undefined) delete process.env[ENDPOINT];
    else process.env[ENDPOINT] = before;
  });

  const start = async (env: Record<string, string>): Promise<Tracing> => {
    const traced = { service: 'assay-test', instance: 'i', version: '0', logger };
    return (await startTracing({ [ENDPOINT]: process.env[ENDPOINT], ...env }, traced))!;
  };
  const span = (name: string, more: object = {}) => {
    const traceId = traceIdOf('t');
    return { traceId, spanId: spanIdOf(traceId, name), name, beganAt: BEGAN, endedAt: BEGAN + 1000.25, ...more };
  };

  it('arrive as JSON with their ids, parents, times, events, links and errors', async () => {
    const tracing = await start({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_SERVICE_NAME: 'mine' });
    const root = span('root', {
      link: { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) },
      attributes: { 'assay.trial': 3 },
    });
    tracing.write(root);
    tracing.write(span('child', { parent: root.spanId, error: 'no', events: [{ name: 'report', at: BEGAN + 500 }] }));
    await tracing.close();
    expect(receiver.spans).toEqual([
      {
        service: 'mine',
        name: 'root',
        traceId: root.traceId,
        spanId: root.spanId,
        parent: '',
        beganAt: BEGAN,
        endedAt: BEGAN + 1000.25,
        attributes: { 'assay.trial': 3 },
        events: [],
        links: [{ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) }],
        error: undefined,
      },
      expect.objectContaining({
        name: 'child',
        traceId: root.traceId,
        spanId: spanIdOf(root.traceId, 'child'),
        parent: root.spanId,
        events: [{ name: 'report', at: BEGAN + 500, attributes: {} }],
        error: 'no',
      }),
    ]);
  });

  it('arrive as protobuf, which is the default', async () => {
    const tracing = await start({});
    tracing.write(span('a-name-to-find'));
    await tracing.close();
    const [sent] = receiver.bodies;
    expect([sent!.path, sent!.type]).toEqual(['/v1/traces', 'application/x-protobuf']);
    expect(sent!.body.includes('a-name-to-find')).toBe(true);
    expect(sent!.body.includes(Buffer.from(traceIdOf('t'), 'hex'))).toBe(true);
  });

  it('arrive by gRPC', async () => {
    const bodies: Buffer[] = [];
    const server = new Server();
    const raw = (bytes: Buffer): Buffer => bytes;
    const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
    const codec = { requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw };
    server.addService(
      { export: { path, requestStream: false, responseStream: false, ...codec } },
      {
        export: (call: { request: Buffer }, done: (error: null, answer: Buffer) => void) => {
          bodies.push(call.request);
          done(null, Buffer.alloc(0));
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    process.env[ENDPOINT] = `http://127.0.0.1:${port}`;
    const tracing = await start({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
    tracing.write(span('a-name-to-find'));
    await tracing.close();
    server.forceShutdown();
    expect(Buffer.concat(bodies).includes('a-name-to-find')).toBe(true);
  });

  it('are sampled by their trace, whoever asks', async () => {
    const ratio = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' };
    const [one, other] = [await start(ratio), await start(ratio)];
    const ids = Array.from({ length: 2000 }, (_, i) => traceIdOf('trial', i));
    const sampled = ids.filter((id) => one.isSampled(id));
    expect(ids.filter((id) => other.isSampled(id))).toEqual(sampled);
    // Ten standard deviations around a quarter.
    expect(Math.abs(sampled.length - 500)).toBeLessThan(194);
    await Promise.all([one.close(), other.close()]);
  });

  it('are given up when nobody takes them, with one line', async () => {
    receiver.close();
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const traced = { service: 'assay-test', instance: 'i', version: '0', logger: log };
    const env = { [ENDPOINT]: process.env[ENDPOINT], OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
    const tracing = (await startTracing(env, traced))!;
    for (let i = 0; i < 5000; i += 1) tracing.write(span(`s${i}`));
    await tracing.close();
    expect(lines.length).toBeLessThanOrEqual(1);
  });
});
