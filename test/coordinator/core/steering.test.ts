import { beforeEach, describe, expect, it } from 'vitest';
import type { AdjustStudy } from '../../../coordinator/core/commands.js';
import { attemptOf, brief, Scenario } from './scenario.js';

let scene: Scenario;
beforeEach(() => {
  scene = new Scenario();
});

const adjust = (change: Partial<AdjustStudy>) =>
  scene.tryRun({ type: 'AdjustStudy', requestId: '', study: 'digits', ...change });
const refusalOf = (outcome: ReturnType<Scenario['tryRun']>): string =>
  outcome.ok ? 'it was not refused' : outcome.refusal.message;

/** Brings everything that runs to its end, and what is started for it, until nothing runs. */
function finishAll(id = 'digits'): void {
  const study = scene.study(id);
  while (study.running.size > 0) {
    for (const number of [...study.running]) {
      scene.result(attemptOf(number, study.trials[number]!.attempts.length, id), 'completed');
    }
  }
}

describe('extending a budget', () => {
  it('reopens a study that had used it up, and ends it exactly at the new one (P9)', () => {
    scene.create({ budget: { trials: 2 } });
    scene.attach('w1');
    finishAll();
    expect(scene.study().status).toBe('finished');
    adjust({ trials: { more: 3 } });
    expect(brief(scene.recent)).toEqual(['StudyAdjusted', 'StudyReopened', 'TrialProposed 2', 'AttemptStarted 2/1']);
    finishAll();
    expect(scene.study()).toMatchObject({ status: 'finished', why: 'trials', detail: 'all 5 trials are done' });
    expect(scene.study().trials).toHaveLength(5);
  });

  it('ends a study again whose space has nothing left for the new budget', () => {
    scene.create({
      budget: { trials: 3 },
      sampler: { type: 'grid' },
      params: [{ kind: 'categorical', name: 'x', choices: ['a', 'b'] }],
    });
    scene.attach('w1', { slots: 3 });
    expect(scene.study().exhausted).toBe(true);
    scene.run({ type: 'EnqueueTrial', requestId: '', study: 'digits', params: { x: 'a' } });
    finishAll();
    expect(scene.study()).toMatchObject({ status: 'finished', why: 'trials' });
    adjust({ trials: { more: 3 } });
    expect(scene.study()).toMatchObject({ status: 'finished', why: 'exhausted' });
  });

  it('suggests what a study would have suggested that had the larger budget from the start', () => {
    scene.create({ budget: { trials: 2 } });
    scene.attach('w1');
    finishAll();
    adjust({ trials: { total: 4 } });
    finishAll();
    const extended = scene.study().trials.map(({ params, seed }) => ({ params, seed }));
    scene = new Scenario();
    scene.create({ budget: { trials: 4 } });
    scene.attach('w1');
    finishAll();
    expect(extended).toEqual(scene.study().trials.map(({ params, seed }) => ({ params, seed })));
  });

  it('while it runs takes effect at once, and so does one that ends with what has been started', () => {
    scene.create({ budget: { trials: 100 } });
    scene.attach('w1', { slots: 2 });
    adjust({ trials: { total: 2 } });
    scene.result(attemptOf(0), 'completed');
    expect(brief(scene.recent)).toEqual(['AttemptEnded 0/1 completed -> complete']);
    scene.result(attemptOf(1), 'completed');
    expect(scene.study().status).toBe('finished');
  });

  it('twice with one request is once (P2)', () => {
    scene.create({ budget: { trials: 2 } });
    adjust({ requestId: 'r', trials: { more: 3 } });
    adjust({ requestId: 'r', trials: { more: 3 } });
    expect(scene.recent).toEqual([]);
    expect(scene.study().spec.budget).toEqual({ trials: 5 });
    expect(scene.replayed().requests.get('r')).toEqual({ study: 'digits' });
  });

  it('does not count the time between the end and the reopening', () => {
    scene.create({ budget: { trials: 1, timeMs: 30_000 } });
    scene.attach('w1');
    scene.pass(10_000);
    finishAll();
    scene.pass(1_000_000);
    adjust({ trials: { more: 1 } });
    scene.hear('w1', [attemptOf(1)]);
    scene.pass(19_000);
    expect(scene.study().status).toBe('running');
    scene.pass(1000);
    expect(scene.study().why).toBe('time');
  });

  it('reopens a study whose time was over', () => {
    scene.create({ budget: { timeMs: 10_000 } });
    scene.attach('w1');
    scene.pass(10_000);
    scene.result(attemptOf(0), 'stopped');
    expect(scene.study()).toMatchObject({ status: 'finished', why: 'time' });
    adjust({ timeMs: { more: 10_000 } });
    expect(brief(scene.recent)).toEqual(['StudyAdjusted', 'StudyReopened', 'TrialProposed 1', 'AttemptStarted 1/1']);
  });

  it('is refused where it would mean nothing, in words', () => {
    scene.create({ budget: { trials: 3 } });
    scene.attach('w1', { slots: 3 });
    expect(refusalOf(adjust({ trials: { total: 2 } }))).toBe(
      'study digits has started 3 trials already: its budget must be at least that, not 2',
    );
    expect(refusalOf(adjust({ timeMs: { more: 5 } }))).toMatch(/no budget of time to add to/);
    finishAll();
    expect(refusalOf(adjust({ timeMs: { total: 3_600_000 } }))).toMatch(/has used up its budget of 3 trials/);
    scene.create({ name: 'b', budget: { trials: 3 } });
    scene.run({ type: 'ControlStudy', study: 'b', action: 'stop' });
    for (const number of scene.study('b').running) scene.result(attemptOf(number, 1, 'b'), 'stopped');
    expect(refusalOf(adjust({ study: 'b', trials: { more: 1 } }))).toMatch(/finished for another reason/);
    expect(refusalOf(adjust({ parallel: 1 }))).toMatch(/has ended/);
    expect(scene.recent).toEqual([]);
  });
});

