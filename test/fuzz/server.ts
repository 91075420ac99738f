import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';
import fc from 'fast-check';
import { service as healthService } from 'grpc-health-check';
import { reflectionServices } from '../../coordinator/rpc/reflection.js';
import {
  AccessServiceService,
  ArtifactServiceService,
  ExternalScalerService,
  StudyServiceService,
  WorkerServiceService,
} from '../../proto/index.js';
import { PROTOCOL_VERSION } from '../../proto/version.js';
import { type FuzzKind, LONGEST_MS, show, type Verdict } from './kind.js';
import { mutatedBytes, mutatedText } from './mutations.js';

const SPEC = `name: fuzz
metric: {name: value, goal: maximize}
budget: {trials: 3}
"null": {steps: 1, value: $x}
space: {x: {float: [0, 1]}}
`;

/** A real coordinator in a process of its own. */
export class FuzzedServer {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #port: number;
  readonly http: URL;
  #ended = false;
  #errors = '';
  #connections = 0;

  private constructor(process: ChildProcess, folder: string, grpc: string, http: string) {
    this.#process = process;
    this.#folder = folder;
    this.#port = Number(grpc.slice(grpc.lastIndexOf(':') + 1));
    this.http = new URL(`http://${http}`);
    process.once('exit', () => {
      this.#ended = true;
    });
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-20_000);
    });
  }

  static async start(): Promise<FuzzedServer> {
    const folder = mkdtempSync(join(tmpdir(), 'assay-fuzz-'));
    const args = [
      'coordinator',
      '--listen',
      '127.0.0.1:0',
      '--http',
      '127.0.0.1:0',
      '--state',
      folder,
      '--log-level',
      'error',
    ];
    const child = fork('dist/cli/main.js', [...args, '--exit-with-parent'], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const told = await new Promise<{ listening: string; dashboard: string }>((resolve, reject) => {
      child.on('message', (message) => {
        if (typeof message === 'object' && message !== null && 'listening' in message) resolve(message as never);
      });
      child.once('exit', (code) => reject(new Error(`the coordinator ended with ${code}`)));
    });
    return new FuzzedServer(child, folder, told.listening, told.dashboard);
  }

  /** An address of this machine that nobody has come from: limits are of a caller, and what is fuzzed here is not them. */
  nextAddress(): string {
    this.#connections += 1;
    return `127.1.${(this.#connections >> 8) & 255}.${this.#connections & 255}`;
  }

  connect(): ClientHttp2Session {
    const localAddress = this.nextAddress();
    const session = connect(`http://127.0.0.1:${this.#port}`, {
      createConnection: () => connectTcp({ port: this.#port, host: '127.0.0.1', localAddress }),
    });
    return session.on('error', () => {});
  }

  /** @throws when it has ended, or logged a failure that nobody had foreseen */
  check(): void {
    if (this.#ended) throw new Error(`the coordinator has ended: ${this.#errors}`);
    if (this.#errors.includes('unexpectedly')) throw new Error(`the coordinator failed on something: ${this.#errors}`);
  }

  memory(): number {
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.#process.pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1_024;
  }

  async close(): Promise<void> {
    if (!this.#ended) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.disconnect();
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Calls one service's methods with messages that are mutated, or none at all. */
export function serviceKind(server: FuzzedServer, name: string, definition: ServiceDefinition): FuzzKind {
  const methods = Object.entries(definition);
  const inputs = fc.tuple(fc.nat(), fc.nat(), fc.boolean()).chain(([which]) => {
    const [method, one] = methods[which % methods.length]!;
    const several = one.requestStream ? 4 : 1;
    const message = mutatedBytes(examplesOf(method, one));
    return fc.record({
      path: fc.constant(one.path),
      messages: fc.array(message, { minLength: 0, maxLength: several }),
      // As long as it is, or as somebody says who lies.
      claimed: fc.oneof(
        { weight: 9, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.nat(0xffff_ffff) },
      ),
      compressed: fc.oneof({ weight: 19, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(255) }),
    });
  });
  return {
    name,
    memory: () => server.memory(),
    close: () => Promise.resolve(),
    async run(seed, count, tell) {
      const session = server.connect();
      try {
        const samples = fc.sample(inputs, { seed, numRuns: count });
        for (let from = 0; from < samples.length; from += AT_A_TIME) {
          await Promise.all(
            samples.slice(from, from + AT_A_TIME).map(async (input) => {
              const began = performance.now();
              const verdict = await call(session, input).catch((error: unknown) => {
                throw new Error(`${name}, seed ${seed}: ${input.path} ${input.messages.map(show).join()}`, {
                  cause: error,
                });
              });
              tell(verdict, performance.now() - began);
            }),
          );
          server.check();
        }
      } finally {
        session.destroy();
      }
    },
  };
}

const AT_A_TIME = 16;

interface Sent {
  readonly path: string;
  readonly messages: readonly Uint8Array[];
  readonly claimed: number | undefined;
  readonly compressed: number;
}

/** Sends messages as they are, and waits for the status. */
function call(session: ClientHttp2Session, { path, messages, claimed, compressed }: Sent): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const stream: ClientHttp2Stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const late = setTimeout(() => {
      stream.close();
      reject(new Error(`no answer within ${LONGEST_MS} ms`));
    }, LONGEST_MS);
    let status: string | undefined;
    let words = '';
    const hear = (headers: Readonly<Record<string, unknown>>): void => {
      status = (headers['grpc-status'] as string | undefined) ?? status;
      words = decodeURIComponent((headers['grpc-message'] as string | undefined) ?? words);
    };
    stream.on('response', hear).on('trailers', hear);
    stream.on('error', () => {});
    // A stream that is followed has no end, and a session none of its own: what has been answered is enough.
    stream.on('data', () => {
      if (status === undefined) setTimeout(() => stream.close(), 5);
    });
    stream.on('close', () => {
      clearTimeout(late);
      const broken = status === '13' && !/^(Error deserializing request|Failed to decompress message)/.test(words);
      if (broken || status === '2') reject(new Error(`status ${status}: ${words}`));
      else resolve(status === undefined || status === '0' ? 'accepted' : 'refused');
    });
    for (const message of messages) {
      const head = Buffer.alloc(5);
      head[0] = compressed;
      head.writeUInt32BE(claimed ?? message.length, 1);
      stream.write(Buffer.concat([head, message]));
    }
    stream.end();
  });
}

/** Whole messages of a method, as those who use it send them. */
function examplesOf(method: string, { requestSerialize, requestDeserialize }: ServiceDefinition[string]): Buffer[] {
  const plain = requestDeserialize(Buffer.alloc(0)) as Record<string, unknown>;
  const examples = EXAMPLES[method] ?? [];
  const filled = Object.fromEntries(Object.entries(plain).map(([field, value]) => [field, FIELDS[field] ?? value]));
  return [plain, filled, ...examples.map((example) => ({ ...plain, ...example }))].map((message) =>
    requestSerialize(message),
  );
}

const FIELDS: Readonly<Record<string, unknown>> = {
  study: 'fuzz',
  trial: 1,
  spec: SPEC,
  requestId: 'r1',
  reason: 'because',
  configuration: '{x: 0.5}',
  worker: 'w1',
  top: 3,
  news: true,
  sha256: 'ab'.repeat(32),
};

const attempt = { study: 'fuzz', trial: 0, attempt: 1 };
const attach = {
  protocolVersion: PROTOCOL_VERSION,
  workerId: 'w1',
  name: 'worker one',
  slots: 1,
  labels: { zone: 'west' },
  backend: 'none',
  objectives: ['null'],
  datasets: ['digits'],
  running: [attempt],
  version: '1',
  gpus: [{ id: '0', name: 'gpu', memoryBytes: 1, driver: '1', slots: 1 }],
  codeSources: ['git'],
  memoryBytes: 1,
  backendReason: '',
};
const progress = {
  sequence: 1,
  started: [{ attempt, datasetDigest: '' }],
  reports: [{ attempt, report: { step: 1, metrics: { value: 0.5 } } }],
  results: [{ attempt, outcome: 'OUTCOME_COMPLETED', error: '', durationMs: 1 }],
  saved: [
    {
      attempt,
      kind: 'SAVED_KIND_OUTPUT',
      step: 0,
      files: [{ name: 'output.txt', sha256: 'ab'.repeat(32), bytes: 3 }],
      metrics: {},
    },
  ],
};
const scaled = { name: 'workers', namespace: 'assay', scalerMetadata: { target: '1', labels: 'zone=west' } };
const asked = [
  { listServices: '' },
  { fileByFilename: 'assay/v1/study.proto' },
  { fileContainingSymbol: 'assay.v1.StudyService' },
  { fileContainingExtension: { containingType: 'assay.v1.Trial', extensionNumber: 1 } },
  { allExtensionNumbersOfType: 'assay.v1.Trial' },
];
const EXAMPLES: Readonly<Record<string, readonly object[]>> = {
  session: [
    { body: { $case: 'attach', value: attach } },
    { body: { $case: 'attach', value: attach } },
    { body: { $case: 'progress', value: progress } },
    { body: { $case: 'heartbeat', value: { running: [attempt], gpuUse: [{ id: '0', utilization: 0.5 }] } } },
    { body: { $case: 'drain', value: {} } },
    { body: { $case: 'output', value: { attempt, totalBytes: 3, data: Buffer.from('abc') } } },
  ],
  uploadArtifact: [
    { body: { $case: 'header', value: { sha256: 'ab'.repeat(32), bytes: 3 } } },
    { body: { $case: 'chunk', value: { offset: 0, data: Buffer.from('abc') } } },
  ],
  getMetrics: [{ scaledObjectRef: scaled, metricName: 'slots' }],
  isActive: [scaled],
  streamIsActive: [scaled],
  getMetricSpec: [scaled],
  check: [{ service: 'assay.v1.StudyService' }],
  watch: [{ service: '' }],
  ServerReflectionInfo0: asked,
  ServerReflectionInfo1: asked,
  findArtifacts: [{ sha256: ['ab'.repeat(32), '../x'] }],
  adjustStudy: [
    { trials: { $case: 'trialsMore', value: 1 } },
    { time: { $case: 'timeTotalMs', value: 1_000 }, priority: 3 },
  ],
};

export const SERVICES: Readonly<Record<string, ServiceDefinition>> = {
  'messages of StudyService': StudyServiceService as ServiceDefinition,
  'messages of WorkerService': WorkerServiceService as ServiceDefinition,
  'messages of ArtifactService': ArtifactServiceService as ServiceDefinition,
  'messages of AccessService': AccessServiceService as ServiceDefinition,
  'messages of ExternalScaler': ExternalScalerService as ServiceDefinition,
  'messages of Health': healthService,
  'messages of ServerReflection': Object.fromEntries(
    reflectionServices().flatMap(({ definition }, version) =>
      Object.entries(definition).map(([name, method]) => [`${name}${version}`, method]),
    ),
  ),
};

const PATHS = [
  '/',
  '/api/studies',
  '/api/studies/fuzz/table',
  '/api/studies/fuzz/curves',
  '/api/studies/fuzz/trials/0',
  '/api/studies/fuzz/export.csv',
  '/api/studies/fuzz/export.json',
  '/api/workers',
  '/api/studies/fuzz/pause',
  '/api/studies/fuzz/resume',
  '/api/studies/fuzz/adjust',
  '/api/studies/fuzz/enqueue',
  '/api/studies/fuzz/trials/0/stop',
  '/api/studies/fuzz/trials/0/invalidate',
  '/api/studies/fuzz/trials/0/rerun',
  '/api/workers/w1/drain',
  '/api/workers/w1/unquarantine',
  '/assets/x.js',
  '/healthz',
  '/readyz',
  '/metrics',
  '/login',
];
const PATH_PIECES =
  '..|%2e%2e|%00|%|/|//|?after=-1|?study=|#|%F0%9F%92%A3|0x10|-1|1e9|;|\\|constructor|__proto__'.split('|');
const BODIES = [
  JSON.stringify({ spec: SPEC }),
  '{}',
  '{"requestId": "r", "configuration": "{x: 0.5}"}',
  '{"trials": {"more": 3}, "parallel": 1, "priority": 2}',
  '{"handBack": true}',
  '{"reason": "because", "seed": 3}',
];
const BODY_PIECES = '{|}|"|:|,|[|null|1e999|-1|true|\\u0000|__proto__|💣|trials|more|total'.split('|');
const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'PATCH'];

/** Every route of the dashboard, and what lies beside them. */
export function httpKind(server: FuzzedServer): FuzzKind {
  const inputs = fc.record({
    path: mutatedText(PATHS, PATH_PIECES).map((path) =>
      `/${path.replace(/^\/+/, '')}`.replaceAll(/[^\x21-\x7e]/g, '%'),
    ),
    method: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('GET', 'POST') }, fc.constantFrom(...METHODS)),
    body: mutatedText(BODIES, BODY_PIECES),
    change: fc.boolean(),
    host: fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      fc.constantFrom('evil.example', '', '[::1]', 'localhost:x'),
    ),
  });
  return {
    name: 'HTTP requests',
    memory: () => server.memory(),
    close: () => Promise.resolve(),
    async run(seed, count, tell) {
      const localAddress = server.nextAddress();
      const samples = fc.sample(inputs, { seed, numRuns: count });
      for (let from = 0; from < samples.length; from += AT_A_TIME) {
        await Promise.all(
          samples.slice(from, from + AT_A_TIME).map(async (input) => {
            const began = performance.now();
            const verdict = await ask(server.http, localAddress, input).catch((error: unknown) => {
              throw new Error(`HTTP, seed ${seed}: ${show(input)}`, { cause: error });
            });
            tell(verdict, performance.now() - began);
          }),
        );
        server.check();
      }
    },
  };
}

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly body: string;
  readonly change: boolean;
  readonly host: string | undefined;
}

function ask(http: URL, localAddress: string, { path, method, body, change, host }: Asked): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const headers = { ...(change ? { 'x-assay-change': '1' } : {}), ...(host === undefined ? {} : { host }) };
    // A connection of its own: one that is kept may be closed in the moment in which it is used again.
    const asking = request({
      agent: false,
      host: http.hostname,
      port: http.port,
      path,
      method,
      headers,
      localAddress,
      timeout: LONGEST_MS,
    });
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${LONGEST_MS} ms`)));
    asking.on('error', reject);
    asking.on('response', (response) => {
      const { statusCode = 0 } = response;
      // What is followed has no end.
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) response.destroy();
      response.resume().on('close', () => {
        const isFault = statusCode >= 500 && !(path.startsWith('/readyz') || statusCode === 503);
        if (isFault) reject(new Error(`status ${statusCode}`));
        else resolve(statusCode < 400 ? 'accepted' : 'refused');
      });
    });
    asking.end(method === 'GET' || method === 'HEAD' ? undefined : body);
  });
}
