import { bytes } from './simd';

/** The next eight bytes as numbers, the lower four of them. */
@inline
function lower(eight: v128): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(eight));
}

@inline
function upper(eight: v128): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(eight));
}

@inline
function scaled(x: v128, mean: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.sub(x, mean), scale);
}

/** out[i] = (x[i] - mean) * scale, for bytes of one channel. */
export function normalize(x: usize, out: usize, n: i32, mean: f32, scale: f32): void {
  const means = f32x4.splat(mean);
  const scales = f32x4.splat(scale);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const eight = v128.load8x8_u(x + i);
    v128.store(out + bytes(i), scaled(lower(eight), means, scales));
    v128.store(out + bytes(i) + 16, scaled(upper(eight), means, scales));
  }
  for (; i < n; i++) store<f32>(out + bytes(i), ((load<u8>(x + i) as f32) - mean) * scale);
}