describe('parallelism and priority', () => {
  it('more at a time start at once; fewer are reached as attempts end', () => {
    scene.create({ budget: { trials: 100 }, parallel: 1 });
    scene.attach('w1', { slots: 8 });
    adjust({ parallel: 3 });
    expect(scene.study().running.size).toBe(3);
    adjust({ parallel: 0 });
    expect(scene.study().running.size).toBe(8);
    adjust({ parallel: 2 });
    expect(scene.recent).toMatchObject([{ type: 'StudyAdjusted', parallel: 2 }]);
    for (const number of [...scene.study().running].slice(0, 6)) scene.result(attemptOf(number), 'completed');
    expect(scene.study().running.size).toBe(2);
  });

  it('a study of a higher priority gets every slot that comes free, until it wants none', () => {
    scene.create({ name: 'low', budget: { trials: 100 } });
    scene.attach('w1', { slots: 4 });
    scene.create({ name: 'high', budget: { trials: 5 }, priority: 1 });
    scene.create({ name: 'lowest', budget: { trials: 100 }, priority: -1 });
    for (const number of [0, 1, 2, 3]) scene.result(attemptOf(number, 1, 'low'), 'completed');
    expect(scene.study('high').running.size).toBe(4);
    finishAll('high');
    expect(scene.study('low').running.size).toBe(4);
    expect(scene.study('lowest').trials).toEqual([]);
  });

  it('changes while it runs', () => {
    scene.create({ name: 'a', budget: { trials: 100 } });
    scene.create({ name: 'b', budget: { trials: 100 } });
    scene.attach('w1', { slots: 4 });
    adjust({ study: 'b', priority: 5 });
    scene.result(attemptOf(0, 1, 'a'), 'completed');
    scene.result(attemptOf(1, 1, 'a'), 'completed');
    expect([scene.study('a').running.size, scene.study('b').running.size]).toEqual([0, 4]);
    expect(scene.replayed().studies.get('b')!.spec.priority).toBe(5);
  });
});

