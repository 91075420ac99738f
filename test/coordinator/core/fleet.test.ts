import { beforeEach, describe, expect, it } from 'vitest';
import { QUARANTINE_MS } from '../../../coordinator/core/conduct.js';
import type { Gpu } from '../../../coordinator/core/resources.js';
import { studyView, workerViews } from '../../../coordinator/core/views.js';
import { attemptOf, brief, LEASE_MS, Scenario } from './scenario.js';

let scene: Scenario;
beforeEach(() => {
  scene = new Scenario();
});

const workerOf = (trial: number, study = 'digits'): string => scene.study(study).trials[trial]!.attempts.at(-1)!.worker;
const runningOn = (worker: string): number[] =>
  [...scene.study().running].filter((number) => workerOf(number) === worker);

describe('a failed trial', () => {
  it('waits before it is tried again, twice as long each time (P6)', () => {
    scene.create({ budget: { trials: 1 }, limits: { attempts: 5 } });
    scene.attach('w1');
    const startsAfter = (attempt: number): number => {
      scene.result(attemptOf(0, attempt), 'failed', `boom ${attempt}`);
      const { at } = scene;
      while (scene.study().running.size === 0) scene.pass(1000);
      scene.hear('w1', []);
      return scene.at - at;
    };
    expect([1, 2, 3, 4].map(startsAfter)).toEqual([1000, 2000, 4000, 8000]);
  });

  it('does not hold up others meanwhile', () => {
    scene.create({ budget: { trials: 2 } });
    scene.attach('w1');
    scene.result(attemptOf(0), 'failed', 'boom');
    expect(brief(scene.recent).at(-1)).toBe('AttemptStarted 1/1');
  });

  it('is tried again on another worker, as long as there is one, even if that one is busy (P6)', () => {
    scene.create({ budget: { trials: 2 } });
    scene.attach('w1');
    scene.attach('w2');
    scene.result(attemptOf(0), 'failed', 'boom');
    scene.pass(5000);
    expect(scene.recent).toEqual([]);
    scene.result(attemptOf(1), 'completed');
    expect(workerOf(0)).toBe('w2');
  });

  it('is tried on the same worker where there is no other', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.attach('w2', { objectives: [] });
    scene.result(attemptOf(0), 'failed', 'boom');
    scene.pass(1000);
    expect(workerOf(0)).toBe('w1');
  });

  it('that waits is said to wait, and for what', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.result(attemptOf(0), 'failed', 'boom');
    expect(studyView(scene.study(), scene.core.fleet).notice).toBe('trial 0 failed and is tried again after a pause');
  });
});

describe('a time limit', () => {
  beforeEach(() => {
    scene.create({ budget: { trials: 2 }, limits: { attempts: 3, trialTimeMs: 100_000 } });
    scene.attach('w1');
  });

  it('that is reached ends the trial with what it has reported (P7)', () => {
    scene.report(attemptOf(0), 1, 0.5);
    scene.result(attemptOf(0), 'timed_out', 'time limit of 100s reached');
    expect(brief(scene.recent)[0]).toBe('AttemptEnded 0/1 timed_out -> pruned');
    expect(scene.study().history.get(0)).toMatchObject({ status: 'pruned', value: 0.5 });
  });

  it('fails a trial that has reported nothing, and does not try it again', () => {
    scene.result(attemptOf(0), 'timed_out', 'time limit of 100s reached');
    expect(brief(scene.recent)[0]).toBe('AttemptEnded 0/1 timed_out -> failed');
  });

  it('is kept by the coordinator where a worker does not, a lease later (P7)', () => {
    for (let i = 0; i < 15; i += 1) {
      scene.pass(10_000);
      scene.hear('w1', [attemptOf(0)]);
    }
    expect(scene.study().trials[0]!.status).toBe('running');
    scene.pass(10_000);
    expect(brief(scene.recent)[0]).toBe('AttemptEnded 0/1 timed_out -> failed');
    expect(scene.hear('w1', [attemptOf(0)]).abandoned).toEqual([attemptOf(0)]);
    expect(100_000 + LEASE_MS).toBe(160_000);
  });
});

