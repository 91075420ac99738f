import { beforeEach, describe, expect, it } from 'vitest';
import { whyNot } from '../../../coordinator/core/requirements.js';
import type { JsonTemplate } from '../../../coordinator/core/spec.js';
import { attemptOf, brief, LEASE_MS, Scenario, worker } from './scenario.js';

let scene: Scenario;
beforeEach(() => {
  scene = new Scenario();
});

describe('creating studies', () => {
  it('gives a taken name the first free number behind it', () => {
    expect([scene.create(), scene.create(), scene.create()]).toEqual(['digits', 'digits-2', 'digits-3']);
  });

  it('creates nothing for a repeated request and answers with what the first one made (P2)', () => {
    scene.create({}, 'request-1');
    scene.create({}, 'request-2');
    expect(scene.create({}, 'request-1')).toBe('digits');
    expect(scene.recent).toEqual([]);
  });

  it('remembers requests across a replay', () => {
    scene.create({}, 'request-1');
    expect(scene.replayed().requests.get('request-1')).toEqual({ study: 'digits' });
  });

  it('draws a seed where the file gives none and keeps it in the event', () => {
    const { seed: _, ...unseeded } = scene.study(scene.create()).spec;
    scene.run({ type: 'CreateStudy', requestId: '', spec: { ...unseeded, name: 'b' }, source: '', drawnSeed: 4711 });
    expect(scene.study('b').spec.seed).toBe(4711);
  });
});

describe('the way of a trial', () => {
  it('is proposed only when a slot is free, and started in the same breath', () => {
    scene.create();
    expect(brief(scene.recent)).toEqual(['StudyCreated']);
    scene.attach('w1', { slots: 2 });
    expect(brief(scene.recent)).toEqual([
      'TrialProposed 0',
      'AttemptStarted 0/1',
      'TrialProposed 1',
      'AttemptStarted 1/1',
    ]);
  });

  it('goes from reports to a result, and its slot to the next trial', () => {
    scene.create();
    scene.attach('w1');
    scene.report(attemptOf(0), 1, 0.5);
    expect(brief(scene.recent)).toEqual(['TrialReported 0/1']);
    scene.result(attemptOf(0), 'completed');
    expect(brief(scene.recent)).toEqual([
      'AttemptEnded 0/1 completed -> complete',
      'TrialProposed 1',
      'AttemptStarted 1/1',
    ]);
  });

  it('starts exactly as many trials as the budget says, then finishes the study (P9, P11)', () => {
    scene.create();
    scene.attach('w1', { slots: 10 });
    expect(scene.study().trials).toHaveLength(3);
    for (const trial of [2, 0, 1]) scene.result(attemptOf(trial), 'completed');
    expect(scene.recent.at(-1)).toMatchObject({
      type: 'StudyFinished',
      why: 'trials',
      detail: 'all 3 trials are done',
    });
    expect(scene.study().trials).toHaveLength(3);
  });

  it('says how many events each suggestion had seen', () => {
    scene.create();
    scene.attach('w1');
    scene.result(attemptOf(0), 'completed');
    const basedOn = scene.events.flatMap((event) => (event.type === 'TrialProposed' ? [event.basedOn] : []));
    expect(basedOn).toEqual(scene.events.flatMap((event, i) => (event.type === 'TrialProposed' ? [i] : [])));
  });

  it('honours the largest number of attempts at a time', () => {
    scene.create({ parallel: 2 });
    scene.attach('w1', { slots: 10 });
    expect(scene.study().running.size).toBe(2);
  });

  it('runs enqueued configurations first, completed where they are partial, and counts them', () => {
    scene.create({ enqueue: [{ x: 0.25 }, {}], budget: { trials: 3 } });
    scene.attach('w1', { slots: 10 });
    expect(scene.study().trials.map(({ origin }) => origin)).toEqual(['enqueued', 'enqueued', 'random']);
    expect(scene.study().trials[0]!.params).toEqual({ x: 0.25 });
    expect(scene.study().trials[1]!.params['x']).toBeGreaterThanOrEqual(0);
  });

  it('ends the study when the sampler has nothing left', () => {
    scene.create({
      sampler: { type: 'grid' },
      params: [{ kind: 'categorical', name: 'x', choices: ['a', 'b'] }],
      budget: {},
    });
    scene.attach('w1', { slots: 10 });
    scene.result(attemptOf(0), 'completed');
    scene.result(attemptOf(1), 'completed');
    expect(scene.recent.at(-1)).toMatchObject({ type: 'StudyFinished', why: 'exhausted' });
    const tried = scene.study().trials.map(({ params }) => params['x']);
    expect(new Set(tried)).toEqual(new Set(['a', 'b']));
    expect(tried).toHaveLength(2);
  });

  it('says what is wrong when an enqueued row cannot satisfy the relations', () => {
    const y = { kind: 'float', name: 'y', low: 0, high: 1, log: false } as const;
    scene.create({
      params: [...scene.study(scene.create({ name: 'a' })).spec.params, y],
      relations: ['y >= x + 0.5'],
      enqueue: [{ x: 0.9 }],
    });
    scene.attach('w1', { slots: 10 });
    expect(scene.study().detail).toMatch(/row 0 of enqueue cannot be completed/);
    expect(scene.study().status).toBe('finished');
  });
});

