import { describe, expect, it } from 'vitest';
import { createPruner, type Goal, History, type Pruner, type PrunerOptions, prunerFaults } from '../../search/index.js';

/** A history of complete trials with these curves, reports at steps 1, 2, ... */
function complete(curves: readonly (readonly number[])[], goal: Goal = 'maximize'): History {
  const history = new History(goal, 'best');
  for (const [number, curve] of curves.entries()) {
    begin(history, number);
    for (const [i, value] of curve.entries()) history.report(number, i + 1, value);
    history.end(number, 'complete');
  }
  return history;
}

function begin(history: History, number: number): void {
  history.propose(number, {}, 'test');
  history.start(number);
}

/** The step at which a trial with this curve is stopped; undefined when it runs to its end. */
function stoppedAt(
  pruner: Pruner,
  history: History,
  curve: readonly number[],
  number = history.size,
): number | undefined {
  begin(history, number);
  for (const [i, value] of curve.entries()) {
    history.report(number, i + 1, value);
    if (!pruner.judge(history, number).prune) continue;
    history.end(number, 'pruned');
    return i + 1;
  }
  history.end(number, 'complete');
  return undefined;
}

const make = (options: PrunerOptions, goal: Goal = 'maximize') => createPruner(options, goal);

describe('median', () => {
  const curves = [
    [1, 2, 3],
    [2, 3, 4],
    [3, 4, 5],
    [4, 5, 6],
    [5, 6, 7],
  ];

  it('stops a trial whose best is behind the median at its step, and not one that is level with it', () => {
    expect(stoppedAt(make({ type: 'median' }), complete(curves), [2.9])).toBe(1);
    expect(stoppedAt(make({ type: 'median' }), complete(curves), [3, 3.9])).toBe(2);
    expect(stoppedAt(make({ type: 'median' }), complete(curves), [3, 4, 5])).toBeUndefined();
    expect(stoppedAt(make({ type: 'median' }, 'minimize'), complete(curves, 'minimize'), [3, 9, 9])).toBeUndefined();
    expect(stoppedAt(make({ type: 'median' }, 'minimize'), complete(curves, 'minimize'), [3.1])).toBe(1);
  });

  it('goes by the best so far, its own and the others', () => {
    expect(stoppedAt(make({ type: 'median', startupTrials: 1 }), complete([[5, 0]]), [5, 1])).toBeUndefined();
    expect(stoppedAt(make({ type: 'median', startupTrials: 1 }), complete([[5, 0]]), [4, 4])).toBe(1);
  });

  it('waits for startup trials, warm-up steps and intervals', () => {
    expect(stoppedAt(make({ type: 'median', startupTrials: 6 }), complete(curves), [0, 0, 0])).toBeUndefined();
    expect(stoppedAt(make({ type: 'median', warmupSteps: 3 }), complete(curves), [0, 0, 0])).toBe(3);
    expect(stoppedAt(make({ type: 'median', warmupSteps: 1, interval: 2 }), complete(curves), [3, 0, 0])).toBe(3);
  });

  it('counts complete trials only, and only those that came so far', () => {
    const history = complete([[1, 1], [1, 1], [9]]);
    expect(stoppedAt(make({ type: 'median', startupTrials: 1, warmupSteps: 2 }), history, [1, 1])).toBeUndefined();
    begin(history, 50);
    history.report(50, 1, 100);
    history.report(50, 2, 100);
    history.end(50, 'pruned');
    expect(stoppedAt(make({ type: 'median', startupTrials: 1, warmupSteps: 2 }), history, [1, 1])).toBeUndefined();
  });

  it('stops a trial that has reported nothing but NaN', () => {
    expect(stoppedAt(make({ type: 'median' }), complete(curves), [Number.NaN])).toBe(1);
  });

  it('says what was behind what', () => {
    const history = complete(curves);
    begin(history, 9);
    history.report(9, 1, 2.5);
    expect(make({ type: 'median' }).judge(history, 9)).toEqual({
      prune: true,
      reason: 'best value 2.5 up to step 1 is behind the median of 5 trials, 3',
    });
  });
});

describe('percentile', () => {
  it('keeps the best share', () => {
    const curves = Array.from({ length: 11 }, (_, i) => [i]);
    expect(stoppedAt(make({ type: 'percentile', percentile: 20 }), complete(curves), [7.9])).toBe(1);
    expect(stoppedAt(make({ type: 'percentile', percentile: 20 }), complete(curves), [8])).toBeUndefined();
    expect(
      stoppedAt(make({ type: 'percentile', percentile: 20 }, 'minimize'), complete(curves, 'minimize'), [2.1]),
    ).toBe(1);
  });
});

