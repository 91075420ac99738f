import { z } from 'zod';

/** What an attempt can run. `null` trains nothing and reports what it is told: for benches and tests of the machinery. */
export const OBJECTIVE_KINDS = ['train', 'module', 'command', 'null'] as const;
export type ObjectiveKind = (typeof OBJECTIVE_KINDS)[number];

const probability = z.number().min(0).lt(1);

/**
 * The built-in image classifier's configuration with every parameter put in: what the coordinator sends and the
 * worker trains. Sizes are counts of units or images, rates are fractions.
 */
export const trainConfigSchema: z.ZodType<TrainConfig, unknown> = z.strictObject({
  dataset: z.union([
    z.string().min(1),
    z.strictObject({
      name: z.string().min(1),
      train: z.int().min(10).max(1_000_000).optional(),
      validation: z.int().min(10).max(1_000_000).optional(),
      seed: z.int().min(0).max(0xffff_ffff).optional(),
    }),
  ]),
  architecture: z.strictObject({
    type: z.literal('mlp').default('mlp'),
    depth: z.int().min(0).max(64),
    width: z.int().min(1).max(16_384),
    dropout: probability.default(0),
    activation: z.enum(['relu', 'tanh', 'elu', 'sigmoid']).default('relu'),
  }),
  loss: z.enum(['categorical_crossentropy', 'binary_crossentropy']).optional(),
  optimizer: z.strictObject({
    type: z.enum(['sgd', 'adam']).default('sgd'),
    learning_rate: z.number().positive().max(1000),
    momentum: probability.optional(),
    nesterov: z.boolean().optional(),
  }),
  l2: z.number().min(0).max(1000).default(0),
  batch_size: z.int().min(1).max(65_536),
  epochs: z.int().min(1).max(100_000),
});

/** See {@link trainConfigSchema}. */
export interface TrainConfig {
  /** A data set by name, or a name with how many images to take for training and validation and the split's seed. */
  readonly dataset:
    | string
    | {
        readonly name: string;
        readonly train?: number | undefined;
        readonly validation?: number | undefined;
        readonly seed?: number | undefined;
      };
  readonly architecture: {
    readonly type: 'mlp';
    /** Hidden layers. */
    readonly depth: number;
    /** Units per hidden layer. */
    readonly width: number;
    /** Fraction of hidden units dropped in training, in [0, 1). */
    readonly dropout: number;
    readonly activation: 'relu' | 'tanh' | 'elu' | 'sigmoid';
  };
  /** Default: categorical for more than two classes, binary for two. */
  readonly loss?: 'categorical_crossentropy' | 'binary_crossentropy' | undefined;
  readonly optimizer: {
    readonly type: 'sgd' | 'adam';
    readonly learning_rate: number;
    /** SGD only. */
    readonly momentum?: number | undefined;
    /** SGD with momentum only. */
    readonly nesterov?: boolean | undefined;
  };
  /** Weight of the sum of squared kernel weights in the loss. */
  readonly l2: number;
  readonly batch_size: number;
  readonly epochs: number;
}

/** Configuration of the `null` objective: reports `steps` times the metric `value`, `delay_ms` apart, then ends. */
export const nullConfigSchema: z.ZodType<NullConfig, unknown> = z.strictObject({
  steps: z.int().min(0).max(1_000_000).default(1),
  value: z.number().default(0),
  delay_ms: z.number().min(0).max(86_400_000).default(0),
  metric: z.string().min(1).default('value'),
});

/** See {@link nullConfigSchema}. */
export interface NullConfig {
  readonly steps: number;
  readonly value: number;
  readonly delay_ms: number;
  readonly metric: string;
}
