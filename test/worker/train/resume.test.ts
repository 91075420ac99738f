import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadObjective, type SavedFiles } from '../../../worker/objectives/objective.js';
import { CHECKPOINT_FILE, decodeCheckpoint, encodeCheckpoint } from '../../../worker/train/checkpoint.js';
import { type RecordedTrial, recordTrial } from '../objectives/recorded-trial.js';

const EVERYTHING = {
  dataset: { name: 'digits', train: 300, validation: 100, test: 50 },
  architecture: { type: 'cnn', depth: 1, width: 4, dense: 8, batch_norm: true, dropout: 0.3 },
  optimizer: { type: 'adam', learning_rate: 0.01, schedule: { type: 'cosine', warmup: 0.1 } },
  augment: { shift: 2 },
  l2: 1e-4,
  batch_size: 32,
  epochs: 4,
};

const PLAIN = {
  ...EVERYTHING,
  architecture: { type: 'mlp', depth: 1, width: 16 },
  augment: undefined,
};

const CONFIGS: readonly (readonly [string, object])[] = [
  ['a CNN with batch norm, dropout, Adam, a schedule and augmentation', EVERYTHING],
  ['SGD with momentum', { ...PLAIN, optimizer: { type: 'sgd', learning_rate: 0.05, momentum: 0.9 } }],
  ['RMSprop', { ...PLAIN, optimizer: { type: 'rmsprop', learning_rate: 0.01 } }],
  ['Adadelta', { ...PLAIN, optimizer: { type: 'adadelta', learning_rate: 1 } }],
  [
    'a plateau schedule',
    {
      ...PLAIN,
      optimizer: { type: 'sgd', learning_rate: 0.05, schedule: 'plateau' },
    },
  ],
  [
    'early stopping that restores the best',
    {
      ...PLAIN,
      epochs: 6,
      optimizer: { type: 'sgd', learning_rate: 0.5 },
      early_stopping: { patience: 2, restore_best: true, metric: 'val_accuracy', min_delta: 0.02 },
    },
  ],
];

const SAVING = { checkpointEvery: 1, weights: true, metric: { name: 'val_accuracy', maximize: true, best: true } };

async function train(
  backend: string,
  config: object,
  context: Parameters<typeof recordTrial>[1] = {},
): Promise<RecordedTrial> {
  const trial = recordTrial(config, { saving: SAVING, ...context });
  await (await loadObjective('train', backend))(trial.context);
  return trial;
}

/** Metrics by step, without those that depend on the clock. */
const curve = (trial: RecordedTrial): object[] =>
  trial.reports.map(({ step, metrics }) => ({ step, ...metrics, images_per_s: 0, time: 0 }));

const checkpoints = (trial: RecordedTrial): SavedFiles[] => trial.saved.filter(({ kind }) => kind === 'checkpoint');
const weights = (trial: RecordedTrial): SavedFiles | undefined => trial.saved.find(({ kind }) => kind === 'weights');

/** The slow backend gets a few of them. */
const BACKENDS = [
  ['wasm', CONFIGS],
  ['cpu', CONFIGS.slice(1, 3)],
] as const;

describe.each(BACKENDS)('training that goes on from a checkpoint on %s', (backend, configs) => {
  it.each(configs)(
    'is the same to the last bit as one never interrupted: %s',
    { timeout: 60_000 },
    async (_, config) => {
      const whole = await train(backend, config);
      expect(
        checkpoints(whole)
          .map(({ step }) => step)
          .slice(0, 3),
      ).toEqual([1, 2, 3]);
      for (const checkpoint of checkpoints(whole).slice(0, 2)) {
        const resumed = await train(backend, config, { checkpoint });
        expect(curve(resumed)).toEqual(curve(whole).slice(checkpoint.step));
        expect(weights(resumed)).toEqual(weights(whole));
        // The checkpoints that follow are the same too, but for the time that was spent.
        const states = (trial: RecordedTrial): object[] =>
          checkpoints(trial)
            .filter(({ step }) => step > checkpoint.step)
            .map(({ files }) => {
              const { trainer, kept } = decodeCheckpoint(files.get(CHECKPOINT_FILE)!);
              const best = trainer.best && {
                ...trainer.best,
                metrics: { ...trainer.best.metrics, time: 0, images_per_s: 0 },
              };
              return { ...trainer, kept, best, progress: { ...trainer.progress, seconds: 0 } };
            });
        expect(states(resumed)).toEqual(states(whole));
      }
    },
  );
});

