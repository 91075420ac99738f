import { describe, expect, it } from 'vitest';
import { History, type Report, rank, type TrialStatus, trialValue } from '../../search/index.js';

const NaN_ = Number.NaN;
const reports = (...values: number[]): Report[] => values.map((value, i) => ({ step: i + 1, value }));

describe('trialValue', () => {
  it('takes the best report, of equal ones the earliest', () => {
    expect(trialValue(reports(1, 3, 3, 2), 'maximize', 'best')).toEqual({ step: 2, value: 3 });
    expect(trialValue(reports(3, 1, 1, 2), 'minimize', 'best')).toEqual({ step: 2, value: 1 });
  });

  it('takes the last report', () => {
    expect(trialValue(reports(1, 3, 2), 'maximize', 'last')).toEqual({ step: 3, value: 2 });
  });

  it('never takes NaN, but takes infinity', () => {
    expect(trialValue(reports(NaN_, 2, NaN_), 'maximize', 'best')?.value).toBe(2);
    expect(trialValue(reports(NaN_), 'maximize', 'best')).toBeUndefined();
    expect(trialValue(reports(2, NaN_), 'maximize', 'last')).toBeUndefined();
    expect(trialValue(reports(2, Number.POSITIVE_INFINITY), 'maximize', 'best')?.value).toBe(Number.POSITIVE_INFINITY);
    expect(trialValue([], 'maximize', 'best')).toBeUndefined();
  });
});

describe('History', () => {
  it('keeps each trial with its value up to date, as trialValue has it', () => {
    for (const kept of ['best', 'last'] as const) {
      const history = new History('minimize', kept);
      history.propose(0, { x: 1 }, 'test', [4]);
      expect(history.get(0)).toMatchObject({ status: 'waiting', origin: 'test', draws: [4], value: undefined });
      history.start(0);
      for (const [step, value] of [
        [2, 5],
        [1, 7],
        [4, NaN_],
        [3, 2],
        [5, 6],
      ] as const) {
        history.report(0, step, value);
        const trial = history.get(0)!;
        expect(trial.value).toBe(trialValue(trial.reports, 'minimize', kept)?.value);
      }
      history.end(0, 'complete');
      expect(history.get(0)).toMatchObject({ status: 'complete', value: kept === 'best' ? 2 : 6 });
      expect(history.get(0)!.reports.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it('keeps the first value of a step', () => {
    const history = new History('maximize', 'best');
    history.propose(0, {}, 'test');
    history.start(0);
    history.report(0, 1, 1);
    const { revision } = history;
    history.report(0, 1, 9);
    expect(history.get(0)!.reports).toEqual([{ step: 1, value: 1 }]);
    expect(history.revision).toBe(revision);
  });

  it('forgets the reports of a lost attempt when the next one starts', () => {
    const history = new History('maximize', 'best');
    history.propose(0, {}, 'test');
    history.start(0);
    history.report(0, 1, 1);
    history.requeue(0);
    expect(history.get(0)!.status).toBe('waiting');
    history.start(0);
    expect(history.get(0)).toMatchObject({ status: 'running', reports: [], value: undefined });
  });

  it('gives trials by number, however they came in', () => {
    const history = new History('maximize', 'best');
    for (const number of [2, 0, 5, 1]) history.propose(number, {}, 'test');
    expect([...history.trials()].map(({ number }) => number)).toEqual([0, 1, 2, 5]);
    expect(history.size).toBe(4);
  });

  it('refuses what cannot be: a number twice, an unknown trial, a change after the end', () => {
    const history = new History('maximize', 'best');
    history.propose(0, {}, 'test');
    expect(() => history.propose(0, {}, 'test')).toThrow('trial 0 has been proposed already');
    expect(() => history.start(1)).toThrow('trial 1 is not in this history');
    history.end(0, 'failed');
    expect(() => history.report(0, 1, 1)).toThrow('trial 0 has ended as failed');
  });
});

describe('rank', () => {
  const trial = (number: number, status: TrialStatus, value?: number) => ({ number, status, value });
  const order = (trials: ReturnType<typeof trial>[], goal: 'maximize' | 'minimize') =>
    rank(trials, (item) => item, goal).map(({ rank: place, item }) => [place, item.number]);

  it('puts complete before pruned, the better first, and lets equals share a rank', () => {
    const trials = [
      trial(0, 'pruned', 9),
      trial(1, 'complete', 5),
      trial(2, 'complete', 7),
      trial(3, 'complete', 5),
      trial(4, 'complete', 1),
      trial(5, 'pruned', 8),
    ];
    expect(order(trials, 'maximize')).toEqual([
      [1, 2],
      [2, 1],
      [2, 3],
      [4, 4],
      [5, 0],
      [6, 5],
    ]);
    expect(order(trials, 'minimize')).toEqual([
      [1, 4],
      [2, 1],
      [2, 3],
      [4, 2],
      [5, 5],
      [6, 0],
    ]);
  });

  it('puts missing values and NaN last in their group, together', () => {
    const trials = [
      trial(0, 'complete', NaN_),
      trial(1, 'complete'),
      trial(2, 'complete', Number.NEGATIVE_INFINITY),
      trial(3, 'pruned', 1),
    ];
    expect(order(trials, 'maximize')).toEqual([
      [1, 2],
      [2, 0],
      [2, 1],
      [4, 3],
    ]);
  });

  it('leaves out what failed or has not ended', () => {
    const trials = [trial(0, 'failed', 1), trial(1, 'running', 2), trial(2, 'waiting'), trial(3, 'paused', 1)];
    expect(order(trials, 'maximize')).toEqual([]);
  });
});
