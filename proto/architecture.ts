import { z } from 'zod';

const probability = z.number().min(0).lt(1);

export const ACTIVATION_NAMES = ['relu', 'leaky_relu', 'elu', 'selu', 'tanh', 'sigmoid', 'linear'] as const;
export type ActivationName = (typeof ACTIVATION_NAMES)[number];

export const INITIALIZER_NAMES = [
  'auto',
  'he_uniform',
  'he_normal',
  'glorot_uniform',
  'glorot_normal',
  'lecun_uniform',
  'lecun_normal',
] as const;
export type InitializerName = (typeof INITIALIZER_NAMES)[number];

const units = z.int().min(1).max(16_384);
const side = z.int().min(1).max(31);
const activation = z.enum(ACTIVATION_NAMES);
const initializer = z.enum(INITIALIZER_NAMES).default('auto');

/** One layer of a network that is given as a list. */
const layerSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('dense'), units, activation: activation.default('relu'), initializer }),
  z.strictObject({
    type: z.literal('conv'),
    filters: units,
    kernel: side.default(3),
    stride: side.default(1),
    padding: z.enum(['same', 'valid']).default('same'),
    activation: activation.default('relu'),
    initializer,
  }),
  z.strictObject({
    type: z.literal('pooling'),
    kind: z.enum(['max', 'average']).default('max'),
    size: side.default(2),
    stride: side.optional(),
  }),
  z.strictObject({ type: z.literal('global_average') }),
  z.strictObject({ type: z.literal('batch_norm'), activation: activation.default('linear') }),
  z.strictObject({ type: z.literal('activation'), activation }),
  z.strictObject({ type: z.literal('dropout'), rate: probability }),
  z.strictObject({ type: z.literal('flatten') }),
]);

/** Layers that look at pictures, and those that make rows of numbers of them. */
const OF_PICTURES: ReadonlySet<string> = new Set(['conv', 'pooling', 'global_average']);
const FLATTENING: ReadonlySet<string> = new Set(['dense', 'flatten', 'global_average']);

const listedSchema = z.strictObject({ layers: z.array(layerSchema).max(256) }).superRefine(({ layers }, context) => {
  const flattening = layers.findIndex(({ type }) => FLATTENING.has(type));
  if (flattening < 0) return;
  for (const [index, { type }] of layers.entries()) {
    if (index <= flattening || !OF_PICTURES.has(type)) continue;
    const before = `layer ${flattening + 1} (${layers[flattening]!.type}) has made rows of numbers of them`;
    context.addIssue({
      code: 'custom',
      path: ['layers', index, 'type'],
      message: `must come earlier: ${type} is for pictures, and ${before}`,
    });
  }
});

/** What a network looks like: by depth and width, or layer by layer. */
export const architectureSchema: z.ZodType<Architecture, unknown> = z.union([
  z.strictObject({
    type: z.enum(['mlp', 'cnn']).default('mlp'),
    depth: z.int().min(0).max(64),
    width: units,
    dropout: probability.default(0),
    activation: activation.default('relu'),
    initializer,
    batch_norm: z.boolean().default(false),
    kernel: side.default(3),
    pooling: z.enum(['max', 'average', 'none']).default('max'),
    dense: z.int().min(0).max(16_384).default(64),
  }),
  listedSchema,
]);

/** See {@link architectureSchema}. */
export type Architecture = ShapedArchitecture | ListedArchitecture;

export interface ShapedArchitecture {
  /** `mlp`: layers that see all of the one before. `cnn`: blocks of convolution and pooling, then a dense layer. */
  readonly type: 'mlp' | 'cnn';
  /** Hidden layers, or blocks. */
  readonly depth: number;
  /** Units per hidden layer, or filters of the first block; each pooling doubles them. */
  readonly width: number;
  /** Fraction of hidden units dropped in training, in [0, 1). */
  readonly dropout: number;
  readonly activation: ActivationName;
  /** How weights are drawn; `auto`: He's for the rectifiers, LeCun's for selu, Glorot's for the others. */
  readonly initializer: InitializerName;
  /** Whether each hidden layer's or block's sums are normalized over the batch before the activation. */
  readonly batch_norm: boolean;
  /** CNN only: side of the square that a filter sees, in pixels. */
  readonly kernel: number;
  /** CNN only: what each block makes of every square of 2 by 2 pixels, as long as there are 2 by 2 left. */
  readonly pooling: 'max' | 'average' | 'none';
  /** CNN only: units of the hidden layer between blocks and logits; 0 for none. */
  readonly dense: number;
}

export interface ListedArchitecture {
  /** Everything between the images and the logits, which are added. */
  readonly layers: readonly LayerConfig[];
}

export type LayerConfig =
  | {
      readonly type: 'dense';
      readonly units: number;
      readonly activation: ActivationName;
      readonly initializer: InitializerName;
    }
  | {
      readonly type: 'conv';
      readonly filters: number;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: 'same' | 'valid';
      readonly activation: ActivationName;
      readonly initializer: InitializerName;
    }
  | {
      readonly type: 'pooling';
      readonly kind: 'max' | 'average';
      readonly size: number;
      /** Default: the size. */
      readonly stride?: number | undefined;
    }
  /** Each channel's mean over the picture. */
  | { readonly type: 'global_average' }
  | { readonly type: 'batch_norm'; readonly activation: ActivationName }
  | { readonly type: 'activation'; readonly activation: ActivationName }
  | { readonly type: 'dropout'; readonly rate: number }
  | { readonly type: 'flatten' };
