import { bytes, load4 } from './simd';

/**
 * The largest number of each window, for each channel by itself. A window in which there is a NaN has none that is
 * larger, so it gives NaN.
 *
 * @param x   [n, height, width, channels]
 * @param out [n, outHeight, outWidth, channels]
 */
export function maxPool(
  x: usize,
  out: usize,
  n: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
): void {
  const pixel = bytes(channels);
  const line = bytes(width * channels);
  for (let image = 0; image < n; image++) {
    for (let outY = 0; outY < outHeight; outY++) {
      for (let outX = 0; outX < outWidth; outX++) {
        const window = x + bytes(((image * height + outY * strideHeight) * width + outX * strideWidth) * channels);
        let channel = 0;
        for (; channel + 4 <= channels; channel += 4) {
          const from = window + bytes(channel);
          let best = load4(from);
          for (let y = 0; y < windowHeight; y++) {
            let at = from + line * y;
            for (let xx = 0; xx < windowWidth; xx++) {
              best = f32x4.max(best, load4(at));
              at += pixel;
            }
          }
          v128.store(out, best);
          out += 16;
        }
        for (; channel < channels; channel++) {
          const from = window + bytes(channel);
          let best = load<f32>(from);
          for (let y = 0; y < windowHeight; y++) {
            let at = from + line * y;
            for (let xx = 0; xx < windowWidth; xx++) {
              best = max(best, load<f32>(at));
              at += pixel;
            }
          }
          store<f32>(out, best);
          out += 4;
        }
      }
    }
  }
}

/**
 * The gradient of max pooling: each window's goes to its first maximum. Four channels at a time.
 *
 * @param x  [n, height, width, channels]
 * @param dy [n, outHeight, outWidth, channels]
 * @param dx as x
 */
export function maxPoolGradient(
  x: usize,
  dy: usize,
  dx: usize,
  n: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  const isHalving =
    windowHeight == 2 && windowWidth == 2 && strideHeight == 2 && strideWidth == 2 && padTop == 0 && padLeft == 0;
  if (isHalving && (channels & 3) == 0 && height == 2 * outHeight && width == 2 * outWidth) {
    halvingGradient(x, dy, dx, n * outHeight, outWidth, channels);
    return;
  }
  memory.fill(dx, 0, bytes(n * height * width * channels));
  for (let image = 0; image < n; image++) {
    const plane = image * height * width;
    for (let outY = 0; outY < outHeight; outY++) {
      const top = outY * strideHeight - padTop;
      const fromY = max(0, top);
      const toY = min(height, top + windowHeight);
      for (let outX = 0; outX < outWidth; outX++) {
        const left = outX * strideWidth - padLeft;
        const fromX = max(0, left);
        const toX = min(width, left + windowWidth);
        let channel = 0;
        for (; channel + 4 <= channels; channel += 4) {
          let best = f32x4.splat(-Infinity);
          let where = i32x4.splat(-1);
          for (let y = fromY; y < toY; y++) {
            for (let xx = fromX; xx < toX; xx++) {
              const at = (plane + y * width + xx) * channels + channel;
              const value = load4(x + bytes(at));
              const isBetter = f32x4.gt(value, best);
              best = v128.bitselect(value, best, isBetter);
              where = v128.bitselect(i32x4.splat(at), where, isBetter);
            }
          }
          const gradient = load4(dy);
          for (let y = fromY; y < toY; y++) {
            for (let xx = fromX; xx < toX; xx++) {
              const at = (plane + y * width + xx) * channels + channel;
              const share = v128.and(gradient, i32x4.eq(where, i32x4.splat(at)));
              const to = dx + bytes(at);
              v128.store(to, f32x4.add(load4(to), share));
            }
          }
          dy += 16;
        }
        for (; channel < channels; channel++) {
          let best: f32 = -Infinity;
          let where = -1;
          for (let y = fromY; y < toY; y++) {
            for (let xx = fromX; xx < toX; xx++) {
              const at = (plane + y * width + xx) * channels + channel;
              const value = load<f32>(x + bytes(at));
              if (value > best) {
                best = value;
                where = at;
              }
            }
          }
          if (where >= 0) store<f32>(dx + bytes(where), load<f32>(dx + bytes(where)) + load<f32>(dy));
          dy += 4;
        }
      }
    }
  }
}

/** The same for windows of 2 by 2 that share nothing and leave nothing out: every number is written once. */
function halvingGradient(x: usize, dy: usize, dx: usize, outLines: i32, outWidth: i32, channels: i32): void {
  const pixel = bytes(channels);
  const line = pixel * (2 * outWidth);
  for (let outLine = 0; outLine < outLines; outLine++) {
    for (let outX = 0; outX < outWidth; outX++) {
      for (let end = dy + pixel; dy < end; dy += 16) {
        const a = load4(x);
        const b = load4(x + pixel);
        const c = load4(x + line);
        const d = load4(x + line + pixel);
        const gradient = load4(dy);
        // The first maximum: nothing before it is as large, nothing after it is larger.
        const isA = v128.and(f32x4.ge(a, b), v128.and(f32x4.ge(a, c), f32x4.ge(a, d)));
        const isB = v128.andnot(v128.and(f32x4.ge(b, c), f32x4.ge(b, d)), isA);
        const isAB = v128.or(isA, isB);
        const isC = v128.andnot(f32x4.ge(c, d), isAB);
        v128.store(dx, v128.and(gradient, isA));
        v128.store(dx + pixel, v128.and(gradient, isB));
        v128.store(dx + line, v128.and(gradient, isC));
        v128.store(dx + line + pixel, v128.andnot(gradient, v128.or(isAB, isC)));
        x += 16;
        dx += 16;
      }
      x += pixel;
      dx += pixel;
    }
    x += line;
    dx += line;
  }
}