describe('patience', () => {
  it('counts reports without progress', () => {
    expect(stoppedAt(make({ type: 'patience', patience: 2 }), complete([]), [1, 2, 2, 2])).toBe(4);
    expect(stoppedAt(make({ type: 'patience', patience: 2 }), complete([]), [1, 1, 2, 2, 3])).toBeUndefined();
    expect(stoppedAt(make({ type: 'patience', patience: 2, minDelta: 1 }), complete([]), [1, 1.9, 2, 2])).toBe(3);
    expect(stoppedAt(make({ type: 'patience', patience: 2 }, 'minimize'), complete([], 'minimize'), [3, 2, 3, 3])).toBe(
      4,
    );
    expect(stoppedAt(make({ type: 'patience', patience: 2 }), complete([]), [Number.NaN, Number.NaN])).toBe(2);
  });
});

describe('threshold', () => {
  it('stops what leaves the range, and NaN', () => {
    const pruner = make({ type: 'threshold', lower: 0.1, warmupSteps: 2 });
    expect(stoppedAt(pruner, complete([]), [0, 0.05])).toBe(2);
    expect(stoppedAt(pruner, complete([]), [0, 0.1, 5])).toBeUndefined();
    expect(stoppedAt(pruner, complete([]), [0, Number.NaN])).toBe(2);
    expect(stoppedAt(make({ type: 'threshold', upper: 1 }), complete([]), [1, 1.1])).toBe(2);
  });
});

describe('asha', () => {
  it('lets the best third pass each rung, and everyone until there are three', () => {
    const history = complete([]);
    const pruner = make({ type: 'asha', minStep: 1, factor: 3 });
    expect(stoppedAt(pruner, history, [5, 5, 5])).toBeUndefined();
    expect(stoppedAt(pruner, history, [1, 1, 1])).toBeUndefined();
    expect(stoppedAt(pruner, history, [4, 9, 9])).toBe(1);
    expect(stoppedAt(pruner, history, [6, 6, 4])).toBeUndefined();
    expect(stoppedAt(pruner, history, [7, 7, 8])).toBeUndefined();
  });

  it('looks at a trial once at each rung, at the first report that reaches it', () => {
    const history = complete([
      [9, 9, 9, 9],
      [9, 9, 9, 9],
      [9, 9, 9, 9],
    ]);
    const pruner = make({ type: 'asha', minStep: 2, factor: 2 });
    expect(stoppedAt(pruner, history, [0, 0])).toBe(2);
    begin(history, 20);
    history.report(20, 1, 0);
    expect(pruner.judge(history, 20).prune).toBe(false);
    history.report(20, 3, 9);
    expect(pruner.judge(history, 20).prune).toBe(false);
    history.report(20, 5, 1);
    expect(pruner.judge(history, 20).prune).toBe(false);
  });

  it('does not count what a lost attempt had reached, nor failed trials', () => {
    const history = complete([[1], [2]]);
    const pruner = make({ type: 'asha', minStep: 1, factor: 3 });
    begin(history, 10);
    history.report(10, 1, 99);
    expect(pruner.judge(history, 10).prune).toBe(false);
    history.requeue(10);
    history.start(10);
    begin(history, 11);
    history.report(11, 1, 3);
    expect(pruner.judge(history, 11).prune).toBe(false);
    history.end(11, 'failed');
    begin(history, 12);
    history.report(12, 1, 2.5);
    expect(pruner.judge(history, 12).prune).toBe(false);
  });

  it('says where a stopped trial stood', () => {
    const history = complete([[1], [2], [3], [4], [5]]);
    begin(history, 9);
    history.report(9, 1, 3.5);
    expect(make({ type: 'asha', factor: 3 }).judge(history, 9)).toEqual({
      prune: true,
      reason: '3.5 at step 1 (rung 0) is the 3rd of 6; the best 2 go on',
    });
  });
});

