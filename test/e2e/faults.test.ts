import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Running, World, waitFor } from './processes.js';

interface TrialJson {
  readonly number: number;
  readonly state: string;
  readonly params: Record<string, number>;
  readonly lastStep: number;
  readonly reason: string;
  readonly reports: { step: number }[];
  readonly attempts: { number: number; worker: string; end: string; reason: string }[];
}
interface BoardJson {
  readonly study: { id: string; state: string; notice: string; counts: Record<string, number> };
  readonly running: TrialJson[];
}

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const LEASE = ['--heartbeat', '200ms', '--lease', '2s'];

/** A study whose trials take some seconds and train nothing. */
function spec({ trials = 6, steps = 20, delayMs = 60, sampler = 'random' } = {}): string {
  const file = path.join(world.folder, 'search.yaml');
  const text = `
name: faults
metric: {name: value, goal: maximize}
budget: {trials: ${trials}}
seed: 7
sampler: ${sampler}
pruner: none
"null": {steps: ${steps}, value: $x, delay_ms: ${delayMs}}
space: {x: {float: [0, 1]}, y: {log: [1e-4, 1]}, z: [a, b, c]}
`;
  writeFileSync(file, text);
  return file;
}

async function submit(options?: Parameters<typeof spec>[0]): Promise<string> {
  const { code, stdout, stderr } = await world.run('submit', spec(options));
  expect(stderr).not.toMatch(/error|Error/);
  expect(code).toBe(0);
  return stdout.trim();
}

const board = (): Promise<BoardJson> => world.json<BoardJson>('leaderboard', '--json');
const trials = async (): Promise<TrialJson[]> =>
  (await world.json<{ trials: TrialJson[] }>('trials', 'faults', '--json')).trials;
const finished = () => waitFor('the study to finish', async () => (await board()).study.state === 'finished', 90_000);

/** Waits until a worker has reported from the middle of a trial. */
const midTrial = (worker?: string) =>
  waitFor('a trial to be half done', async () =>
    (await board()).running.find(
      ({ lastStep, attempts }) => lastStep >= 3 && (worker ?? attempts.at(-1)!.worker) === attempts.at(-1)!.worker,
    ),
  );

/** Waits until a stopped worker has told nothing for a while: three looks at its trial that see the same step. */
async function nothingNewIn({ child }: Running): Promise<void> {
  let steps: number[] = [];
  await waitFor(`process ${child.pid} to be stopped`, async () => {
    steps = [...steps, (await board()).running[0]!.lastStep].slice(-3);
    return steps.length === 3 && new Set(steps).size === 1;
  });
}

describe('a killed worker', () => {
  it('loses no trial: another attempt takes its place and the count is exact', { timeout: 120_000 }, async () => {
    await world.coordinator(...LEASE);
    // Longer than it takes to look, on a busy machine too: it must not have ended when its worker is killed.
    await submit({ steps: 80 });
    const doomed = world.worker('doomed', '--slots', '1');
    const { number } = await midTrial('doomed');
    await doomed.end('SIGKILL');
    world.worker('heir', '--slots', '2');
    await finished();
    const all = await trials();
    expect(all.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'complete'));
    expect(all[number]!.attempts.map(({ worker, end }) => [worker, end])).toEqual([
      ['doomed', 'lost'],
      ['heir', 'completed'],
    ]);
    expect(all.flatMap(({ attempts }) => attempts)).toHaveLength(7);
  });
});

