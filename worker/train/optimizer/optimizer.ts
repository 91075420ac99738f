import type * as tf from '@tensorflow/tfjs-core';

/** Moves parameters against their gradients. */
export interface Optimizer {
  /** One step. `gradients` stand in the order of the parameters it was created with. */
  step(gradients: readonly tf.Tensor[]): void;
  /** Frees what it remembers of the gradients. */
  dispose(): void;
}
