import { beforeEach, describe, expect, it } from 'vitest';
import type { SavedFiles } from '../../../coordinator/core/artifacts.js';
import type { AttemptName } from '../../../coordinator/core/attempt-name.js';
import type { KeepRule, SearchSpec } from '../../../coordinator/core/spec.js';
import { attemptOf, brief, LEASE_MS, Scenario } from './scenario.js';

let scene: Scenario;
beforeEach(() => {
  scene = new Scenario();
});

const TRAIN: Partial<SearchSpec> = { objective: { kind: 'train', config: { dataset: 'digits', epochs: 10 } } };
const keeping = (artifacts: KeepRule): Partial<SearchSpec> => ({
  ...TRAIN,
  keep: { artifacts, output: { rule: 'all' } },
});

/** Files whose content is their name. */
function files(...names: string[]): SavedFiles['files'] {
  return names.map((name) => ({ name, artifact: Buffer.from(name).toString('hex').padEnd(64, '0'), bytes: 1 }));
}

const artifactOf = (name: string): string => files(name)[0]!.artifact;

function save(attempt: AttemptName, saved: SavedFiles): void {
  scene.progress({ saved: [{ ...attempt, ...saved }] });
}

const checkpoint = (step: number, name = `c${step}`): SavedFiles => ({ kind: 'checkpoint', step, files: files(name) });
const weights = (step: number, name = `w${step}`): SavedFiles => ({ kind: 'weights', step, files: files(name) });
const output = (name: string): SavedFiles => ({ kind: 'output', step: 0, files: files(name) });

/** Runs the next trial to its end with one report and saved weights. */
function runTrial(number: number, value: number): void {
  scene.report(attemptOf(number), 1, value);
  save(attemptOf(number), weights(1, `weights of ${number}`));
  scene.result(attemptOf(number), 'completed');
}

function expectSameWhenReplayed(): void {
  const replayed = scene.replayed();
  expect(replayed.studies.get('digits')!.trials).toEqual(scene.study().trials);
  expect(replayed.studies.get('digits')!.holding).toEqual(scene.study().holding);
  expect(replayed.artifacts).toEqual(scene.core.state.artifacts);
}

const holders = (): number[] => [...scene.study().trials].flatMap(({ number, weights }) => (weights ? [number] : []));

describe('a checkpoint', () => {
  beforeEach(() => {
    scene.create(TRAIN);
    scene.attach('w1');
    for (const step of [1, 2, 3]) scene.report(attemptOf(0), step, step / 10);
  });

  it('is where the next attempt goes on: the reports up to it stay and are not taken again', () => {
    save(attemptOf(0), checkpoint(2));
    scene.pass(LEASE_MS);
    scene.hear('w1', []);
    expect(scene.events.find((event) => event.type === 'AttemptStarted' && event.attempt === 2)).toMatchObject({
      trial: 0,
      knownStep: 2,
    });
    expect(scene.study().trials[0]!.reports.map(({ step }) => step)).toEqual([1, 2]);
    expect(
      scene
        .study()
        .history.get(0)!
        .reports.map(({ step }) => step),
    ).toEqual([1, 2]);
    scene.report(attemptOf(0, 2), 2, 99);
    expect(scene.recent).toEqual([]);
    scene.report(attemptOf(0, 2), 3, 0.3);
    expect(scene.study().trials[0]!.reports.map(({ metrics }) => metrics['value'])).toEqual([0.1, 0.2, 0.3]);
    expectSameWhenReplayed();
  });

  it('is not there for an attempt that saved none: everything is reported again', () => {
    scene.pass(LEASE_MS);
    scene.attach('w2');
    expect(scene.study().trials[0]!.reports).toEqual([]);
    expect(scene.study().history.get(0)!.reports).toEqual([]);
  });

  it('replaces an older one, never a newer one, and its repetition writes nothing (P2)', () => {
    save(attemptOf(0), checkpoint(1));
    save(attemptOf(0), checkpoint(3));
    expect(brief(scene.recent)).toHaveLength(1);
    save(attemptOf(0), checkpoint(3));
    save(attemptOf(0), checkpoint(2));
    expect(scene.recent).toEqual([]);
    expect(scene.study().trials[0]!.checkpoint?.step).toBe(3);
    expect(scene.core.state.artifacts.has(artifactOf('c1'))).toBe(false);
  });

  it('of a step that was not reported is refused: its report would be lost', () => {
    save(attemptOf(0), checkpoint(4));
    expect(scene.recent).toEqual([]);
  });

  it('of an attempt that has a successor changes nothing (P3)', () => {
    scene.pass(LEASE_MS);
    scene.attach('w2');
    scene.report(attemptOf(0, 2), 1, 0.1);
    save(attemptOf(0, 1), checkpoint(1));
    expect(scene.study().trials[0]!.checkpoint).toBeUndefined();
  });

  it('is let go with the end of its trial', () => {
    save(attemptOf(0), checkpoint(3));
    expect(scene.core.state.artifacts.has(artifactOf('c3'))).toBe(true);
    scene.result(attemptOf(0), 'completed');
    expect(scene.study().trials[0]!.checkpoint).toBeUndefined();
    expect([...scene.core.state.artifacts.dropped]).toEqual([artifactOf('c3')]);
    expect(scene.study().holding.size).toBe(0);
  });
});