describe('what is said twice or too late', () => {
  beforeEach(() => {
    scene.create();
    scene.attach('w1', { slots: 10 });
  });

  it('a repeated report writes nothing (P2)', () => {
    scene.report(attemptOf(0), 1, 0.5);
    scene.report(attemptOf(0), 1, 0.9);
    expect(scene.recent).toEqual([]);
    expect(scene.study().trials[0]!.reports).toHaveLength(1);
  });

  it('a repeated result writes nothing (P2)', () => {
    scene.result(attemptOf(0), 'completed');
    const reply = scene.result(attemptOf(0), 'failed', 'late');
    expect(scene.recent).toEqual([]);
    expect(reply.abandoned).toEqual([attemptOf(0)]);
    expect(scene.study().trials[0]!.status).toBe('complete');
  });

  it('an attempt whose successor has started changes nothing (P3)', () => {
    scene.result(attemptOf(0), 'handed_back');
    expect(brief(scene.recent)).toEqual(['AttemptEnded 0/1 handed_back -> waiting', 'AttemptStarted 0/2']);
    expect(scene.report(attemptOf(0), 5, 1).abandoned).toEqual([attemptOf(0)]);
    expect(scene.result(attemptOf(0), 'completed').abandoned).toEqual([attemptOf(0)]);
    expect(scene.recent).toEqual([]);
    expect(scene.study().trials[0]!).toMatchObject({ status: 'running', reports: [] });
  });

  it('an attempt that nobody knows is abandoned', () => {
    const unknown = [attemptOf(99), attemptOf(0, 2), attemptOf(0, 1, 'nothing')];
    expect(scene.hear('w1', [attemptOf(0), ...unknown])).toEqual({ continued: [attemptOf(0)], abandoned: unknown });
  });
});

