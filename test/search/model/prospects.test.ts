import { describe, expect, it } from 'vitest';
import { History, type TrialRecord } from '../../../search/index.js';
import { Prospects } from '../../../search/model/prospects.js';

/** Accuracies of one trial, from step 1 on, and how it ended. */
type Curve = readonly [status: 'complete' | 'pruned' | 'failed' | 'running', ...accuracies: number[]];

function recordsOf(curves: readonly Curve[]): readonly TrialRecord[] {
  const history = new History('maximize', 'best');
  for (const [number, [status, ...accuracies]] of curves.entries()) {
    history.propose(number, {}, 'test');
    history.start(number);
    for (const [i, accuracy] of accuracies.entries()) history.report(number, i + 1, accuracy);
    if (status !== 'running') history.end(number, status);
  }
  return [...history.trials()];
}

const prospects = (...curves: readonly Curve[]) => new Prospects(recordsOf(curves), 'maximize');

/** Six trials that gain 0.2 from their second step on. */
const COMPLETE: readonly Curve[] = [0.5, 0.52, 0.54, 0.56, 0.58, 0.6].map((at) => ['complete', at - 0.2, at, at + 0.2]);

describe('what trials are expected to come to', () => {
  it('is what they came to where all have ended', () => {
    expect(prospects(['complete', 0.1, 0.7], ['complete', 0.9, 0.4], ['failed', 0.8], ['complete']).losses).toEqual([
      -0.7,
      -0.9,
      undefined,
      undefined,
    ]);
  });

  it('is told for one that was stopped by where the others were at its last step, and where they ended', () => {
    const { losses } = prospects(...COMPLETE, ['pruned', 0.3, 0.5], ['pruned', 0.35], ['running', 0.1, 0.3]);
    expect(losses[6]).toBeCloseTo(-0.7, 10);
    expect(losses[7]).toBeCloseTo(-0.75, 10);
    expect(losses[8]).toBeCloseTo(-0.5, 10);
  });

  it('keeps those apart that were stopped at one step, however much worse than the others they were', () => {
    const all = prospects(...COMPLETE, ['pruned', 0.02], ['pruned', 0.01]);
    expect(all.losses[6]!).toBeLessThan(all.losses[7]!);
    expect(all.valueOf(6, 0)).toBeLessThan(all.valueOf(7, 0));
    expect(all.best(3)).toEqual([5, 4, 3]);
  });

  it('is what they had at the highest step that six have reached while next to none has ended', () => {
    const early: readonly Curve[] = [0.1, 0.2, 0.3, 0.4, 0.5].map((at) => ['running', at, at + 0.1]);
    const { losses } = prospects(['complete', 0.6, 0.7, 0.99], ...early, ['running', 0.15]);
    expect(losses.slice(0, 3)).toEqual([-0.7, -0.2, -0.30000000000000004]);
    expect(losses[6]).toBeCloseTo(-0.25, 10);
  });

  it('is doubted for those that were stopped, the more the less their last step said of the others', () => {
    const shuffled = COMPLETE.map(
      ([, first, second], i): Curve => ['complete', first!, second!, [0.7, 0.9, 0.5, 0.8, 0.6, 0.75][i]!],
    );
    const stopped: readonly Curve[] = [
      ['pruned', 0.33, 0.53],
      ['running', 0.33, 0.53],
      ['failed', 0.3],
    ];
    const vague = prospects(...shuffled, ...stopped);
    const sure = prospects(...COMPLETE, ...stopped);
    expect([0, 7, 8].map((row) => vague.doubtOf(row))).toEqual([0, 0, 0]);
    expect(vague.doubtOf(6)).toBeGreaterThan(10 * sure.doubtOf(6));
    expect(vague.doubtOf(6)).toBeGreaterThan(0.5);
  });

  it('leaves an open one what the model expects of it unless it is better already', () => {
    const all = prospects(...COMPLETE, ['running', 0.1], ['running', 0.4, 0.6, 0.8], ['running']);
    expect(all.valueOf(6, -9)).toBe(-9);
    expect(all.valueOf(7, 9)).toBe(all.valueOf(5, 9));
    expect(all.valueOf(8, 1.5)).toBe(1.5);
  });

  it('takes a failed one, and one that ended without a value, for the worst', () => {
    const all = prospects(...COMPLETE, ['failed', 0.9], ['pruned'], ['complete', Number.NaN]);
    for (const row of [6, 7, 8]) expect(all.valueOf(row, 0)).toBe(all.valueOf(0, 0));
  });

  it('stays finite with infinite and missing values', () => {
    const wild = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    const all = prospects(
      ...COMPLETE,
      ...wild.map((value): Curve => ['pruned', value]),
      ...wild.map((value): Curve => ['complete', value, value]),
      ...wild.map((value): Curve => ['running', value, 0.5]),
    );
    for (let row = 0; row < 15; row++) expect(Math.abs(all.valueOf(row, 0))).toBeLessThan(10);
  });
});
