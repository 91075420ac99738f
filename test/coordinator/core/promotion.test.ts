import { beforeEach, describe, expect, it } from 'vitest';
import { leaderboardView } from '../../../coordinator/core/views.js';
import { attemptOf, brief, LEASE_MS, Scenario } from './scenario.js';

const STEPS = 9;
let scene: Scenario;
beforeEach(() => {
  scene = new Scenario();
});

const create = (trials: number) =>
  scene.create({
    budget: { trials },
    pruner: { type: 'asha', minStep: 1, factor: 3, promotion: true },
    objective: { kind: 'null', config: { steps: STEPS } },
  });

/** Trains as a worker does that begins every attempt at the first step: reports until it is told to stop or has done all. */
function train(number: number, value: number): void {
  const study = scene.study();
  const attempt = attemptOf(number, study.trials[number]!.attempts.length);
  for (let step = 1; step <= STEPS; step += 1) {
    scene.report(attempt, step, value);
    const trial = study.trials[number]!;
    if (trial.status === 'running' && trial.stopping !== undefined) {
      scene.result(attempt, 'stopped');
      return;
    }
  }
  scene.result(attempt, 'completed');
}

/** Trains whatever runs until nothing does. Of 27 trials each has a value of its own, in no order; the best is 23. */
function trainAll(): void {
  const study = scene.study();
  for (let round = 0; study.running.size > 0; round += 1) {
    if (round > 1000) throw new Error('it does not come to an end');
    for (const number of [...study.running]) train(number, (7 * number) % 27);
  }
}

describe('promotion', () => {
  it('lets a trial rest at a rung: its attempt ends paused, its slot goes to the next (P17)', () => {
    create(9);
    scene.attach('w1');
    scene.report(attemptOf(0), 1, 0.5);
    expect(brief(scene.recent)).toEqual(['TrialReported 0/1', 'StopRequested 0/1 rest']);
    scene.result(attemptOf(0), 'stopped');
    expect(brief(scene.recent)).toEqual(['AttemptEnded 0/1 paused -> paused', 'TrialProposed 1', 'AttemptStarted 1/1']);
    expect(scene.study().counts).toMatchObject({ paused: 1, running: 1 });
  });

  it('goes on with the best of those that rest as soon as enough do, before anything new', () => {
    create(9);
    scene.attach('w1');
    for (const number of [0, 1, 2]) train(number, number);
    expect(brief(scene.recent).at(-1)).toBe('AttemptStarted 2/2');
    expect(scene.recent.at(-1)).toMatchObject({ knownStep: 1 });
  });

  it('takes no known step again, from an attempt that begins at the beginning (P17)', () => {
    create(9);
    scene.attach('w1');
    for (const number of [0, 1, 2]) train(number, number);
    scene.report(attemptOf(2, 2), 1, 99);
    expect(scene.recent).toEqual([]);
    scene.report(attemptOf(2, 2), 2, 2.5);
    expect(scene.study().trials[2]!.reports.map(({ step }) => step)).toEqual([1, 2]);
    expect(scene.study().history.get(2)!.reports).toEqual([
      { step: 1, value: 2 },
      { step: 2, value: 2.5 },
    ]);
  });

  it('starts exactly the trials of the budget, trains the best to their end, and ends (P9)', () => {
    create(27);
    scene.attach('w1', { slots: 4 });
    trainAll();
    const study = scene.study();
    expect(study).toMatchObject({ status: 'finished', why: 'trials' });
    expect(study.trials).toHaveLength(27);
    expect(study.paused.size).toBe(0);
    expect(study.counts).toMatchObject({ waiting: 0, running: 0, paused: 0, failed: 0 });
    expect(study.counts.complete).toBeGreaterThan(0);
    expect(study.counts.complete + study.counts.pruned).toBe(27);
    const board = leaderboardView(scene.core.state, scene.core.fleet, study, 1);
    expect(board.rows[0]!.item).toMatchObject({ number: 23, status: 'complete' });
    expect(study.stepsRun).toBeLessThan((27 * STEPS) / 2);
    expect(study.stepsSaved).toBe(27 * STEPS - study.stepsRun);
  });

  it('says why a trial rests, and what became of it', () => {
    create(3);
    scene.attach('w1');
    train(0, 0);
    expect(scene.study().trials[0]!).toMatchObject({ status: 'paused', reason: expect.stringMatching(/rests until/) });
    trainAll();
    expect(scene.study().trials[0]!).toMatchObject({ status: 'pruned', reason: expect.stringMatching(/rests until/) });
  });

  it('is not undone by the loss of a worker that was told to pause', () => {
    create(9);
    scene.attach('w1');
    scene.report(attemptOf(0), 1, 0.5);
    scene.attach('w1', {}, []);
    expect(brief(scene.recent)[0]).toBe('AttemptEnded 0/1 lost -> paused');
  });

  it('keeps what a lost attempt reported: rungs that were reached are not reached again', () => {
    create(9);
    scene.attach('w1');
    for (const number of [0, 1, 2]) train(number, number);
    scene.report(attemptOf(2, 2), 2, 2);
    scene.attach('w1', {}, []);
    expect(scene.recent.at(-1)).toMatchObject({ type: 'AttemptStarted', trial: 2, attempt: 3, knownStep: 2 });
    train(2, 2);
    expect(scene.study().trials[2]!.reports.map(({ step }) => step)).toEqual([1, 2, 3]);
  });

  it('takes a full result from a trial that could not be paused in time', () => {
    create(9);
    scene.attach('w1');
    scene.report(attemptOf(0), 1, 0.5);
    scene.result(attemptOf(0), 'completed');
    expect(scene.study().trials[0]!.status).toBe('complete');
  });

  it('ends what rests with its study', () => {
    create(9);
    scene.attach('w1');
    train(0, 0);
    scene.report(attemptOf(1), 1, 0);
    scene.run({ type: 'ControlStudy', study: '', action: 'stop' });
    // A rest is no end: the attempt that was about to pause is told again.
    expect(brief(scene.recent)).toEqual(['StudyEnding stopped', 'TrialWithdrawn 0', 'StopRequested 1/1 study']);
    scene.result(attemptOf(1), 'stopped');
    expect(scene.study().status).toBe('finished');
    expect(scene.study().counts).toMatchObject({ pruned: 2, paused: 0 });
  });

  it('can be stopped by hand while it rests', () => {
    create(9);
    scene.attach('w1');
    train(0, 0);
    scene.run({ type: 'StopTrial', study: '', trial: 0 });
    expect(scene.study().trials[0]!).toMatchObject({ status: 'pruned', reason: 'stopped by request' });
  });

  it('is the same after a replay', () => {
    create(12);
    scene.attach('w1', { slots: 2 });
    for (let round = 0; round < 4; round += 1) for (const number of [...scene.study().running]) train(number, number);
    scene.pass(LEASE_MS / 2);
    const replayed = scene.replayed().studies.get('digits')!;
    const live = scene.study();
    expect(replayed.trials).toEqual(live.trials);
    expect(replayed.paused).toEqual(live.paused);
    expect(replayed.promoter!.next(replayed.history)).toBe(live.promoter!.next(live.history));
  });
});
