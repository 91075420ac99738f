import { type Distribution, type External, toInternal } from './distribution.js';
import { MersenneTwister } from './mersenne-twister.js';
import { setOrder } from './set-order.js';
import type { Study, StudySampler, Trial } from './study.js';

/** Optuna's GridSampler: every combination of the listed values, shuffled once. */
export class OptunaGrid implements StudySampler {
  readonly generator: MersenneTwister;
  /** In the order in which the grid's coordinates are. */
  readonly #names: readonly string[];
  readonly #points: readonly (readonly External[])[];

  /** @param values by parameter; @param seed null means 0, as in Optuna */
  constructor(values: Readonly<Record<string, readonly External[]>>, seed: number | null) {
    this.#names = Object.keys(values).sort(byCodePoint);
    let points: External[][] = [[]];
    for (const name of this.#names) {
      points = points.flatMap((point) => values[name]!.map((value) => [...point, value]));
    }
    this.generator = new MersenneTwister(seed ?? 0);
    this.generator.shuffle(points);
    this.#points = points;
  }

  get size(): number {
    return this.#points.length;
  }

  beforeTrial(study: Study, trial: Trial): void {
    if (trial.gridId !== undefined || trial.fixed !== undefined) return;
    trial.gridId = trial.number < this.size ? trial.number : this.#drawn(study);
  }

  sampleRelative(): Map<string, number> {
    return new Map();
  }

  sampleIndependent(_study: Study, trial: Trial, name: string, distribution: Distribution): number {
    const coordinate = this.#names.indexOf(name);
    if (coordinate < 0) throw new RangeError(`parameter ${name} is not in the grid of ${this.#names.join(', ')}`);
    if (trial.gridId === undefined) throw new Error(`trial ${trial.number} has been given no point of the grid`);
    return toInternal(distribution, this.#points[trial.gridId]![coordinate]!);
  }

  /** Points that no trial has ended on and none is running on. */
  untried(study: Study): number[] {
    return this.#left(study, (state) => state !== 'WAITING');
  }

  /** Whether Optuna stops the study when this trial, which still runs, is told. */
  isLast(study: Study, trial: Trial): boolean {
    const targets = this.#targets(study);
    return targets.length === 0 || (targets.length === 1 && targets[0] === trial.gridId);
  }

  #targets(study: Study): number[] {
    const untried = this.untried(study);
    return untried.length > 0 ? untried : this.#left(study, (state) => state !== 'WAITING' && state !== 'RUNNING');
  }

  #drawn(study: Study): number {
    const targets = setOrder(this.#targets(study));
    if (targets.length === 0) return this.generator.bounded(this.size - 1);
    return targets[this.generator.bounded(targets.length - 1)]!;
  }

  #left(study: Study, counts: (state: Trial['state']) => boolean): number[] {
    const taken = new Uint8Array(this.size);
    for (const { gridId, state } of study.trials) if (gridId !== undefined && counts(state)) taken[gridId] = 1;
    return Array.from(taken.keys()).filter((id) => taken[id] === 0);
  }
}

/** Python's order of strings. JavaScript's own compares UTF-16 units, which differs beyond the basic plane. */
export function byCodePoint(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  // Only where a surrogate pair meets a single unit do the two orders part.
  if (at < a.length && at < b.length) return a.codePointAt(at)! - b.codePointAt(at)!;
  return a.length - b.length;
}
