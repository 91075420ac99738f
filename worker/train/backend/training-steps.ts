import * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '../model/parameter.js';

/** Settings that every optimizer's step has. */
export interface StepSettings {
  readonly learningRate: number;
  /** Weight of the parameter itself in its gradient: 2 * l2 where the loss has l2 * w^2. */
  readonly decay: number;
}

export interface MomentumSettings extends StepSettings {
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface AdamSettings extends StepSettings {
  /** 1 / sqrt of the second moment's bias correction; that of the first is in the learning rate. */
  readonly correction: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface ScaledSettings extends StepSettings {
  /** What is remembered becomes `past` times itself plus `share` times the gradient's square. */
  readonly past: number;
  readonly share: number;
  readonly epsilon: number;
}

/*
 * The innermost operations of training. A backend may have each in one piece, as a kernel that returns the
 * parameter's new value and changes what is remembered of gradients where it lies; on the others it is put together
 * from TensorFlow.js's operations.
 */

/**
 * Cross-entropy of a softmax over the logits: summed over the rows, and how many rows have their largest logit where it is
 * right; with the gradient of its mean by the logits, labels smoothed.
 *
 * @param classes int32, one per row
 * @returns undefined where the backend does not have it in one piece
 */
export function crossentropyInOne(
  logits: tf.Tensor,
  classes: tf.Tensor1D,
  smoothing: number,
): { readonly sums: Float32Array | tf.Tensor; readonly gradient: tf.Tensor } | undefined {
  if (!hasKernel('AssayCrossentropy')) return undefined;
  const numbers = new Float32Array(2);
  const made = tf
    .engine()
    .runKernel<tf.Tensor | [tf.Tensor, tf.Tensor]>(
      'AssayCrossentropy',
      { logits, classes },
      { smoothing, sums: numbers },
    );
  // Sums are numbers at once where the processor computes, else another tensor.
  const [gradient, sums] = Array.isArray(made) ? made : [made, numbers];
  return { sums, gradient };
}

/**
 * Bytes as rows of numbers with this mean and deviation taken out.
 *
 * @param read puts the bytes where the backend takes them from, as many as the shape says
 * @returns undefined where the backend does not have it in one piece
 */
export function normalizedInOne(
  read: (to: Uint8Array) => void,
  shape: readonly [number, number],
  { mean, deviation }: { readonly mean: number; readonly deviation: number },
): tf.Tensor2D | undefined {
  if (!hasKernel('AssayNormalize')) return undefined;
  // What a kernel gets beside tensors passes through the engine as it is; its type knows of numbers and the like alone.
  const attrs = { read, shape, mean, scale: 1 / deviation } as unknown as tf.NamedAttrMap;
  return tf.engine().runKernel<tf.Tensor2D>('AssayNormalize', {}, attrs);
}

/** The gradient by relu's input, from the one by its output and the output. */
export function reluGradient(gradient: tf.Tensor, output: tf.Tensor): tf.Tensor {
  if (!hasKernel('AssayReluGradient')) return tf.mul(gradient, tf.step(output));
  return tf.engine().runKernel<tf.Tensor>('AssayReluGradient', { gradient, output });
}

export function sgdStep(parameter: Parameter, gradient: tf.Tensor, settings: StepSettings): void {
  if (stepInOne('AssaySgdStep', parameter, { gradient }, settings)) return;
  const direction = decayed(parameter, gradient, settings.decay);
  parameter.assign(tf.sub(parameter.value, tf.mul(direction, settings.learningRate)));
}

export function momentumStep(
  parameter: Parameter,
  gradient: tf.Tensor,
  velocity: Parameter,
  settings: MomentumSettings,
): void {
  if (stepInOne('AssayMomentumStep', parameter, { gradient, velocity: velocity.value }, settings)) return;
  const { learningRate, momentum, nesterov } = settings;
  const slope = decayed(parameter, gradient, settings.decay);
  velocity.assign(tf.add(tf.mul(velocity.value, momentum), slope));
  const direction = nesterov ? tf.add(slope, tf.mul(velocity.value, momentum)) : velocity.value;
  parameter.assign(tf.sub(parameter.value, tf.mul(direction, learningRate)));
}

export function adamStep(
  parameter: Parameter,
  gradient: tf.Tensor,
  mean: Parameter,
  square: Parameter,
  settings: AdamSettings,
): void {
  const inputs = { gradient, mean: mean.value, square: square.value };
  if (stepInOne('AssayAdamStep', parameter, inputs, settings)) return;
  const { learningRate, correction, beta1, beta2, epsilon } = settings;
  const slope = decayed(parameter, gradient, settings.decay);
  mean.assign(tf.add(tf.mul(mean.value, beta1), tf.mul(slope, 1 - beta1)));
  square.assign(tf.add(tf.mul(square.value, beta2), tf.mul(tf.square(slope), 1 - beta2)));
  const spread = tf.add(tf.mul(tf.sqrt(square.value), correction), epsilon);
  parameter.assign(tf.sub(parameter.value, tf.div(tf.mul(mean.value, learningRate), spread)));
}

/** Moves by the gradient over the root of what is remembered of its squares. */
export function scaledStep(
  parameter: Parameter,
  gradient: tf.Tensor,
  square: Parameter,
  settings: ScaledSettings,
): void {
  const { learningRate, past, share, epsilon } = settings;
  const slope = decayed(parameter, gradient, settings.decay);
  square.assign(tf.add(tf.mul(square.value, past), tf.mul(tf.square(slope), share)));
  const direction = tf.div(slope, tf.add(tf.sqrt(square.value), epsilon));
  parameter.assign(tf.sub(parameter.value, tf.mul(direction, learningRate)));
}

/** The gradient with the parameter's own share in it. */
export function decayed(parameter: Parameter, gradient: tf.Tensor, decay: number): tf.Tensor {
  return decay === 0 ? gradient : tf.add(gradient, tf.mul(parameter.value, decay));
}

/** A tensor's numbers where the processor has computed them; undefined where they would have to be waited for. */
export function numbersAtOnce(tensor: tf.Tensor): Float32Array | undefined {
  const { isUsingGpuDevice = false } = tf.backend() as { readonly isUsingGpuDevice?: boolean };
  const isHere = tf.getBackend() === 'cpu' || (tf.getBackend() === 'tensorflow' && !isUsingGpuDevice);
  return isHere ? tensor.dataSync<'float32'>() : undefined;
}

function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Whether the backend has this step in one piece, and has made it. */
function stepInOne(name: string, parameter: Parameter, inputs: tf.NamedTensorMap, settings: StepSettings): boolean {
  if (!hasKernel(name)) return false;
  const value = parameter.value;
  parameter.assign(tf.engine().runKernel<tf.Tensor>(name, { value, ...inputs }, { ...settings }));
  return true;
}
