import type { ActivationName } from '../../../proto/architecture.js';
import { LEAK } from './activation.js';

/** JSON of a layer's settings. */
export type KerasConfig = Readonly<Record<string, number | string | boolean | readonly (number | null)[]>>;

/** A layer as TensorFlow.js and Keras write it down. */
export interface KerasLayer {
  readonly className: string;
  readonly config: KerasConfig;
  /** Which of the network's weights, by name, are which of the layer's. */
  readonly weights?: Readonly<Record<string, string>>;
}

/** A layer that applies an activation to its sums; where the format has no word for that, with a layer behind it. */
export function withActivation(layer: KerasLayer, activation: ActivationName): KerasLayer[] {
  if (activation !== 'leaky_relu') return [{ ...layer, config: { ...layer.config, activation } }];
  return [{ ...layer, config: { ...layer.config, activation: 'linear' } }, ...kerasActivation(activation)];
}

/** An activation as a layer of its own; none for `linear`. */
export function kerasActivation(activation: ActivationName): KerasLayer[] {
  if (activation === 'linear') return [];
  if (activation === 'leaky_relu') return [{ className: 'LeakyReLU', config: { alpha: LEAK } }];
  return [{ className: 'Activation', config: { activation } }];
}
