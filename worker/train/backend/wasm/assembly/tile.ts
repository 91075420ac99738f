import { bytes, load4 } from './simd';

// What products of matrices and convolutions have in common: tiles of 4 rows and 8 columns that are summed up in
// registers, and strips, rows of 8 floats, that the second operand is copied to.

export const TILE_ROWS: i32 = 4;
export const TILE_COLUMNS: i32 = 8;
/** In bytes. */
export const STRIP_ROW: usize = 32;

/** The strip's bias: `width` of 8 floats from `column` on, zeros for the rest and where there is none. */
@inline
export function packBias(bias: usize, column: i32, width: i32, strip: usize): void {
  memory.fill(strip, 0, STRIP_ROW);
  if (bias != 0) memory.copy(strip, bias + bytes(column), bytes(width));
}

@inline
export function storeRow(out: usize, left: v128, right: v128, relu: bool): void {
  if (relu) {
    const zero = f32x4.splat(0);
    left = f32x4.max(left, zero);
    right = f32x4.max(right, zero);
  }
  v128.store(out, left);
  v128.store(out + 16, right);
}

/** strip[p, j] = b[p, j] for the first `width` of 8 columns; the others become 0. */
export function pack(b: usize, bRow: usize, strip: usize, k: i32, width: i32): void {
  if (width == TILE_COLUMNS) {
    for (let p = 0; p < k; p++) {
      v128.store(strip, load4(b));
      v128.store(strip + 16, load4(b + 16));
      b += bRow;
      strip += STRIP_ROW;
    }
    return;
  }
  memory.fill(strip, 0, STRIP_ROW * k);
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < width; j++) store32(strip + bytes(j), b + bytes(j));
    b += bRow;
    strip += STRIP_ROW;
  }
}

@inline
export function store32(to: usize, from: usize): void {
  store<f32>(to, load<f32>(from));
}
