import type { Numeric } from './distribution.js';
import { gaussMass } from './gauss-mass.js';
import { logGaussMass } from './normal.js';

/** Beyond so many numbers the memory is cleared. */
const LIMIT = 1 << 20;

const UNKNOWN = -1;

/** Rows to keep for later. */
const SPARE = 256;

/** Below this, a kernel's share of the range is too close to underflow to divide by. */
const SMALL = 1e-200;

/**
 * The probability of a stepped parameter's values under truncated normal kernels. Values and observations repeat, so
 * equal kernels share an id and what has been worked out for a (value, kernel) stays for later suggestions.
 */
export class SteppedMasses {
  readonly #distribution: Numeric;
  readonly #low: number;
  readonly #high: number;
  readonly #reach: number;
  /** By centre: the newest id; each id leads to the one before it with the same centre, or to -1. */
  readonly #newest = new Map<number, number>();
  #before = new Int32Array(64);
  #centres = new Float64Array(64);
  #widths = new Float64Array(64);
  #shares = new Float64Array(64);
  #count = 0;
  readonly #rows = new Map<number, MassRow>();
  #numbers = 0;
  /** Rows of values that are forgotten, to be used again. */
  readonly #spare: MassRow[] = [];

  /**
   * @param reach how many widths from a value's interval a kernel counts as nothing; beyond the tenth it adds less to a
   *              density than rounding does, but products of several densities need more
   */
  constructor(distribution: Numeric, reach: number) {
    this.#distribution = distribution;
    this.#reach = reach;
    [this.#low, this.#high] = support(distribution);
  }

  get distribution(): Numeric {
    return this.#distribution;
  }

  /** Number of different kernels so far; their ids are below it. */
  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#newest.clear();
    for (const row of this.#rows.values()) if (this.#spare.length < SPARE) this.#spare.push(row);
    this.#rows.clear();
    this.#count = 0;
    this.#numbers = 0;
  }

  /** Whether there is more in memory than is worth keeping; to be asked between suggestions. */
  isFull(): boolean {
    return this.#numbers > LIMIT || this.#count > LIMIT;
  }

  idOf(centre: number, width: number): number {
    const newest = this.#newest.get(centre) ?? -1;
    for (let id = newest; id >= 0; id = this.#before[id]!) if (this.#widths[id] === width) return id;
    const id = this.#count++;
    this.#newest.set(centre, id);
    if (id === this.#centres.length) this.#grow();
    this.#before[id] = newest;
    this.#centres[id] = centre;
    this.#widths[id] = width;
    this.#shares[id] = gaussMass((this.#low - centre) / width, (this.#high - centre) / width);
    return id;
  }

  /** The probabilities of one value by kernel id; below 0 where `fill` has still to be called. */
  rowOf(value: number): MassRow {
    let row = this.#rows.get(value);
    if (row === undefined) {
      row = this.#newRow(value);
      this.#rows.set(value, row);
    }
    if (row.masses.length < this.#count) {
      const longer = new Float64Array(this.#centres.length).fill(UNKNOWN);
      longer.set(row.masses);
      this.#numbers += longer.length - row.masses.length;
      row.masses = longer;
    }
    return row;
  }

  fill(row: MassRow, id: number): number {
    const centre = this.#centres[id]!;
    const width = this.#widths[id]!;
    const share = this.#shares[id]!;
    const l = (row.low - centre) / width;
    const r = (row.high - centre) / width;
    let mass: number;
    if (!(share > SMALL)) mass = this.#inLogs(centre, width, l, r);
    else if (share > 1e-3 && (l > this.#reach || r < -this.#reach)) mass = 0;
    else mass = gaussMass(l, r) / share;
    row.masses[id] = mass;
    return mass;
  }

  /** For an observation so far out of today's range that its kernel's share of it underflows. */
  #inLogs(centre: number, width: number, l: number, r: number): number {
    return Math.exp(logGaussMass(l, r) - logGaussMass((this.#low - centre) / width, (this.#high - centre) / width));
  }

  #newRow(value: number): MassRow {
    const { step, log } = this.#distribution;
    const half = step! / 2;
    const row = this.#spare.pop() ?? { low: 0, high: 0, masses: new Float64Array(0) };
    row.low = log ? Math.log(value - half) : value - half;
    row.high = log ? Math.log(value + half) : value + half;
    row.masses.fill(UNKNOWN);
    return row;
  }

  #grow(): void {
    const length = 2 * this.#centres.length;
    this.#centres = grown(this.#centres, new Float64Array(length));
    this.#widths = grown(this.#widths, new Float64Array(length));
    this.#shares = grown(this.#shares, new Float64Array(length));
    this.#before = grown(this.#before, new Int32Array(length));
  }
}

function grown<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

export interface MassRow {
  /** The interval that counts as the value, in logs where the parameter is logarithmic. */
  low: number;
  high: number;
  masses: Float64Array;
}

/** The interval on which kernels live: half a step beyond the range on both sides, in logs where it is logarithmic. */
export function support({ low, high, step, log }: Numeric): readonly [low: number, high: number] {
  const half = step === null ? 0 : step / 2;
  return log ? [Math.log(low - half), Math.log(high + half)] : [low - half, high + half];
}
