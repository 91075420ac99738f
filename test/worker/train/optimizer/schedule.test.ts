import { describe, expect, it } from 'vitest';
import type { ScheduleConfig, ScheduleName } from '../../../../proto/optimization.js';
import { createSchedule } from '../../../../worker/train/optimizer/schedule.js';

const OPTIMIZER = { type: 'sgd', learning_rate: 0.5, schedule: 'constant' } as const;
const STEPS = 101;

/** The learning rate by step, in epochs of one step. */
function ratesOf(schedule: ScheduleConfig | ScheduleName, steps = STEPS): (step: number) => number {
  const way = createSchedule({ ...OPTIMIZER, schedule }, steps, 1);
  return (step) => way.rate(step);
}

describe('createSchedule', () => {
  it('keeps the learning rate constant by default', () => {
    const rate = ratesOf('constant');
    expect([rate(0), rate(50), rate(100)]).toEqual([0.5, 0.5, 0.5]);
  });

  it.each([
    ['linear', 0.505],
    ['cosine', 0.505],
    ['exponential', 0.1],
  ] as const)('goes from the whole learning rate to its final share (%s)', (schedule, half) => {
    const rate = ratesOf(schedule);
    expect(rate(0)).toBe(0.5);
    expect(rate(50)).toBeCloseTo(0.5 * half, 10);
    expect(rate(100)).toBeCloseTo(0.005, 10);
    const rates = Array.from({ length: STEPS }, (_, step) => rate(step));
    expect(rates).toEqual(rates.toSorted((a, b) => b - a));
  });

  it('rises from zero while warming up', () => {
    const rate = ratesOf({ type: 'linear', warmup: 0.1 });
    expect(rate(0)).toBeCloseTo(0.05, 10);
    expect(rate(4)).toBeCloseTo(0.25, 10);
    expect([rate(9), rate(10)]).toEqual([0.5, 0.5]);
    expect(rate(100)).toBeCloseTo(0.005, 10);
  });

  it('is sound for a training of one step', () => {
    for (const schedule of ['constant', 'linear', 'cosine', 'exponential'] as const) {
      expect(ratesOf({ type: schedule, warmup: 0.9 }, 1)(0)).toBe(0.5);
    }
  });

  it('falls by a factor every so many epochs (step)', () => {
    const way = createSchedule({ ...OPTIMIZER, schedule: { type: 'step', warmup: 0, every: 2, factor: 0.5 } }, 5, 3);
    expect(Array.from({ length: 15 }, (_, step) => way.rate(step))).toEqual([
      ...Array.from({ length: 6 }, () => 0.5),
      ...Array.from({ length: 6 }, () => 0.25),
      ...Array.from({ length: 3 }, () => 0.125),
    ]);
  });

  it('falls when the validation loss has not for longer than its patience (plateau), down to its floor', () => {
    const schedule = { type: 'plateau', warmup: 0, factor: 0.5, patience: 1, final: 0.2 } as const;
    const way = createSchedule({ ...OPTIMIZER, schedule }, 20, 1);
    const rates = [3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1].map((loss, epoch) => {
      way.observe(loss);
      return way.rate(epoch + 1);
    });
    expect(rates).toEqual([0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.1, 0.1, 0.1]);
  });

  it('goes on from its state', () => {
    const schedule = { type: 'plateau', warmup: 0, factor: 0.5, patience: 1 } as const;
    const first = createSchedule({ ...OPTIMIZER, schedule }, 20, 1);
    for (const loss of [2, 3]) first.observe(loss);
    const second = createSchedule({ ...OPTIMIZER, schedule }, 20, 1);
    second.state = first.state;
    second.observe(2.5);
    expect(second.rate(9)).toBe(0.25);
  });
});
