import { type OptimizerConfig, type ScheduleConfig, scheduleOf } from '../../../proto/optimization.js';
import { Plateau, type PlateauState } from './plateau.js';

/** The way of the learning rate. */
export interface Schedule {
  /** The learning rate at a step, counted from 0. */
  rate(step: number): number;
  /** Takes note of an epoch's validation loss: a plateau is found by it. */
  observe(validationLoss: number): void;
  /** What it has taken note of. Put back, it goes on from there. */
  state: ScheduleState;
}

export type ScheduleState = PlateauState | undefined;

/** Shares and counts that are left out. */
const DEFAULTS = { final: 0.01, every: 10, factor: 0.1, patience: 10 } as const;

/**
 * The learning rate: up from zero in a straight line while warming up, then from its full value down: to `final` of it at
 * the last step, in a straight line, along half a cosine or by the same factor at every step; or by `factor` after every
 * `every` epochs, or whenever `patience` epochs have brought no lower validation loss.
 *
 * @param stepsPerEpoch at least 1
 * @see Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983, for the cosine (without restarts)
 */
export function createSchedule(
  optimizer: Pick<OptimizerConfig, 'learning_rate' | 'schedule'>,
  epochs: number,
  stepsPerEpoch: number,
): Schedule {
  const config = scheduleOf(optimizer);
  const { factor = DEFAULTS.factor, patience = DEFAULTS.patience, final = 0 } = config;
  const plateau = config.type === 'plateau' ? new Plateau(factor, patience, final) : undefined;
  const steps = epochs * stepsPerEpoch;
  const warmSteps = Math.floor(config.warmup * steps);
  const rest = Math.max(1, steps - 1 - warmSteps);
  return {
    rate(step) {
      if (step < warmSteps) return (optimizer.learning_rate * (step + 1)) / warmSteps;
      const way = Math.min(1, (step - warmSteps) / rest);
      const share = plateau?.share ?? shareAt(config, way, Math.floor(step / stepsPerEpoch));
      return optimizer.learning_rate * share;
    },
    observe: (validationLoss) => plateau?.observe(validationLoss),
    get state() {
      return plateau?.state;
    },
    set state(state: ScheduleState) {
      if (plateau !== undefined && state !== undefined) plateau.state = state;
    },
  };
}

/** What is left of the learning rate after `way`, in [0, 1], of the way down, in an epoch counted from 0. */
function shareAt(config: ScheduleConfig, way: number, epoch: number): number {
  const { final = DEFAULTS.final, every = DEFAULTS.every, factor = DEFAULTS.factor } = config;
  switch (config.type) {
    case 'constant':
    case 'plateau':
      return 1;
    case 'linear':
      return 1 - (1 - final) * way;
    case 'cosine':
      return final + ((1 - final) * (1 + Math.cos(Math.PI * way))) / 2;
    case 'exponential':
      return final ** way;
    case 'step':
      return factor ** Math.floor(epoch / every);
  }
}
