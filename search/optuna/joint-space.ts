import { type Distribution, isSingle, sameDistribution } from './distribution.js';
import { byCodePoint } from './grid-sampler.js';
import type { Study, Trial } from './study.js';

export type NamedDistributions = ReadonlyMap<string, Distribution>;

/** Which parameters a multivariate sampler may draw together: those that all finished trials share. */
export class SharedSpace {
  readonly #finished = new FinishedTrials();
  #space: NamedDistributions | undefined;

  /** By name, without those that have one value only. */
  follow(study: Study): NamedDistributions[] {
    for (const { distributions } of this.#finished.next(study)) {
      const shared = [...(this.#space ?? distributions)].filter(([name, distribution]) => {
        const other = distributions.get(name);
        return other !== undefined && sameDistribution(distribution, other);
      });
      // Nothing is copied while all trials have the same parameters.
      if (shared.length !== this.#space?.size) this.#space = drawable(shared);
    }
    return this.#space === undefined ? [] : [this.#space];
  }
}

/** The same for trees of parameters: the coarsest groups such that every finished trial has all of a group or nothing. */
export class GroupedSpaces {
  readonly #finished = new FinishedTrials();
  #groups: NamedDistributions[] = [];
  #drawable: NamedDistributions[] = [];

  follow(study: Study): NamedDistributions[] {
    let changed = false;
    for (const { distributions } of this.#finished.next(study)) changed = this.#add(distributions) || changed;
    if (changed) this.#drawable = this.#groups.map((group) => drawable([...group]));
    return this.#drawable;
  }

  /** @returns whether any group has come into being */
  #add(distributions: NamedDistributions): boolean {
    const rest = new Map(distributions);
    const split: NamedDistributions[] = [];
    for (const group of this.#groups) {
      split.push(new Map([...group].filter(([name]) => rest.has(name))));
      split.push(new Map([...group].filter(([name]) => !rest.has(name))));
      for (const name of group.keys()) rest.delete(name);
    }
    const groups = [...split, rest].filter((group) => group.size > 0);
    const changed = groups.length !== this.#groups.length;
    if (changed) this.#groups = groups;
    return changed;
  }
}

function drawable(distributions: readonly [string, Distribution][]): NamedDistributions {
  return new Map(distributions.filter(([, d]) => !isSingle(d)).sort(([a], [b]) => byCodePoint(a, b)));
}

/** The trials that have become COMPLETE or PRUNED since the last look. */
class FinishedTrials {
  #seen = 0;
  readonly #known = new Set<number>();

  /** By number. */
  next(study: Study): Trial[] {
    const found: Trial[] = [];
    for (; this.#seen < study.journal.length; this.#seen++) {
      const trial = study.trials[study.journal[this.#seen]!]!;
      if ((trial.state !== 'COMPLETE' && trial.state !== 'PRUNED') || this.#known.has(trial.number)) continue;
      this.#known.add(trial.number);
      found.push(trial);
    }
    return found.sort((a, b) => a.number - b.number);
  }
}