describe('stopping one trial', () => {
  const stop = (trial: number) => scene.tryRun({ type: 'StopTrial', study: 'digits', trial });

  it('tells one that runs, which is ranked with what it has reported', () => {
    scene.create();
    scene.attach('w1');
    scene.report(attemptOf(0), 1, 0.5);
    stop(0);
    expect(brief(scene.recent)).toEqual(['StopRequested 0/1 person']);
    stop(0);
    expect(scene.recent).toEqual([]);
    scene.result(attemptOf(0), 'stopped');
    expect(scene.study().trials[0]!).toMatchObject({ status: 'pruned', reason: 'stopped by request' });
    expect(scene.study().stepsSaved).toBe(0);
  });

  it('ends one that waits at once', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.run({ type: 'DrainWorker', worker: 'w1' });
    scene.result(attemptOf(0), 'handed_back');
    stop(0);
    expect(brief(scene.recent)).toEqual(['TrialWithdrawn 0', 'StudyFinished trials']);
  });

  it('ends one that waits for its next try, which then does not come', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.result(attemptOf(0), 'failed', 'boom');
    stop(0);
    expect(brief(scene.recent)).toEqual(['TrialWithdrawn 0', 'StudyFinished trials']);
    scene.pass(5000);
    expect(scene.recent).toEqual([]);
  });

  it('that has ended, or does not exist, is refused', () => {
    scene.create();
    scene.attach('w1');
    scene.result(attemptOf(0), 'completed');
    expect(refusalOf(stop(0))).toBe('trial 0 of study digits has ended: it is complete');
    expect(refusalOf(stop(9))).toBe('study digits has no trial 9: its trials are 0 to 1');
  });
});

describe('invalidating a trial', () => {
  const invalidate = (trial: number, reason = '') =>
    scene.tryRun({ type: 'InvalidateTrial', study: 'digits', trial, reason });

  it('takes it out of the history, and keeps its number and its place in the budget (P9)', () => {
    scene.create({ budget: { trials: 2 } });
    scene.attach('w1');
    scene.report(attemptOf(0), 1, 0.5);
    scene.result(attemptOf(0), 'completed');
    invalidate(0, 'wrong data');
    expect(brief(scene.recent)).toEqual(['TrialInvalidated 0']);
    const study = scene.study();
    expect(study.history.get(0)).toBeUndefined();
    expect(study.trials[0]!).toMatchObject({ status: 'complete', invalidated: 'wrong data' });
    scene.result(attemptOf(1), 'completed');
    expect(study.status).toBe('finished');
    expect(study.trials).toHaveLength(2);
  });

  it('again writes nothing (P2)', () => {
    scene.create();
    scene.attach('w1');
    invalidate(0);
    invalidate(0);
    expect(scene.recent).toEqual([]);
  });

  it('stops it where it runs; what it still reports is in no history', () => {
    scene.create({ pruner: { type: 'threshold', lower: 0.9 } });
    scene.attach('w1');
    invalidate(0);
    expect(brief(scene.recent)).toEqual(['TrialInvalidated 0', 'StopRequested 0/1 person']);
    scene.report(attemptOf(0), 1, 0.1);
    expect(brief(scene.recent)).toEqual(['TrialReported 0/1']);
    scene.result(attemptOf(0), 'stopped');
    expect(scene.study().history.get(0)).toBeUndefined();
  });

  it('lets a grid propose the configuration again', () => {
    scene.create({
      sampler: { type: 'grid' },
      params: [{ kind: 'categorical', name: 'x', choices: ['a', 'b'] }],
      budget: {},
    });
    scene.attach('w1');
    scene.result(attemptOf(0), 'completed');
    invalidate(0);
    scene.result(attemptOf(1), 'completed');
    const [first, , third] = scene.study().trials;
    expect(third?.params).toEqual(first!.params);
    scene.result(attemptOf(2), 'completed');
    expect(scene.study()).toMatchObject({ status: 'finished', why: 'exhausted' });
  });

  it.each(['auto', 'optuna-tpe', 'optuna-random', 'tpe'] as const)(
    'leaves %s a function of the history: a replay suggests the same',
    (type) => {
      scene.create({ sampler: { type }, budget: { trials: 40 } });
      scene.attach('w1');
      for (let number = 0; number < 25; number += 1) {
        scene.report(attemptOf(number), 1, Math.sin(number));
        scene.result(attemptOf(number), 'completed');
        if (number % 7 === 6) invalidate(number);
      }
      const replayed = scene.replayed().studies.get('digits')!;
      const live = scene.study();
      expect(replayed.sampler.suggest(replayed.history, replayed.proposed)).toEqual(
        live.sampler.suggest(live.history, live.proposed),
      );
      const params = live.trials.map((trial) => JSON.stringify(trial.params));
      expect(new Set(params).size).toBe(params.length);
    },
  );

  it.each(['optuna-random', 'optuna-tpe'] as const)('lets %s draw no number twice', (type) => {
    scene.create({ sampler: { type }, budget: { trials: 5 } });
    scene.attach('w1');
    invalidate(0);
    scene.result(attemptOf(0), 'stopped');
    const [first, second] = scene.study().trials;
    expect(second!.params).not.toEqual(first!.params);
  });

  it('is refused for a re-run, which nothing counts', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.result(attemptOf(0), 'completed');
    scene.run({ type: 'RerunTrial', requestId: '', study: '', trial: 0 });
    expect(refusalOf(invalidate(1))).toMatch(/is a re-run/);
  });
});

