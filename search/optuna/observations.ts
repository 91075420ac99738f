import type { Distribution } from './distribution.js';
import type { Study, Trial } from './study.js';

/** Growable arrays, one entry to each slot of a table. */
export interface Column {
  readonly name: string;
  readonly categorical: boolean;
  readonly log: boolean;
  /** Internal values, as the trials have them. */
  values: Float64Array;
  /** The same in logs where the parameter is logarithmic: the centres of its kernels. */
  centres: Float64Array;
  /** The slots in use, ascending by centre, then by trial number; not kept for categorical parameters. */
  order: Int32Array;
}

/** Which observations an estimator is made of: n slots of a table by trial number. */
export interface Selection {
  readonly slots: Int32Array;
  readonly n: number;
  /** By slot: its place in `slots`, or -1. */
  readonly ranks: Int32Array;
  /** By slot: its trial's number. */
  readonly numbers: Int32Array;
  /** How many entries of a column's order there are to walk along. */
  readonly count: number;
}

/** What a trial counts with: its own parameters, over those that were drawn jointly for it while it runs. */
export type ParamsOf = (trial: Trial) => ReadonlyMap<string, number> | undefined;

/**
 * The trials that have a value for each of some parameters, kept up to date by following the study: a column per
 * parameter with its values in order, so that asking costs a walk along the columns and no sorting.
 *
 * A trial lives in a slot, which never changes while the trial counts; `rows` has the slots by trial number.
 */
export class ObservationTable {
  readonly columns: readonly Column[];
  count = 0;
  rows: Int32Array = new Int32Array(64);
  /** By slot: its trial's. */
  numbers: Int32Array = new Int32Array(64);
  readonly #slots = new Map<number, number>();
  readonly #free: number[] = [];
  readonly #paramsOf: ParamsOf;
  #seen = 0;

  constructor(space: ReadonlyMap<string, Distribution>, paramsOf: ParamsOf) {
    this.#paramsOf = paramsOf;
    this.columns = [...space].map(([name, distribution]) => ({
      name,
      categorical: distribution.type === 'categorical',
      log: distribution.type !== 'categorical' && distribution.log,
      values: new Float64Array(64),
      centres: new Float64Array(64),
      order: new Int32Array(64),
    }));
  }

  follow(study: Study): void {
    const changed = new Set<number>();
    for (; this.#seen < study.journal.length; this.#seen++) changed.add(study.journal[this.#seen]!);
    const added: [number: number, params: ReadonlyMap<string, number>][] = [];
    for (const number of changed) {
      const trial = study.trials[number]!;
      const params = this.#countable(trial);
      const slot = this.#slots.get(number);
      if (slot !== undefined && (params === undefined || !this.#isStored(slot, params))) this.#remove(number, slot);
      if (params !== undefined && !this.#slots.has(number)) added.push([number, params]);
    }
    // Placing many one by one would move the long columns once for each of them.
    const many = added.length > 16 && added.length > this.count / 16;
    for (const [number, params] of added) {
      const slot = this.#store(number, params);
      if (!many) this.#place(slot);
    }
    if (many) this.#sortAll();
  }

  slotOf(number: number): number | undefined {
    return this.#slots.get(number);
  }

  #countable(trial: Trial): ReadonlyMap<string, number> | undefined {
    const params = this.#paramsOf(trial);
    return params !== undefined && this.columns.every(({ name }) => params.has(name)) ? params : undefined;
  }

  #isStored(slot: number, params: ReadonlyMap<string, number>): boolean {
    return this.columns.every(({ name, values }) => Object.is(values[slot], params.get(name)));
  }

  #store(number: number, params: ReadonlyMap<string, number>): number {
    const slot = this.#free.pop() ?? this.count;
    if (this.count === this.rows.length) this.#grow();
    this.#slots.set(number, slot);
    this.numbers[slot] = number;
    for (const column of this.columns) {
      const value = params.get(column.name)!;
      column.values[slot] = value;
      column.centres[slot] = column.log ? Math.log(value) : value;
      column.order[this.count] = slot;
    }
    this.rows[this.count++] = slot;
    return slot;
  }

  #grow(): void {
    const length = 2 * this.rows.length;
    this.rows = grown(this.rows, new Int32Array(length));
    this.numbers = grown(this.numbers, new Int32Array(length));
    for (const column of this.columns) {
      column.values = grown(column.values, new Float64Array(length));
      column.centres = grown(column.centres, new Float64Array(length));
      column.order = grown(column.order, new Int32Array(length));
    }
  }

  #remove(number: number, slot: number): void {
    this.#slots.delete(number);
    this.#free.push(slot);
    const lists = [this.rows, ...this.columns.map(({ order }) => order)];
    for (const list of lists) {
      const at = list.indexOf(slot);
      list.copyWithin(at, at + 1, this.count);
    }
    this.count--;
  }

  #place(slot: number): void {
    const numbers = this.numbers;
    place(this.rows, this.count, slot, (other) => numbers[other]! < numbers[slot]!);
    for (const { categorical, centres, order } of this.columns) {
      if (categorical) continue;
      const centre = centres[slot]!;
      const number = numbers[slot]!;
      place(order, this.count, slot, (other) => {
        const difference = centres[other]! - centre;
        return difference < 0 || (difference === 0 && numbers[other]! < number);
      });
    }
  }

  #sortAll(): void {
    const numbers = this.numbers;
    this.rows.subarray(0, this.count).sort((a, b) => numbers[a]! - numbers[b]!);
    for (const { categorical, centres, order } of this.columns) {
      if (categorical) continue;
      order.subarray(0, this.count).sort((a, b) => centres[a]! - centres[b]! || numbers[a]! - numbers[b]!);
    }
  }
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Moves `slot`, the last of `count` entries, to behind all that come before it. */
function place(list: Int32Array, count: number, slot: number, comesBefore: (other: number) => boolean): void {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comesBefore(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  list.copyWithin(low + 1, low, count - 1);
  list[low] = slot;
}
