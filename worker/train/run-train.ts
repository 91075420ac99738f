import { type TrainConfig, trainConfigSchema } from '../../proto/objective.js';
import { parseConfig } from '../objectives/config.js';
import { DatasetMismatchError } from '../objectives/errors.js';
import type { TrialContext } from '../objectives/trial.js';
import { createTrainer } from './create-trainer.js';
import { openDataset } from './dataset/catalog.js';
import type { Dataset } from './dataset/dataset.js';
import type { KeptWeights } from './kept-model.js';
import { seedMathRandom } from './math-random.js';
import { Random } from './random.js';
import { STREAM } from './streams.js';
import type { Trainer } from './trainer.js';
import { resumeTraining, TrainingSaves } from './training-saves.js';

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
    const begun = beginTraining(config, data, trial);
    trainer = begun.trainer;
    const saves = new TrainingSaves(trial, trainer, data, begun.kept);
    trial.started({ datasetDigest: data.digest });
    if (await trainEpochs(config, trainer, trial, saves)) await saves.finished();
    else saves.stopped();
  } finally {
    trainer?.dispose();
    data.pixels.close();
  }
}

/** All epochs that are left; false when the trial was told to stop before the last one was done. */
async function trainEpochs(
  config: TrainConfig,
  trainer: Trainer,
  trial: TrialContext,
  saves: TrainingSaves,
): Promise<boolean> {
  const hasMore = (): boolean => trainer.epochs < config.epochs && !trainer.exhausted;
  while (hasMore()) {
    const metrics = await trainer.epoch(trial.signal);
    if (metrics === undefined) return false;
    trial.report(trainer.epochs, { ...metrics });
    // Weights that have become NaN stay NaN: the epochs that are left could only repeat it.
    const diverged = Number.isNaN(metrics.train_loss);
    await saves.epoch(trainer.epochs, { ...metrics }, hasMore() && !diverged);
    if (diverged) break;
  }
  const restored = trainer.finish();
  if (restored === undefined) return true;
  trial.report(trainer.epochs + 1, { ...restored });
  await saves.observe(trainer.epochs + 1, { ...restored });
  return true;
}

/** At the checkpoint, where there is one that fits; a training that begins again comes to the same. */
function beginTraining(
  config: TrainConfig,
  data: Dataset,
  trial: TrialContext,
): { trainer: Trainer; kept: KeptWeights | undefined } {
  const trainer = createTrainer(config, data, trial.seed);
  if (trial.checkpoint === undefined) return { trainer, kept: undefined };
  try {
    return { trainer, kept: resumeTraining(trainer, trial.checkpoint) };
  } catch (error) {
    trainer.dispose();
    const why = error instanceof Error ? error.message : String(error);
    trial.note(`the checkpoint of step ${trial.checkpoint.step} cannot be used, training begins again: ${why}`);
    return { trainer: createTrainer(config, data, trial.seed), kept: undefined };
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
