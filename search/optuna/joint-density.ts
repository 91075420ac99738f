import { firstFrom, leastOf } from './ascending.js';
import { fastExp } from './fast-exp.js';
import { totalWeight } from './kernel-weights.js';
import type { CategoricalKernels, Kernels, NumericKernels } from './kernels.js';
import type { MixtureDensity } from './mixture.js';
import type { MassRow, SteppedMasses } from './stepped-masses.js';

/** Kernels looked at together, so that what is left of them stays in the processor's nearest memory. */
const BLOCK = 1024;

/** As many at a time where it may become clear early that the rest does not matter. */
const CHUNK = 128;

/**
 * Any number of parameters, whose densities are multiplied kernel by kernel. Parameter after parameter sorts out the
 * kernels that cannot matter any more, so that few are left for those that cost most.
 */
export class JointDensity implements MixtureDensity {
  readonly #continuous: NumericKernels[] = [];
  readonly #stepped: NumericKernels[] = [];
  readonly #categorical: CategoricalKernels[] = [];
  /** Which candidate column belongs to which of the above. */
  readonly #columns: readonly [continuous: number[], stepped: number[], categorical: number[]] = [[], [], []];
  /** By continuous parameter: 1 / (2 width^2). */
  readonly #curvatures: Float64Array[] = [];
  /** By kernel: the continuous parameters' log densities at their centres, added up. */
  #offsets = new Float64Array(0);
  /** Kernels: those of the first continuous parameter's least width, ascending by centre, then all others. */
  #list = new Int32Array(0);
  /** By place in the list, since reading one after another is quicker: the first parameter's centres, and the offsets. */
  #listCentres = new Float64Array(0);
  #listOffsets = new Float64Array(0);
  #narrow = 0;
  #width = 0;
  #highestOffset = 0;
  /** What is left of a block: kernels, and their log densities at a candidate. */
  readonly #left = new Int32Array(BLOCK);
  readonly #exponents = new Float64Array(BLOCK);
  readonly #products = new Float64Array(BLOCK);
  /** Of the candidate looked at: continuous values, probabilities by kernel id, and by choice with the prior's last. */
  readonly #point: number[] = [];
  readonly #rows: MassRow[] = [];
  readonly #tables: readonly Float64Array[];
  #weights: Float64Array = new Float64Array(0);
  #total = 0;
  #max = 0;
  #sum = 0;
  #n = 0;

  constructor(kernels: readonly Kernels[]) {
    for (const [d, kernel] of kernels.entries()) {
      if (kernel.kind === 'categorical') this.#columns[2][this.#categorical.push(kernel) - 1] = d;
      else if (kernel.masses !== undefined) this.#columns[1][this.#stepped.push(kernel) - 1] = d;
      else this.#columns[0][this.#continuous.push(kernel) - 1] = d;
    }
    this.#tables = this.#categorical.map(({ distribution }) => new Float64Array(distribution.choices.length + 1));
  }

  prepare(weights: Float64Array, n: number): void {
    this.#weights = weights;
    this.#n = n;
    this.#total = totalWeight(weights, n);
    if (this.#offsets.length <= n) {
      this.#offsets = new Float64Array(2 * n + 64);
      this.#list = new Int32Array(2 * n + 64);
      this.#listCentres = new Float64Array(2 * n + 64);
      this.#listOffsets = new Float64Array(2 * n + 64);
      for (const d of this.#continuous.keys()) this.#curvatures[d] = new Float64Array(2 * n + 64);
    }
    const sums = this.#offsets.fill(0, 0, n + 1);
    for (const [d, { offsets, widths }] of this.#continuous.entries()) {
      const curvatures = this.#curvatures[d]!;
      for (let k = 0; k <= n; k++) {
        sums[k]! += offsets[k]!;
        curvatures[k] = 0.5 / (widths[k]! * widths[k]!);
      }
    }
    this.#highestOffset = highestOf(sums, n + 1);
    this.#arrange();
  }

  /** Almost all kernels of a long history have the least width, and of those only the ones near a candidate matter. */
  #arrange(): void {
    const n = this.#n;
    const first = this.#continuous[0];
    this.#narrow = 0;
    let end = n + 1;
    if (first !== undefined) this.#width = leastOf(first.widths, n + 1);
    for (let i = 0; i <= n; i++) {
      const k = first === undefined || i === n ? i : first.order[i]!;
      const at = first !== undefined && first.widths[k] === this.#width ? this.#narrow++ : --end;
      this.#list[at] = k;
      this.#listCentres[at] = first === undefined ? 0 : first.centres[k]!;
      this.#listOffsets[at] = this.#offsets[k]!;
    }
  }

