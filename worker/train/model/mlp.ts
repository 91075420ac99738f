import type { TrainConfig } from '../../../proto/objective.js';
import type { Random } from '../random.js';
import { Dense } from './dense.js';
import { Dropout } from './dropout.js';
import type { Layer } from './layer.js';
import { Network } from './network.js';

/** Where a network's parts take their chance from. */
export interface ModelRandom {
  readonly weights: Random;
  readonly dropout: Random;
}

/**
 * A multilayer perceptron: `depth` hidden layers of `width` units, each followed by dropout where there is any, and
 * `outputs` logits. Depth 0 is logistic regression.
 */
export function buildMlp(
  architecture: TrainConfig['architecture'],
  inputs: number,
  outputs: number,
  random: ModelRandom,
): Network {
  const { depth, width, dropout, activation } = architecture;
  const layers: Layer[] = [];
  for (let hidden = 0; hidden < depth; hidden++) {
    const units = hidden === 0 ? inputs : width;
    layers.push(new Dense(`hidden${hidden}`, units, width, activation, random.weights));
    if (dropout > 0) layers.push(new Dropout(dropout, random.dropout));
  }
  layers.push(new Dense('logits', depth === 0 ? inputs : width, outputs, 'linear', random.weights));
  return new Network(layers);
}
