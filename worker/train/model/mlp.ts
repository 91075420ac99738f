import type { TrainConfig } from '../../../proto/objective.js';
import { BatchNorm } from './batch-norm.js';
import { Dense } from './dense.js';
import { Dropout } from './dropout.js';
import type { Layer } from './layer.js';
import type { ModelRandom } from './model-random.js';

/** The layers of a multilayer perceptron: `depth` hidden ones, then the logits. Depth 0 is logistic regression. */
export function mlpLayers(
  { depth, width, ...hidden }: TrainConfig['architecture'],
  inputs: number,
  outputs: number,
  random: ModelRandom,
): Layer[] {
  const layers: Layer[] = [];
  let units = inputs;
  for (let index = 0; index < depth; index++) {
    layers.push(...hiddenLayers(`hidden${index}`, units, width, hidden, random));
    units = width;
  }
  layers.push(new Dense('logits', units, outputs, 'linear', random.weights));
  return layers;
}

/** A hidden dense layer with its batch normalization and its dropout, where it has them. */
export function hiddenLayers(
  name: string,
  inputs: number,
  units: number,
  { activation, batch_norm, dropout }: Pick<TrainConfig['architecture'], 'activation' | 'batch_norm' | 'dropout'>,
  random: ModelRandom,
): Layer[] {
  const layers: Layer[] = [new Dense(name, inputs, units, batch_norm ? 'linear' : activation, random.weights)];
  if (batch_norm) layers.push(new BatchNorm(`${name}/norm`, units, activation));
  if (dropout > 0) layers.push(new Dropout(dropout, random.dropout));
  return layers;
}
