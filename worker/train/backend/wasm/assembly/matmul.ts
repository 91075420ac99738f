// out[m, n] = a[m, k] * b[k, n] + bias[n], by tiles of 4 rows and 8 columns that are summed up in registers.
//
// Eight columns of b are first copied into a strip, k rows of 8 floats, which then lies in the first cache while all
// rows of a pass by. Copying is where a transposed b is turned. Every
// sum runs over k in order, so that a result depends on nothing but its operands.
//
// A transposed a is turned as a whole first: read with its strides, every number of a tile would lie in a cache line of
// its own.

import { bytes, load4, multiplyAdd, splat } from './simd';
import { pack, packBias, STRIP_ROW, store32, storeRow, TILE_COLUMNS, TILE_ROWS } from './tile';


/**
 * @param a        m * k floats, row by row; k * m when aTransposed
 * @param b        k * n floats, row by row; n * k when bTransposed
 * @param bias     n floats, or 0 for none
 * @param relu     whether negative results become 0
 * @param out      m * n floats
 * @param scratch  8 * k + 40 floats, and m * k more when aTransposed
 */
export function matmul(
  a: usize,
  aTransposed: bool,
  b: usize,
  bTransposed: bool,
  bias: usize,
  relu: bool,
  out: usize,
  m: i32,
  k: i32,
  n: i32,
  scratch: usize,
): void {
  const aRow = bytes(k);
  if (aTransposed) {
    const turned = scratch + bytes(8 * k + 40);
    transpose(a, turned, k, m);
    a = turned;
  }
  const outRow = bytes(n);
  const biasStrip = scratch;
  const edge = biasStrip + STRIP_ROW;
  const strip = edge + STRIP_ROW * TILE_ROWS;
  for (let column = 0; column < n; column += TILE_COLUMNS) {
    const width = min(TILE_COLUMNS, n - column);
    if (bTransposed) packTransposed(b + bytes(column) * k, strip, k, width);
    else pack(b + bytes(column), bytes(n), strip, k, width);
    packBias(bias, column, width, biasStrip);
    for (let row = 0; row < m; row += TILE_ROWS) {
      const height = min(TILE_ROWS, m - row);
      const aTile = a + <usize>row * aRow;
      const target = out + <usize>row * outRow + bytes(column);
      if (height == TILE_ROWS && width == TILE_COLUMNS) {
        tile(aTile, aTile + aRow, aTile + 2 * aRow, aTile + 3 * aRow, strip, k, biasStrip, relu, target, outRow);
        continue;
      }
      // At the edge the rows that are missing repeat the last one, and what is too much is not copied.
      const last = aTile + <usize>(height - 1) * aRow;
      tile(
        aTile,
        min(aTile + aRow, last),
        min(aTile + 2 * aRow, last),
        last,
        strip,
        k,
        biasStrip,
        relu,
        edge,
        STRIP_ROW,
      );
      for (let line = 0; line < height; line++) {
        memory.copy(target + <usize>line * outRow, edge + <usize>line * STRIP_ROW, bytes(width));
      }
    }
  }
}

@inline
function tile(
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  strip: usize,
  k: i32,
  bias: usize,
  relu: bool,
  out: usize,
  outRow: usize,
): void {
  let c00 = load4(bias);
  let c01 = load4(bias + 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  for (let end = strip + <usize>k * STRIP_ROW; strip < end; strip += STRIP_ROW) {
    const b0 = load4(strip);
    const b1 = load4(strip + 16);
    const s0 = splat(a0);
    c00 = multiplyAdd(c00, s0, b0);
    c01 = multiplyAdd(c01, s0, b1);
    const s1 = splat(a1);
    c10 = multiplyAdd(c10, s1, b0);
    c11 = multiplyAdd(c11, s1, b1);
    const s2 = splat(a2);
    c20 = multiplyAdd(c20, s2, b0);
    c21 = multiplyAdd(c21, s2, b1);
    const s3 = splat(a3);
    c30 = multiplyAdd(c30, s3, b0);
    c31 = multiplyAdd(c31, s3, b1);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
  storeRow(out, c00, c01, relu);
  storeRow(out + outRow, c10, c11, relu);
  storeRow(out + 2 * outRow, c20, c21, relu);
  storeRow(out + 3 * outRow, c30, c31, relu);
}

/** strip[p, j] = b[j, p] for the first `width` of 8 columns; the others become 0. */
function packTransposed(b: usize, strip: usize, k: i32, width: i32): void {
  let p = 0;
  if (width == TILE_COLUMNS) {
    for (; p + 4 <= k; p += 4) {
      transpose4(b + bytes(p), bytes(k), strip + STRIP_ROW * p, STRIP_ROW);
      transpose4(b + bytes(p) + bytes(4 * k), bytes(k), strip + STRIP_ROW * p + 16, STRIP_ROW);
    }
  } else memory.fill(strip, 0, STRIP_ROW * k);
  for (; p < k; p++) {
    for (let j = 0; j < width; j++) store32(strip + STRIP_ROW * p + bytes(j), b + bytes(j * k + p));
  }
}

/** to[c, r] = from[r, c] */
function transpose(from: usize, to: usize, rows: i32, columns: i32): void {
  const fromRow = bytes(columns);
  const toRow = bytes(rows);
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      transpose4(from + fromRow * r + bytes(c), fromRow, to + toRow * c + bytes(r), toRow);
    }
    for (; c < columns; c++) {
      for (let i = r; i < r + 4; i++) store32(to + toRow * c + bytes(i), from + fromRow * i + bytes(c));
    }
  }
  for (; r < rows; r++) {
    for (let c = 0; c < columns; c++) store32(to + toRow * c + bytes(r), from + fromRow * r + bytes(c));
  }
}

/** Turns 4 rows of 4 floats, `row` bytes apart, into 4 rows that are `toRow` bytes apart. */
@inline
function transpose4(from: usize, row: usize, to: usize, toRow: usize): void {
  const a = load4(from);
  const b = load4(from + row);
  const c = load4(from + 2 * row);
  const d = load4(from + 3 * row);
  const lowAB = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const lowCD = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const highAB = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const highCD = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(lowAB, lowCD, 0, 2));
  v128.store(to + toRow, i64x2.shuffle(lowAB, lowCD, 1, 3));
  v128.store(to + 2 * toRow, i64x2.shuffle(highAB, highCD, 0, 2));
  v128.store(to + 3 * toRow, i64x2.shuffle(highAB, highCD, 1, 3));
}