  logDensity(candidates: readonly Float64Array[], i: number, enough: number): number {
    this.#lookAt(candidates, i);
    const threshold = this.#threshold();
    // A narrow kernel that is farther away is below the threshold for the first parameter alone.
    const reach = this.#width * Math.sqrt(2 * (this.#highestOffset - threshold));
    const x = this.#point[0] ?? 0;
    const near = Number.isFinite(reach);
    const from = near ? firstFrom(this.#listCentres, this.#narrow, x - reach) : 0;
    const to = near ? firstFrom(this.#listCentres, this.#narrow, x + reach) : this.#narrow;
    // The nearest ones first, from which most of the sum comes.
    const middle = near ? firstFrom(this.#listCentres, this.#narrow, x) : from;
    this.#max = Number.NEGATIVE_INFINITY;
    this.#sum = 0;
    const block = enough === Number.POSITIVE_INFINITY ? BLOCK : CHUNK;
    const low = Math.max(from, middle - block / 2);
    if (this.#addUp(low, to, block, threshold, enough) && this.#addUp(from, low, block, threshold, enough)) {
      this.#addUp(this.#narrow, this.#n + 1, block, threshold, enough);
    }
    return this.#logSum();
  }

  #logSum(): number {
    return this.#max === Number.NEGATIVE_INFINITY ? this.#max : Math.log(this.#sum / this.#total) + this.#max;
  }

  /**
   * Adds the densities of a part of the list to the sum, which is relative to exp(max).
   *
   * @returns false when that was enough
   */
  #addUp(from: number, to: number, block: number, threshold: number, enough: number): boolean {
    for (let start = from; start < to; start += block) {
      const left = this.#sift(start, Math.min(start + block, to), threshold);
      if (left === 0) continue;
      const highest = highestOf(this.#exponents, left);
      if (!(highest <= this.#max)) {
        this.#sum *= this.#max === Number.NEGATIVE_INFINITY ? 0 : Math.exp(this.#max - highest);
        this.#max = highest;
      }
      this.#weigh(left);
      this.#sum += weightedSum(this.#products, this.#exponents, left, this.#max);
      if (block < BLOCK && this.#logSum() > enough) return false;
    }
    return true;
  }

  /** Prepares what depends on the candidate alone. */
  #lookAt(candidates: readonly Float64Array[], i: number): void {
    const [continuous, stepped, categorical] = this.#columns;
    for (let d = 0; d < continuous.length; d++) {
      const value = candidates[continuous[d]!]![i]!;
      this.#point[d] = this.#continuous[d]!.distribution.log ? Math.log(value) : value;
    }
    for (let j = 0; j < stepped.length; j++) {
      this.#rows[j] = this.#stepped[j]!.masses!.rowOf(candidates[stepped[j]!]![i]!);
    }
    for (let j = 0; j < categorical.length; j++) {
      const { own, other, any } = this.#categorical[j]!;
      const table = this.#tables[j]!.fill(other);
      table[candidates[categorical[j]!]![i]!] = own;
      table[table.length - 1] = any;
    }
  }

  /**
   * A kernel whose exponent is lower is less than rounding beside the prior, whatever its choices and steps. Less would not do:
   * where both mixtures are hardly more than their priors, that little decides which candidate wins.
   */
  #threshold(): number {
    const prior = this.#n;
    this.#left[0] = prior;
    this.#exponents[0] = this.#offsets[prior]!;
    if (this.#siftFrom(0, 1, Number.NEGATIVE_INFINITY) === 0) return Number.NEGATIVE_INFINITY;
    this.#weigh(1);
    return this.#exponents[0]! + Math.log(this.#products[0]! / this.#weights[prior]!) - 38 - Math.log(prior + 1);
  }

  /** Leaves those kernels of a part of the list that may matter. @returns how many */
  #sift(start: number, end: number, threshold: number): number {
    const first = this.#continuous[0];
    const x = this.#point[0];
    if (first !== undefined && x !== undefined && x >= first.low && x <= first.high) {
      return this.#siftFrom(1, this.#siftFirst(x, start, end, threshold), threshold);
    }
    for (let i = start; i < end; i++) {
      this.#left[i - start] = this.#list[i]!;
      this.#exponents[i - start] = this.#listOffsets[i]!;
    }
    return this.#siftFrom(0, end - start, threshold);
  }

  #siftFirst(x: number, start: number, end: number, threshold: number): number {
    const [list, centres, offsets, curvatures] = [
      this.#list,
      this.#listCentres,
      this.#listOffsets,
      this.#curvatures[0]!,
    ];
    const [kernels, exponents] = [this.#left, this.#exponents];
    const isNarrow = start < this.#narrow;
    const narrowCurvature = 0.5 / (this.#width * this.#width);
    let left = 0;
    for (let i = start; i < end; i++) {
      const distance = x - centres[i]!;
      const curvature = isNarrow ? narrowCurvature : curvatures[list[i]!]!;
      const exponent = offsets[i]! - distance * distance * curvature;
      if (exponent < threshold) continue;
      kernels[left] = list[i]!;
      exponents[left++] = exponent;
    }
    return left;
  }

  /** The same with the continuous parameters from number d on. */
  #siftFrom(d: number, count: number, threshold: number): number {
    let left = count;
    for (let j = d; j < this.#continuous.length; j++) {
      const { centres, low, high } = this.#continuous[j]!;
      const x = this.#point[j]!;
      if (!(x >= low && x <= high)) left = this.#dropOutside(this.#continuous[j]!, x, left);
      left = siftByOne(x, centres, this.#curvatures[j]!, this.#left, this.#exponents, left, threshold);
    }
    return left;
  }

  /**
   * A candidate that rounding took out of the range has no density under those kernels whose standardized bounds still
   * tell it apart. Where that holds for all kernels of both mixtures, Optuna's difference is NaN, and NaN wins.
   */
  #dropOutside({ centres, widths, low, high }: NumericKernels, x: number, count: number): number {
    let left = 0;
    for (let j = 0; j < count; j++) {
      const k = this.#left[j]!;
      const z = (x - centres[k]!) / widths[k]!;
      if (z < (low - centres[k]!) / widths[k]! || z > (high - centres[k]!) / widths[k]!) continue;
      this.#left[left] = k;
      this.#exponents[left++] = this.#exponents[j]!;
    }
    return left;
  }

  /** The weights of what is left times the probabilities of the candidate's choices and steps. */
  #weigh(left: number): void {
    const [kernels, products] = [this.#left, this.#products];
    for (let j = 0; j < left; j++) products[j] = this.#weights[kernels[j]!]!;
    for (let j = 0; j < this.#categorical.length; j++) {
      multiply(products, kernels, left, this.#categorical[j]!.choices, this.#tables[j]!);
    }
    for (let j = 0; j < this.#stepped.length; j++) {
      const { ids, masses } = this.#stepped[j]!;
      multiplyMasses(products, kernels, left, ids, this.#rows[j]!, masses!);
    }
  }
}

/** Takes one parameter's squares off the exponents. @returns how many are not below the threshold, in front */
function siftByOne(
  x: number,
  centres: Float64Array,
  curvatures: Float64Array,
  kernels: Int32Array,
  exponents: Float64Array,
  count: number,
  threshold: number,
): number {
  let left = 0;
  for (let j = 0; j < count; j++) {
    const k = kernels[j]!;
    const distance = x - centres[k]!;
    const exponent = exponents[j]! - distance * distance * curvatures[k]!;
    kernels[left] = k;
    exponents[left] = exponent;
    if (!(exponent < threshold)) left++;
  }
  return left;
}

function highestOf(exponents: Float64Array, n: number): number {
  let highest = exponents[0]!;
  for (let j = 1; j < n; j++) if (!(exponents[j]! <= highest)) highest = exponents[j]!;
  return highest;
}

function multiply(
  products: Float64Array,
  kernels: Int32Array,
  n: number,
  choices: Int32Array,
  table: Float64Array,
): void {
  for (let j = 0; j < n; j++) products[j]! *= table[choices[kernels[j]!]!]!;
}

function multiplyMasses(
  products: Float64Array,
  kernels: Int32Array,
  n: number,
  ids: Int32Array,
  row: MassRow,
  masses: SteppedMasses,
): void {
  const known = row.masses;
  for (let j = 0; j < n; j++) {
    const id = ids[kernels[j]!]!;
    const mass = known[id]!;
    products[j]! *= mass >= 0 ? mass : masses.fill(row, id);
  }
}

function weightedSum(products: Float64Array, exponents: Float64Array, n: number, max: number): number {
  let sum = 0;
  for (let j = 0; j < n; j++) sum += products[j]! * fastExp(exponents[j]! - max);
  return sum;
}
