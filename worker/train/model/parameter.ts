import * as tf from '@tensorflow/tfjs-core';

/** A tensor's numbers outside of any engine, by a name that is its own in a training. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row by row. */
  readonly values: Float32Array;
}

/** Takes a tensor's numbers out of the engine. */
export async function readArray(name: string, tensor: tf.Tensor): Promise<NamedArray> {
  return { name, shape: tensor.shape, values: (await tensor.data<'float32'>()).slice() };
}

/** Takes the parameters' numbers out of the engine. */
export function readParameters(parameters: readonly Parameter[]): Promise<NamedArray[]> {
  return Promise.all(parameters.map(({ name, value }) => readArray(name, value)));
}

/**
 * New tensors of what was read from the same parameters, in their order.
 *
 * @throws {RangeError} when these are other parameters
 */
export function tensorsFor(parameters: readonly Parameter[], arrays: readonly NamedArray[]): tf.Tensor[] {
  const describe = (name: string, shape: readonly number[]): string => `${name} [${shape.join()}]`;
  const wanted = parameters.map(({ name, value }) => describe(name, value.shape)).join(' ');
  const given = arrays.map(({ name, shape }) => describe(name, shape)).join(' ');
  if (wanted !== given) throw new RangeError(`weights of another network: ${given}; they must be ${wanted}`);
  return arrays.map(({ shape, values }) => tf.keep(tf.tensor(values.slice(), [...shape])));
}

/** Puts back what was read from the same parameters. @throws {RangeError} when these are other parameters */
export function writeParameters(parameters: readonly Parameter[], arrays: readonly NamedArray[]): void {
  for (const [index, tensor] of tensorsFor(parameters, arrays).entries()) parameters[index]!.assign(tensor);
}

/** A tensor that training changes. It outlives every `tf.tidy`, until it is disposed. */
export class Parameter {
  readonly name: string;
  /** Whether L2 regularization holds for it: kernels yes, biases no. */
  readonly decays: boolean;
  #value: tf.Tensor;

  constructor(name: string, value: tf.Tensor, decays: boolean) {
    this.name = name;
    this.decays = decays;
    this.#value = tf.keep(value);
  }

  get value(): tf.Tensor {
    return this.#value;
  }

  /** Takes the new value over and frees the old one. */
  assign(value: tf.Tensor): void {
    const old = this.#value;
    this.#value = tf.keep(value);
    old.dispose();
  }

  /** A copy that shares nothing with it. The caller disposes it. */
  copy(): tf.Tensor {
    return tf.keep(tf.mul(this.#value, 1));
  }

  dispose(): void {
    this.#value.dispose();
  }
}
