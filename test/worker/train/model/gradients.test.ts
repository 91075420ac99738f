// The layers library registers the gradients of the engine's operations, which the tape needs: the reference here.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../../../worker/train/backend/backend.js';
import { binaryCrossentropy } from '../../../../worker/train/loss/binary.js';
import { categoricalCrossentropy } from '../../../../worker/train/loss/categorical.js';
import type { Loss } from '../../../../worker/train/loss/loss.js';
import { buildNetwork } from '../../../../worker/train/model/build-network.js';
import type { Network } from '../../../../worker/train/model/network.js';
import { Random } from '../../../../worker/train/random.js';

const IMAGES = 5;
const IMAGE = { height: 6, width: 5, channels: 3 };
const INPUTS = IMAGE.height * IMAGE.width * IMAGE.channels;
const PLAIN = {
  type: 'mlp',
  depth: 2,
  width: 6,
  dropout: 0,
  activation: 'relu',
  initializer: 'auto',
  batch_norm: false,
  kernel: 3,
  pooling: 'max',
  dense: 7,
} as const;

type Architecture = Parameters<typeof buildNetwork>[0];

interface Setup {
  readonly network: Network;
  readonly loss: Loss;
  readonly input: tf.Tensor2D;
  readonly labels: Uint8Array;
}

function setUp(architecture: Architecture, loss: Loss): Setup {
  const random = new Random(4);
  const network = buildNetwork(architecture, IMAGE, loss.outputs, { weights: random, dropout: random });
  // Biases begin as zero; the check should not depend on that.
  for (const parameter of network.parameters) {
    const moved = Float32Array.from(parameter.value.dataSync(), (value) => value + random.between(-0.2, 0.2));
    parameter.assign(tf.tensor(moved, parameter.value.shape));
  }
  const values = Float32Array.from({ length: IMAGES * INPUTS }, () => random.bell());
  const classes = Math.max(2, loss.outputs);
  const labels = Uint8Array.from({ length: IMAGES }, () => random.below(classes));
  return { network, loss, input: tf.tensor2d(values, [IMAGES, INPUTS]), labels };
}

function ownGradients({ network, loss, input, labels }: Setup): Float32Array[] {
  const targets = loss.targets(labels);
  const gradients = network.gradients(input, (logits) => loss.measure(logits, targets).gradient());
  return gradients.map((gradient) => gradient.dataSync<'float32'>());
}

function tapeGradients({ network, loss, input, labels }: Setup): Float32Array[] {
  const classes = tf.tensor1d(Int32Array.from(labels), 'int32');
  const meanLoss = (): tf.Scalar => {
    const logits = network.train(input);
    return loss.outputs === 1
      ? tf.losses.sigmoidCrossEntropy(tf.reshape(tf.cast(classes, 'float32'), logits.shape), logits)
      : tf.losses.softmaxCrossEntropy(tf.oneHot(classes, loss.outputs), logits);
  };
  const values = network.parameters.map((parameter) => parameter.value);
  return tf
    .grads(meanLoss)(values)
    .map((gradient) => gradient.dataSync<'float32'>());
}

function worstDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  expect(a.map((values) => values.length)).toEqual(b.map((values) => values.length));
  const differences = a.flatMap((values, index) => Array.from(values, (value, i) => Math.abs(value - b[index]![i]!)));
  return Math.max(...differences);
}

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

async function expectTapeGradients(architecture: Architecture, createLoss: () => Loss, backend: string): Promise<void> {
  await useBackend('cpu');
  const reference = tapeGradients(setUp(architecture, createLoss()));
  await useBackend(backend);
  const own = ownGradients(setUp(architecture, createLoss()));
  expect(Math.max(...reference.map((values) => Math.max(...values)))).toBeGreaterThan(0.01);
  expect(worstDifference(own, reference)).toBeLessThan(5e-6);
}

const LOSSES: Readonly<Record<string, () => Loss>> = {
  'categorical cross-entropy': () => categoricalCrossentropy(5, 0),
  'binary cross-entropy': () => binaryCrossentropy(0),
};

const NETWORKS: Readonly<Record<string, Architecture>> = {
  'a network without hidden layers': { ...PLAIN, depth: 0 },
  'a perceptron with batch normalization': { ...PLAIN, batch_norm: true },
  'a perceptron with batch normalization and tanh': { ...PLAIN, batch_norm: true, activation: 'tanh' },
  'a convolutional network': { ...PLAIN, type: 'cnn' },
  'a convolutional network with tanh, whose windows have no number above zero': {
    ...PLAIN,
    type: 'cnn',
    activation: 'tanh',
  },
  'a convolutional network of 8 filters with average pooling': {
    ...PLAIN,
    type: 'cnn',
    width: 8,
    pooling: 'average',
    activation: 'elu',
  },
  'a convolutional network of even kernels, without pooling and hidden layer': {
    ...PLAIN,
    type: 'cnn',
    depth: 2,
    kernel: 4,
    pooling: 'none',
    dense: 0,
  },
  'a convolutional network with batch normalization': { ...PLAIN, type: 'cnn', batch_norm: true, kernel: 5 },
  'listed layers with strides, borders left out and a global average': {
    layers: [
      {
        type: 'conv',
        filters: 5,
        kernel: 2,
        stride: 2,
        padding: 'same',
        activation: 'linear',
        initializer: 'he_normal',
      },
      { type: 'batch_norm', activation: 'leaky_relu' },
      { type: 'conv', filters: 4, kernel: 2, stride: 1, padding: 'valid', activation: 'selu', initializer: 'auto' },
      { type: 'global_average' },
      { type: 'dense', units: 6, activation: 'linear', initializer: 'glorot_normal' },
      { type: 'activation', activation: 'tanh' },
    ],
  },
  'listed layers with pooling that overlaps': {
    layers: [
      { type: 'pooling', kind: 'average', size: 2, stride: 1 },
      { type: 'conv', filters: 3, kernel: 3, stride: 1, padding: 'same', activation: 'tanh', initializer: 'auto' },
      { type: 'pooling', kind: 'max', size: 3, stride: 1 },
      { type: 'flatten' },
    ],
  },
  'a convolutional network deeper than its picture can be pooled': { ...PLAIN, type: 'cnn', depth: 5, width: 2 },
};

describe.each(['cpu', 'wasm'])('the gradients on %s', (backend) => {
  for (const [name, createLoss] of Object.entries(LOSSES)) {
    for (const activation of ['relu', 'leaky_relu', 'elu', 'selu', 'tanh', 'sigmoid', 'linear'] as const) {
      it(`of a perceptron are those that the tape finds, with ${activation} and ${name}`, () =>
        expectTapeGradients({ ...PLAIN, activation }, createLoss, backend));
    }
  }

  for (const [name, architecture] of Object.entries(NETWORKS)) {
    it(`of ${name} are those that the tape finds`, () =>
      expectTapeGradients(architecture, () => categoricalCrossentropy(5, 0), backend));
  }
});
