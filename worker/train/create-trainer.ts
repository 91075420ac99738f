import type { TrainConfig } from '../../proto/objective.js';
import { ObjectiveError } from '../objectives/errors.js';
import { Batches } from './dataset/batches.js';
import type { Dataset } from './dataset/dataset.js';
import { EarlyStopping } from './early-stopping.js';
import { createLoss } from './loss/create-loss.js';
import { buildNetwork } from './model/build-network.js';
import { createOptimizer } from './optimizer/create-optimizer.js';
import { createSchedule } from './optimizer/schedule.js';
import { Random } from './random.js';
import { STREAM } from './streams.js';
import { Trainer } from './trainer.js';

/**
 * Puts a training together as its configuration says.
 *
 * @param seed a uint32, which everything that is drawn derives from
 * @throws {ObjectiveError} when the configuration does not fit the data
 */
export function createTrainer(config: TrainConfig, data: Dataset, seed: number): Trainer {
  const loss = createLoss(config, data.name, data.classes);
  const dropout = new Random(seed, STREAM.dropout);
  const network = buildNetwork(config.architecture, data, loss.outputs, {
    weights: new Random(seed, STREAM.weights),
    dropout,
  });
  const stepsPerEpoch = Math.ceil(data.train.length / config.batch_size);
  return new Trainer({
    batches: new Batches(data, { augment: config.augment, seed }),
    train: data.train,
    validation: data.validation,
    test: config.test ? testImages(data) : undefined,
    network,
    loss,
    optimizer: createOptimizer(config.optimizer, config, network.parameters),
    schedule: createSchedule(config.optimizer, config.epochs, stepsPerEpoch),
    stopping: config.early_stopping && new EarlyStopping(config.early_stopping),
    batchSize: config.batch_size,
    shuffle: new Random(seed, STREAM.shuffle),
    random: { dropout },
  });
}

function testImages({ name, test }: Dataset): Uint32Array {
  if (test.length > 0) return test;
  throw new ObjectiveError(
    `train.test: data set ${name} has no samples set apart for it; say how many with dataset: {..., test: 0.1}`,
  );
}