describe('a late result', () => {
  it('of an attempt whose successor has started is recorded once, and changes nothing (P3)', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.run({ type: 'DetachWorker', worker: 'w1' });
    scene.attach('w2');
    scene.pass(LEASE_MS - 1000);
    scene.hear('w2', []);
    scene.pass(1000);
    expect(workerOf(0)).toBe('w2');
    const before = scene.study().trials[0]!.status;
    expect(scene.result(attemptOf(0), 'completed').abandoned).toEqual([attemptOf(0)]);
    expect(brief(scene.recent)).toEqual(['ResultIgnored 0/1']);
    scene.result(attemptOf(0), 'completed');
    expect(scene.recent).toEqual([]);
    expect(scene.study().trials[0]!).toMatchObject({ status: before, attempts: [{ lateEnd: 'completed' }, {}] });
  });

  it('that only repeats what is known is no late result (P2)', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.result(attemptOf(0), 'completed');
    scene.result(attemptOf(0), 'completed');
    expect(scene.recent).toEqual([]);
  });
});

describe('quarantine', () => {
  /** Two workers with two slots each: the second one fails whatever it gets, for reasons of its own. */
  const attachBoth = (): void => {
    scene.create({ budget: { trials: 100 } });
    scene.attach('good', { slots: 2 });
    scene.attach('bad', { slots: 2 });
  };
  const failOn = (worker: string, reason: (number: number) => string): number | undefined => {
    const [number] = runningOn(worker);
    if (number === undefined) return undefined;
    scene.result(attemptOf(number, scene.study().trials[number]!.attempts.length), 'failed', reason(number));
    return number;
  };
  const isQuarantined = (name: string): boolean =>
    workerViews(scene.core.fleet).find((view) => view.name === name)!.quarantine !== undefined;

  it('takes a worker that fails what others go on with, after three of its own failures (P8)', () => {
    attachBoth();
    scene.report(attemptOf(runningOn('good')[0]!), 1, 0.5);
    for (let i = 0; i < 3; i += 1) {
      expect(isQuarantined('bad')).toBe(false);
      failOn('bad', () => 'no CUDA device');
    }
    expect(isQuarantined('bad')).toBe(true);
    const view = workerViews(scene.core.fleet).find(({ name }) => name === 'bad')!;
    expect(view.quarantine!.reason).toBe('its last 3 attempts failed where other workers go on: no CUDA device');
    expect(view.attemptsFailed).toBe(3);
    failOn('bad', () => 'no CUDA device');
    expect(runningOn('bad')).toEqual([]);
  });

  it('loses no trial to such a worker: what failed there is tried elsewhere', () => {
    attachBoth();
    scene.report(attemptOf(runningOn('good')[0]!), 1, 0.5);
    while (failOn('bad', () => 'no CUDA device') !== undefined);
    for (let round = 0; round < 60; round += 1) {
      for (const number of [...scene.study().running]) {
        scene.result(attemptOf(number, scene.study().trials[number]!.attempts.length), 'completed');
      }
      scene.hear('good', []);
      scene.pass(1000);
    }
    expect(scene.study().counts).toMatchObject({ complete: 100, failed: 0 });
  });

  it('takes nobody while nothing shows that the code works elsewhere', () => {
    attachBoth();
    for (let i = 0; i < 6; i += 1) failOn('bad', (number) => `broken ${number}`);
    expect(isQuarantined('bad')).toBe(false);
  });

  it('takes nobody for what fails in the same words on another worker', () => {
    attachBoth();
    scene.report(attemptOf(runningOn('good')[0]!), 1, 0.5);
    failOn('good', (number) => `out of memory at step ${number}`);
    for (let i = 0; i < 6; i += 1) failOn('bad', (number) => `out of memory at step ${number}`);
    expect(isQuarantined('bad')).toBe(false);
  });

  it('takes nobody whose failures have a success between them', () => {
    attachBoth();
    scene.report(attemptOf(runningOn('good')[0]!), 1, 0.5);
    for (let i = 0; i < 6; i += 1) {
      failOn('bad', () => 'flaky');
      if (i % 2 === 1) scene.result(attemptOf(runningOn('bad')[0]!), 'completed');
    }
    expect(isQuarantined('bad')).toBe(false);
  });

  const quarantineBad = (): void => {
    attachBoth();
    scene.report(attemptOf(runningOn('good')[0]!), 1, 0.5);
    while (failOn('bad', () => 'no CUDA device') !== undefined);
    expect(isQuarantined('bad')).toBe(true);
  };

  it('ends after its time; one more failure begins it again, for twice as long (P8)', () => {
    quarantineBad();
    const pass = (ms: number): void => {
      for (let passed = 0; passed < ms; passed += 30_000) {
        scene.hear(
          'good',
          runningOn('good').map((number) => attemptOf(number)),
        );
        scene.hear('bad', []);
        scene.pass(30_000);
      }
    };
    pass(QUARANTINE_MS);
    expect(isQuarantined('bad')).toBe(false);
    failOn('bad', () => 'no CUDA device');
    expect(isQuarantined('bad')).toBe(true);
    failOn('bad', () => 'no CUDA device');
    pass(QUARANTINE_MS);
    expect(isQuarantined('bad')).toBe(true);
    pass(QUARANTINE_MS);
    expect(isQuarantined('bad')).toBe(false);
  });

  it('survives a broken stream, and is ended by a person', () => {
    quarantineBad();
    scene.run({ type: 'DetachWorker', worker: 'bad' });
    scene.attach('bad', { slots: 2 });
    expect(runningOn('bad')).toEqual([]);
    scene.run({ type: 'PardonWorker', worker: 'bad' });
    expect(runningOn('bad')).toHaveLength(2);
  });

  it('is what a study says that has nobody else', () => {
    quarantineBad();
    for (const number of [...scene.study().running]) scene.result(attemptOf(number), 'handed_back');
    scene.run({ type: 'DetachWorker', worker: 'good' });
    scene.attach('good', {}, []);
    scene.run({ type: 'DrainWorker', worker: 'good' });
    for (const number of [...scene.study().running]) {
      scene.result(attemptOf(number, scene.study().trials[number]!.attempts.length), 'handed_back');
    }
    scene.run({ type: 'DetachWorker', worker: 'good' });
    expect(studyView(scene.study(), scene.core.fleet).notice).toMatch(/bad is in quarantine: its last 3 attempts/);
  });
});

