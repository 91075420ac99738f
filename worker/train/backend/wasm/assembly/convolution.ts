import { bytes, load4, multiplyAdd, splat } from './simd';
import { pack, packBias, STRIP_ROW, storeRow, TILE_COLUMNS, TILE_ROWS } from './tile';

/** x[n, height, width, channels] -> out with a border of zeros on all four sides. */
export function pad(
  x: usize,
  out: usize,
  n: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
): void {
  const line = bytes(width * channels);
  const leftBytes = bytes(left * channels);
  const rightBytes = bytes(right * channels);
  const outLine = leftBytes + line + rightBytes;
  for (let image = 0; image < n; image++) {
    memory.fill(out, 0, outLine * top);
    out += outLine * top;
    for (let y = 0; y < height; y++) {
      memory.fill(out, 0, leftBytes);
      memory.copy(out + leftBytes, x, line);
      memory.fill(out + leftBytes + line, 0, rightBytes);
      out += outLine;
      x += line;
    }
    memory.fill(out, 0, outLine * bottom);
    out += outLine * bottom;
  }
}

/** out[taps reversed, o, i] = filter[tap, i, o]: the filter that carries gradients back through a convolution. */
export function flipFilter(filter: usize, out: usize, taps: i32, inputs: i32, outputs: i32): void {
  for (let tap = 0; tap < taps; tap++) {
    const from = filter + bytes((taps - 1 - tap) * inputs * outputs);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        store<f32>(out, load<f32>(from + bytes(i * outputs + o)));
        out += 4;
      }
    }
  }
}

/**
 * A convolution, with its bias and relu: out[image, y, x, o] = the sum over the filter's places of input times weight.
 * The inputs under one row of a filter lie side by side, so that four pixels and eight filters are a tile of a matrix
 * product, summed up in registers. Each image is padded in the scratch just before it is used,
 * so that it comes out of a near cache.
 *
 * @param x        [n, height, width, inputs]
 * @param top      lines of zeros above the image, and so on
 * @param filter   [filterHeight, filterWidth, inputs, outputs]
 * @param bias     `outputs` floats, or 0 for none
 * @param out      [n, outHeight, outWidth, outputs]
 * @param scratch  40 + 8 * groups * (1 + steps) + steps + outHeight * outWidth floats with groups of eight outputs and
 *                 steps = filterHeight * filterWidth * inputs, and a padded image
 */
export function convolve(
  x: usize,
  filter: usize,
  bias: usize,
  relu: bool,
  out: usize,
  n: i32,
  height: i32,
  width: i32,
  inputs: i32,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
  outHeight: i32,
  outWidth: i32,
  outputs: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  scratch: usize,
): void {
  const rowSteps = filterWidth * inputs;
  const steps = filterHeight * rowSteps;
  const places = outHeight * outWidth;
  const outRow = bytes(outputs);
  const line = bytes((width + left + right) * inputs);
  const yStep = line * strideHeight;
  const xStep = bytes(strideWidth * inputs);
  const edge = scratch;
  const groups = edge + STRIP_ROW * TILE_ROWS;
  let group = groups;
  for (let output = 0; output < outputs; output += TILE_COLUMNS) {
    const wanted = min(TILE_COLUMNS, outputs - output);
    packBias(bias, output, wanted, group);
    pack(filter + bytes(output), outRow, group + STRIP_ROW, steps, wanted);
    group += STRIP_ROW * (1 + steps);
  }
  const placeOffsets = group;
  for (let place = 0; place < places; place++) {
    const y = place / outWidth;
    store<usize>(placeOffsets + bytes(place), yStep * y + xStep * (place - y * outWidth));
  }
  const stepOffsets = placeOffsets + bytes(places);
  for (let step = 0; step < steps; step++) {
    const row = step / rowSteps;
    store<usize>(stepOffsets + bytes(step), line * row + bytes(step - row * rowSteps));
  }
  const picture = stepOffsets + bytes(steps);
  for (let image = 0; image < n; image++) {
    pad(x + bytes(image * height * width * inputs), picture, 1, height, width, inputs, top, bottom, left, right);
    group = groups;
    for (let output = 0; output < outputs; output += TILE_COLUMNS) {
      const wanted = min(TILE_COLUMNS, outputs - output);
      const target = out + bytes(image * places * outputs + output);
      for (let place = 0; place < places; place += TILE_ROWS) {
        const count = min(TILE_ROWS, places - place);
        const last = place + count - 1;
        const isWhole = count == TILE_ROWS && wanted == TILE_COLUMNS;
        // At the edge the places that are missing repeat the last one, and what is too much is not copied.
        const p0 = picture + load<usize>(placeOffsets + bytes(place));
        const p1 = picture + load<usize>(placeOffsets + bytes(min(place + 1, last)));
        const p2 = picture + load<usize>(placeOffsets + bytes(min(place + 2, last)));
        const p3 = picture + load<usize>(placeOffsets + bytes(last));
        const to = isWhole ? target + <usize>place * outRow : edge;
        const toRow = isWhole ? outRow : STRIP_ROW;
        patchTile(p0, p1, p2, p3, stepOffsets, group + STRIP_ROW, steps, group, relu, to, toRow);
        if (isWhole) continue;
        for (let row = 0; row < count; row++) {
          memory.copy(target + <usize>(place + row) * outRow, edge + <usize>row * STRIP_ROW, bytes(wanted));
        }
      }
      group += STRIP_ROW * (1 + steps);
    }
  }
}

