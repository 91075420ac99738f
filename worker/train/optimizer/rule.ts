import type * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '../model/parameter.js';

/** Settings of one parameter's step. */
export interface Step {
  readonly learningRate: number;
  /** Weight of the parameter itself in its gradient: 2 * l2 where the loss has l2 * w^2. */
  readonly decay: number;
  /** Which step of the training this is, from 1. */
  readonly count: number;
}

/** How an optimizer makes steps of gradients. */
export interface Rule {
  /** What it remembers for each of a parameter's numbers, by name; all are zero at first. */
  readonly kinds: readonly string[];
  /** Replaces the parameter and what is remembered for it, which stands in the order of `kinds`. */
  move(parameter: Parameter, gradient: tf.Tensor, memory: readonly Parameter[], step: Step): void;
}
