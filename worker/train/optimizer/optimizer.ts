import * as tf from '@tensorflow/tfjs-core';
import { Parameter } from '../model/parameter.js';
import { clipped, type Limits } from './clip.js';
import type { Rule } from './rule.js';

/** What weights are pulled towards zero by; it holds for kernels, not for biases. */
export interface Penalty {
  /** Weight of the sum of absolute values in the loss. */
  readonly l1: number;
  /** Weight of the sum of squares in the loss. */
  readonly l2: number;
  /**
   * Share of the learning rate by which kernels shrink at each step, past all scaling of gradients.
   *
   * @see Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101
   */
  readonly weightDecay: number;
}

/**
 * Moves parameters against their gradients: limits the loss's gradients, adds those of the penalty, and lets a rule make
 * a step of them.
 */
export class Optimizer {
  /** What the rule remembers of the gradients. Names are unique. */
  readonly memory: readonly Parameter[];
  readonly #parameters: readonly Parameter[];
  readonly #rule: Rule;
  readonly #penalty: Penalty;
  readonly #limits: Limits;
  /** What is remembered for each parameter, in the order of the rule's kinds. */
  readonly #memories: readonly (readonly Parameter[])[];

  constructor(parameters: readonly Parameter[], rule: Rule, penalty: Penalty, limits: Limits) {
    this.#parameters = parameters;
    this.#rule = rule;
    this.#penalty = penalty;
    this.#limits = limits;
    this.#memories = parameters.map(({ name, value }) =>
      rule.kinds.map((kind) => new Parameter(`${name}/${kind}`, tf.zerosLike(value), false)),
    );
    this.memory = this.#memories.flat();
  }

  /**
   * One step.
   *
   * @param gradients in the order of the parameters it was created with
   * @param count     which step of the training this is, from 1
   */
  step(gradients: readonly tf.Tensor[], learningRate: number, count: number): void {
    const limited = clipped(gradients, this.#limits);
    const { l1, l2, weightDecay } = this.#penalty;
    for (const [index, parameter] of this.#parameters.entries()) {
      if (weightDecay > 0 && parameter.decays) shrink(parameter, learningRate * weightDecay);
      const gradient = parameter.decays ? pulled(limited[index]!, parameter, l1) : limited[index]!;
      const decay = parameter.decays ? 2 * l2 : 0;
      this.#rule.move(parameter, gradient, this.#memories[index]!, { learningRate, decay, count });
    }
  }

  /** Frees its memory. */
  dispose(): void {
    for (const each of this.memory) each.dispose();
  }
}

function shrink(parameter: Parameter, share: number): void {
  parameter.assign(tf.mul(parameter.value, 1 - share));
}

/** The gradient with that of l1 * |w|. */
function pulled(gradient: tf.Tensor, parameter: Parameter, l1: number): tf.Tensor {
  return l1 === 0 ? gradient : tf.add(gradient, tf.mul(tf.sign(parameter.value), l1));
}
