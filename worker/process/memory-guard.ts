import { processGroups, proportionalBytes, residentBytes } from './processes.js';

/** How often memory is looked at, milliseconds. */
const INTERVAL_MS = 250;

/** A process group that may take only so much memory. */
export interface Guarded {
  readonly group: number;
  readonly limitBytes: number;
  /** Called once, with what it was found to take. */
  readonly exceeded: (bytes: number) => void;
}

/** Looks at the memory of the process groups that have a limit. Costs nothing while none has. */
export class MemoryGuard {
  readonly #guarded = new Set<Guarded>();
  #timer: NodeJS.Timeout | undefined;

  add(guarded: Guarded): void {
    this.#guarded.add(guarded);
    this.#timer ??= setInterval(() => this.#look(), INTERVAL_MS);
  }

  remove(guarded: Guarded): void {
    this.#guarded.delete(guarded);
    if (this.#guarded.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const groups = processGroups();
    for (const guarded of [...this.#guarded]) {
      const members = groups.get(guarded.group) ?? [];
      if (residentBytes(members) <= guarded.limitBytes) continue;
      // Only now the exact count, which is slow: what processes share was counted for each of them.
      const bytes = proportionalBytes(members) ?? residentBytes(members);
      if (bytes <= guarded.limitBytes) continue;
      this.remove(guarded);
      guarded.exceeded(bytes);
    }
  }
}
