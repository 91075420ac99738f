import type { OwnKernel } from '../register-kernels.js';
import { sumColumns } from './column-sums.js';
import { float, int, runElementwise, type WebgpuBackend } from './engine.js';

/** Of the row that begins at `start`: the largest logit, its class, and how far the logarithm of the sum of all is above it. */
const ROW = `
  var largest = logits[start];
  var best = 0;
  for (var i = 1; i < uniforms.classes; i = i + 1) {
    if (logits[start + i] > largest) { largest = logits[start + i]; best = i; }
  }
  var sum = 0.0;
  for (var i = 0; i < uniforms.classes; i = i + 1) { sum = sum + exp(logits[start + i] - largest); }
  let height = log(sum);`;

const GRADIENT = `
  let row = index / uniforms.classes;
  let start = row * uniforms.classes;
  ${ROW}
  let share = uniforms.smoothing / f32(uniforms.classes);
  let wanted = select(share, 1.0 - uniforms.smoothing + share, index - start == labels[row]);
  result[index] = (exp(logits[index] - largest - height) - wanted) * uniforms.scale;`;

/** The loss of a row, and whether its largest logit is where it should be. */
const SCORE = `
  let row = index / 2;
  let start = row * uniforms.classes;
  ${ROW}
  let label = labels[row];
  result[index] = select(height - (logits[start + label] - largest), f32(best == label), index % 2 == 1);`;

/** @returns the gradient, then the sums of loss and right answers */
export const crossentropy: OwnKernel<WebgpuBackend> = (backend, inputs, attrs) => {
  const [logits, labels] = [inputs['logits']!, inputs['classes']!];
  const { smoothing } = attrs as unknown as { readonly smoothing: number };
  const [rows, classes] = logits.shape as [number, number];
  const given = { logits, labels };
  const gradient = runElementwise(backend, 'crossentropy_gradient', GRADIENT, given, logits.shape, {
    classes: int(classes),
    smoothing: float(smoothing),
    scale: float(1 / rows),
  });
  const scores = runElementwise(backend, 'crossentropy_scores', SCORE, given, [rows, 2], { classes: int(classes) });
  const sums = sumColumns(backend, scores, rows, [2]);
  backend.disposeData(scores.dataId);
  return [gradient, sums];
};