describe('a worker that is silent while its stream is open', () => {
  it('gets nothing from the moment that its lease is over, and everything again once it is heard (P4)', () => {
    scene.create({ budget: { trials: 1 }, limits: { attempts: 5 } });
    scene.attach('w1');
    scene.attach('idle', { labels: { idle: 'yes' } });
    scene.pass(LEASE_MS);
    expect(brief(scene.recent)).toContain('AttemptEnded 0/1 lost -> waiting');
    scene.pass(10 * LEASE_MS);
    expect(brief(scene.recent)).toEqual([]);
    const { notice } = studyView(scene.study(), scene.core.fleet);
    expect(notice).toContain('w1 is attached, but has not been heard of for a whole lease');
    scene.hear('idle', []);
    expect(brief(scene.recent)).toEqual(['AttemptStarted 0/2']);
    expect(workerOf(0)).toBe('idle');
  });
});

describe('asking a worker to leave', () => {
  it('gives it nothing more, and tells it with every answer until it has left', () => {
    scene.create({ budget: { trials: 5 } });
    scene.attach('w1', { slots: 2 });
    expect(scene.hear('w1', []).leaving).toBeUndefined();
    scene.run({ type: 'DismissWorker', worker: 'w1', leaving: 'finish' });
    expect(scene.result(attemptOf(0), 'completed').leaving).toBe('finish');
    expect(runningOn('w1')).toEqual([1]);
    expect(scene.hear('w1', [attemptOf(1)]).leaving).toBe('finish');
    expect(scene.attach('w1', { slots: 2 }, [attemptOf(1)]).leaving).toBe('finish');
    expect(runningOn('w1')).toEqual([1]);
  });

  it('by a name that nobody has, or that several have, is refused in words', () => {
    scene.attach('w1', { name: 'gpu' });
    scene.attach('w2', { name: 'gpu' });
    const dismiss = (worker: string) => scene.tryRun({ type: 'DismissWorker', worker, leaving: 'finish' });
    expect(dismiss('gpux')).toMatchObject({
      refusal: {
        code: 'not_found',
        message: 'there is no worker gpux (did you mean "gpu"?): those attached are gpu, gpu',
      },
    });
    expect(dismiss('gpu')).toMatchObject({
      refusal: { code: 'conflict', message: '2 workers are named gpu: say which by its id, w1, w2' },
    });
    expect(dismiss('w2').ok).toBe(true);
  });
});

