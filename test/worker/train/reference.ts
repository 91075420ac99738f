import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { architectureSchema } from '../../../proto/architecture.js';
import type { TrainConfig } from '../../../proto/objective.js';
import { type OptimizerConfig, optimizerSchema, type ScheduleConfig } from '../../../proto/optimization.js';
import { createLoss } from '../../../worker/train/loss/create-loss.js';
import { buildNetwork } from '../../../worker/train/model/build-network.js';
import { createOptimizer } from '../../../worker/train/optimizer/create-optimizer.js';
import { Random } from '../../../worker/train/random.js';

interface Training {
  readonly layers: readonly object[];
  readonly optimizer: object;
  readonly classes: number;
  readonly loss: NonNullable<TrainConfig['loss']> | null;
  readonly smoothing: number;
  readonly l1: number;
  readonly l2: number;
  /** Before each step, without penalties and smoothing. */
  readonly losses: readonly number[];
  /** Norms by parameter at the first step, without penalties and limits. */
  readonly gradients: readonly number[];
  /** The first five numbers of each parameter after the last step. */
  readonly weights: readonly number[];
}

interface Reference {
  readonly source: string;
  readonly trainings: Readonly<Record<string, Training>>;
  readonly schedules: readonly {
    readonly schedule: ScheduleConfig;
    readonly steps: number;
    readonly rates: readonly number[];
  }[];
  readonly plateau: {
    readonly schedule: ScheduleConfig;
    readonly losses: readonly number[];
    readonly rates: readonly number[];
  };
}

/** See test/golden/train/reference.py. */
export const reference: Reference = JSON.parse(readFileSync('test/golden/train/reference.json', 'utf8')) as Reference;

const IMAGES = 6;
const IMAGE = { height: 6, width: 6, channels: 2 };
/** Float32 here, float64 there, over six steps. */
const TOLERANCE = 1e-4;

/** The numbers that the reference calls by the same name. */
function wave(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const value = Math.sin(12.9898 * (i + 1) + 78.233 * phase) * 43758.5453;
    return 2 * (value - Math.floor(value)) - 1;
  });
}

async function repeat(training: Training): Promise<Pick<Training, 'losses' | 'gradients' | 'weights'>> {
  const { classes, loss: type, smoothing, l1, l2 } = training;
  const loss = createLoss({ loss: type ?? undefined, label_smoothing: smoothing }, 'x', classes);
  const random = new Random(0);
  const architecture = architectureSchema.parse({ layers: training.layers });
  const network = buildNetwork(architecture, IMAGE, loss.outputs, { weights: random, dropout: random });
  for (const [index, parameter] of network.parameters.entries()) {
    const [around, scale] = [parameter.name.endsWith('/scale') ? 1 : 0, parameter.decays ? 0.5 : 0.1];
    const values = wave(parameter.value.size, index + 1).map((value) => around + scale * value);
    parameter.assign(tf.tensor(values, parameter.value.shape));
  }
  const config: OptimizerConfig = optimizerSchema.parse(training.optimizer);
  const optimizer = createOptimizer(config, { l1, l2 }, network.parameters);
  const labels = Uint16Array.from({ length: IMAGES }, (_, index) => (7 * index + 3) % classes);
  const images = wave(IMAGES * 72, 0);
  const losses: number[] = [];
  let norms: number[] | undefined;
  for (let step = 0; step < training.losses.length; step++) {
    // Not every backend can be read before it has computed, so that what is to be read outlives the step.
    const read: tf.Tensor[] = [];
    tf.tidy(() => {
      const targets = loss.targets(labels);
      const gradients = network.gradients(tf.tensor2d(images, [IMAGES, 72]), (logits) => {
        const measured = loss.measure(logits, targets);
        const { sums } = measured;
        read.push(tf.keep(sums instanceof Float32Array ? tf.tensor1d(sums) : sums));
        return measured.gradient();
      });
      read.push(...gradients.map((gradient) => tf.keep(tf.mul(gradient, 1))));
      optimizer.step(gradients, config.learning_rate, step + 1);
    });
    const [lossSum, ...gradients] = await Promise.all(read.map((tensor) => tensor.data()));
    tf.dispose(read);
    losses.push(lossSum![0]! / IMAGES);
    norms ??= gradients.map((gradient) => Math.hypot(...gradient));
  }
  const values = await Promise.all(network.parameters.map(({ value }) => value.data()));
  const weights = values.flatMap((each) => [...each.subarray(0, 5)]);
  network.dispose();
  optimizer.dispose();
  return { losses, gradients: norms!, weights };
}

function expectClose(actual: readonly number[], wanted: readonly number[]): void {
  expect(actual).toHaveLength(wanted.length);
  for (const [index, value] of wanted.entries()) {
    expect(Math.abs(actual[index]! - value), `number ${index}: ${actual[index]} and ${value}`).toBeLessThan(TOLERANCE);
  }
}

/** Trains on the backend in use and compares with the reference. */
export async function expectReference(training: Training): Promise<void> {
  const { losses, gradients, weights } = await repeat(training);
  expect(Math.abs(training.losses[0]! - training.losses.at(-1)!)).toBeGreaterThan(0.005);
  expectClose(gradients, training.gradients);
  expectClose(losses, training.losses);
  expectClose(weights, training.weights);
}
