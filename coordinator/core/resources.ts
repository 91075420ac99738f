import type { SearchSpec } from './spec.js';

/** A GPU of a worker, or a part of one that counts as one. */
export interface Gpu {
  /** What `CUDA_VISIBLE_DEVICES` calls it. */
  readonly id: string;
  readonly name: string;
  /** 0 when unknown. */
  readonly memoryBytes: number;
  readonly driver: string;
  /** How many attempts share it. */
  readonly slots: number;
}

/** What a worker has for attempts. */
export interface Resources {
  readonly slots: number;
  readonly gpus: readonly Gpu[];
  /** 0 when it does not say. */
  readonly memoryBytes: number;
}

type Requires = SearchSpec['requires'];

/** Slots that one attempt takes at most: with several GPUs, one for each. */
export function slotsOf({ gpu = 1 }: Requires): number {
  return Math.max(1, gpu);
}

/** Why a worker could not give an attempt what it needs even if it were idle; undefined when it could. */
export function lacking({ gpu = 0, memoryBytes = 0 }: Requires, has: Resources): string | undefined {
  if (has.gpus.length < gpu) {
    return `has ${has.gpus.length === 0 ? 'no GPU' : counted(has.gpus.length)}, and an attempt needs ${counted(gpu)}`;
  }
  if (memoryBytes > 0 && has.memoryBytes === 0) return 'does not say how much memory it has';
  if (has.memoryBytes < memoryBytes) {
    return `has ${inGiB(has.memoryBytes)} of memory, and an attempt needs ${inGiB(memoryBytes)}`;
  }
  return undefined;
}

function counted(gpus: number): string {
  return `${gpus} GPU${gpus === 1 ? '' : 's'}`;
}

function inGiB(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toPrecision(3))} GiB`;
}

/**
 * What is left of one worker. An attempt takes one slot; one that has several GPUs takes them whole, with all their slots.
 */
export class Capacity {
  readonly #has: Resources;
  #slots: number;
  #memoryBytes: number;
  /** Attempts on each GPU, as many as its slots when an attempt has it whole. */
  readonly #used: number[];

  constructor(has: Resources) {
    this.#has = has;
    this.#slots = has.slots;
    this.#memoryBytes = has.memoryBytes;
    this.#used = has.gpus.map(() => 0);
  }

  get slots(): number {
    return this.#slots;
  }

  /** Workers whose capacity has the same words have room for the same attempts. */
  get words(): string {
    const used = this.#used.length === 0 ? '' : this.#used.toSorted((a, b) => a - b).join(',');
    return `${this.#slots} ${this.#memoryBytes} ${used}`;
  }

  /** The GPUs that an attempt would get now; undefined when there is no room for it. */
  offer({ gpu, memoryBytes = 0 }: Requires): readonly string[] | undefined {
    if (this.#slots < 1 || (memoryBytes > 0 && this.#memoryBytes < memoryBytes)) return undefined;
    if (gpu === 0) return [];
    if (gpu === undefined || gpu === 1) {
      const least = this.#leastUsed();
      if (least !== undefined) return [least];
      return gpu === undefined ? [] : undefined;
    }
    const whole = this.#has.gpus.filter((_, i) => this.#used[i] === 0).slice(0, gpu);
    return whole.length === gpu && this.#slots >= this.#slotsOf(whole) ? whole.map(({ id }) => id) : undefined;
  }

  take(gpus: readonly string[], requires: Requires): void {
    this.#move(gpus, requires, 1);
  }

  giveBack(gpus: readonly string[], requires: Requires): void {
    this.#move(gpus, requires, -1);
  }

  #move(gpus: readonly string[], { memoryBytes = 0 }: Requires, sign: 1 | -1): void {
    const taken = this.#has.gpus.filter(({ id }) => gpus.includes(id));
    const whole = taken.length > 1;
    this.#slots -= sign * (whole ? this.#slotsOf(taken) : 1);
    this.#memoryBytes -= sign * memoryBytes;
    for (const gpu of taken) this.#used[this.#has.gpus.indexOf(gpu)]! += sign * (whole ? gpu.slots : 1);
  }

  /** Of the GPUs with a share to spare, the one that the fewest attempts have, the first of equal ones. */
  #leastUsed(): string | undefined {
    let least: { readonly id: string; readonly used: number } | undefined;
    for (const [i, { id, slots }] of this.#has.gpus.entries()) {
      const used = this.#used[i]!;
      if (used < slots && (least === undefined || used < least.used)) least = { id, used };
    }
    return least?.id;
  }

  /** A worker may have been given fewer slots than its GPUs have. */
  #slotsOf(gpus: readonly Gpu[]): number {
    const sum = gpus.reduce((slots, gpu) => slots + gpu.slots, 0);
    return Math.min(sum, this.#has.slots);
  }
}
