// Addresses are bytes into the engine's memory; every tensor starts at a multiple of 16 bytes or at least of 4.

@inline
export function load4(address: usize): v128 {
  return v128.load(address);
}

@inline
export function splat(address: usize): v128 {
  return v128.load32_splat(address);
}

/** sum + a * b, rounded twice: there is no fused form that is the same on every machine. */
@inline
export function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** Bytes of n floats. */
@inline
export function bytes(n: i32): usize {
  return (<usize>n) << 2;
}
