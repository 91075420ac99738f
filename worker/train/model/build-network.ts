import type { TrainConfig } from '../../../proto/objective.js';
import { cnnLayers, type ImageShape } from './cnn.js';
import { mlpLayers } from './mlp.js';
import type { ModelRandom } from './model-random.js';
import { Network } from './network.js';

/** The network a study asks for, from rows of `image`'s numbers to `outputs` logits. */
export function buildNetwork(
  architecture: TrainConfig['architecture'],
  image: ImageShape,
  outputs: number,
  random: ModelRandom,
): Network {
  switch (architecture.type) {
    case 'mlp':
      return new Network(mlpLayers(architecture, image.height * image.width * image.channels, outputs, random));
    case 'cnn':
      return new Network(cnnLayers(architecture, image, outputs, random));
  }
}
