import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { trainConfigSchema } from '../../../proto/objective.js';
import { loadObjective } from '../../../worker/objectives/objective.js';
import { createTrainer } from '../../../worker/train/create-trainer.js';
import { Batches } from '../../../worker/train/dataset/batches.js';
import { openDataset } from '../../../worker/train/dataset/catalog.js';
import { layersModel, MODEL_FILE, type ModelNotes, WEIGHTS_FILE } from '../../../worker/train/layers-model.js';
import { buildNetwork } from '../../../worker/train/model/build-network.js';
import { readParameters, writeParameters } from '../../../worker/train/model/parameter.js';
import { Random } from '../../../worker/train/random.js';

const base = {
  dataset: { name: 'digits', train: 300, validation: 100 },
  optimizer: { type: 'sgd', learning_rate: 0.05, momentum: 0.9 },
  batch_size: 32,
  epochs: 1,
};

const layer = (type: string, more: object = {}): object => ({ type, ...more });
const ARCHITECTURES: readonly (readonly [string, object])[] = [
  ['an MLP', { type: 'mlp', depth: 2, width: 16, dropout: 0.2 }],
  ['logistic regression', { type: 'mlp', depth: 0, width: 1 }],
  ['an MLP with batch norm', { type: 'mlp', depth: 1, width: 16, batch_norm: true, activation: 'tanh' }],
  ['a CNN', { type: 'cnn', depth: 2, width: 4, dense: 8 }],
  [
    'a CNN with batch norm and average pooling',
    { type: 'cnn', depth: 1, width: 4, batch_norm: true, pooling: 'average' },
  ],
  [
    'every kind of layer',
    {
      layers: [
        layer('conv', { filters: 4, kernel: 3, stride: 2, padding: 'valid', activation: 'leaky_relu' }),
        layer('batch_norm', { activation: 'selu' }),
        layer('conv', { filters: 6, kernel: 5, activation: 'elu' }),
        layer('pooling', { kind: 'max', size: 3, stride: 2 }),
        layer('activation', { activation: 'sigmoid' }),
        layer('dropout', { rate: 0.5 }),
        layer('global_average'),
        layer('dense', { units: 7, activation: 'leaky_relu' }),
      ],
    },
  ],
  [
    'pictures that become rows',
    { layers: [layer('conv', { filters: 3 }), layer('flatten'), layer('batch_norm', { activation: 'leaky_relu' })] },
  ],
];

/** What `tf.loadLayersModel` reads files with, from memory. */
function handler(files: Readonly<Record<string, Uint8Array>>): tf.io.IOHandler {
  const model = JSON.parse(Buffer.from(files[MODEL_FILE]!).toString()) as tf.io.ModelJSON;
  return {
    load: () =>
      tf.io.getModelArtifactsForJSON(model, (manifest) => {
        expect(manifest.flatMap(({ paths }) => paths)).toEqual([WEIGHTS_FILE]);
        const weights = Uint8Array.from(files[WEIGHTS_FILE]!);
        return Promise.resolve([manifest.flatMap((group) => group.weights), weights.buffer]);
      }),
  };
}

const notesFor = ({ height, width, channels }: ModelNotes['input']): ModelNotes => ({
  dataset: 'x',
  labels: ['a', 'b'],
  input: { height, width, channels },
  type: 'u8',
  normalization: { mean: [0], deviation: [1] },
});

describe('a network as a LayersModel', () => {
  it.each(ARCHITECTURES)('gives the same probabilities to 1e-5: %s', { timeout: 60_000 }, async (_, architecture) => {
    await loadObjective('train', 'wasm');
    const config = trainConfigSchema.parse({ ...base, architecture });
    const data = await openDataset(config.dataset, {
      places: { offline: true },
      signal: AbortSignal.timeout(60_000),
      note: () => {},
    });
    const trainer = createTrainer(config, data, 5);
    await trainer.epoch(AbortSignal.timeout(60_000));
    const weights = await readParameters(trainer.weights);
    const files = layersModel(trainer.layers, trainer.outputs, weights, notesFor(data));
    const model = await loadLayersModel(handler(files));
    const indices = data.validation.slice(0, 20);
    const rows = new Batches(data).fill(indices).slice();
    const { height, width, channels } = data;
    const theirs = model.predict(tf.tensor(rows, [20, height, width, channels])) as tf.Tensor;
    // Our own, from the same weights in a network of other random ones.
    const random = { weights: new Random(99), dropout: new Random(99) };
    const network = buildNetwork(config.architecture, data, trainer.outputs, random);
    writeParameters(network.weights, weights);
    const ours = tf.softmax(network.infer(tf.tensor(rows, [20, height * width * channels])));
    const difference = (await tf.max(tf.abs(tf.sub(theirs, ours))).data())[0]!;
    expect(difference).toBeLessThan(1e-5);
    // Not because all say the same.
    expect(new Set(await tf.argMax(ours, 1).data()).size).toBeGreaterThan(1);
    expect(model.getUserDefinedMetadata()).toEqual({ assay: notesFor(data) });
    trainer.dispose();
    network.dispose();
    model.dispose();
  });

  it('tells two classes apart by one output', async () => {
    await loadObjective('train', 'wasm');
    const shape = { height: 2, width: 3, channels: 3 };
    const random = { weights: new Random(1), dropout: new Random(1) };
    const network = buildNetwork({ layers: [] }, shape, 1, random);
    const files = layersModel(network.keras(), 1, await readParameters(network.weights), notesFor(shape));
    const model = await loadLayersModel(handler(files));
    const images = tf.tensor(
      Array.from({ length: 72 }, (_, i) => Math.sin(i)),
      [4, 2, 3, 3],
    );
    const theirs = await (model.predict(images) as tf.Tensor).data();
    const ours = await tf.sigmoid(network.infer(tf.reshape(images, [4, 18]))).data();
    for (const [index, probability] of ours.entries()) expect(theirs[index]).toBeCloseTo(probability, 6);
  });
});