@inline
function patchTile(
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  offsets: usize,
  strip: usize,
  steps: i32,
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
  for (let end = strip + STRIP_ROW * steps; strip < end; strip += STRIP_ROW) {
    const offset = load<usize>(offsets);
    const b0 = load4(strip);
    const b1 = load4(strip + 16);
    const s0 = splat(p0 + offset);
    c00 = multiplyAdd(c00, s0, b0);
    c01 = multiplyAdd(c01, s0, b1);
    const s1 = splat(p1 + offset);
    c10 = multiplyAdd(c10, s1, b0);
    c11 = multiplyAdd(c11, s1, b1);
    const s2 = splat(p2 + offset);
    c20 = multiplyAdd(c20, s2, b0);
    c21 = multiplyAdd(c21, s2, b1);
    const s3 = splat(p3 + offset);
    c30 = multiplyAdd(c30, s3, b0);
    c31 = multiplyAdd(c31, s3, b1);
    offsets += 4;
  }
  storeRow(out, c00, c01, relu);
  storeRow(out + outRow, c10, c11, relu);
  storeRow(out + 2 * outRow, c20, c21, relu);
  storeRow(out + 3 * outRow, c30, c31, relu);
}

/**
 * The gradient of a convolution by its filter. The inputs under one row of the filter lie side by side in memory, so
 * that each row of the filter is a product like that of a dense layer, summed over all places of the picture: by
 * tiles of 4 inputs and 8 outputs in registers.
 *
 * @param x        [n, height, width, inputs], padded already; 12 bytes behind it are read and ignored
 * @param dy       [n, outHeight, outWidth, outputs]
 * @param dw       [filterHeight, rows, outputs] with rows = filterWidth * inputs rounded up to a multiple of 4, where
 *                 those too many get nonsense
 * @param outputs  a multiple of 8
 */
export function filterGradient(
  x: usize,
  dy: usize,
  dw: usize,
  n: i32,
  height: i32,
  width: i32,
  inputs: i32,
  outHeight: i32,
  outWidth: i32,
  outputs: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
): void {
  const rows = (filterWidth * inputs + 3) & ~3;
  memory.fill(dw, 0, bytes(filterHeight * rows * outputs));
  const xStep = bytes(strideWidth * inputs);
  const xLine = bytes(strideHeight * width * inputs);
  for (let image = 0; image < n; image++) {
    const gradients = dy + bytes(image * outHeight * outWidth * outputs);
    for (let line = 0; line < filterHeight; line++) {
      const patch = x + bytes((image * height + line) * width * inputs);
      for (let row = 0; row < rows; row += 4) {
        for (let output = 0; output < outputs; output += 8) {
          const weights = dw + bytes((line * rows + row) * outputs + output);
          const columns = gradients + bytes(output);
          addTile(patch + bytes(row), xStep, xLine, columns, outHeight, outWidth, outputs, weights);
        }
      }
    }
  }
}

/** weights[4, 8] += the sum over all places of x[4 side by side] * dy[8 side by side]. */
@inline
function addTile(
  x: usize,
  xStep: usize,
  xLine: usize,
  dy: usize,
  outHeight: i32,
  outWidth: i32,
  outputs: i32,
  weights: usize,
): void {
  const step = bytes(outputs);
  const w1 = weights + step;
  const w2 = w1 + step;
  const w3 = w2 + step;
  let c00 = load4(weights);
  let c01 = load4(weights + 16);
  let c10 = load4(w1);
  let c11 = load4(w1 + 16);
  let c20 = load4(w2);
  let c21 = load4(w2 + 16);
  let c30 = load4(w3);
  let c31 = load4(w3 + 16);
  for (let y = 0; y < outHeight; y++) {
    let a = x;
    for (let end = dy + step * outWidth; dy < end; dy += step) {
      const left = load4(dy);
      const right = load4(dy + 16);
      const a0 = splat(a);
      c00 = multiplyAdd(c00, a0, left);
      c01 = multiplyAdd(c01, a0, right);
      const a1 = splat(a + 4);
      c10 = multiplyAdd(c10, a1, left);
      c11 = multiplyAdd(c11, a1, right);
      const a2 = splat(a + 8);
      c20 = multiplyAdd(c20, a2, left);
      c21 = multiplyAdd(c21, a2, right);
      const a3 = splat(a + 12);
      c30 = multiplyAdd(c30, a3, left);
      c31 = multiplyAdd(c31, a3, right);
      a += xStep;
    }
    x += xLine;
  }
  v128.store(weights, c00);
  v128.store(weights + 16, c01);
  v128.store(w1, c10);
  v128.store(w1 + 16, c11);
  v128.store(w2, c20);
  v128.store(w2 + 16, c21);
  v128.store(w3, c30);
  v128.store(w3 + 16, c31);
}

/** Copies rows of `from` floats into rows of `to` floats: cuts what is too much, fills what is missing with zeros. */
export function resizeRows(x: usize, from: i32, out: usize, to: i32, rows: i32): void {
  const kept = bytes(min(from, to));
  const missing = bytes(max(0, to - from));
  for (let row = 0; row < rows; row++) {
    memory.copy(out, x, kept);
    memory.fill(out + kept, 0, missing);
    x += bytes(from);
    out += bytes(to);
  }
}
