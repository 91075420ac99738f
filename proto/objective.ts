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
    type: z.enum(['mlp', 'cnn']).default('mlp'),
    depth: z.int().min(0).max(64),
    width: z.int().min(1).max(16_384),
    dropout: probability.default(0),
    activation: z.enum(['relu', 'tanh', 'elu', 'sigmoid']).default('relu'),
    batch_norm: z.boolean().default(false),
    kernel: z.int().min(1).max(31).default(3),
    pooling: z.enum(['max', 'average', 'none']).default('max'),
    dense: z.int().min(0).max(16_384).default(64),
  }),
  loss: z.enum(['categorical_crossentropy', 'binary_crossentropy']).optional(),
  optimizer: z.strictObject({
    type: z.enum(['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad', 'adadelta']).default('sgd'),
    learning_rate: z.number().positive().max(1000),
    momentum: probability.optional(),
    nesterov: z.boolean().optional(),
    rho: probability.optional(),
    weight_decay: z.number().min(0).max(1000).optional(),
    schedule: z.enum(['constant', 'linear', 'cosine', 'exponential']).default('constant'),
    warmup: probability.default(0),
    final: z.number().positive().max(1).default(0.01),
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
    /** `mlp`: layers that see all of the one before. `cnn`: blocks of convolution and pooling, then a dense layer. */
    readonly type: 'mlp' | 'cnn';
    /** Hidden layers, or blocks. */
    readonly depth: number;
    /** Units per hidden layer, or filters of the first block; each pooling doubles them. */
    readonly width: number;
    /** Fraction of hidden units dropped in training, in [0, 1). */
    readonly dropout: number;
    readonly activation: 'relu' | 'tanh' | 'elu' | 'sigmoid';
    /** Whether each hidden layer's or block's sums are normalized over the batch before the activation. */
    readonly batch_norm: boolean;
    /** CNN only: side of the square that a filter sees, in pixels. */
    readonly kernel: number;
    /** CNN only: what each block makes of every square of 2 by 2 pixels, as long as there are 2 by 2 left. */
    readonly pooling: 'max' | 'average' | 'none';
    /** CNN only: units of the hidden layer between blocks and logits; 0 for none. */
    readonly dense: number;
  };
  /** Default: categorical for more than two classes, binary for two. */
  readonly loss?: 'categorical_crossentropy' | 'binary_crossentropy' | undefined;
  readonly optimizer: {
    readonly type: 'sgd' | 'adam' | 'adamw' | 'rmsprop' | 'adagrad' | 'adadelta';
    readonly learning_rate: number;
    /** SGD only. */
    readonly momentum?: number | undefined;
    /** SGD with momentum only. */
    readonly nesterov?: boolean | undefined;
    /** RMSprop (default 0.9) and Adadelta (default 0.95) only: share of the past in the running means. */
    readonly rho?: number | undefined;
    /** AdamW only: share of the learning rate by which kernels shrink at each step. Default 0.01. */
    readonly weight_decay?: number | undefined;
    /** The way of the learning rate from its full value, after the warm-up, to `final` of it at the last step. */
    readonly schedule: 'constant' | 'linear' | 'cosine' | 'exponential';
    /** Share of all steps in which the learning rate rises from zero, in [0, 1). */
    readonly warmup: number;
    /** Share of the learning rate that is left at the end of a schedule other than constant. */
    readonly final: number;
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
