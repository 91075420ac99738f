import { exp, log } from './exponential';
import { bytes } from './simd';

/**
 * Cross-entropy of a softmax, row by row: sums[0] is that of the right classes, summed over the rows, sums[1] how many rows
 * have their largest logit (the first of equal ones) there; gradient is that of the rows' mean by the logits, with
 * `smoothing` of each label spread over all classes.
 */
export function crossentropy(
  logits: usize,
  classes: usize,
  gradient: usize,
  sums: usize,
  rows: i32,
  columns: i32,
  smoothing: f32,
): void {
  const share: f32 = 1 / (rows as f32);
  const rest: f32 = smoothing / (columns as f32);
  const full: f32 = 1 - smoothing;
  let loss: f32 = 0;
  let right: f32 = 0;
  for (let r = 0; r < rows; r++) {
    const row = logits + bytes(r * columns);
    const out = gradient + bytes(r * columns);
    const wanted = load<i32>(classes + bytes(r));
    let largest: f32 = load<f32>(row);
    let answer = 0;
    for (let c = 1; c < columns; c++) {
      const logit = load<f32>(row + bytes(c));
      if (logit > largest) {
        largest = logit;
        answer = c;
      }
    }
    let total: f32 = 0;
    for (let c = 0; c < columns; c++) {
      const power = exp(load<f32>(row + bytes(c)) - largest);
      store<f32>(out + bytes(c), power);
      total += power;
    }
    loss += log(total) - (load<f32>(row + bytes(wanted)) - largest);
    if (answer == wanted) right += 1;
    for (let c = 0; c < columns; c++) {
      const target: f32 = rest + (c == wanted ? full : 0);
      store<f32>(out + bytes(c), (load<f32>(out + bytes(c)) / total - target) * share);
    }
  }
  store<f32>(sums, loss);
  store<f32>(sums + 4, right);
}
