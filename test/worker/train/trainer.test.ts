import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TrainConfig, trainConfigSchema } from '../../../proto/objective.js';
import { useBackend } from '../../../worker/train/backend/backend.js';
import { createTrainer } from '../../../worker/train/create-trainer.js';
import { openDataset } from '../../../worker/train/dataset/catalog.js';
import type { Dataset } from '../../../worker/train/dataset/dataset.js';
import type { EpochMetrics } from '../../../worker/train/metrics.js';
import type { Trainer } from '../../../worker/train/trainer.js';
import type { TrainerState } from '../../../worker/train/trainer-state.js';
import { preparation } from './dataset/preparation.js';

const { signal } = new AbortController();
let data: Dataset;

beforeAll(async () => {
  await useBackend('wasm');
  data = await openDataset({ name: 'digits', train: 200, validation: 60 }, preparation({ offline: true }));
});

function configured(overrides: object): TrainConfig {
  return trainConfigSchema.parse({
    dataset: 'digits',
    architecture: { depth: 2, width: 12, batch_norm: true, dropout: 0.3 },
    optimizer: { type: 'adam', learning_rate: 0.02 },
    batch_size: 32,
    epochs: 6,
    ...overrides,
  });
}

/** Metrics without those that depend on the clock. */
function timeless(metrics: EpochMetrics | undefined): object {
  return { ...metrics, images_per_s: 0, time: 0 };
}

async function epochs(trainer: Trainer, count: number): Promise<object[]> {
  const all: object[] = [];
  for (let epoch = 0; epoch < count; epoch++) all.push(timeless(await trainer.epoch(signal)));
  return all;
}

/** What a state looks like after it has been written down and read again. */
function throughText({ progress, best, ...arrays }: TrainerState): TrainerState {
  const text = JSON.stringify({ progress, metrics: best?.metrics });
  const { progress: read, metrics } = JSON.parse(text);
  return { ...arrays, best: best && { weights: best.weights, metrics }, progress: read };
}

const CONFIGS: Readonly<Record<string, object>> = {
  'dropout, batch normalization and Adam': {},
  'momentum, a plateau and a best epoch to come back to': {
    optimizer: { learning_rate: 0.5, momentum: 0.9, schedule: { type: 'plateau', patience: 0, factor: 0.5 } },
    early_stopping: { patience: 50, restore_best: true },
  },
  'a convolutional network with Adadelta and a warm-up': {
    architecture: { type: 'cnn', depth: 1, width: 3, dense: 8, dropout: 0.2 },
    optimizer: { type: 'adadelta', learning_rate: 1, schedule: { type: 'cosine', warmup: 0.3 } },
  },
};

describe('a training that goes on from a state', () => {
  it.each(Object.entries(CONFIGS))(
    'is the same to the bit as one that was never interrupted (%s)',
    async (_, overrides) => {
      const config = configured(overrides);
      const before = tf.memory().numTensors;
      const whole = createTrainer(config, data, 5);
      const expected = await epochs(whole, 5);
      const first = createTrainer(config, data, 5);
      await epochs(first, 2);
      const state = throughText(await first.state());
      first.dispose();
      // Another seed, so that nothing but the state can make them equal.
      const second = createTrainer(config, data, 77);
      second.restore(state);
      expect(await epochs(second, 3)).toEqual(expected.slice(2));
      expect(timeless(second.finish())).toEqual(timeless(whole.finish()));
      const [ours, theirs] = [await second.state(), await whole.state()];
      expect(ours.weights).toEqual(theirs.weights);
      expect(ours.memory).toEqual(theirs.memory);
      expect(ours.progress.random).toEqual(theirs.progress.random);
      for (const trainer of [whole, second]) trainer.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('refuses the state of another configuration', async () => {
    const first = createTrainer(configured({}), data, 5);
    const state = await first.state();
    const second = createTrainer(configured({ architecture: { depth: 1, width: 12 } }), data, 5);
    expect(() => second.restore(state)).toThrow(/^weights of another network: hidden0\/kernel \[400,12\] /);
    for (const trainer of [first, second]) trainer.dispose();
  });

  it('gives every array a name of its own', async () => {
    const trainer = createTrainer(configured({ early_stopping: { patience: 2, restore_best: true } }), data, 5);
    await epochs(trainer, 1);
    const { weights, memory } = await trainer.state();
    const names = [...weights, ...memory].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('hidden1/norm/variance');
    expect(names).toContain('logits/bias/square');
    trainer.dispose();
  });
});

describe('early stopping', () => {
  const stopping = { early_stopping: { metric: 'train_loss', patience: 2, restore_best: true } };

  it('ends with the weights of the best epoch', async () => {
    const trainer = createTrainer(configured({ ...stopping, optimizer: { learning_rate: 0.05 } }), data, 5);
    const reports: EpochMetrics[] = [];
    const weights: Float32Array[][] = [];
    for (let epoch = 0; epoch < 4; epoch++) {
      reports.push((await trainer.epoch(signal))!);
      weights.push((await trainer.state()).weights.map(({ values }) => values));
    }
    // From here on nothing can get better: the loss of NaN weights is no number.
    const { weights: broken, ...rest } = await trainer.state();
    trainer.restore({ ...rest, weights: broken.map((array) => ({ ...array, values: array.values.fill(Number.NaN) })) });
    await trainer.epoch(signal);
    expect(trainer.exhausted).toBe(false);
    await trainer.epoch(signal);
    expect(trainer.exhausted).toBe(true);
    const losses = reports.map((metrics) => metrics.train_loss);
    const best = losses.indexOf(Math.min(...losses));
    expect(trainer.finish()).toEqual(reports[best]);
    expect((await trainer.state()).weights.map(({ values }) => values)).toEqual(weights[best]);
    trainer.dispose();
  });

  it('has nothing to restore when the last epoch is the best', async () => {
    const trainer = createTrainer(configured(stopping), data, 5);
    await epochs(trainer, 1);
    expect(trainer.finish()).toBeUndefined();
    trainer.dispose();
  });

  it('takes only what is more than min_delta for better', async () => {
    const early_stopping = { metric: 'val_accuracy', patience: 1, min_delta: 1 };
    const trainer = createTrainer(configured({ early_stopping }), data, 5);
    await epochs(trainer, 2);
    expect(trainer.exhausted).toBe(true);
    expect(trainer.finish()).toBeUndefined();
    trainer.dispose();
  });
});
