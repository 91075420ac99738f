// The layers library registers the gradients of the engine's operations, which the tape needs: the reference here.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../../../worker/train/backend/backend.js';
import { binaryCrossentropy } from '../../../../worker/train/loss/binary.js';
import { categoricalCrossentropy } from '../../../../worker/train/loss/categorical.js';
import type { Loss } from '../../../../worker/train/loss/loss.js';
import { buildMlp } from '../../../../worker/train/model/mlp.js';
import type { Network } from '../../../../worker/train/model/network.js';
import { Random } from '../../../../worker/train/random.js';

const IMAGES = 7;
const INPUTS = 11;

interface Setup {
  readonly network: Network;
  readonly loss: Loss;
  readonly input: tf.Tensor2D;
  readonly labels: Uint8Array;
}

function setUp(activation: 'relu' | 'tanh' | 'elu' | 'sigmoid', depth: number, loss: Loss): Setup {
  const random = new Random(4);
  const architecture = { type: 'mlp', depth, width: 6, dropout: 0, activation } as const;
  const network = buildMlp(architecture, INPUTS, loss.outputs, { weights: random, dropout: random });
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
  const targets = loss.targets(labels);
  const meanLoss = (): tf.Scalar => tf.div(loss.measure(network.infer(input), targets).loss, IMAGES);
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

const LOSSES: Readonly<Record<string, () => Loss>> = {
  'categorical cross-entropy': () => categoricalCrossentropy(5),
  'binary cross-entropy': binaryCrossentropy,
};

describe.each(['cpu', 'wasm'])('the gradients of a perceptron on %s', (backend) => {
  for (const [lossName, createLoss] of Object.entries(LOSSES)) {
    for (const activation of ['relu', 'tanh', 'elu', 'sigmoid'] as const) {
      it(`are those that the tape finds, with ${activation} and ${lossName}`, async () => {
        await useBackend('cpu');
        const reference = tapeGradients(setUp(activation, 2, createLoss()));
        await useBackend(backend);
        const own = ownGradients(setUp(activation, 2, createLoss()));
        expect(Math.max(...reference.map((values) => Math.max(...values)))).toBeGreaterThan(0.01);
        expect(worstDifference(own, reference)).toBeLessThan(2e-6);
      });
    }
  }

  it('are those that the tape finds without a hidden layer', async () => {
    await useBackend('cpu');
    const reference = tapeGradients(setUp('relu', 0, categoricalCrossentropy(5)));
    await useBackend(backend);
    expect(worstDifference(ownGradients(setUp('relu', 0, categoricalCrossentropy(5))), reference)).toBeLessThan(2e-6);
  });
});
