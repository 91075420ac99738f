import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPromoter, type Goal, History, type Promoter, Rng } from '../../search/index.js';

const LAST_STEP = 9;
const OPTIONS = { type: 'asha', minStep: 1, factor: 3 } as const;

/** A study of `trials` on three workers that take what rests before anything new; `look` is called before each decision. */
function play(
  promoter: Promoter,
  goal: Goal,
  trials: number,
  seed: number,
  look: (history: History, next: number | undefined) => void,
): History {
  const history = new History(goal, 'best');
  const rng = new Rng(seed, 997);
  const running: number[] = [];
  for (let proposed = 0; ; ) {
    while (running.length < 3) {
      const next = promoter.next(history);
      look(history, next);
      if (next !== undefined) history.resume(next);
      else if (proposed < trials) {
        history.propose(proposed, {}, 'test');
        history.start(proposed);
      } else break;
      running.push(next ?? proposed++);
    }
    if (running.length === 0) return history;
    const at = rng.below(running.length);
    const number = running[at]!;
    const step = (history.get(number)!.reports.at(-1)?.step ?? 0) + 1;
    history.report(number, step, rng.next() < 0.1 ? Number.NaN : Math.round(4 * rng.normal()));
    if (step === LAST_STEP) history.end(number, 'complete');
    else if (rng.next() < 0.02) history.end(number, 'failed');
    else if (promoter.rest(history, number).pause) history.pause(number);
    else continue;
    running.splice(at, 1);
  }
}

describe('promotion', () => {
  it('answers the same whether it has followed the history or just read it', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom<Goal>('maximize', 'minimize'), (seed, goal) => {
        play(createPromoter(OPTIONS, goal), goal, 20, seed, (history, next) => {
          expect(createPromoter(OPTIONS, goal).next(history)).toBe(next);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('resumes only what rests, at the highest rung first and the best of it', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        play(createPromoter(OPTIONS, 'maximize'), 'maximize', 40, seed, (history, next) => {
          expect(next).toBe(promotedByHand(history));
        });
      }),
      { numRuns: 30 },
    );
  });

  it('trains about a third as many to each rung as to the one before, and leaves nothing undone', () => {
    const promoter = createPromoter(OPTIONS, 'maximize');
    const history = play(promoter, 'maximize', 90, 3, () => {});
    const reached = [1, 3, 9].map(
      (step) => [...history.trials()].filter(({ reports }) => (reports.at(-1)?.step ?? 0) >= step).length,
    );
    expect(reached[0]).toBe(90);
    expect(reached[1]).toBeGreaterThanOrEqual(25);
    expect(reached[1]).toBeLessThan(55);
    expect(reached[2]).toBeGreaterThanOrEqual(6);
    expect(reached[2]).toBeLessThan(25);
    expect([...history.trials()].some(({ status }) => status === 'running')).toBe(false);
    expect(promoter.next(history)).toBeUndefined();
  });

  it('says why a trial rests', () => {
    const history = new History('maximize', 'best');
    for (const number of [0, 1]) {
      history.propose(number, {}, 'test');
      history.start(number);
      history.report(number, 1, 0.654_321 - number / 10);
    }
    const rest = createPromoter(OPTIONS, 'maximize').rest(history, 1);
    expect(rest).toEqual({
      pause: true,
      reason: '0.5543 at step 1 (rung 0) is the 2nd of 2 and rests until it is promoted',
    });
  });
});

/** The definition, with all trials looked at anew. */
function promotedByHand(history: History): number | undefined {
  const trials = [...history.trials()].filter(({ status }) => status !== 'failed');
  for (const step of [9, 3, 1]) {
    const there = trials
      .filter(({ reports }) => (reports.at(-1)?.step ?? 0) >= step)
      .map(({ number, status, reports }) => {
        const values = reports.filter((report) => report.step <= step && !Number.isNaN(report.value));
        const value = Math.max(Number.NEGATIVE_INFINITY, ...values.map((report) => report.value));
        return { number, value, rests: status === 'paused' && reports.at(-1)!.step < step * 3 };
      })
      .sort((a, b) => b.value - a.value || a.number - b.number);
    const passing = Math.floor(there.length / 3);
    if (passing === 0) continue;
    const limit = there[passing - 1]!.value;
    const first = there.find(({ rests }) => rests);
    if (first !== undefined && first.value >= limit) return first.number;
  }
  return undefined;
}
