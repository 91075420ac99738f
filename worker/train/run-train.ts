import { type TrainConfig, trainConfigSchema } from '../../proto/objective.js';
import { parseConfig } from '../objectives/config.js';
import { DatasetMismatchError } from '../objectives/errors.js';
import type { TrialContext } from '../objectives/trial.js';
import { Batches } from './dataset/batches.js';
import { openDataset } from './dataset/catalog.js';
import type { Dataset } from './dataset/dataset.js';
import { createLoss } from './loss/create-loss.js';
import { seedMathRandom } from './math-random.js';
import { buildNetwork } from './model/build-network.js';
import { createOptimizer } from './optimizer/create-optimizer.js';
import { createSchedule } from './optimizer/schedule.js';
import { Random } from './random.js';
import { Trainer } from './trainer.js';

/** The trial's streams of chance, one for each thing that draws. */
const STREAM = { mathRandom: 0, weights: 1, dropout: 2, shuffle: 3 } as const;

/** Trains an image classifier and reports its metrics after every epoch; steps are epochs, from 1. */
export async function runTrain(trial: TrialContext): Promise<void> {
  const config = parseConfig('train', trainConfigSchema, trial.config);
  seedMathRandom(new Random(trial.seed, STREAM.mathRandom).uint32());
  const data = await openTrialDataset(config.dataset, trial);
  const trainer = createTrainer(config, data, trial.seed);
  try {
    trial.started({ datasetDigest: data.digest });
    for (let epoch = 1; epoch <= config.epochs; epoch++) {
      const metrics = await trainer.epoch(trial.signal);
      if (metrics === undefined) return;
      trial.report(epoch, { ...metrics });
      // Weights that have become NaN stay NaN: the epochs that are left could only repeat it.
      if (Number.isNaN(metrics.train_loss)) return;
    }
  } finally {
    trainer.dispose();
  }
}

async function openTrialDataset(wanted: TrainConfig['dataset'], trial: TrialContext): Promise<Dataset> {
  const { name, ...options } = typeof wanted === 'string' ? { name: wanted } : wanted;
  const data = await openDataset(name, options, trial.datasetsDir);
  if (trial.expectedDigest !== '' && data.digest !== trial.expectedDigest) {
    throw new DatasetMismatchError(name, trial.expectedDigest, data.digest);
  }
  return data;
}

function createTrainer(config: TrainConfig, data: Dataset, seed: number): Trainer {
  const batches = new Batches(data);
  const loss = createLoss(config.loss, data.name, data.classes);
  const network = buildNetwork(config.architecture, data, loss.outputs, {
    weights: new Random(seed, STREAM.weights),
    dropout: new Random(seed, STREAM.dropout),
  });
  return new Trainer({
    batches,
    split: data,
    network,
    loss,
    optimizer: createOptimizer(config.optimizer, config.l2, network.parameters),
    schedule: createSchedule(config.optimizer, config.epochs * Math.ceil(data.train.length / config.batch_size)),
    batchSize: config.batch_size,
    shuffle: new Random(seed, STREAM.shuffle),
  });
}
