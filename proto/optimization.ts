import { z } from 'zod';

const share = z.number().min(0).lt(1);

export const SCHEDULE_NAMES = ['constant', 'linear', 'cosine', 'exponential', 'step', 'plateau'] as const;
export type ScheduleName = (typeof SCHEDULE_NAMES)[number];

export const OPTIMIZER_NAMES = ['sgd', 'rmsprop', 'adagrad', 'adadelta', 'adam', 'adamw'] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

const scheduleName = z.enum(SCHEDULE_NAMES);

const scheduleSchema = z.union([
  scheduleName,
  z.strictObject({
    type: scheduleName.default('constant'),
    warmup: share.default(0),
    final: z.number().positive().max(1).optional(),
    every: z.int().min(1).max(100_000).optional(),
    factor: z.number().positive().lt(1).optional(),
    patience: z.int().min(0).max(100_000).optional(),
  }),
]);

/** Which optimizers know a setting. */
const KNOWN_BY = {
  momentum: ['sgd'],
  nesterov: ['sgd'],
  rho: ['rmsprop', 'adadelta'],
  beta1: ['adam', 'adamw'],
  beta2: ['adam', 'adamw'],
  epsilon: ['rmsprop', 'adagrad', 'adadelta', 'adam', 'adamw'],
} as const satisfies Partial<Record<keyof OptimizerConfig, readonly OptimizerName[]>>;

/** How weights follow the gradient. */
export const optimizerSchema: z.ZodType<OptimizerConfig, unknown> = z
  .strictObject({
    type: z.enum(OPTIMIZER_NAMES).default('sgd'),
    learning_rate: z.number().positive().max(1000),
    momentum: share.optional(),
    nesterov: z.boolean().optional(),
    rho: share.optional(),
    beta1: share.optional(),
    beta2: share.optional(),
    epsilon: z.number().positive().max(1).optional(),
    weight_decay: z.number().min(0).max(1000).optional(),
    clip_norm: z.number().positive().optional(),
    clip_value: z.number().positive().optional(),
    schedule: scheduleSchema.default('constant'),
  })
  .superRefine((config, context) => {
    for (const [setting, optimizers] of Object.entries(KNOWN_BY)) {
      const known: readonly OptimizerName[] = optimizers;
      if (config[setting as keyof typeof KNOWN_BY] === undefined || known.includes(config.type)) continue;
      const message = `must be left out: ${config.type} has no ${setting}, it is for ${known.join(' and ')}`;
      context.addIssue({ code: 'custom', path: [setting], message });
    }
  });

/** See {@link optimizerSchema}. */
export interface OptimizerConfig {
  readonly type: OptimizerName;
  readonly learning_rate: number;
  /** SGD only. Default 0. */
  readonly momentum?: number | undefined;
  /** SGD only; without momentum it changes nothing. Default false. */
  readonly nesterov?: boolean | undefined;
  /** RMSprop (default 0.9) and Adadelta (default 0.95) only: share of the past in the running means. */
  readonly rho?: number | undefined;
  /** Adam and AdamW only: share of the past in the running mean of gradients. Default 0.9. */
  readonly beta1?: number | undefined;
  /** Adam and AdamW only: share of the past in the running mean of their squares. Default 0.999. */
  readonly beta2?: number | undefined;
  /** What keeps a division from zero; all but SGD. Default 1e-8 for Adam and AdamW, 1e-7 otherwise. */
  readonly epsilon?: number | undefined;
  /** Share of the learning rate by which kernels shrink at each step. Default 0.01 for AdamW, 0 otherwise. */
  readonly weight_decay?: number | undefined;
  /** Largest Euclidean norm of all gradients together; larger ones are scaled down. */
  readonly clip_norm?: number | undefined;
  /** Largest absolute value of each number of a gradient; applied after `clip_norm`. */
  readonly clip_value?: number | undefined;
  /** The way of the learning rate, by name or with settings. */
  readonly schedule: ScheduleName | ScheduleConfig;
}

export interface ScheduleConfig {
  readonly type: ScheduleName;
  /** Share of all steps in which the learning rate rises from zero, in [0, 1). */
  readonly warmup: number;
  /**
   * Share of the learning rate that is left at the last step (linear, cosine, exponential; default 0.01), or that a
   * plateau never falls below (default 0).
   */
  readonly final?: number | undefined;
  /** Step only: epochs between two falls. Default 10. */
  readonly every?: number | undefined;
  /** What a fall leaves of the learning rate: step and plateau only. Default 0.1. */
  readonly factor?: number | undefined;
  /** Plateau only: epochs without a lower validation loss that are put up with. Default 10. */
  readonly patience?: number | undefined;
}

/** The schedule with its settings. */
export function scheduleOf({ schedule }: Pick<OptimizerConfig, 'schedule'>): ScheduleConfig {
  return typeof schedule === 'string' ? { type: schedule, warmup: 0 } : schedule;
}

/** When a trial ends by itself. */
export const earlyStoppingSchema: z.ZodType<EarlyStoppingConfig, unknown> = z.strictObject({
  metric: z.enum(['val_loss', 'val_accuracy', 'train_loss', 'train_accuracy']).default('val_loss'),
  patience: z.int().min(1).max(100_000),
  min_delta: z.number().min(0).default(0),
  restore_best: z.boolean().default(false),
});

/** See {@link earlyStoppingSchema}. */
export interface EarlyStoppingConfig {
  /** What must get better. */
  readonly metric: 'val_loss' | 'val_accuracy' | 'train_loss' | 'train_accuracy';
  /** Epochs in a row that may bring nothing better. */
  readonly patience: number;
  /** What counts as better: more than so much. */
  readonly min_delta: number;
  /**
   * Whether a trial ends with the weights of its best epoch. If that was not its last one, there is one more report,
   * the metrics of the weights that it ends with.
   */
  readonly restore_best: boolean;
}