describe('leases', () => {
  beforeEach(() => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
  });

  it('live as long as the worker is heard', () => {
    for (let i = 0; i < 10; i += 1) {
      scene.pass(LEASE_MS - 1000);
      scene.hear('w1', [attemptOf(0)]);
    }
    expect(scene.study().trials[0]!.attempts).toHaveLength(1);
  });

  it('end with silence, and the trial gets another attempt on whoever is there (P6)', () => {
    scene.attach('w2');
    scene.pass(LEASE_MS / 2);
    scene.hear('w2', []);
    scene.pass(LEASE_MS / 2);
    expect(brief(scene.recent).filter((line) => !line.startsWith('Trial'))).toEqual([
      'AttemptEnded 0/1 lost -> waiting',
      expect.stringMatching(/^AttemptStarted 0\/2/),
    ]);
  });

  it('of a lost attempt come back when it is heard before a successor starts (P3)', () => {
    scene.report(attemptOf(0), 1, 0.5);
    scene.run({ type: 'DetachWorker', worker: 'w1' });
    scene.pass(LEASE_MS);
    expect(scene.study().trials[0]!.status).toBe('waiting');
    expect(scene.attach('w1', {}, [attemptOf(0)]).continued).toEqual([attemptOf(0)]);
    expect(brief(scene.recent)).toEqual(['AttemptResumed 0/1']);
    scene.report(attemptOf(0), 2, 0.6);
    scene.result(attemptOf(0), 'completed');
    expect(scene.study().trials[0]!).toMatchObject({ status: 'complete', reports: [{ step: 1 }, { step: 2 }] });
  });

  it('a late result of a lost attempt is taken while no successor runs (P3)', () => {
    scene.run({ type: 'DrainWorker', worker: 'w1' });
    scene.pass(LEASE_MS);
    expect(scene.study().trials[0]!.status).toBe('waiting');
    scene.result(attemptOf(0), 'completed');
    expect(brief(scene.recent)).toEqual([
      'AttemptResumed 0/1',
      'AttemptEnded 0/1 completed -> complete',
      'StudyFinished trials',
    ]);
  });

  it('are fresh and full after a restart', () => {
    scene.core.fleet.restore(scene.core.state, scene.at);
    scene.pass(LEASE_MS - 1000);
    expect(scene.study().running.size).toBe(1);
    scene.pass(1000);
    expect(scene.study().trials[0]!.attempts[0]!.ended?.end).toBe('lost');
  });

  it('run out in their time when the clock was put back', () => {
    scene.at -= 60 * LEASE_MS;
    scene.pass(LEASE_MS - 1000);
    expect(scene.study().trials[0]!.attempts.at(-1)!.ended).toBeUndefined();
    scene.pass(2000);
    expect(scene.study().trials[0]!.attempts[0]!.ended?.end).toBe('lost');
  });

  it('are not lost because the coordinator itself slept', () => {
    scene.pass(1000);
    scene.at += 10 * LEASE_MS;
    scene.run({ type: 'CheckDeadlines' });
    expect(scene.study().trials[0]!.attempts).toHaveLength(1);
  });

  it('end at once when the worker comes back without the attempt', () => {
    scene.attach('w1', {}, []);
    expect(brief(scene.recent)).toEqual(['AttemptEnded 0/1 lost -> waiting', 'AttemptStarted 0/2']);
  });

  it('stop being given after the last attempt: the trial fails and the study ends', () => {
    for (let attempt = 1; attempt <= 3; attempt += 1) scene.attach('w1', {}, []);
    expect(scene.study().trials[0]!).toMatchObject({ status: 'failed', reason: 'its worker came back without it' });
    expect(scene.study().status).toBe('finished');
  });

  it('keep the trial’s seed from attempt to attempt (P12)', () => {
    const { seed } = scene.study().trials[0]!;
    scene.attach('w1', {}, []);
    expect(scene.study().trials[0]!.seed).toBe(seed);
  });
});

describe('failures', () => {
  it('are tried again, and the trial fails when the same words come twice', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.result(attemptOf(0), 'failed', 'boom');
    expect(brief(scene.recent)).toEqual(['AttemptEnded 0/1 failed -> waiting']);
    scene.pass(1000);
    expect(brief(scene.recent)).toEqual(['AttemptStarted 0/2']);
    scene.result(attemptOf(0, 2), 'failed', 'boom');
    expect(scene.study().trials[0]!).toMatchObject({ status: 'failed', reason: 'boom' });
  });

  it('with other words each time are tried as often as the study allows', () => {
    scene.create({ budget: { trials: 1 }, limits: { attempts: 4 } });
    scene.attach('w1');
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      scene.result(attemptOf(0, attempt), 'failed', `boom ${attempt}`);
      scene.hear('w1', []);
      scene.pass(4000);
    }
    expect(scene.study().trials[0]!).toMatchObject({ status: 'failed', attempts: { length: 4 } });
  });

  it('of the first trials for one reason end the study, in words', () => {
    scene.create({ budget: { trials: 100 }, limits: { attempts: 1 } });
    scene.attach('w1');
    for (let trial = 0; trial < 3; trial += 1) scene.result(attemptOf(trial), 'failed', 'no file');
    expect(scene.study()).toMatchObject({
      status: 'finished',
      why: 'failing',
      detail: 'the first 3 trials failed for the same reason: no file',
    });
  });

  it('do not end a study in which something worked', () => {
    scene.create({ budget: { trials: 100 }, limits: { attempts: 1 } });
    scene.attach('w1');
    scene.result(attemptOf(0), 'completed');
    for (let trial = 1; trial < 6; trial += 1) scene.result(attemptOf(trial), 'failed', 'no file');
    expect(scene.study().status).toBe('running');
  });

  it('count against the budget, lost attempts do not (P9)', () => {
    scene.create({ budget: { trials: 2 }, limits: { attempts: 2 } });
    scene.attach('w1');
    scene.attach('w1', {}, []);
    scene.result(attemptOf(0, 2), 'failed', 'boom');
    scene.result(attemptOf(1), 'completed');
    expect(scene.study().counts).toMatchObject({ failed: 1, complete: 1 });
    expect(scene.study().status).toBe('finished');
  });
});

