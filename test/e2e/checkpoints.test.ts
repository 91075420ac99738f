import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World, waitFor } from './processes.js';

interface TrialJson {
  readonly number: number;
  readonly state: string;
  readonly lastStep: number;
  readonly checkpointStep: number;
  readonly weights: { step: number; files: { name: string; sha256: string }[]; metrics: Record<string, number> } | null;
  readonly reports: { step: number; metrics: Record<string, number> }[];
  readonly attempts: { number: number; worker: string; end: string }[];
}

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Files that a worker uploads at a time, at most. */
const MOST_UNTOLD = 2;

// So many that a worker can be caught among them by somebody who asks by starting processes.
const EPOCHS = 20;

function write(more: object = {}, search: object = {}): string {
  const file = path.join(world.folder, 'search.yaml');
  const whole = {
    name: 'long',
    budget: { trials: 1 },
    seed: 7,
    sampler: 'random',
    pruner: 'none',
    keep: { artifacts: 'all' },
    train: {
      dataset: { name: 'digits', train: 3000, validation: 300, test: 200 },
      architecture: { type: 'mlp', depth: 2, width: 128, dropout: 0.2 },
      optimizer: { type: 'adam', learning_rate: '$lr' },
      batch_size: 32,
      epochs: EPOCHS,
      ...more,
    },
    space: { lr: { log: [0.0005, 0.002] } },
    ...search,
  };
  writeFileSync(file, JSON.stringify(whole));
  return file;
}

const show = async (number: number): Promise<TrialJson> =>
  (await world.json<{ trial: TrialJson }>('show', 'long', String(number), '--json')).trial;
const ended = (number: number): Promise<TrialJson> =>
  waitFor(`trial ${number} to end`, async () => {
    const trial = await show(number);
    return trial.state === 'complete' && trial;
  });
/** Waits for the first trial to be at a certain point. */
const firstTrial = (what: string, isThere: (trial: TrialJson) => boolean): Promise<TrialJson> =>
  waitFor(what, async () => {
    const { trials } = await world.json<{ trials: TrialJson[] }>('trials', 'long', '--json');
    return trials[0] !== undefined && isThere(trials[0]) && trials[0];
  });
const stepsRun = async (): Promise<number> =>
  (await world.json<{ study: { stepsRun: number } }>('leaderboard', 'long', '--json')).study.stepsRun;

/** Metrics by step, without those that depend on the clock. */
const curve = ({ reports }: TrialJson): object[] =>
  reports.map(({ step, metrics }) => ({ step, ...metrics, images_per_s: 0, time: 0 }));

/** The same configuration and seed in one go. */
async function uninterrupted(): Promise<TrialJson> {
  expect((await world.run('rerun', 'long', '0')).code).toBe(0);
  return ended(1);
}

describe('a trial whose worker is killed', () => {
  it('goes on from its last checkpoint to the same curve and the same weights', { timeout: 180_000 }, async () => {
    await world.coordinator('--heartbeat', '200ms', '--lease', '2s');
    expect((await world.run('submit', write({ checkpoint_every: 1 }))).code).toBe(0);
    const doomed = world.worker('doomed', '--slots', '1');
    await firstTrial('a checkpoint', ({ checkpointStep }) => checkpointStep >= 3);
    await doomed.end('SIGKILL');
    const { checkpointStep, lastStep } = await show(0);
    world.worker('heir', '--slots', '1');
    const trial = await ended(0);
    expect(trial.attempts.map(({ worker, end }) => [worker, end])).toEqual([
      ['doomed', 'lost'],
      ['heir', 'completed'],
    ]);
    expect(trial.reports.map(({ step }) => step)).toEqual(Array.from({ length: EPOCHS }, (_, i) => i + 1));
    // Only what came after the checkpoint was trained twice.
    expect(await stepsRun()).toBe(EPOCHS + lastStep - checkpointStep);
    const whole = await uninterrupted();
    expect(curve(trial)).toEqual(curve(whole));
    expect(trial.weights).toEqual(whole.weights);
    expect(trial.weights!.files.map(({ name }) => name)).toEqual(['model.json', 'weights.bin']);
    expect(trial.weights!.metrics['test_accuracy']).toBeGreaterThan(0.5);
    // Checkpoints go with their trials, a moment after the event that lets them go: what is left is the one model, and what a
    // worker had uploaded when it was killed and not told of any more, which is kept for longer.
    const model = trial.weights!.files.map(({ sha256 }) => sha256).sort();
    const store = path.join(world.folder, 'state', 'artifacts');
    await waitFor('the checkpoints to go', () => {
      const shelves = readdirSync(store).filter((name) => name.length === 2);
      const kept = shelves.flatMap((shelf) => readdirSync(path.join(store, shelf)));
      return model.every((sha256) => kept.includes(sha256)) && kept.length <= model.length + MOST_UNTOLD;
    });
  });
});

describe('a trial whose worker drains', () => {
  it('loses no epoch: the last whole one is saved as it leaves', { timeout: 180_000 }, async () => {
    await world.coordinator();
    expect((await world.run('submit', write())).code).toBe(0);
    const leaving = world.worker('leaving', '--slots', '1');
    await firstTrial('some epochs', ({ lastStep }) => lastStep >= 3);
    expect(await leaving.end('SIGTERM')).toBe(0);
    const { checkpointStep, lastStep } = await show(0);
    expect(checkpointStep).toBe(lastStep);
    world.worker('heir', '--slots', '1');
    const trial = await ended(0);
    expect(trial.attempts.map(({ end }) => end)).toEqual(['handed back', 'completed']);
    expect(await stepsRun()).toBe(EPOCHS);
    expect(curve(trial)).toEqual(curve(await uninterrupted()));
  });
});

describe('trials that rest at rungs until they are promoted', () => {
  it('go on where they rested, without an epoch trained twice', { timeout: 240_000 }, async () => {
    await world.coordinator();
    const pruner = { type: 'asha', promotion: true, min_step: 1, factor: 2 };
    const file = write({ epochs: 4 }, { budget: { trials: 4 }, pruner });
    expect((await world.run('submit', file)).code).toBe(0);
    world.worker('trainer', '--slots', '1');
    const study = await waitFor(
      'the study to finish',
      async () => {
        const { study } = await world.json<{ study: { state: string; stepsRun: number } }>('leaderboard', '--json');
        return study.state === 'finished' && study;
      },
      180_000,
    );
    const all = await Promise.all([0, 1, 2, 3].map(show));
    const resumed = all.filter(({ attempts }) => attempts.length > 1);
    expect(resumed.length).toBeGreaterThan(0);
    for (const { reports, attempts } of resumed) {
      expect(attempts[0]!.end).toBe('paused');
      expect(reports.map(({ step }) => step)).toEqual(Array.from({ length: reports.length }, (_, i) => i + 1));
    }
    // All that was trained is in the curves.
    expect(study.stepsRun).toBe(all.reduce((sum, { lastStep }) => sum + lastStep, 0));
    const finished = resumed.find(({ state }) => state === 'complete')!;
    expect((await world.run('rerun', 'long', String(finished.number))).code).toBe(0);
    expect(curve(finished)).toEqual(curve(await ended(4)));
  });
});
