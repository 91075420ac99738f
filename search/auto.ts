import { relationsHold, toParams } from './configuration.js';
import type { History } from './history.js';
import { type Code, Codec } from './model/codec.js';
import type { GaussianProcess } from './model/gaussian-process.js';
import { Surrogate } from './model/surrogate.js';
import type { Values } from './param.js';
import { FreshDraws } from './random.js';
import { Rng } from './rng.js';
import type { Sampler, Suggestion } from './sampler.js';
import type { Space } from './space.js';

/** Configurations that the model is asked about: drawn anywhere, near the best trials, and near the best of those asked. */
const ANYWHERE = 8;
const NEAR_BEST = 14;
const NEAR_FOUND = 8;
/** Codes of more parameters cost more each, so that fewer are looked at. */
const AFFORDABLE_PARAMETERS = 16;
/**
 * How many standard deviations below its expected loss a configuration is judged by: one of these, drawn for each suggestion
 * (as in Berk et al. 2020, "Randomised Gaussian process upper confidence bound for Bayesian optimisation"). Always three,
 * the search hardly gets to the bottom of a valley; with one among them, or fewer with time, it stays in the first of several.
 */
const OPTIMISM = [2, 3] as const;

/**
 * The default sampler: a Gaussian process over the best and the newest trials, and the configuration with the lowest
 * confidence bound among some that are drawn anywhere and more that differ a little from what has worked (the bound of
 * Srinivas et al. 2010, "Gaussian process optimization in the bandit setting", with a width that is drawn; the candidates as
 * in SMAC, Hutter et al. 2011).
 *
 * Where time counts, a configuration that is expected to train e times as long must promise more by `costWeight` standard
 * deviations of the losses: a linear stand-in for the expected improvement per second of Snoek et al. 2012 (section 3.2).
 *
 * Trials that were stopped, or still run, count with what trials like them have come to (see `Prospects`). Open ones
 * count as looked at, so that workers asking together are sent to different places.
 */
export class AutoSampler implements Sampler {
  readonly name = 'auto';
  readonly #space: Space;
  readonly #seed: number;
  readonly #startupTrials: number;
  readonly #costWeight: number;
  readonly #codec: Codec;
  readonly #fresh: FreshDraws;
  readonly #surrogate: Surrogate;
  readonly #candidate: Code;

  /** @param costWeight 0 or more; with 0, what trials cost plays no part */
  constructor(space: Space, seed: number, startupTrials: number, costWeight: number) {
    this.#space = space;
    this.#seed = seed;
    this.#startupTrials = startupTrials;
    this.#costWeight = costWeight;
    this.#codec = new Codec(space);
    this.#fresh = new FreshDraws(space);
    this.#surrogate = new Surrogate(this.#codec);
    this.#candidate = new Float64Array(space.params.length);
  }

  suggest(history: History, number: number): Suggestion | undefined {
    const rng = new Rng(this.#seed, number);
    this.#fresh.follow(history);
    this.#surrogate.follow(history);
    const { known, measured } = this.#surrogate.trials;
    const modelled = known >= this.#startupTrials && measured >= 2 && this.#codec.free.length > 0;
    const values = (modelled ? this.#promising(rng) : undefined) ?? this.#fresh.draw(rng);
    return values === undefined ? undefined : { params: toParams(this.#space, values) };
  }

  /** The untried candidate with the lowest bound; undefined when all have been tried. */
  #promising(rng: Rng): Values | undefined {
    const process = this.#surrogate.update();
    const { leaders: numbers } = this.#surrogate;
    if (numbers.length === 0) return undefined;
    const found = new Lowest(this.#codec, this.#fresh, this.#judge(process, rng));
    const share = Math.min(1, AFFORDABLE_PARAMETERS / this.#space.params.length);
    const leaders = numbers.map((number) => this.#surrogate.codeOf(number));
    const code = this.#candidate;
    for (let i = 0; i < NEAR_BEST * share; i++) {
      // Squaring prefers the first of them.
      this.#varyInto(code, leaders[Math.floor(leaders.length * rng.next() ** 2)]!, rng);
      found.offer(code);
    }
    for (let i = 0; i < ANYWHERE * share; i++) {
      this.#codec.drawAll(code, rng);
      found.offer(code);
    }
    for (let i = 0; i < NEAR_FOUND * share && found.code !== undefined; i++) {
      this.#varyInto(code, found.code, rng);
      found.offer(code);
    }
    return found.values;
  }

  /** What a code is judged by, less being better; or Infinity where that is not below `limit`. */
  #judge(process: GaussianProcess, rng: Rng): (code: Code, limit: number) => number {
    const optimism = OPTIMISM[rng.below(OPTIMISM.length)]!;
    const costs = this.#costWeight > 0 ? this.#surrogate.costs() : undefined;
    if (costs === undefined) return (code, limit) => process.lowerBound(code, optimism, limit);
    return (code, limit) => {
      const handicap = this.#costWeight * costs.logOf(code);
      return process.lowerBound(code, optimism, limit - handicap) + handicap;
    };
  }

  /** Makes `code` differ from another in one parameter, sometimes in two or three. */
  #varyInto(code: Code, from: Code, rng: Rng): void {
    code.set(from);
    const count = 1 + Number(rng.next() < 0.4) + Number(rng.next() < 0.15);
    for (let i = 0; i < count; i++) this.#change(code, rng);
    this.#codec.settle(code, rng);
  }

  #change(code: Code, rng: Rng): void {
    const { free, levels, categorical } = this.#codec;
    const index = free[rng.below(free.length)]!;
    const count = levels[index]!;
    const at = code[index]!;
    // What is inactive stays so, unless what it depends on changes.
    if (Number.isNaN(at)) return;
    if (categorical[index]) code[index] = (at + 1 + rng.below(count - 1)) % count;
    else if (count <= FEW_LEVELS) code[index] = this.#codec.snap(index, reflect(at + steps(rng) / count));
    else {
      const width = Math.max(1 / count, 0.01 * 30 ** rng.next());
      code[index] = this.#codec.snap(index, reflect(at + width * rng.normal()));
    }
  }
}

/** A number with so few values is changed by whole steps, mostly one. */
const FEW_LEVELS = 20;

function steps(rng: Rng): number {
  const size = rng.next() < 0.7 ? 1 : 1 + rng.below(3);
  return rng.next() < 0.5 ? -size : size;
}

/** Back into [0, 1] from a little outside. */
function reflect(unit: number): number {
  const folded = unit < 0 ? -unit : unit > 1 ? 2 - unit : unit;
  return Math.max(0, Math.min(1, folded));
}

/** The best of the candidates offered so far that can be proposed. */
class Lowest {
  readonly #codec: Codec;
  readonly #fresh: FreshDraws;
  readonly #judge: (code: Code, limit: number) => number;
  #bound = Number.POSITIVE_INFINITY;
  code: Code | undefined;
  values: Values | undefined;

  constructor(codec: Codec, fresh: FreshDraws, judge: (code: Code, limit: number) => number) {
    this.#codec = codec;
    this.#fresh = fresh;
    this.#judge = judge;
  }

  offer(code: Code): void {
    const bound = this.#judge(code, this.#bound);
    if (bound >= this.#bound) return;
    const values = this.#codec.decode(code);
    if (this.#fresh.isTried(values) || !relationsHold(this.#codec.space, values)) return;
    this.#bound = bound;
    this.code = code.slice();
    this.values = values;
  }
}