describe('early stopping', () => {
  beforeEach(() => {
    scene.create({ pruner: { type: 'threshold', lower: 0.1 }, budget: { trials: 2 } });
    scene.attach('w1');
  });

  it('puts the verdict into the batch of the report that caused it', () => {
    scene.report(attemptOf(0), 1, 0.01);
    expect(brief(scene.recent)).toEqual(['TrialReported 0/1', 'StopRequested 0/1 pruned']);
  });

  it('prunes the trial when the worker says that it stopped, with the pruner’s words', () => {
    scene.report(attemptOf(0), 1, 0.01);
    scene.result(attemptOf(0), 'stopped');
    expect(scene.study().trials[0]!.status).toBe('pruned');
    expect(scene.study().trials[0]!).toMatchObject({ reason: expect.stringContaining('0.01') });
    expect(scene.study()).toMatchObject({ stepsRun: 1, stepsSaved: 9 });
  });

  it('takes a full result from a trial that came to its end before it could be stopped', () => {
    scene.report(attemptOf(0), 1, 0.01);
    scene.result(attemptOf(0), 'completed');
    expect(scene.study().trials[0]!.status).toBe('complete');
  });

  it('is not undone by the loss of the worker', () => {
    scene.report(attemptOf(0), 1, 0.01);
    scene.attach('w1', {}, []);
    expect(scene.study().trials[0]!.status).toBe('pruned');
  });

  it('is said again to a worker that comes back with the attempt', () => {
    scene.report(attemptOf(0), 1, 0.01);
    expect(scene.attach('w1', {}, [attemptOf(0)]).stops).toEqual([
      { attempt: attemptOf(0), why: 'pruned', reason: expect.any(String) },
    ]);
  });

  it('judges each report once', () => {
    scene.report(attemptOf(0), 1, 0.01);
    scene.report(attemptOf(0), 2, 0.01);
    expect(brief(scene.recent)).toEqual(['TrialReported 0/1']);
  });
});

describe('pause, resume and stop', () => {
  beforeEach(() => {
    scene.create({ budget: { trials: 4 } });
    scene.attach('w1', { slots: 2 });
  });
  const control = (action: 'pause' | 'resume' | 'stop') => scene.run({ type: 'ControlStudy', study: '', action });

  it('a paused study starts nothing, and goes on where it was', () => {
    control('pause');
    scene.result(attemptOf(0), 'completed');
    expect(brief(scene.recent)).toEqual(['AttemptEnded 0/1 completed -> complete']);
    control('resume');
    expect(brief(scene.recent)).toEqual(['StudyResumed', 'TrialProposed 2', 'AttemptStarted 2/1']);
  });

  it('doing twice what is done writes nothing', () => {
    control('pause');
    control('pause');
    expect(scene.recent).toEqual([]);
    control('resume');
    control('resume');
    expect(scene.recent).toEqual([]);
  });

  it('a stopped study tells its attempts to stop and ends with them', () => {
    scene.result(attemptOf(0), 'handed_back');
    control('stop');
    expect(brief(scene.recent)).toEqual(['StudyEnding stopped', 'StopRequested 1/1 study', 'StopRequested 0/2 study']);
    scene.result(attemptOf(0, 2), 'stopped');
    scene.result(attemptOf(1), 'stopped');
    expect(scene.study()).toMatchObject({ status: 'finished', why: 'stopped', stepsSaved: 0 });
    expect(scene.study().counts).toMatchObject({ pruned: 2, waiting: 0, running: 0 });
  });

  it('a stopped study takes back what waits', () => {
    scene.run({ type: 'DrainWorker', worker: 'w1' });
    scene.result(attemptOf(0), 'handed_back');
    scene.result(attemptOf(1), 'handed_back');
    control('stop');
    expect(brief(scene.recent)).toEqual([
      'StudyEnding stopped',
      'TrialWithdrawn 0',
      'TrialWithdrawn 1',
      'StudyFinished stopped',
    ]);
  });

  it('an ended study can be stopped again but not paused', () => {
    control('stop');
    control('stop');
    const outcome = scene.tryRun({ type: 'ControlStudy', study: 'digits', action: 'pause' });
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'conflict' } });
  });

  it('an unknown study is refused with those there are', () => {
    const outcome = scene.tryRun({ type: 'ControlStudy', study: 'digitz', action: 'pause' });
    expect(outcome).toMatchObject({
      ok: false,
      refusal: {
        code: 'not_found',
        message: 'there is no study digitz (did you mean "digits"?): the latest are digits',
      },
    });
  });
});

