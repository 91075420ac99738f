import { z } from 'zod';
import { type Architecture, architectureSchema } from './architecture.js';
import { type AugmentConfig, augmentConfigSchema, type DatasetConfig, datasetConfigSchema } from './dataset.js';
import {
  type EarlyStoppingConfig,
  earlyStoppingSchema,
  type OptimizerConfig,
  optimizerSchema,
} from './optimization.js';

/** What an attempt can run. `null` trains nothing and reports what it is told: for benches and tests of the machinery. */
export const OBJECTIVE_KINDS = ['train', 'module', 'command', 'null'] as const;
export type ObjectiveKind = (typeof OBJECTIVE_KINDS)[number];

const probability = z.number().min(0).lt(1);

/**
 * The built-in image classifier's configuration with every parameter put in: what the coordinator sends and the
 * worker trains. Sizes are counts of units or images, rates are fractions.
 */
export const trainConfigSchema: z.ZodType<TrainConfig, unknown> = z.strictObject({
  dataset: datasetConfigSchema,
  augment: augmentConfigSchema.optional(),
  architecture: architectureSchema,
  loss: z.enum(['categorical_crossentropy', 'binary_crossentropy']).optional(),
  label_smoothing: probability.default(0),
  optimizer: optimizerSchema,
  l1: z.number().min(0).max(1000).default(0),
  l2: z.number().min(0).max(1000).default(0),
  batch_size: z.int().min(1).max(65_536),
  epochs: z.int().min(1).max(100_000),
  early_stopping: earlyStoppingSchema.optional(),
  test: z.boolean().default(false),
  checkpoint_every: z.int().min(1).max(100_000).optional(),
});

/** See {@link trainConfigSchema}. */
export interface TrainConfig {
  readonly dataset: DatasetConfig;
  readonly augment?: AugmentConfig | undefined;
  readonly architecture: Architecture;
  /** Default: categorical for more than two classes, binary for two. */
  readonly loss?: 'categorical_crossentropy' | 'binary_crossentropy' | undefined;
  /** Share of each image's target that is spread evenly over all classes in training, in [0, 1). */
  readonly label_smoothing: number;
  readonly optimizer: OptimizerConfig;
  /** Weight of the sum of absolute kernel weights in the loss. */
  readonly l1: number;
  /** Weight of the sum of squared kernel weights in the loss. */
  readonly l2: number;
  readonly batch_size: number;
  readonly epochs: number;
  readonly early_stopping?: EarlyStoppingConfig | undefined;
  /** Whether the test images are measured too. */
  readonly test: boolean;
  /** A checkpoint is saved after so many epochs. Default: every epoch where trials are paused, else now and then. */
  readonly checkpoint_every?: number | undefined;
}

/** What `train` reports after each epoch; those of the test images only where they are measured. */
export const TRAIN_METRICS = [
  'val_accuracy',
  'val_loss',
  'train_accuracy',
  'train_loss',
  'test_accuracy',
  'test_loss',
  'images_per_s',
  'learning_rate',
  'parameters',
  'time',
] as const;
export type TrainMetric = (typeof TRAIN_METRICS)[number];

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
