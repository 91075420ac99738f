import { describe, expect, it } from 'vitest';
import {
  MOST_OPEN_STUDIES,
  MOST_QUEUED,
  MOST_REPORTS,
  MOST_STUDIES,
  MOST_TRIALS,
} from '../../../coordinator/limits.js';
import { Scenario, spec } from './scenario.js';

const create = (name: string) =>
  ({ type: 'CreateStudy', requestId: '', spec: spec({ name }), source: '', drawnSeed: 1 }) as const;

describe('the core', () => {
  it('keeps so many studies open, and takes another when one has ended', () => {
    const scenario = new Scenario();
    for (let i = 0; i < MOST_OPEN_STUDIES; i++) scenario.run(create(`s${i}`));
    expect(scenario.tryRun(create('one-more'))).toEqual({
      ok: false,
      refusal: {
        code: 'limit',
        message: expect.stringContaining(`at most ${MOST_OPEN_STUDIES} may be open at a time`),
      },
    });
    scenario.run({ type: 'ControlStudy', study: 's5', action: 'stop' });
    expect(scenario.tryRun(create('one-more')).ok).toBe(true);
  });

  it('answers a repeated request also when there is no room for another study', () => {
    const scenario = new Scenario();
    const first = { ...create('s'), requestId: 'r' };
    scenario.run(first);
    for (let i = 1; i < MOST_OPEN_STUDIES; i++) scenario.run(create(`s${i}`));
    expect(scenario.run(first)).toEqual({ study: 's' });
  });

  it('keeps so many studies at all, and takes another when one was deleted', () => {
    const scenario = new Scenario();
    for (let i = 0; i < MOST_STUDIES; i++) {
      scenario.run(create(`s${i}`));
      scenario.run({ type: 'ControlStudy', study: `s${i}`, action: 'stop' });
    }
    expect(scenario.tryRun(create('one-more'))).toMatchObject({ ok: false, refusal: { code: 'limit' } });
    scenario.run({ type: 'DeleteStudy', study: 's7' });
    expect(scenario.tryRun(create('one-more')).ok).toBe(true);
  });

  it('takes so many reports of a trial, and fails the attempt that has more in words', () => {
    const scenario = new Scenario();
    const study = scenario.create({ limits: { attempts: 1 } });
    scenario.attach('w');
    const attempt = { study, trial: 0, attempt: 1 };
    const report = (from: number, count: number) =>
      scenario.run({
        type: 'RecordProgress',
        worker: 'w',
        started: [],
        saved: [],
        results: [],
        reports: Array.from({ length: count }, (_, i) => ({ ...attempt, step: from + i, metrics: { value: 1 } })),
      });
    expect(report(1, MOST_REPORTS).abandoned).toEqual([]);
    expect(scenario.study(study).trials[0]?.status).toBe('running');
    // The last of these three is not the attempt's any more.
    expect(report(MOST_REPORTS + 1, 2).abandoned).toEqual([attempt]);
    expect(scenario.study(study).trials[0]).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining(`more than ${MOST_REPORTS} steps`),
    });
  });

  it('lets so many configurations wait in a queue', () => {
    const scenario = new Scenario();
    const study = scenario.create({ budget: { timeMs: 1_000 } });
    const add = { type: 'EnqueueTrial', requestId: '', study, params: { x: 0.5 } } as const;
    for (let i = 0; i < MOST_QUEUED; i++) scenario.run(add);
    expect(scenario.tryRun(add)).toMatchObject({ ok: false, refusal: { code: 'limit' } });
  });

  it('does not let a budget grow beyond what is possible, in small steps either', () => {
    const scenario = new Scenario();
    const study = scenario.create();
    const extend = { type: 'AdjustStudy', requestId: '', study, trials: { more: MOST_TRIALS } } as const;
    expect(scenario.tryRun(extend)).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining(`at most ${MOST_TRIALS} are possible`) },
    });
  });
});