describe('the budget of time', () => {
  it('ends the study and what runs, to the second', () => {
    scene.create({ budget: { timeMs: 30_000 } });
    scene.pass(100_000);
    scene.attach('w1');
    scene.pass(29_000);
    expect(scene.study().status).toBe('running');
    scene.pass(1000);
    expect(brief(scene.recent)).toEqual(['StudyEnding time', 'StopRequested 0/1 study']);
  });

  it('stands still while the study is paused', () => {
    scene.create({ budget: { timeMs: 30_000 } });
    scene.attach('w1');
    scene.pass(20_000);
    scene.run({ type: 'ControlStudy', study: '', action: 'pause' });
    scene.hear('w1', []);
    scene.pass(20_000);
    scene.run({ type: 'ControlStudy', study: '', action: 'resume' });
    scene.pass(9000);
    expect(scene.study().status).toBe('running');
    scene.pass(1000);
    expect(scene.study().status).toBe('ending');
  });
});

describe('re-runs', () => {
  const rerun = (trial: number, requestId = '') => scene.run({ type: 'RerunTrial', requestId, study: '', trial });

  it('repeat configuration and seed beside the budget, also of a finished study', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.result(attemptOf(0), 'completed');
    expect(rerun(0)).toEqual({ study: 'digits', trial: 1 });
    const [original, again] = scene.study().trials;
    expect(again).toMatchObject({ params: original!.params, seed: original!.seed, rerunOf: 0, status: 'running' });
    scene.result(attemptOf(1), 'completed');
    expect(scene.study().counts.complete).toBe(1);
    expect(scene.study().status).toBe('finished');
  });

  it('change neither the suggestions nor the seeds that come after them', () => {
    const run = (withRerun: boolean) => {
      scene = new Scenario();
      scene.create({ budget: { trials: 4 } });
      scene.attach('w1');
      scene.result(attemptOf(0), 'completed');
      if (withRerun) rerun(0);
      scene.attach('w2', { slots: 9 });
      return scene
        .study()
        .trials.filter((trial) => trial.rerunOf === undefined)
        .map(({ params, seed }) => ({ params, seed }));
    };
    expect(run(true)).toEqual(run(false));
  });

  it('of a repeated request are one (P2)', () => {
    scene.create();
    scene.attach('w1');
    expect(rerun(0, 'again')).toEqual({ study: 'digits', trial: 1 });
    expect(rerun(0, 'again')).toEqual({ study: 'digits', trial: 1 });
    expect(scene.recent).toEqual([]);
  });

  it('of a trial that does not exist are refused', () => {
    scene.create();
    const outcome = scene.tryRun({ type: 'RerunTrial', requestId: '', study: '', trial: 5 });
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'not_found', message: 'study digits has no trials yet' },
    });
  });
});