describe('a training', () => {
  const config = CONFIGS[1]![1];

  it('saves a checkpoint after as many epochs as asked, not after the last', async () => {
    const trial = await train('wasm', { ...config, epochs: 7 }, { saving: { ...SAVING, checkpointEvery: 3 } });
    expect(checkpoints(trial).map(({ step }) => step)).toEqual([3, 6]);
  });

  it('saves none in a short time when it is left to it', async () => {
    const trial = await train('wasm', config, { saving: { ...SAVING, checkpointEvery: 0 } });
    expect(checkpoints(trial)).toEqual([]);
  });

  it.each([true, false])(
    'told to stop (to go on later: %s) saves its last whole epoch, or its model',
    async (goesOn) => {
      const trial = recordTrial(
        { ...config, epochs: 50 },
        {
          saving: { ...SAVING, checkpointEvery: 0 },
          savesCheckpointAtStop: () => goesOn,
        },
      );
      trial.onReport = (step) => {
        // Between two batches of the epoch after it.
        if (step === 2) setTimeout(() => setImmediate(() => setImmediate(() => trial.abort())));
      };
      await (await loadObjective('train', 'wasm'))(trial.context);
      expect(trial.saved.map(({ kind }) => kind)).toEqual([goesOn ? 'checkpoint' : 'weights']);
      expect(trial.saved[0]!.step).toBeLessThanOrEqual(trial.reports.length);
    },
  );

  it('begins again, and says so, when its checkpoint is of another training or damaged', async () => {
    const whole = await train('wasm', config);
    const [first] = checkpoints(whole);
    const other = await train(
      'wasm',
      { ...config, architecture: { type: 'mlp', depth: 2, width: 8 } },
      { checkpoint: first },
    );
    expect(other.notes).toMatchObject([
      expect.stringMatching(/^the checkpoint of step 1 cannot be used.*another network/),
    ]);
    expect(other.reports.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    const damaged = { step: 1, files: new Map([[CHECKPOINT_FILE, Buffer.from('nonsense')]]) };
    const again = await train('wasm', config, { checkpoint: damaged });
    expect(again.notes).toHaveLength(1);
    expect(curve(again)).toEqual(curve(whole));
  });

  it('leaves no tensor behind, whatever it saves and takes up', async () => {
    const { numTensors } = tf.memory();
    const whole = await train('wasm', CONFIGS[5]![1]);
    await train('wasm', CONFIGS[5]![1], { checkpoint: checkpoints(whole)[1] });
    await train('wasm', PLAIN, { checkpoint: checkpoints(whole)[1] });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('keeps in its checkpoint what JSON has no word for', () => {
    const array = { name: 'a', shape: [2], values: new Float32Array([Number.NaN, -0]) };
    const metrics = { val_loss: Number.NaN, test_loss: Number.POSITIVE_INFINITY } as never;
    const progress = { epochs: 1, steps: 2, seconds: 0.1, random: {}, schedule: {} as never, stopping: undefined };
    const trainer = { weights: [array], memory: [], best: { weights: [array], metrics }, progress };
    const kept = { step: 1, value: 0.1 + 0.2, weights: [array] };
    expect(decodeCheckpoint(encodeCheckpoint({ trainer, kept }))).toEqual({ trainer, kept });
  });
});
