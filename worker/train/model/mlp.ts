import type { ShapedArchitecture } from '../../../proto/architecture.js';
import type { Stack } from './stack.js';

/** The hidden layers of a multilayer perceptron, `depth` of them. Depth 0 is logistic regression. */
export function addPerceptron(stack: Stack, architecture: ShapedArchitecture): void {
  const { depth, width } = architecture;
  for (let index = 0; index < depth; index++) addHidden(stack, `hidden${index}`, width, architecture);
}

/** A hidden dense layer with its batch normalization and its dropout, where it has them. */
export function addHidden(
  stack: Stack,
  name: string,
  units: number,
  { activation, initializer, batch_norm, dropout }: ShapedArchitecture,
): void {
  stack.dense(name, units, { activation: batch_norm ? 'linear' : activation, initializer });
  if (batch_norm) stack.batchNorm(`${name}/norm`, activation);
  stack.dropout(dropout);
}
