interface Entry {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/**
 * Virtual time: one heap of tasks, in order of their moment and then of their planning. Its rules:
 *   T1  A task runs alone: between two tasks everything that was promised settles, and nothing else runs.
 *   T2  Time moves only from task to task.
 *   T3  Nothing depends on real time, on timers or on the event loop, so the same seed gives the same run.
 */
export class Timeline {
  /** Milliseconds since the beginning. */
  now = 0;
  /** Tasks that have run. */
  steps = 0;
  readonly #heap: Entry[] = [];
  #order = 0;

  /** Plans a task; never in the past. */
  at(at: number, task: () => void): void {
    this.#order += 1;
    this.#push({ at: Math.max(at, this.now), order: this.#order, task });
  }

  /** Runs tasks until `done` holds between two of them, or none is left. A task that throws ends it. */
  run(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        try {
          const entry = done() ? undefined : this.#pop();
          if (entry === undefined) {
            resolve();
            return;
          }
          this.now = entry.at;
          this.steps += 1;
          entry.task();
        } catch (error) {
          reject(error as Error);
          return;
        }
        // Node runs all microtasks, those that they bring about too, before it takes the next tick (T1).
        queueMicrotask(() => process.nextTick(step));
      };
      process.nextTick(step);
    });
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
