import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { useBackend } from '../../../../worker/train/backend/backend.js';
import { categoricalCrossentropy } from '../../../../worker/train/loss/categorical.js';
import { buildNetwork } from '../../../../worker/train/model/build-network.js';
import { createOptimizer } from '../../../../worker/train/optimizer/create-optimizer.js';
import { Random } from '../../../../worker/train/random.js';
import { sumsOf } from '../loss/sums.js';

const IMAGE = { height: 6, width: 6, channels: 2 };
const IMAGES = 8;
const INPUTS = IMAGE.height * IMAGE.width * IMAGE.channels;
const SMALL = {
  depth: 2,
  width: 8,
  dropout: 0,
  activation: 'tanh',
  initializer: 'auto',
  kernel: 3,
  pooling: 'max',
  dense: 5,
} as const;

type Architecture = Parameters<typeof buildNetwork>[0];
type OptimizerType = Parameters<typeof createOptimizer>[0]['type'];

/** The loss at each of a few steps on one batch. */
async function losses(backend: string, architecture: Architecture, type: OptimizerType): Promise<number[]> {
  await useBackend(backend);
  const random = new Random(3);
  const loss = categoricalCrossentropy(4, 0);
  const network = buildNetwork(architecture, IMAGE, loss.outputs, { weights: random, dropout: random });
  const optimizer = createOptimizer({ type, momentum: 0.5 }, { l1: 0, l2: 0.001 }, network.parameters);
  const images = Float32Array.from({ length: IMAGES * INPUTS }, () => random.bell());
  const labels = Uint8Array.from({ length: IMAGES }, () => random.below(4));
  const values = Array.from({ length: 6 }, (_, step) =>
    tf.tidy(() => {
      let value = Number.NaN;
      const targets = loss.targets(labels);
      const gradients = network.gradients(tf.tensor2d(images, [IMAGES, INPUTS]), (logits) => {
        const measured = loss.measure(logits, targets);
        value = sumsOf(measured)[0]!;
        return measured.gradient();
      });
      optimizer.step(gradients, 0.02, step + 1);
      return value;
    }),
  );
  network.dispose();
  optimizer.dispose();
  return values;
}

describe.each(['mlp', 'cnn'] as const)('a few steps of training (%s)', (architecture) => {
  for (const type of ['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad', 'adadelta'] as const) {
    for (const batch_norm of [false, true]) {
      it(`go the same way on wasm and on cpu, with ${type}, ${batch_norm ? 'with' : 'without'} batch normalization`, async () => {
        const settings = { ...SMALL, type: architecture, batch_norm };
        const reference = await losses('cpu', settings, type);
        const own = await losses('wasm', settings, type);
        expect(Math.abs(reference[0]! - reference.at(-1)!)).toBeGreaterThan(0.03);
        for (const [step, value] of own.entries()) expect(value).toBeCloseTo(reference[step]!, 3);
      });
    }
  }
});
