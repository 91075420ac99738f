import { relationsHold, toParams } from '../configuration.js';
import type { History } from '../history.js';
import { type Code, Codec } from '../model/codec.js';
import { ObservedTrials } from '../model/observed-trials.js';
import type { Values } from '../param.js';
import { FreshDraws } from '../random.js';
import { Rng } from '../rng.js';
import type { Sampler, Suggestion } from '../sampler.js';
import type { Space } from '../space.js';
import { Mixture } from './mixture.js';

/** Which share of the trials looked at counts as good. */
const GOOD = 0.15;

/**
 * The tree-structured Parzen estimator (Bergstra et al. 2011, section 4) over all parameters together: of some draws from
 * the density of the good trials, the one at which that density is highest compared with the other trials'.
 *
 * It looks at the best and the newest trials, at most 54, so that its cost does not grow with the history. Open trials
 * are among the others, so that workers asking together are sent to different places. It proposes nothing twice.
 */
export class TpeSampler implements Sampler {
  readonly name = 'tpe';
  readonly #space: Space;
  readonly #seed: number;
  readonly #startupTrials: number;
  readonly #candidates: number;
  readonly #codec: Codec;
  readonly #fresh: FreshDraws;
  readonly #trials = new ObservedTrials(
    () => {},
    () => {},
  );

  constructor(space: Space, seed: number, startupTrials: number, candidates: number) {
    this.#space = space;
    this.#seed = seed;
    this.#startupTrials = startupTrials;
    this.#candidates = candidates;
    this.#codec = new Codec(space);
    this.#fresh = new FreshDraws(space);
  }

  suggest(history: History, number: number): Suggestion | undefined {
    const rng = new Rng(this.#seed, number);
    this.#fresh.follow(history);
    this.#trials.follow(history);
    const modelled = this.#trials.known >= this.#startupTrials && this.#trials.measured >= 2;
    const values = (modelled ? this.#promising(history, rng) : undefined) ?? this.#fresh.draw(rng);
    return values === undefined ? undefined : { params: toParams(this.#space, values) };
  }

  /** The best untried candidate; undefined when there is none among the draws. */
  #promising(history: History, rng: Rng): Values | undefined {
    const { good, others } = this.#split(history);
    let best: Values | undefined;
    let highest = Number.NEGATIVE_INFINITY;
    const code = new Float64Array(this.#space.params.length);
    for (let i = 0; i < this.#candidates; i++) {
      good.draw(code, rng);
      const ratio = good.density(code) / others.density(code);
      if (!(ratio > highest)) continue;
      const values = this.#codec.decode(code);
      if (this.#fresh.isTried(values) || !relationsHold(this.#space, values)) continue;
      highest = ratio;
      best = values;
    }
    return best;
  }

  #split(history: History): { good: Mixture; others: Mixture } {
    const rows = this.#trials.rows();
    const prospects = this.#trials.prospectsOf(rows);
    const standing = rows.map((number, row) => ({ number, value: prospects.valueOf(row, Number.POSITIVE_INFINITY) }));
    standing.sort((a, b) => a.value - b.value || a.number - b.number);
    const known = standing.filter(({ value }) => Number.isFinite(value)).length;
    const codes: Code[] = standing.map(({ number }) => this.#codec.encode(history.get(number)!.params));
    const count = Math.max(1, Math.round(GOOD * known));
    return {
      good: new Mixture(this.#codec, codes.slice(0, count)),
      others: new Mixture(this.#codec, codes.slice(count)),
    };
  }
}
