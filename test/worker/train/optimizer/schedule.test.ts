import { describe, expect, it } from 'vitest';
import { createSchedule } from '../../../../worker/train/optimizer/schedule.js';

const OPTIMIZER = { type: 'sgd', learning_rate: 0.5, schedule: 'constant', warmup: 0, final: 0.01 } as const;
const STEPS = 101;

describe('createSchedule', () => {
  it('keeps the learning rate constant by default', () => {
    const rate = createSchedule(OPTIMIZER, STEPS);
    expect([rate(0), rate(50), rate(100)]).toEqual([0.5, 0.5, 0.5]);
  });

  it.each([
    ['linear', 0.505],
    ['cosine', 0.505],
    ['exponential', 0.1],
  ] as const)('goes from the whole learning rate to its final share (%s)', (schedule, half) => {
    const rate = createSchedule({ ...OPTIMIZER, schedule }, STEPS);
    expect(rate(0)).toBe(0.5);
    expect(rate(50)).toBeCloseTo(0.5 * half, 10);
    expect(rate(100)).toBeCloseTo(0.005, 10);
    const rates = Array.from({ length: STEPS }, (_, step) => rate(step));
    expect(rates).toEqual(rates.toSorted((a, b) => b - a));
  });

  it('rises from zero while warming up', () => {
    const rate = createSchedule({ ...OPTIMIZER, schedule: 'linear', warmup: 0.1 }, STEPS);
    expect(rate(0)).toBeCloseTo(0.05, 10);
    expect(rate(4)).toBeCloseTo(0.25, 10);
    expect([rate(9), rate(10)]).toEqual([0.5, 0.5]);
    expect(rate(100)).toBeCloseTo(0.005, 10);
  });

  it('is sound for a training of one step', () => {
    for (const schedule of ['constant', 'linear', 'cosine', 'exponential'] as const) {
      expect(createSchedule({ ...OPTIMIZER, schedule, warmup: 0.9 }, 1)(0)).toBe(0.5);
    }
  });
});
