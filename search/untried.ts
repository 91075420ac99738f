import { toValues, valuesKey } from './configuration.js';
import type { Enumeration } from './enumeration.js';
import { Follower } from './follower.js';
import type { History } from './history.js';
import type { Values } from './param.js';
import type { Space } from './space.js';

/**
 * Which configurations of a space are in a history already, whatever became of them, and which are left.
 *
 * Where the configurations can be numbered, a forest of "the next one that may be free" (union-find with path
 * compression) finds an untried one in nearly constant time, however few are left.
 */
export class Untried {
  readonly #enumeration: Enumeration | undefined;
  readonly #keys = new Set<string>();
  readonly #next = new Map<number, number>();
  readonly #known = new Set<number>();
  readonly #follower: Follower;

  constructor(space: Space, enumeration: Enumeration | undefined) {
    this.#enumeration = enumeration;
    this.#follower = new Follower(
      () => {
        this.#keys.clear();
        this.#next.clear();
        this.#known.clear();
      },
      (trial) => {
        if (this.#known.has(trial.number)) return;
        this.#known.add(trial.number);
        this.#add(toValues(space, trial.params));
      },
    );
  }

  follow(history: History): void {
    this.#follower.follow(history);
  }

  isTried(values: Values): boolean {
    if (this.#enumeration === undefined) return this.#keys.has(valuesKey(values));
    return this.#next.has(this.#enumeration.indexOf(values));
  }

  /** The first untried configuration that satisfies the relations, from number `index` on and round; only where numbered. */
  firstFrom(index: number): Values | undefined {
    return this.#search(index) ?? this.#search(0);
  }

  #search(index: number): Values | undefined {
    const enumeration = this.#enumeration;
    if (enumeration === undefined) return undefined;
    for (let at = this.#find(index); at < enumeration.size; ) {
      const found = enumeration.firstFrom(at);
      // What the relations exclude counts as tried, or every search would pass over it again.
      if (found?.index !== at) this.#next.set(at, found?.index ?? enumeration.size);
      if (found === undefined) return undefined;
      const free = this.#find(found.index);
      if (free === found.index) return found.values;
      at = free;
    }
    return undefined;
  }

  #add(values: Values): void {
    if (this.#enumeration === undefined) {
      this.#keys.add(valuesKey(values));
      return;
    }
    const index = this.#enumeration.indexOf(values);
    if (index >= 0 && !this.#next.has(index)) this.#next.set(index, index + 1);
  }

  #find(index: number): number {
    let root = index;
    for (let next = this.#next.get(root); next !== undefined; next = this.#next.get(root)) root = next;
    for (let at = index; at < root; ) {
      const next = this.#next.get(at)!;
      this.#next.set(at, root);
      at = next;
    }
    return root;
  }
}
