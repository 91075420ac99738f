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
      reason: 'value 3.5 at rung 0 (step 1) is 3. of 6; the best 2 go on',
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
