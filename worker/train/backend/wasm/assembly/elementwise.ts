import { bytes, load4, multiplyAdd } from './simd';

/**
 * Below this a number is taken for zero where it would be carried from step to step: numbers too small for a full
 * exponent (below 1.2e-38) make processors some hundred times slower, and a velocity that only decays gets there.
 */
const NEGLIGIBLE: f32 = 1e-30;

/** x, or 0 where it is negligible; NaN stays NaN. */
@inline
function withoutDust(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(NEGLIGIBLE)));
}

@inline
function withoutDust1(x: f32): f32 {
  return abs(x) < NEGLIGIBLE ? 0 : x;
}

/** out[i] = gradient[i] where output[i] > 0, else 0. */
export function reluGradient(gradient: usize, output: usize, out: usize, n: i32): void {
  const zero = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const at = bytes(i);
    v128.store(out + at, withoutDust(v128.and(load4(gradient + at), f32x4.gt(load4(output + at), zero))));
  }
  for (; i < n; i++) {
    const at = bytes(i);
    store<f32>(out + at, load<f32>(output + at) > 0 ? withoutDust1(load<f32>(gradient + at)) : 0);
  }
}

/** out[c] = the sum of x[r, c] over the rows. */
export function columnSums(x: usize, out: usize, rows: i32, columns: i32): void {
  const step = bytes(columns);
  let c = 0;
  for (; c + 8 <= columns; c += 8) {
    let left = f32x4.splat(0);
    let right = left;
    let from = x + bytes(c);
    for (let r = 0; r < rows; r++) {
      left = f32x4.add(left, load4(from));
      right = f32x4.add(right, load4(from + 16));
      from += step;
    }
    v128.store(out + bytes(c), left);
    v128.store(out + bytes(c) + 16, right);
  }
  for (; c < columns; c++) {
    let sum: f32 = 0;
    let from = x + bytes(c);
    for (let r = 0; r < rows; r++) {
      sum += load<f32>(from);
      from += step;
    }
    store<f32>(out + bytes(c), sum);
  }
}

/** out = w - rate * (g + decay * w). */
export function sgdStep(w: usize, g: usize, out: usize, n: i32, rate: f32, decay: f32): void {
  const rates = f32x4.splat(rate);
  const decays = f32x4.splat(decay);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const at = bytes(i);
    const weight = load4(w + at);
    const gradient = multiplyAdd(load4(g + at), weight, decays);
    v128.store(out + at, f32x4.sub(weight, f32x4.mul(gradient, rates)));
  }
  for (; i < n; i++) {
    const at = bytes(i);
    const weight = load<f32>(w + at);
    store<f32>(out + at, weight - (load<f32>(g + at) + weight * decay) * rate);
  }
}

/**
 * With g' = g + decay * w: v = momentum * v + g' in place, then out = w - rate * v, or with Nesterov
 * out = w - rate * (g' + momentum * v).
 */
export function momentumStep(
  w: usize,
  g: usize,
  v: usize,
  out: usize,
  n: i32,
  rate: f32,
  momentum: f32,
  nesterov: bool,
  decay: f32,
): void {
  const rates = f32x4.splat(rate);
  const momenta = f32x4.splat(momentum);
  const decays = f32x4.splat(decay);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const at = bytes(i);
    const weight = load4(w + at);
    const gradient = multiplyAdd(load4(g + at), weight, decays);
    const velocity = withoutDust(multiplyAdd(gradient, load4(v + at), momenta));
    v128.store(v + at, velocity);
    const direction = nesterov ? multiplyAdd(gradient, velocity, momenta) : velocity;
    v128.store(out + at, f32x4.sub(weight, f32x4.mul(direction, rates)));
  }
  for (; i < n; i++) {
    const at = bytes(i);
    const weight = load<f32>(w + at);
    const gradient = load<f32>(g + at) + weight * decay;
    const velocity = withoutDust1(gradient + load<f32>(v + at) * momentum);
    store<f32>(v + at, velocity);
    const direction = nesterov ? gradient + velocity * momentum : velocity;
    store<f32>(out + at, weight - direction * rate);
  }
}

/**
 * Adam: with g' = g + decay * w, the moments m = beta1 * m + (1 - beta1) * g' and
 * s = beta2 * s + (1 - beta2) * g'^2 in place, then out = w - rate * m / (sqrt(s) * correction + epsilon).
 */
export function adamStep(
  w: usize,
  g: usize,
  m: usize,
  s: usize,
  out: usize,
  n: i32,
  rate: f32,
  correction: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  decay: f32,
): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const at = bytes(i);
    const weight = load4(w + at);
    const gradient = multiplyAdd(load4(g + at), weight, f32x4.splat(decay));
    const mean = withoutDust(
      multiplyAdd(f32x4.mul(load4(m + at), f32x4.splat(beta1)), gradient, f32x4.splat(1 - beta1)),
    );
    const squared = f32x4.mul(gradient, gradient);
    const square = withoutDust(
      multiplyAdd(f32x4.mul(load4(s + at), f32x4.splat(beta2)), squared, f32x4.splat(1 - beta2)),
    );
    v128.store(m + at, mean);
    v128.store(s + at, square);
    const spread = multiplyAdd(f32x4.splat(epsilon), f32x4.sqrt(square), f32x4.splat(correction));
    v128.store(out + at, f32x4.sub(weight, f32x4.div(f32x4.mul(mean, f32x4.splat(rate)), spread)));
  }
  for (; i < n; i++) {
    const at = bytes(i);
    const weight = load<f32>(w + at);
    const gradient = load<f32>(g + at) + weight * decay;
    const mean = withoutDust1(load<f32>(m + at) * beta1 + gradient * (1 - beta1));
    const square = withoutDust1(load<f32>(s + at) * beta2 + gradient * gradient * (1 - beta2));
    store<f32>(m + at, mean);
    store<f32>(s + at, square);
    store<f32>(out + at, weight - (mean * rate) / (sqrt(square) * correction + epsilon));
  }
}
