import { type TrainConfig, trainConfigSchema } from '../../proto/objective.js';
import { parseConfig } from '../objectives/config.js';
import { DatasetMismatchError } from '../objectives/errors.js';
import type { TrialContext } from '../objectives/trial.js';
import { createTrainer } from './create-trainer.js';
import { openDataset } from './dataset/catalog.js';
import type { Dataset } from './dataset/dataset.js';
import { seedMathRandom } from './math-random.js';
import { Random } from './random.js';
import { STREAM } from './streams.js';
import type { Trainer } from './trainer.js';

/**
 * Trains an image classifier and reports its metrics after every epoch; steps are epochs, from 1. A training that goes
 * back to its best epoch at the end reports that one's metrics again, one step later.
 */
export async function runTrain(trial: TrialContext): Promise<void> {
  const config = parseConfig('train', trainConfigSchema, trial.config);
  seedMathRandom(new Random(trial.seed, STREAM.mathRandom).uint32());
  const data = await openTrialDataset(config.dataset, trial);
  if (data === undefined) return;
  let trainer: Trainer | undefined;
  try {
    trainer = createTrainer(config, data, trial.seed);
    trial.started({ datasetDigest: data.digest });
    while (trainer.epochs < config.epochs && !trainer.exhausted) {
      const metrics = await trainer.epoch(trial.signal);
      if (metrics === undefined) return;
      trial.report(trainer.epochs, { ...metrics });
      // Weights that have become NaN stay NaN: the epochs that are left could only repeat it.
      if (Number.isNaN(metrics.train_loss)) break;
    }
    const restored = trainer.finish();
    if (restored !== undefined) trial.report(trainer.epochs + 1, { ...restored });
  } finally {
    trainer?.dispose();
    data.pixels.close();
  }
}

/** Undefined when the trial is aborted while its data are got ready. */
async function openTrialDataset(wanted: TrainConfig['dataset'], trial: TrialContext): Promise<Dataset | undefined> {
  const { data: places, signal } = trial;
  const data = await openDataset(wanted, { places, signal, note: (line) => trial.note(line) }).catch(
    (error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    },
  );
  if (data === undefined || trial.expectedDigest === '' || data.digest === trial.expectedDigest) return data;
  data.pixels.close();
  throw new DatasetMismatchError(data.name, trial.expectedDigest, data.digest);
}
