import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { OtlpReceiver, type ReceivedSpan } from '../telemetry/otlp-receiver.js';
import { World, waitFor } from './processes.js';

let world: World;
let receiver: OtlpReceiver;
beforeEach(async () => {
  world = new World();
  receiver = await OtlpReceiver.start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await world.close();
  receiver.close();
});

function spec(delayMs: number): string {
  const file = path.join(world.folder, 'search.yaml');
  writeFileSync(
    file,
    `
name: traced
metric: {name: value, goal: maximize}
budget: {trials: 6}
seed: 7
sampler: random
pruner: {type: threshold, lower: 0.4}
"null": {steps: 4, value: $x, delay_ms: ${delayMs}}
space: {x: {float: [0, 1]}}
`,
  );
  return file;
}

function sendTraces(): void {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.address);
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '200');
}

const finished = () =>
  waitFor('the study to finish', async () => {
    const board = await world.json<{ study: { state: string } }>('leaderboard', '--json');
    return board.study.state === 'finished';
  });

const traceOf = (trial: number): ReceivedSpan[] =>
  receiver.spans.filter(({ attributes }) => attributes['assay.trial'] === trial);
const named = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan => {
  const found = spans.filter((span) => span.name === name);
  expect(found.map(({ service }) => service)).toHaveLength(1);
  return found[0]!;
};

it("a trial's way is one trace, through coordinator and worker", { timeout: 90_000 }, async () => {
  sendTraces();
  const coordinator = await world.coordinator();
  const worker = world.worker('w', '--slots', '2');
  await world.run('submit', spec(20));
  await finished();
  await worker.end('SIGTERM');
  await coordinator.end('SIGTERM');
  const submit = named(receiver.spans, 'submit');
  expect(submit.attributes).toMatchObject({ 'assay.study': 'traced', 'assay.sampler': 'random' });
  const states = new Set<unknown>();
  for (let number = 0; number < 6; number += 1) {
    const spans = traceOf(number);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const trial = named(spans, 'trial');
    const attempt = named(spans, 'attempt');
    const run = named(spans, 'run');
    states.add(trial.attributes['assay.state']);
    expect(trial.parent).toBe('');
    expect(trial.links).toEqual([{ traceId: submit.traceId, spanId: submit.spanId }]);
    for (const name of ['propose', 'assign', 'attempt', 'record', 'rank']) {
      const span = named(spans, name);
      expect([span.parent, span.service]).toEqual([trial.spanId, 'assay-coordinator']);
    }
    expect([run.parent, run.service]).toEqual([attempt.spanId, 'assay-worker']);
    for (const name of ['prepare', 'train']) expect(named(spans, name).parent).toBe(run.spanId);
    const steps = attempt.events.filter(({ name }) => name === 'report').map(({ attributes }) => attributes);
    const pruned = trial.attributes['assay.state'] === 'pruned';
    expect(steps[0]).toEqual({ 'assay.step': 1, 'assay.value': trial.attributes['assay.value'] });
    const stops = attempt.events.filter(({ name }) => name === 'told to stop');
    expect(stops).toHaveLength(pruned ? 1 : 0);
    expect(pruned || steps.length === 4).toBe(true);
    // In the order in which it happens.
    const order = ['propose', 'assign', 'train', 'record', 'rank'].map((name) => named(spans, name).endedAt);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    for (const { beganAt, endedAt } of spans) expect(endedAt).toBeGreaterThanOrEqual(beganAt);
    expect(attempt.attributes).toMatchObject({ 'assay.worker': 'w', 'assay.study': 'traced' });
  }
  expect(states).toEqual(new Set(['complete', 'pruned']));
  const ranks = receiver.spans.filter(({ name }) => name === 'rank').map(({ attributes }) => attributes['assay.rank']);
  expect(ranks.length).toBe(6);
});

it('a trace goes on when the coordinator was killed, and tells of each attempt', { timeout: 90_000 }, async () => {
  sendTraces();
  const args = ['--heartbeat', '200ms', '--lease', '2s'];
  const first = await world.coordinator(...args);
  const doomed = world.worker('doomed', '--slots', '1');
  await world.run('submit', spec(300));
  await waitFor('an attempt to run', () => doomed.output().includes('attempt assigned'));
  await waitFor('its proposal to be told', () => receiver.spans.find(({ name }) => name === 'propose'));
  await doomed.end('SIGKILL');
  await first.end('SIGKILL');
  const second = await world.coordinator(...args);
  const steady = world.worker('steady', '--slots', '2');
  await finished();
  await steady.end('SIGTERM');
  await second.end('SIGTERM');
  const spans = traceOf(0);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const attempts = spans.filter(({ name }) => name === 'attempt');
  expect(attempts.map(({ attributes }) => [attributes['assay.attempt'], attributes['assay.end']])).toEqual([
    [1, 'lost'],
    [2, expect.stringMatching(/completed|stopped/)],
  ]);
  expect(attempts[0]!.error).toBeDefined();
  expect(named(spans, 'trial').attributes).toMatchObject({ 'assay.attempts': 2 });
  const run = named(spans, 'run');
  expect(run.parent).toBe(attempts[1]!.spanId);
});

/** Prints, at a process's end, which packages of OpenTelemetry it has loaded. */
const LOADED = `
import module from 'node:module';
process.on('exit', () => {
  const packages = Object.keys(module._cache).flatMap((file) => /@opentelemetry.([^/]*)/.exec(file)?.[1] ?? []);
  console.error('LOADED ' + JSON.stringify([...new Set(packages)]));
});
`;

it.each([
  [false, ['api']],
  [true, expect.arrayContaining(['sdk-trace', 'exporter-trace-otlp-http'])],
])('its SDK is loaded only where traces are sent: %s', { timeout: 60_000 }, async (traced, expected) => {
  if (traced) sendTraces();
  const spy = path.join(world.folder, 'spy.mjs');
  writeFileSync(spy, LOADED);
  vi.stubEnv('NODE_OPTIONS', `--import=${spy}`);
  const coordinator = await world.coordinator();
  await coordinator.end('SIGTERM');
  const [, loaded] = /LOADED (.*)/.exec(coordinator.output())!;
  expect(JSON.parse(loaded!)).toEqual(expected);
});
