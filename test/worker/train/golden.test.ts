import { beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../../worker/train/backend/backend.js';
import { createSchedule } from '../../../worker/train/optimizer/schedule.js';
import { expectReference, reference } from './reference.js';

describe.each(['cpu', 'wasm'])(`trainings on %s follow ${reference.source}`, (backend) => {
  beforeEach(async () => {
    await useBackend(backend);
  });

  it.each(Object.entries(reference.trainings))('%s', (_, training) => expectReference(training));
});

describe(`schedules follow ${reference.source}`, () => {
  it.each(reference.schedules)('$schedule.type', ({ schedule, steps, rates }) => {
    const way = createSchedule({ learning_rate: 0.5, schedule }, steps, 1);
    for (const [step, rate] of rates.entries()) expect(way.rate(step)).toBeCloseTo(rate, 12);
  });

  it('plateau', () => {
    const { schedule, losses, rates } = reference.plateau;
    const way = createSchedule({ learning_rate: 0.5, schedule }, losses.length + 1, 1);
    for (const [epoch, loss] of losses.entries()) {
      way.observe(loss);
      expect(way.rate(epoch + 1)).toBeCloseTo(rates[epoch]!, 12);
    }
  });
});
