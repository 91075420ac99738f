import type { TrialRecord } from '../history.js';
import type { Code, Codec } from './codec.js';

/** Trials whose cost must be known before anything is said of others'. */
const LEAST_KNOWN = 6;
/** In trials: how much the assumption weighs that a parameter does not matter. */
const PRIOR = 0.1;
/** The same for the assumption that every step takes as long, in squares of logarithms. */
const PRIOR_WAY = 0.5;
/** Steps may become dearer, too, but not by much. */
const MOST_EXPONENT = 1.5;
/** Passes over the parameters; each goes on from what the others have left to be explained. */
const SWEEPS = 10;
/** Seconds below which trials count as equally dear. */
const LEAST_SECONDS = 1e-3;

/**
 * How much dearer than others a configuration's training is, learnt from what trials have taken: the logarithm of the
 * seconds is a sum of one term for each parameter, a slope along a scale or a number for each choice, because times of
 * training are mostly products (steps times width times depth). Fitted by backfitting (Hastie and Tibshirani 1990).
 *
 * A trial that was stopped early counts with what it would have taken to its end. The first steps of a training are mostly
 * dearer than the others, since it has to begin: seconds grow with a power of the share of the way, which is learnt as well.
 */
export class TrainingCosts {
  readonly #codec: Codec;
  /** By parameter: what one choice each adds, or the slope about the scale's middle. */
  readonly #terms: readonly Float64Array[];

  private constructor(codec: Codec) {
    this.#codec = codec;
    this.#terms = codec.levels.map((count, j) => new Float64Array(codec.categorical[j] ? count : 1));
  }

  /** @returns undefined where the costs of too few trials are known */
  static of(codec: Codec, trials: readonly TrialRecord[]): TrainingCosts | undefined {
    const known = trials.filter(({ seconds, reports }) => seconds !== undefined && reports.length > 0);
    if (known.length < LEAST_KNOWN) return undefined;
    const costs = new TrainingCosts(codec);
    costs.#fit(
      known.map(({ params }) => codec.encode(params)),
      known.map(({ seconds }) => Math.log(Math.max(LEAST_SECONDS, seconds!))),
      logShares(known),
    );
    return costs;
  }

  /** The logarithm of the seconds, up to a constant. */
  logOf(code: Code): number {
    let sum = 0;
    for (const j of this.#codec.free) sum += this.#term(j, code[j]!);
    return sum;
  }

  /** What is inactive costs nothing. */
  #term(j: number, at: number): number {
    const term = this.#terms[j]!;
    if (Number.isNaN(at)) return 0;
    return this.#codec.categorical[j] ? term[at]! : term[0]! * (at - 0.5);
  }

  /**
   * @param rest   the logarithms to explain; used up
   * @param shares logarithms of how far each trial came
   */
  #fit(codes: readonly Code[], rest: number[], shares: readonly number[]): void {
    const middle = mean(shares);
    const ways = shares.map((share) => share - middle);
    const squares = PRIOR_WAY + ways.reduce((sum, way) => sum + way * way, 0);
    // As long as nothing else is known, every step takes the same time.
    let exponent = 0;
    let change = 1;
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (const [i, way] of ways.entries()) rest[i]! -= change * way;
      const level = mean(rest);
      for (const i of rest.keys()) rest[i]! -= level;
      for (const j of this.#codec.free) this.#improve(j, codes, rest);
      exponent += change;
      const wanted = exponent + ways.reduce((sum, way, i) => sum + way * rest[i]!, 0) / squares;
      change = Math.max(0, Math.min(MOST_EXPONENT, wanted)) - exponent;
    }
  }

  #improve(j: number, codes: readonly Code[], rest: number[]): void {
    const term = this.#terms[j]!;
    const categorical = this.#codec.categorical[j]!;
    const squares = new Float64Array(term.length).fill(PRIOR);
    const products = new Float64Array(term.length);
    for (const [i, code] of codes.entries()) {
      const at = code[j]!;
      if (Number.isNaN(at)) continue;
      const slot = categorical ? at : 0;
      const x = categorical ? 1 : at - 0.5;
      squares[slot]! += x * x;
      products[slot]! += x * (rest[i]! + this.#term(j, at));
    }
    for (const [i, code] of codes.entries()) rest[i]! += this.#term(j, code[j]!);
    for (let slot = 0; slot < term.length; slot++) term[slot] = products[slot]! / squares[slot]!;
    for (const [i, code] of codes.entries()) rest[i]! -= this.#term(j, code[j]!);
  }
}

/** How far trials came of the way that complete ones go. */
function logShares(trials: readonly TrialRecord[]): number[] {
  const complete = trials.filter(({ status }) => status === 'complete');
  const ends = (complete.length > 0 ? complete : trials).map(lastStep).sort((a, b) => a - b);
  const end = ends[ends.length >> 1]!;
  return trials.map((trial) => (trial.status === 'complete' ? 0 : Math.log(Math.min(1, lastStep(trial) / end))));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function lastStep({ reports }: TrialRecord): number {
  return Math.max(1, reports.at(-1)!.step);
}
