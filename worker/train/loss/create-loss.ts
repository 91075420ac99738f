import type { TrainConfig } from '../../../proto/objective.js';
import { ObjectiveError } from '../../objectives/errors.js';
import { binaryCrossentropy } from './binary.js';
import { categoricalCrossentropy } from './categorical.js';
import type { Loss } from './loss.js';

/**
 * The loss a study asks for; left out, binary for two classes and categorical for more.
 *
 * @throws {ObjectiveError} when binary is wanted for other than two classes
 */
export function createLoss(
  { loss: wanted, label_smoothing }: Pick<TrainConfig, 'loss' | 'label_smoothing'>,
  dataset: string,
  classes: number,
): Loss {
  const type = wanted ?? (classes === 2 ? 'binary_crossentropy' : 'categorical_crossentropy');
  switch (type) {
    case 'categorical_crossentropy':
      return categoricalCrossentropy(classes, label_smoothing);
    case 'binary_crossentropy':
      if (classes === 2) return binaryCrossentropy(label_smoothing);
      throw new ObjectiveError(
        `train.loss: binary_crossentropy is for 2 classes, data set ${dataset} has ${classes}; ` +
          `it must be categorical_crossentropy`,
      );
  }
}