describe('enqueueing a configuration', () => {
  const enqueue = (x: number, requestId = '') =>
    scene.tryRun({ type: 'EnqueueTrial', requestId, study: 'digits', params: { x } });

  it('runs it before the sampler is asked again, and counts it', () => {
    scene.create({ budget: { trials: 2 } });
    scene.attach('w1');
    enqueue(0.25);
    expect(brief(scene.recent)).toEqual(['ConfigurationEnqueued']);
    scene.result(attemptOf(0), 'completed');
    expect(scene.study().trials[1]!).toMatchObject({ params: { x: 0.25 }, origin: 'enqueued' });
  });

  it('starts it in a study that had nothing left to propose', () => {
    scene.create({
      sampler: { type: 'grid' },
      params: [{ kind: 'categorical', name: 'x', choices: [1, 2] }],
      budget: {},
    });
    scene.attach('w1', { slots: 4 });
    expect(scene.study().exhausted).toBe(true);
    enqueue(1);
    expect(brief(scene.recent)).toEqual(['ConfigurationEnqueued', 'TrialProposed 2', 'AttemptStarted 2/1']);
  });

  it('twice with one request is once (P2)', () => {
    scene.create();
    enqueue(0.25, 'r');
    enqueue(0.25, 'r');
    expect(scene.recent).toEqual([]);
    expect(scene.study().queue).toHaveLength(1);
  });

  it('that the budget has no trial for is refused, with what would help', () => {
    scene.create({ budget: { trials: 2 } });
    scene.attach('w1');
    enqueue(0.1);
    expect(refusalOf(enqueue(0.2))).toBe(
      'study digits has no trial of its 2 left for it: extend it first, with "assay extend digits --trials +1"',
    );
  });
});

describe('deleting a study', () => {
  const remove = (study: string) => scene.tryRun({ type: 'DeleteStudy', study });

  it('leaves nothing of it but a tombstone, and its id is not given again', () => {
    scene.create({ budget: { trials: 1 } });
    expect(refusalOf(remove('digits'))).toBe('study digits has not finished: stop it first, with "assay stop digits"');
    scene.attach('w1');
    finishAll();
    remove('digits');
    expect(brief(scene.recent)).toEqual(['StudyDeleted']);
    expect(scene.core.state.studies.size).toBe(0);
    expect(scene.create()).toBe('digits-2');
    expect(scene.replayed().deleted).toEqual(new Set(['digits']));
  });

  it('abandons whatever still comes of it', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    finishAll();
    remove('digits');
    expect(scene.result(attemptOf(0), 'completed').abandoned).toEqual([attemptOf(0)]);
    expect(scene.recent).toEqual([]);
  });

  it('waits for a re-run in it', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    finishAll();
    scene.run({ type: 'RerunTrial', requestId: '', study: '', trial: 0 });
    expect(refusalOf(remove('digits'))).toMatch(/a re-run of study digits has not ended/);
    scene.result(attemptOf(1), 'completed');
    expect(remove('digits').ok).toBe(true);
  });
});
