import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DatasetMismatchError, loadObjective, ObjectiveError } from '../../../worker/objectives/objective.js';
import { type RecordedTrial, recordTrial } from '../objectives/recorded-trial.js';

const DATA = { name: 'digits', train: 300, validation: 100 };
const config = {
  dataset: DATA,
  architecture: { type: 'mlp', depth: 1, width: 16 },
  optimizer: { type: 'sgd', learning_rate: 0.05, momentum: 0.9 },
  batch_size: 32,
  epochs: 2,
};

async function train(
  backend: string,
  overrides: object,
  context: Parameters<typeof recordTrial>[1] = {},
): Promise<RecordedTrial> {
  const trial = recordTrial({ ...config, ...overrides }, context);
  await (await loadObjective('train', backend))(trial.context);
  return trial;
}

/** Metrics by epoch, without those that depend on the clock. */
function numbers(trial: RecordedTrial): object[] {
  return trial.reports.map(({ metrics }) => ({ ...metrics, images_per_s: 0, time: 0 }));
}

describe.each(['wasm', 'cpu'])('training on %s', (backend) => {
  it('says the digest once and reports every epoch', async () => {
    const trial = await train(backend, {});
    expect(trial.started).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(trial.reports.map(({ step }) => step)).toEqual([1, 2]);
    for (const { metrics } of trial.reports) {
      expect(Object.keys(metrics)).toEqual([
        'train_loss',
        'train_accuracy',
        'val_loss',
        'val_accuracy',
        'images_per_s',
        'learning_rate',
        'parameters',
        'time',
      ]);
      for (const value of Object.values(metrics)) expect(value).toBeGreaterThan(0);
    }
  });

  it('gives the same numbers to the bit for the same seed, and others for another', async () => {
    const overrides = { architecture: { ...config.architecture, dropout: 0.2 }, l2: 1e-4 };
    const first = numbers(await train(backend, overrides, { seed: 9 }));
    expect(numbers(await train(backend, overrides, { seed: 9 }))).toEqual(first);
    expect(numbers(await train(backend, overrides, { seed: 10 }))).not.toEqual(first);
  });

  it('leaves no tensor behind', async () => {
    await loadObjective('train', backend);
    const before = tf.memory().numTensors;
    await train(backend, { optimizer: { type: 'adam', learning_rate: 0.01 } });
    await train(backend, { architecture: { ...config.architecture, dropout: 0.5 }, l2: 0.01 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('training a convolutional network', () => {
  const overrides = {
    architecture: { type: 'cnn', depth: 2, width: 4, dense: 8, batch_norm: true, dropout: 0.1 },
    optimizer: { type: 'adamw', learning_rate: 0.01, schedule: { type: 'cosine', warmup: 0.1 } },
  };

  it('learns, and leaves no tensor behind', async () => {
    await loadObjective('train', 'wasm');
    const before = tf.memory().numTensors;
    const trial = await train('wasm', { ...overrides, dataset: { ...DATA, train: 1000 }, epochs: 4 });
    expect(trial.reports.at(-1)?.metrics['val_accuracy']).toBeGreaterThan(0.6);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives the same numbers to the bit for the same seed', async () => {
    expect(numbers(await train('wasm', overrides))).toEqual(numbers(await train('wasm', overrides)));
  });
});

describe('training', () => {
  it('learns', async () => {
    const trial = await train('wasm', { dataset: { ...DATA, train: 1000, validation: 500 }, epochs: 8 });
    expect(trial.reports.at(-1)?.metrics['val_accuracy']).toBeGreaterThan(0.8);
  });

  it('stops within one step when it is aborted, reports nothing more and leaves no tensor behind', async () => {
    const run = await loadObjective('train', 'wasm');
    const before = tf.memory().numTensors;
    const trial = recordTrial({ ...config, epochs: 100_000 });
    trial.onReport = (step) => {
      // Between two batches of the second epoch.
      if (step === 1) setImmediate(() => setImmediate(() => trial.abort()));
    };
    await run(trial.context);
    expect(trial.reports).toHaveLength(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reports NaN when it diverges, and ends there', async () => {
    const trial = await train('wasm', { optimizer: { type: 'sgd', learning_rate: 1000, momentum: 0.99 }, epochs: 50 });
    const last = trial.reports.at(-1)!.metrics;
    expect(trial.reports.length).toBeLessThan(50);
    for (const name of ['train_loss', 'train_accuracy', 'val_loss', 'val_accuracy']) expect(last[name]).toBeNaN();
  });

  it('refuses other data than the study began with, before it starts', async () => {
    const trial = recordTrial(config, { expectedDigest: 'a'.repeat(64) });
    const error = await (await loadObjective('train', 'wasm'))(trial.context).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatasetMismatchError);
    expect((error as Error).message).toMatch(
      /^data set digits has the digest [0-9a-f]{64} on this worker; the study began with a{64}: /,
    );
    expect(trial.started).toEqual([]);
  });

  it('takes the data that the study began with', async () => {
    const [expectedDigest] = (await train('wasm', {})).started;
    expect((await train('wasm', {}, { expectedDigest: expectedDigest! })).reports).toHaveLength(2);
  });

  it('names every fault of its configuration in one line', async () => {
    const error = await train('wasm', { batch_size: 0, optimizer: { type: 'sgd' } }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ObjectiveError);
    expect((error as Error).message).toMatch(/^train\.optimizer\.learning_rate: .*; train\.batch_size: .*$/);
  });
});