describe('the models that are kept', () => {
  it('are the best so many, whenever a better trial ends', () => {
    scene.create({ ...keeping({ rule: 'top', count: 2 }), budget: { trials: 5 } });
    scene.attach('w1');
    runTrial(0, 0.3);
    runTrial(1, 0.1);
    expect(holders()).toEqual([0, 1]);
    runTrial(2, 0.2);
    expect(holders()).toEqual([0, 2]);
    expect([...scene.core.state.artifacts.dropped]).toEqual([artifactOf('weights of 1')]);
    runTrial(3, 0.05);
    expect(holders()).toEqual([0, 2]);
    runTrial(4, 0.4);
    expect(holders()).toEqual([0, 4]);
    expectSameWhenReplayed();
  });

  it('are of all trials, of the last so many, or of none', () => {
    const run = (rule: KeepRule): number[] => {
      scene = new Scenario();
      scene.create({ ...keeping(rule), budget: { trials: 3 } });
      scene.attach('w1');
      for (const [number, value] of [0.3, 0.1, 0.2].entries()) runTrial(number, value);
      return holders();
    };
    expect(run({ rule: 'all' })).toEqual([0, 1, 2]);
    expect(run({ rule: 'last', count: 2 })).toEqual([1, 2]);
    expect(run({ rule: 'none' })).toEqual([]);
  });

  it('stay while their trial runs', () => {
    scene.create({ ...keeping({ rule: 'top', count: 1 }), budget: { trials: 2 } });
    scene.attach('w1', { slots: 2 });
    scene.report(attemptOf(1), 1, 0.1);
    save(attemptOf(1), weights(1));
    runTrial(0, 0.9);
    expect(holders()).toEqual([0, 1]);
    scene.result(attemptOf(1), 'completed');
    expect(holders()).toEqual([0]);
  });

  it('that two trials share go with the last of them', () => {
    scene.create({ ...keeping({ rule: 'top', count: 2 }), budget: { trials: 4 } });
    scene.attach('w1');
    for (const [number, value] of [0.1, 0.2].entries()) {
      scene.report(attemptOf(number), 1, value);
      save(attemptOf(number), weights(1, 'same'));
      scene.result(attemptOf(number), 'completed');
    }
    runTrial(2, 0.3);
    expect(holders()).toEqual([1, 2]);
    expect(scene.core.state.artifacts.has(artifactOf('same'))).toBe(true);
    runTrial(3, 0.4);
    expect(scene.core.state.artifacts.has(artifactOf('same'))).toBe(false);
  });

  it('of a re-run are not kept, beside the ranking as it is, unless all are', () => {
    scene.create({ ...keeping({ rule: 'top', count: 2 }), budget: { trials: 1 } });
    scene.attach('w1');
    runTrial(0, 0.1);
    scene.run({ type: 'RerunTrial', requestId: 'r', study: 'digits', trial: 0 });
    runTrial(1, 0.9);
    expect(holders()).toEqual([0]);
  });
});

describe('the end of an output', () => {
  it('is kept for each trial, the newest that was told', () => {
    scene.create();
    scene.attach('w1');
    save(attemptOf(0), output('first'));
    save(attemptOf(0), output('second'));
    save(attemptOf(0), output('second'));
    expect(scene.recent).toEqual([]);
    scene.result(attemptOf(0), 'failed', 'it broke');
    expect(scene.study().trials[0]!.output?.files[0]?.artifact).toBe(artifactOf('second'));
  });
});

describe('a re-run', () => {
  it('takes another seed where one is given (P12 within it)', () => {
    scene.create();
    scene.attach('w1');
    scene.result(attemptOf(0), 'completed');
    scene.run({ type: 'RerunTrial', requestId: 'a', study: 'digits', trial: 0, seed: 4711 });
    scene.run({ type: 'RerunTrial', requestId: 'b', study: 'digits', trial: 0 });
    const [own, fresh, same] = [0, 2, 3].map((number) => scene.study().trials[number]!.seed);
    expect(fresh).toBe(4711);
    expect(same).toBe(own);
  });
});
