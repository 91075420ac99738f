import type { TrainConfig } from '../../../proto/objective.js';

/** The learning rate at a step, counted from 0. */
export type Schedule = (step: number) => number;

/**
 * The way of the learning rate: up from zero in a straight line while warming up, then from its full value to `final`
 * of it at the last step: in a straight line, along half a cosine, or by the same factor at every step.
 *
 * @param steps all steps of the training
 * @see Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983, for the cosine (without restarts)
 */
export function createSchedule(
  { learning_rate, schedule, warmup, final }: TrainConfig['optimizer'],
  steps: number,
): Schedule {
  const warmSteps = Math.floor(warmup * steps);
  const rest = Math.max(1, steps - 1 - warmSteps);
  return (step) => {
    if (step < warmSteps) return (learning_rate * (step + 1)) / warmSteps;
    const way = Math.min(1, (step - warmSteps) / rest);
    return learning_rate * share(schedule, way, final);
  };
}

/** What is left of the learning rate after `way`, in [0, 1], of the way. */
function share(schedule: TrainConfig['optimizer']['schedule'], way: number, final: number): number {
  switch (schedule) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - (1 - final) * way;
    case 'cosine':
      return final + ((1 - final) * (1 + Math.cos(Math.PI * way))) / 2;
    case 'exponential':
      return final ** way;
  }
}