describe('hyperband', () => {
  /** The first step at which trials of each bracket can be stopped: everyone but the first ones reports nothing good. */
  function firstStops(trials: number): number[] {
    const pruner = make({ type: 'hyperband', minStep: 1, factor: 3, brackets: 3 });
    const history = new History('maximize', 'best');
    return Array.from({ length: trials }, (_, number) => {
      // Ever worse, so that each is stopped at its bracket's first rung once that has three.
      return stoppedAt(pruner, history, Array(9).fill(-number)) ?? Number.POSITIVE_INFINITY;
    });
  }

  it('begins to stop trials of later brackets at later rungs', () => {
    expect(new Set(firstStops(200))).toEqual(new Set([1, 3, 9, Number.POSITIVE_INFINITY]));
  });

  it('divides trials among brackets as Hyperband does, in any stretch of them', () => {
    const stops = firstStops(400);
    // 3^2 / 3, 3 / 2 and 1 of 5.5.
    for (const from of [40, 150, 290]) {
      const stretch = stops.slice(from, from + 110);
      expect(stretch.filter((stop) => stop === 1).length).toBeCloseTo(60, -1);
      expect(stretch.filter((stop) => stop === 3).length).toBeCloseTo(30, -1);
      expect(stretch.filter((stop) => stop === 9).length).toBeCloseTo(20, -1);
    }
  });

  it('says in which bracket a stopped trial stood', () => {
    const pruner = make({ type: 'hyperband', brackets: 1 });
    const history = complete([[1], [2], [3]]);
    begin(history, 9);
    history.report(9, 1, 0.123_456_789);
    expect(pruner.judge(history, 9)).toEqual({
      prune: true,
      reason: '0.1235 at step 1 (rung 0 of bracket 0) is the 4th of 4; the best 1 go on',
    });
  });
});

describe('extrapolation', () => {
  /** Accuracies that rise to a limit as a power law does. */
  const rising = (limit: number, steps = 20) => Array.from({ length: steps }, (_, i) => limit - 0.5 / (i + 1));
  const rivals = Array.from({ length: 18 }, (_, i) => rising(0.7 + i / 100));
  const options = { type: 'extrapolation', confidence: 0.9, startupTrials: 10 } as const;

  it('stops a trial whose curve leads to less than the best, early', () => {
    expect(stoppedAt(make(options), complete(rivals), rising(0.8))).toBe(3);
    const losses = (curve: readonly number[]) => curve.map((value) => -value);
    expect(stoppedAt(make(options, 'minimize'), complete(rivals.map(losses), 'minimize'), losses(rising(0.8)))).toBe(3);
  });

  it('keeps one whose curve leads to more than the best, though it is behind for now', () => {
    const slow = Array.from({ length: 20 }, (_, i) => 1.2 - 1 / Math.sqrt(i + 1));
    expect(slow[4]).toBeLessThan(rivals.at(-1)![4]!);
    expect(stoppedAt(make(options), complete(rivals), slow)).toBeUndefined();
  });

  it('is no surer than the complete trials allow', () => {
    // What looks hopeless at first ends as well as the rest.
    const jumping = rivals.map((curve) => [...curve.slice(0, -1), 0.9]);
    expect(stoppedAt(make(options), complete(jumping), jumping[9]!)).toBeUndefined();
    // Seven forecasts, however clear, give (7 + 1) / (7 + 2); eight give 90 %.
    const few = { ...options, startupTrials: 1 };
    expect(stoppedAt(make(few), complete(rivals.slice(-7)), rising(0.1))).toBeUndefined();
    expect(stoppedAt(make(few), complete(rivals.slice(-8)), rising(0.1))).toBe(3);
  });

  it('says what it foresees, and how sure it is', () => {
    const history = complete(rivals);
    begin(history, 99);
    for (const [i, value] of rising(0.8, 5).entries()) history.report(99, i + 1, value);
    expect(make(options).judge(history, 99)).toEqual({
      prune: true,
      reason:
        'on course from step 5 for 0.775 at step 20; behind the best, 0.845, with 95 % confidence from 18 complete trials',
    });
  });
});

describe('settings', () => {
  it.each([
    [{ type: 'nope' }, 'pruner nope does not exist; known: none, median'],
    [{ type: 'median', interval: 0 }, 'interval 0 must be an integer in [1,'],
    [{ type: 'median', intervall: 1 }, 'has no setting intervall; known: startupTrials, warmupSteps, interval'],
    [{ type: 'none', lower: 1 }, 'it has none'],
    [{ type: 'threshold' }, 'needs lower, upper or both'],
    [{ type: 'asha', factor: '3' }, 'factor "3" must be an integer in [2, 1000]'],
  ])('are checked: %j', (options, message) => {
    expect(prunerFaults(options).join()).toContain(message);
  });
});
