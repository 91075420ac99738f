import type { TrialRecord } from '../history.js';
import type { Code, Codec } from './codec.js';

/** Trials whose cost must be known before anything is said of others'. */
const LEAST_KNOWN = 6;
/** In trials: how much the assumption weighs that a parameter does not matter. */
const PRIOR = 0.1;
/** Passes over the parameters; each goes on from what the others have left to be explained. */
const SWEEPS = 10;
/** Seconds below which trials count as equally dear. */
const LEAST_SECONDS = 1e-3;

/**
 * How much dearer than others a configuration's training is, learnt from what trials have taken: the logarithm of the
 * seconds is a sum of one term for each parameter, a slope along a scale or a number for each choice, because times of
 * training are mostly products (steps times width times depth). Fitted by backfitting (Hastie and Tibshirani 1990).
 *
 * A trial that was stopped early counts with what it would have taken to its end at its pace.
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
      logSecondsToTheEnd(known),
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

  /** @param rest the logarithms to explain; used up */
  #fit(codes: readonly Code[], rest: Float64Array): void {
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const mean = rest.reduce((sum, value) => sum + value, 0) / rest.length;
      for (let i = 0; i < rest.length; i++) rest[i]! -= mean;
      for (const j of this.#codec.free) this.#improve(j, codes, rest);
    }
  }

  #improve(j: number, codes: readonly Code[], rest: Float64Array): void {
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

function logSecondsToTheEnd(trials: readonly TrialRecord[]): Float64Array {
  const complete = trials.filter(({ status }) => status === 'complete');
  const ends = (complete.length > 0 ? complete : trials).map(lastStep).sort((a, b) => a - b);
  const end = ends[ends.length >> 1]!;
  return Float64Array.from(trials, (trial) => {
    const share = trial.status === 'complete' ? 1 : Math.min(1, lastStep(trial) / end);
    return Math.log(Math.max(LEAST_SECONDS, trial.seconds!) / share);
  });
}

function lastStep({ reports }: TrialRecord): number {
  return Math.max(1, reports.at(-1)!.step);
}
