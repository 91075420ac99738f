import { describe, expect, it } from 'vitest';
import { QUARANTINE_MS } from '../../../coordinator/core/conduct.js';
import type { Notice } from '../../../coordinator/notices/notice.js';
import { NoticeWatch, STARVED_MS } from '../../../coordinator/notices/watch.js';
import { Scenario } from '../core/scenario.js';

/** A scenario that is watched: notices of what a call does, and of the look after it. */
class Watched extends Scenario {
  readonly notices: Notice[] = [];
  readonly watch = new NoticeWatch((notice) => this.notices.push(notice));
  #told = 0;
  #seen = 0;

  /** What there is to tell since the last time. */
  told(): Omit<Notice, 'id' | 'atMs'>[] {
    this.watch.events(this.events.slice(this.#told), this.core);
    this.#told = this.events.length;
    this.watch.look(this.core, this.at);
    const fresh = this.notices.slice(this.#seen).map(({ id: _id, atMs: _at, ...rest }) => rest);
    this.#seen = this.notices.length;
    return fresh;
  }

  complete(trial: number, value: number, study = 'digits'): void {
    this.report({ study, trial, attempt: 1 }, 1, value);
    this.result({ study, trial, attempt: 1 }, 'completed');
  }
}

describe('new bests', () => {
  it('are told with what was before them, and only where they are better', () => {
    const lab = new Watched();
    lab.create({ budget: { trials: 9 } });
    lab.attach('w1');
    expect(lab.told()).toEqual([]);
    lab.complete(0, 0.5);
    const { params } = lab.study().trials[0]!;
    expect(lab.told()).toEqual([
      {
        kind: 'new_best',
        text: 'digits: new best value 0.5 (trial 0; the first value)',
        study: 'digits',
        best: { trial: 0, metric: 'value', value: 0.5, params },
        before: null,
      },
    ]);
    lab.complete(1, 0.4);
    expect(lab.told()).toEqual([]);
    lab.complete(2, 0.6);
    expect(lab.told()).toMatchObject([{ kind: 'new_best', best: { trial: 2 }, before: 0.5 }]);
  });

  it('are one for any number between two looks, the last', () => {
    const lab = new Watched();
    lab.create({ budget: { trials: 600 } });
    lab.attach('w1');
    for (let trial = 0; trial < 500; trial += 1) lab.complete(trial, trial);
    expect(lab.told()).toMatchObject([{ kind: 'new_best', best: { trial: 499, value: 499 } }]);
    expect(lab.told()).toEqual([]);
  });

  it('are one a look over all studies, each in its turn', () => {
    const lab = new Watched();
    for (const name of ['a', 'b', 'c']) lab.create({ name, budget: { trials: 9 } });
    lab.attach('w1', { slots: 3 });
    for (const name of ['a', 'b', 'c']) lab.complete(0, 0.5, name);
    expect([lab.told(), lab.told(), lab.told(), lab.told()].map((notices) => notices.map(studyOf))).toEqual([
      ['a'],
      ['b'],
      ['c'],
      [],
    ]);
  });

  it('are not told of a lesser one in the place of an invalidated one', () => {
    const lab = new Watched();
    lab.create({ budget: { trials: 9 } });
    lab.attach('w1');
    lab.complete(0, 0.5);
    lab.complete(1, 0.9);
    lab.told();
    lab.run({ type: 'InvalidateTrial', study: 'digits', trial: 1, reason: '' });
    expect(lab.told()).toEqual([]);
    lab.complete(2, 0.7);
    expect(lab.told()).toMatchObject([{ best: { trial: 2 }, before: 0.5 }]);
  });

  it('are none of what there was when the watching began', () => {
    const lab = new Watched();
    lab.create({ budget: { trials: 9 } });
    lab.attach('w1');
    lab.complete(0, 0.5);
    const notices: Notice[] = [];
    const later = new NoticeWatch((notice) => notices.push(notice));
    later.begin(lab.core);
    lab.complete(1, 0.4);
    later.events(lab.recent, lab.core);
    later.look(lab.core, lab.at);
    expect(notices).toEqual([]);
  });
});

describe('the end of a study', () => {
  it('is told once, with its best, which is not told apart', () => {
    const lab = new Watched();
    lab.create({ budget: { trials: 1 } });
    lab.attach('w1');
    lab.complete(0, 0.5);
    expect(lab.told()).toMatchObject([
      { kind: 'study_finished', study: 'digits', why: 'trials', best: { trial: 0, value: 0.5 } },
    ]);
    expect(lab.told()).toEqual([]);
  });

  it('is told as failing first where its trials fail, also where others of it still run', () => {
    const lab = new Watched();
    lab.create({ budget: { trials: 100 }, limits: { attempts: 1 } });
    lab.attach('w1', { slots: 2 });
    while (lab.study().status === 'running') {
      const trial = Math.max(...lab.study().running);
      lab.result({ study: 'digits', trial, attempt: 1 }, 'failed', 'no such file');
    }
    expect(lab.told().map(({ kind }) => kind)).toEqual(['study_failing']);
    for (const trial of [...lab.study().running]) lab.result({ study: 'digits', trial, attempt: 1 }, 'stopped');
    expect(lab.told().map(({ kind }) => kind)).toEqual(['study_finished']);
  });

  it('is told as failing where nothing runs any more', () => {
    const lab = new Watched();
    lab.create({ budget: { trials: 100 }, limits: { attempts: 1 } });
    lab.attach('w1');
    for (let trial = 0; lab.study().status === 'running'; trial += 1) {
      lab.result({ study: 'digits', trial, attempt: 1 }, 'failed', 'no such file');
    }
    const kinds = lab.told().map(({ kind }) => kind);
    expect(kinds).toEqual(['study_failing', 'study_finished']);
    expect(lab.notices[0]!.text).toContain('no such file');
  });
});

describe('a study without workers', () => {
  it('is told after a minute, once, and again only when it had one in between', () => {
    const lab = new Watched();
    lab.create();
    expect(lab.told()).toEqual([]);
    lab.at += STARVED_MS - 1;
    expect(lab.told()).toEqual([]);
    lab.at += 1;
    expect(lab.told()).toMatchObject([{ kind: 'no_worker', study: 'digits', sinceMs: 1000 }]);
    lab.at += 10 * STARVED_MS;
    expect(lab.told()).toEqual([]);
    lab.attach('w1');
    expect(lab.told()).toEqual([]);
  });

  it('is not told where it only waits for its turn', () => {
    const lab = new Watched();
    lab.create({ name: 'first' });
    lab.attach('w1');
    lab.create({ name: 'second' });
    lab.told();
    lab.at += 2 * STARVED_MS;
    expect(lab.told()).toEqual([]);
  });
});

it('tells of a worker that is quarantined, until when and why', () => {
  const lab = new Watched();
  lab.create({ budget: { trials: 50 } });
  lab.attach('w1');
  lab.attach('bad');
  let failed = 0;
  for (let turn = 0; turn < 40 && lab.core.fleet.workers.get('bad')!.conduct.quarantine === undefined; turn += 1) {
    for (const worker of ['w1', 'bad']) {
      for (const attempt of [...lab.core.fleet.workers.get(worker)!.attempts.values()]) {
        const result = { ...attempt, outcome: worker === 'bad' ? 'failed' : 'completed', error: 'disk full' } as const;
        lab.run({ type: 'RecordProgress', worker, started: [], reports: [], saved: [], results: [result] });
        failed += worker === 'bad' ? 1 : 0;
      }
    }
    lab.pass(1000);
  }
  expect(failed).toBe(3);
  const told = lab.told().filter(({ kind }) => kind === 'worker_quarantined');
  expect(told).toMatchObject([{ worker: 'bad', workerId: 'bad', reason: expect.stringContaining('disk full') }]);
  const [notice] = lab.notices.filter(({ kind }) => kind === 'worker_quarantined');
  expect(notice?.kind === 'worker_quarantined' && notice.untilMs).toBeGreaterThan(lab.at + QUARANTINE_MS - 60_000);
  expect(lab.told()).toEqual([]);
});

function studyOf(notice: object): unknown {
  return 'study' in notice ? notice.study : undefined;
}
