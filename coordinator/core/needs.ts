import { slotsOf } from './resources.js';
import type { Study } from './study.js';

/** A study that would take a slot, and what its turn depends on. */
interface Need {
  readonly study: Study;
  readonly priority: number;
  /** Slots that it has. */
  slots: number;
  /** Its place among those that are equal. */
  readonly order: number;
}

/**
 * Studies that would take a slot, the neediest first: of the highest priority, of equals the one that has the fewest slots,
 * and the first where that is the same. A heap, because a thousand studies may ask for each slot.
 */
export class Needs {
  readonly #heap: Need[];

  constructor(studies: readonly Study[]) {
    this.#heap = studies.map((study, order) => ({
      study,
      priority: study.spec.priority ?? 0,
      slots: slotsIn(study),
      order,
    }));
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  /** Undefined when nobody asks any more. */
  get neediest(): Study | undefined {
    return this.#heap[0]?.study;
  }

  /** The neediest has got a slot. */
  served(): void {
    const [first] = this.#heap;
    first!.slots = slotsIn(first!.study);
    this.#sink(0);
  }

  /** The neediest asks no more, or gets nothing. */
  dismiss(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const need = heap[from]!;
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isNeedier(heap[right]!, heap[left]!) ? right : left;
      if (!isNeedier(heap[child]!, need)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = need;
  }
}

function slotsIn({ running, spec: { requires } }: Study): number {
  return running.size * slotsOf(requires);
}

function isNeedier(a: Need, b: Need): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  return a.slots === b.slots ? a.order < b.order : a.slots < b.slots;
}