describe('GPUs and memory', () => {
  const gpu = (id: string, slots = 1): Gpu => ({ id, name: 'H100', memoryBytes: 2 ** 36, driver: '550', slots });
  const gpusOf = (trial: number, study = 'digits'): readonly string[] =>
    scene.study(study).trials[trial]!.attempts.at(-1)!.gpus;
  const GIB = 2 ** 30;

  it('go one to an attempt, the least shared first, and come back with its end (P10)', () => {
    scene.create({ budget: { trials: 9 } });
    scene.attach('w1', { slots: 4, gpus: [gpu('0', 2), gpu('1', 2)] });
    expect([0, 1, 2, 3].map((trial) => gpusOf(trial))).toEqual([['0'], ['1'], ['0'], ['1']]);
    scene.result(attemptOf(1), 'completed');
    expect(gpusOf(4)).toEqual(['1']);
    expect(scene.recent.at(-1)).toMatchObject({ type: 'AttemptStarted', gpus: ['1'] });
  });

  it('of an attempt that needs two are whole ones of one worker', () => {
    scene.create({ budget: { trials: 9 }, requires: { labels: {}, gpu: 2 } });
    scene.attach('w1', { slots: 4, gpus: [gpu('0'), gpu('1'), gpu('2'), gpu('3')] });
    scene.attach('w2', { slots: 1, gpus: [gpu('0')] });
    expect(scene.study().running.size).toBe(2);
    expect([...gpusOf(0), ...gpusOf(1)].sort()).toEqual(['0', '1', '2', '3']);
    scene.result(attemptOf(0), 'completed');
    expect(gpusOf(2)).toEqual(gpusOf(0));
  });

  it('that others share are not taken whole', () => {
    scene.create({ name: 'one', budget: { trials: 1 }, requires: { labels: {}, gpu: 1 } });
    scene.create({ name: 'two', budget: { trials: 2 }, requires: { labels: {}, gpu: 2 } });
    scene.attach('w1', { slots: 6, gpus: [gpu('0', 2), gpu('1', 2), gpu('2', 2)] });
    expect(gpusOf(0, 'one')).toEqual(['0']);
    expect(gpusOf(0, 'two')).toEqual(['1', '2']);
    scene.result(attemptOf(0, 1, 'one'), 'completed');
    expect(scene.study('two').running.size).toBe(1);
    scene.result(attemptOf(0, 1, 'two'), 'completed');
    expect(gpusOf(1, 'two')).toEqual(['0', '1']);
  });

  it('are left alone by work that wants none, which prefers workers without', () => {
    scene.attach('w1', { slots: 2, gpus: [gpu('0'), gpu('1')] });
    scene.attach('w2', { slots: 1 });
    scene.create({ budget: { trials: 2 }, requires: { labels: {}, gpu: 0 } });
    expect([workerOf(0), workerOf(1)]).toEqual(['w2', 'w1']);
    expect(gpusOf(1)).toEqual([]);
  });

  it('are not there for work beyond them, which waits; work that needs none goes on', () => {
    scene.create({ name: 'gpu', budget: { trials: 9 }, requires: { labels: {}, gpu: 1 } });
    scene.create({ name: 'cpu', budget: { trials: 9 }, requires: { labels: {}, gpu: 0 } });
    scene.attach('w1', { slots: 4, gpus: [gpu('0')] });
    expect(scene.study('gpu').running.size).toBe(1);
    expect(scene.study('cpu').running.size).toBe(3);
  });

  it('are known again after a restart', () => {
    scene.create({ budget: { trials: 9 }, requires: { labels: {}, gpu: 1 } });
    scene.attach('w1', { slots: 2, gpus: [gpu('0'), gpu('1')] });
    scene.result(attemptOf(0), 'completed');
    const held = [...scene.study().running].map((number) => attemptOf(number));
    const restarted = scene.restarted();
    restarted.attach('w1', { slots: 2, gpus: [gpu('0'), gpu('1')] }, held.slice(0, 1));
    const used = [...restarted.study().running].flatMap((n) => restarted.study().trials[n]!.attempts.at(-1)!.gpus);
    expect(used.sort()).toEqual(['0', '1']);
  });

  it('memory is set aside attempt by attempt', () => {
    scene.create({ budget: { trials: 9 }, requires: { labels: {}, memoryBytes: 8 * GIB } });
    scene.attach('w1', { slots: 8, memoryBytes: 20 * GIB });
    expect(scene.study().running.size).toBe(2);
    scene.result(attemptOf(0), 'completed');
    expect(scene.study().running.size).toBe(2);
  });

  it('that no worker has are named', () => {
    scene.create({ requires: { labels: {}, gpu: 2, memoryBytes: 8 * GIB } });
    scene.attach('w1', { gpus: [gpu('0')] });
    scene.attach('w2', { gpus: [gpu('0'), gpu('1')], memoryBytes: 4 * GIB });
    expect(studyView(scene.study(), scene.core.fleet).notice).toBe(
      'nothing runs: w1 has 1 GPU, and an attempt needs 2 GPUs; w2 has 4 GiB of memory, and an attempt needs 8 GiB',
    );
  });
});
