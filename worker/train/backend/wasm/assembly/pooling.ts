import { bytes, load4 } from './simd';

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
