import type { Measured } from '../../../../worker/train/loss/loss.js';

/** Loss and right answers, wherever they are, on a backend that can be read at once. */
export function sumsOf({ sums }: Pick<Measured, 'sums'>): ArrayLike<number> {
  return sums instanceof Float32Array ? sums : sums.dataSync();
}