describe('a killed coordinator', () => {
  it('loses nothing: workers train on, come back, and no trial is run twice', { timeout: 120_000 }, async () => {
    const first = await world.coordinator(...LEASE);
    await submit({ steps: 40 });
    const worker = world.worker('steady', '--slots', '2');
    const before = await midTrial();
    await first.end('SIGKILL');
    await world.coordinator(...LEASE);
    await waitFor(
      'the worker to come back',
      async () => (await world.json<{ connected: boolean }[]>('workers', '--json')).length === 1,
    );
    await finished();
    const all = await trials();
    expect(all.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'complete'));
    expect(all.flatMap(({ attempts }) => attempts.map(({ end }) => end))).toEqual(
      Array.from({ length: 6 }, () => 'completed'),
    );
    const shown = await world.json<{ trial: TrialJson }>('show', 'faults', String(before.number), '--json');
    expect(shown.trial.reports.map(({ step }) => step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(worker.child.exitCode).toBeNull();
  });
});

describe('a stopped worker (SIGSTOP)', () => {
  it('that goes on within its lease loses nothing', { timeout: 120_000 }, async () => {
    await world.coordinator('--heartbeat', '1s', '--lease', '30s');
    await submit({ trials: 3 });
    const worker = world.worker('napping', '--slots', '1');
    await midTrial();
    worker.child.kill('SIGSTOP');
    await nothingNewIn(worker);
    worker.child.kill('SIGCONT');
    await finished();
    const ends = (await trials()).flatMap(({ attempts }) => attempts.map(({ end }) => end));
    expect(ends).toEqual(['completed', 'completed', 'completed']);
  });

  it('that sleeps beyond its lease is replaced, and gives up what it ran', { timeout: 120_000 }, async () => {
    await world.coordinator(...LEASE);
    await submit();
    const sleeper = world.worker('sleeper', '--slots', '1');
    const { number } = await midTrial('sleeper');
    sleeper.child.kill('SIGSTOP');
    world.worker('heir', '--slots', '2');
    await waitFor('the trial to be taken over', async () => (await trials())[number]!.attempts.length === 2);
    sleeper.child.kill('SIGCONT');
    await finished();
    const all = await trials();
    expect(all.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'complete'));
    expect(all[number]!.attempts.map(({ worker, end }) => [worker, end])).toEqual([
      ['sleeper', 'lost'],
      ['heir', 'completed'],
    ]);
    expect(sleeper.child.exitCode).toBeNull();
    await waitFor('the sleeper to be attached again', async () => {
      const workers = await world.json<{ name: string; connected: boolean }[]>('workers', '--json');
      return workers.some(({ name, connected }) => name === 'sleeper' && connected);
    });
  });
});

describe('a stopped coordinator (SIGSTOP)', () => {
  it('that sleeps beyond all leases takes none of them away', { timeout: 120_000 }, async () => {
    const coordinator = await world.coordinator(...LEASE);
    await submit();
    const worker = world.worker('patient', '--slots', '2');
    await midTrial();
    coordinator.child.kill('SIGSTOP');
    // Longer than the lease of two seconds: the worker has heartbeats to send all the while.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    coordinator.child.kill('SIGCONT');
    await finished();
    const ends = (await trials()).flatMap(({ attempts }) => attempts.map(({ end }) => end));
    expect(ends).toEqual(Array.from({ length: 6 }, () => 'completed'));
    expect(worker.child.exitCode).toBeNull();
  });
});

describe('a full stop and start of everything', () => {
  it('changes no suggestion: one worker, one seed, the same trials', { timeout: 120_000 }, async () => {
    const options = { trials: 20, steps: 3, delayMs: 10, sampler: 'auto' };
    const run = async (interrupt: boolean): Promise<unknown> => {
      const coordinator = await world.coordinator(...LEASE);
      await submit(options);
      const worker = world.worker('only', '--slots', '1');
      if (interrupt) {
        await waitFor('half of the trials', async () => ((await board()).study.counts['complete'] ?? 0) >= 8);
        const codes = [await worker.end('SIGTERM'), await coordinator.end('SIGTERM')];
        if (codes.some((code) => code !== 0)) throw new Error(`ended with ${codes.join(' and ')}`);
        await world.coordinator(...LEASE);
        world.worker('only', '--slots', '1');
      }
      await finished();
      const all = (await trials()).map(({ params }) => params);
      await world.close();
      world = new World();
      return all;
    };
    const plain = await run(false);
    expect(plain).toHaveLength(20);
    expect(await run(true)).toEqual(plain);
  });
});

describe('a worker that starts first', () => {
  it('waits for its coordinator', { timeout: 60_000 }, async () => {
    const placeholder = await world.coordinator(...LEASE);
    await placeholder.end('SIGTERM');
    const worker = world.worker('early', '--slots', '2');
    await waitFor('the worker to say that it waits', () => /wait/.test(worker.output()));
    await world.coordinator(...LEASE);
    await submit({ trials: 2, steps: 1 });
    await finished();
    expect(await worker.end('SIGTERM')).toBe(0);
  });
});

describe('a drained worker', () => {
  it('hands back what it runs, and nothing of it counts as lost', { timeout: 60_000 }, async () => {
    await world.coordinator(...LEASE);
    // They would take half a minute: none has ended when the worker is told to leave.
    await submit({ trials: 2, steps: 500 });
    const worker = world.worker('leaving', '--slots', '2');
    await midTrial();
    expect(await worker.end('SIGTERM')).toBe(0);
    const all = await trials();
    expect(all.map(({ state, attempts }) => [state, attempts[0]!.end])).toEqual([
      ['waiting', 'handed back'],
      ['waiting', 'handed back'],
    ]);
    expect((await board()).study.notice).toBe('nothing runs: no worker is attached');
  });
});
