import type { Architecture } from '../../../proto/architecture.js';
import { addBlocks } from './cnn.js';
import type { ImageShape } from './image-shape.js';
import { addListed } from './listed.js';
import { addPerceptron } from './mlp.js';
import type { ModelRandom } from './model-random.js';
import { Network } from './network.js';
import { Stack } from './stack.js';

/** The network a study asks for, from rows of `image`'s numbers to `outputs` logits. */
export function buildNetwork(
  architecture: Architecture,
  image: ImageShape,
  outputs: number,
  random: ModelRandom,
): Network {
  const stack = new Stack(image, random);
  if ('layers' in architecture) addListed(stack, architecture.layers);
  else if (architecture.type === 'mlp') addPerceptron(stack, architecture);
  else addBlocks(stack, architecture);
  stack.dense('logits', outputs, { activation: 'linear', initializer: 'auto' });
  return new Network(stack.layers);
}