describe('sharing workers', () => {
  it('gives each of two studies half the slots', () => {
    scene.create({ name: 'a', budget: { trials: 100 } });
    scene.create({ name: 'b', budget: { trials: 100 } });
    scene.attach('w1', { slots: 10 });
    expect(scene.study('a').running.size).toBe(5);
    expect(scene.study('b').running.size).toBe(5);
  });

  it('gives all slots to the study that can use them', () => {
    scene.create({ name: 'a', budget: { trials: 100 }, requires: { labels: { gpu: 'a100' } } });
    scene.create({ name: 'b', budget: { trials: 100 } });
    scene.attach('w1', { slots: 4 });
    scene.attach('w2', { slots: 4, labels: { gpu: 'a100' } });
    expect(scene.study('a').running.size).toBe(4);
    expect(scene.study('b').running.size).toBe(4);
  });

  it('spreads one study over the workers', () => {
    scene.attach('w1', { slots: 4 });
    scene.attach('w2', { slots: 4 });
    scene.create({ budget: { trials: 4 } });
    const workers = scene.study().trials.map((trial) => trial.attempts[0]!.worker);
    expect(workers.sort()).toEqual(['w1', 'w1', 'w2', 'w2']);
  });

  it('takes back at once what a draining worker leaves behind', () => {
    scene.create();
    scene.attach('w1');
    scene.run({ type: 'DrainWorker', worker: 'w1' });
    scene.run({ type: 'DetachWorker', worker: 'w1' });
    expect(brief(scene.recent)).toEqual(['AttemptEnded 0/1 handed_back -> waiting']);
  });

  it('gives a draining or detached worker nothing', () => {
    scene.attach('w1');
    scene.attach('w2');
    scene.run({ type: 'DrainWorker', worker: 'w1' });
    scene.run({ type: 'DetachWorker', worker: 'w2' });
    scene.create();
    expect(scene.study().running.size).toBe(0);
  });
});

describe('data sets', () => {
  const train = { kind: 'train', config: { dataset: 'digits', epochs: 5 } } as const;

  it('are pinned by the first attempt that read one', () => {
    scene.create({ objective: train });
    scene.attach('w1', { slots: 2 });
    scene.started(attemptOf(0), 'aaaa');
    expect(brief(scene.recent)).toEqual(['DatasetPinned']);
    scene.started(attemptOf(1), 'aaaa');
    expect(scene.recent).toEqual([]);
  });

  it('that parameters choose are pinned each for itself', () => {
    const choosing = { ...train, config: { dataset: { name: '$d', seed: 3 }, epochs: 5 } };
    scene.create({
      objective: choosing,
      params: [{ kind: 'categorical', name: 'd', choices: ['digits', 'mnist'] }],
      sampler: { type: 'grid' },
    });
    scene.attach('w1', { slots: 2 });
    scene.started(attemptOf(0), 'aaaa');
    scene.started(attemptOf(1), 'bbbb');
    expect(brief(scene.recent)).toEqual(['DatasetPinned']);
    expect([...scene.study().datasetDigests.values()]).toEqual(['aaaa', 'bbbb']);
  });

  it.each<[JsonTemplate, readonly string[], string | undefined]>([
    ['digits', ['digits'], undefined],
    ['mnist', ['digits'], 'does not have the data set mnist'],
    [{ name: 'mnist', train: 100 }, ['digits'], 'does not have the data set mnist'],
    ['$d', ['digits'], undefined],
    [{ images: 'flowers/small' }, ['digits', './flowers'], undefined],
    [{ images: './flowers/small' }, ['digits', './*'], undefined],
    [{ csv: 'iris.csv', label: 'kind' }, ['digits', './flowers'], 'has no iris.csv in its folder of data sets'],
    [{ name: 'mnist', data: 'old/mnist' }, ['mnist'], 'has no old in its folder of data sets'],
    [{ csv: '$file', label: 'kind' }, [], undefined],
  ])('%j is for workers that have it: of those with %j it %s', (dataset, datasets, reason) => {
    scene.create({ objective: { kind: 'train', config: { dataset, epochs: 5 } } });
    expect(whyNot(scene.study(), worker('w1', { datasets }))).toBe(reason);
  });

  it('that differ end the attempt and keep its worker away from the study, and the trial goes elsewhere (P19)', () => {
    scene.create({ objective: train, budget: { trials: 2 } });
    scene.attach('w1');
    scene.started(attemptOf(0), 'aaaa');
    scene.attach('w2');
    const reply = scene.started(attemptOf(1), 'bbbb');
    expect(reply.abandoned).toMatchObject([attemptOf(1)]);
    expect(brief(scene.recent)).toEqual(['AttemptEnded 1/1 refused -> waiting']);
    scene.result(attemptOf(0), 'completed');
    expect(brief(scene.recent).at(-1)).toBe('AttemptStarted 1/2');
    expect(scene.study().trials[1]!.attempts.at(-1)!.worker).toBe('w1');
  });
});
