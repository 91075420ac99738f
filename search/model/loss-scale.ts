/**
 * Puts losses on a scale that a Gaussian process can learn from, whatever the metric's own scale: half their rank, as a
 * normal quantile, which no outlier disturbs, and half the logarithm of their distance to the best, which keeps
 * telling good ones apart when most differ little. About zero on average and one in spread.
 */
export class LossScale {
  readonly #sorted: Float64Array;
  /** Where each of these stands. */
  readonly #standing: Float64Array;
  readonly #spread: number;
  #mean = 0;
  #deviation = 1;

  /** @param losses finite numbers, less is better; they are sorted in place */
  constructor(losses: Float64Array) {
    this.#sorted = losses.sort();
    this.#standing = new Float64Array(losses.length);
    const n = losses.length;
    const best = losses[0] ?? 0;
    const toMedian = (losses[n >> 1] ?? 0) - best;
    const toWorst = (losses[n - 1] ?? 0) - best;
    this.#spread = toMedian > 0 ? toMedian : toWorst > 0 ? toWorst : 1;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const value = i > 0 && losses[i] === losses[i - 1] ? this.#standing[i - 1]! : this.#raw(losses[i]!);
      this.#standing[i] = value;
      sum += value;
      squares += value * value;
    }
    if (n === 0) return;
    this.#mean = sum / n;
    const variance = squares / n - this.#mean * this.#mean;
    // All losses equal: any scale will do, as long as it is one.
    this.#deviation = variance > 1e-12 ? Math.sqrt(variance) : 1;
    for (let i = 0; i < n; i++) this.#standing[i] = (this.#standing[i]! - this.#mean) / this.#deviation;
  }

  /** Where a loss stands; one better or worse than all known counts as the best or worst known. */
  of(loss: number): number {
    const at = countBelow(this.#sorted, loss, false);
    if (this.#sorted[at] === loss) return this.#standing[at]!;
    return (this.#raw(loss) - this.#mean) / this.#deviation;
  }

  /** Where the worst known loss stands. */
  get worst(): number {
    return this.#standing.at(-1) ?? 0;
  }

  /** The middle loss (of two the greater). */
  get median(): number {
    return this.#sorted[this.#sorted.length >> 1] ?? 0;
  }

  #raw(loss: number): number {
    const sorted = this.#sorted;
    const n = sorted.length;
    if (n === 0) return 0;
    const known = Math.max(sorted[0]!, Math.min(sorted[n - 1]!, loss));
    const share = (countBelow(sorted, known, false) + countBelow(sorted, known, true)) / 2 / n;
    const edge = 0.5 / n;
    const quantile = normalQuantile(Math.max(edge, Math.min(1 - edge, share)));
    return 0.5 * quantile + 0.5 * Math.log(0.05 + (known - sorted[0]!) / this.#spread);
  }
}

function countBelow(sorted: Float64Array, value: number, orEqual: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The standard normal quantile to about 4.5e-4, which is more than ranks deserve (Abramowitz and Stegun 26.2.23).
 *
 * @param share in (0, 1)
 */
function normalQuantile(share: number): number {
  const tail = Math.min(share, 1 - share);
  const t = Math.sqrt(-2 * Math.log(tail));
  const numerator = 2.515517 + t * (0.802853 + t * 0.010328);
  const denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  const size = t - numerator / denominator;
  return share < 0.5 ? -size : size;
}
