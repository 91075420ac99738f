import { beforeEach, describe, expect, it } from 'vitest';
import { leaderboardView } from '../../../coordinator/core/views.js';
import { attemptOf, brief, Scenario } from './scenario.js';

let scene: Scenario;
beforeEach(() => {
  scene = new Scenario();
});

function finish(trial: number, value: number): void {
  scene.report(attemptOf(trial), 1, value);
  scene.result(attemptOf(trial), 'completed');
}

function board(): (readonly [rank: number, trial: number, mean: number | undefined, value: number | undefined])[] {
  const { rows } = leaderboardView(scene.core.state, scene.core.fleet, scene.study(), 0);
  return rows.map(({ rank, item }) => [rank, item.number, item.repeats?.mean, item.value?.value] as const);
}

describe('a study that repeats its configurations', () => {
  it('trains each with seeds of their own and counts every trial in the budget (P9)', () => {
    scene.create({ repeats: 3, budget: { trials: 6 } });
    scene.attach('w1');
    for (let trial = 0; trial < 6; trial += 1) finish(trial, trial);
    const { trials, status } = scene.study();
    expect(status).toBe('finished');
    expect(trials.map(({ repeatOf }) => repeatOf)).toEqual([undefined, 0, 0, undefined, 3, 3]);
    expect(trials.map(({ params }) => params['x'] === trials[0]!.params['x'])).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(new Set(trials.map(({ seed }) => seed)).size).toBe(6);
  });

  it('ranks by the mean, in which one lucky trial does not win', () => {
    scene.create({ repeats: 2, budget: { trials: 4 } });
    scene.attach('w1');
    for (const [trial, value] of [0.9, 0.1, 0.5, 0.75].entries()) finish(trial, value);
    expect(board()).toEqual([
      [1, 2, 0.625, 0.5],
      [1, 3, 0.625, 0.75],
      [3, 0, 0.5, 0.9],
      [3, 1, 0.5, 0.1],
    ]);
  });

  it('ranks a configuration that has not had all its repeats behind those that have', () => {
    scene.create({ repeats: 2, budget: { trials: 4 } });
    scene.attach('w1');
    for (const [trial, value] of [0.2, 0.3, 0.9].entries()) finish(trial, value);
    expect(board().map(([rank, trial]) => [rank, trial])).toEqual([
      [1, 0],
      [1, 1],
      [3, 2],
    ]);
  });

  it('repeats enqueued configurations too, and all of a grid before it says that it is done', () => {
    scene.create({
      repeats: 2,
      budget: {},
      sampler: { type: 'grid' },
      params: [{ kind: 'int', name: 'x', low: 1, high: 2, log: false, step: 1 }],
      enqueue: [{ x: 2 }],
    });
    scene.attach('w1', { slots: 4 });
    for (let trial = 0; trial < 4; trial += 1) finish(trial, trial);
    const { trials, detail } = scene.study();
    expect(trials.map(({ params, origin }) => [params['x'], origin])).toEqual([
      [2, 'enqueued'],
      [1, 'grid'],
      [2, 'repeat'],
      [1, 'repeat'],
    ]);
    expect(detail).toBe('all 2 configurations of the space were tried');
  });

  it('survives a replay, what comes next included', () => {
    scene.create({ repeats: 2, budget: { trials: 6 }, sampler: { type: 'auto' } });
    scene.attach('w1', { slots: 2 });
    for (const trial of [1, 0, 2]) finish(trial, trial / 10);
    const replayed = scene.replayed().studies.get('digits')!;
    expect(replayed.trials).toEqual(scene.study().trials);
    expect(replayed.repeated).toBe(scene.study().repeated);
    expect(replayed.repeats!.due(replayed.history, 1)).toBe(scene.study().repeats!.due(scene.study().history, 1));
  });

  it('leaves re-runs out of the repeats', () => {
    scene.create({ repeats: 2, budget: { trials: 2 } });
    scene.attach('w1');
    finish(0, 0.5);
    scene.run({ type: 'RerunTrial', requestId: '', study: 'digits', trial: 0 });
    expect(brief(scene.recent)).toEqual(['TrialProposed 2']);
    finish(1, 0.7);
    finish(2, 9);
    expect(board().map(([, trial, mean]) => [trial, mean])).toEqual([
      [0, 0.6],
      [1, 0.6],
    ]);
  });
});
