import { z } from 'zod';
import type { SampleShape } from './dataset/dataset.js';
import type { KerasLayer } from './model/keras-layer.js';
import type { NamedArray } from './model/parameter.js';

/** What a model needs to be used, beside its numbers. It stands in `model.json` as `userDefinedMetadata.assay`. */
export interface ModelNotes {
  readonly dataset: string;
  /** The classes' names, in the order of the outputs. */
  readonly labels: readonly string[];
  /** What one sample is. The model takes [samples, height, width, channels]. */
  readonly input: SampleShape;
  /** How the numbers of samples are stored: bytes of pixels, or numbers of any kind. */
  readonly type: 'u8' | 'f32';
  /** The model takes (number - mean) / deviation, by channel. */
  readonly normalization: { readonly mean: readonly number[]; readonly deviation: readonly number[] };
}

const numbers = z.array(z.number());

export const modelNotesSchema: z.ZodType<ModelNotes> = z.object({
  dataset: z.string(),
  labels: z.array(z.string()).min(1),
  input: z.object({ height: z.int().min(1), width: z.int().min(1), channels: z.int().min(1) }),
  type: z.enum(['u8', 'f32']),
  normalization: z.object({ mean: numbers, deviation: numbers }),
});

export const MODEL_FILE = 'model.json';
export const WEIGHTS_FILE = 'weights.bin';

/**
 * A network as a TensorFlow.js LayersModel (`tf.loadLayersModel`): from normalized images to probabilities, by softmax,
 * or by a sigmoid where two classes are told apart by one output, which is then the second class's.
 *
 * @param layers  from rows of numbers to logits
 * @param weights by the names that the layers have for them
 */
export function layersModel(
  layers: readonly KerasLayer[],
  outputs: number,
  weights: readonly NamedArray[],
  notes: ModelNotes,
): { readonly [MODEL_FILE]: Uint8Array; readonly [WEIGHTS_FILE]: Uint8Array } {
  const { height, width, channels } = notes.input;
  const all: KerasLayer[] = [
    { className: 'Flatten', config: { batch_input_shape: [null, height, width, channels] } },
    ...layers,
    { className: 'Activation', config: { activation: outputs === 1 ? 'sigmoid' : 'softmax' } },
  ];
  const named = all.map((layer, index) => ({ ...layer, name: `${snake(layer.className)}_${index}` }));
  const byName = new Map(weights.map((array) => [array.name, array]));
  const ordered = named.flatMap(({ name, weights: own = {} }) =>
    Object.entries(own).map(([suffix, source]) => ({ ...byName.get(source)!, name: `${name}/${suffix}` })),
  );
  const model = {
    format: 'layers-model',
    generatedBy: 'Assay',
    convertedBy: null,
    modelTopology: {
      class_name: 'Sequential',
      config: {
        name: 'model',
        layers: named.map(({ className, name, config }) => ({ class_name: className, config: { name, ...config } })),
      },
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weightsManifest: [
      { paths: [WEIGHTS_FILE], weights: ordered.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
    ],
    userDefinedMetadata: { assay: notes },
  };
  return {
    [MODEL_FILE]: Buffer.from(`${JSON.stringify(model, null, 1)}\n`),
    [WEIGHTS_FILE]: Buffer.concat(ordered.map(({ values }) => littleEndian(values))),
  };
}

/** TensorFlow.js reads weights as little-endian numbers. */
function littleEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes;
}

function snake(className: string): string {
  return className.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}
