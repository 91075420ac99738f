import { erfc } from '../erf.js';
import type { Study, Trial } from '../study.js';
import type { StudyPruner } from './pruner.js';

export interface WilcoxonOptions {
  /** In [0, 1]: below this probability the trial counts as worse than the best one. */
  readonly pThreshold?: number;
  /** Steps in common with the best trial before anything is decided. */
  readonly startupSteps?: number;
  /** Whether equal differences get a test of their own, as in SciPy 1.17; SciPy 1.10 did not tell them. Default true. */
  readonly tellsTies?: boolean;
}

/** Stops a trial that is significantly worse than the best one, by the signed-rank test on their common steps. */
export class OptunaWilcoxon implements StudyPruner {
  readonly #pThreshold: number;
  readonly #startupSteps: number;
  readonly #tellsTies: boolean;

  constructor({ pThreshold = 0.1, startupSteps = 2, tellsTies = true }: WilcoxonOptions = {}) {
    this.#pThreshold = pThreshold;
    this.#startupSteps = startupSteps;
    this.#tellsTies = tellsTies;
  }

  prune({ maximize }: Study, trial: Trial, trials: readonly Trial[]): string | undefined {
    const best = bestComplete(trials, maximize);
    if (best === undefined || !hasNumbersOnly(trial) || !hasNumbersOnly(best)) return undefined;
    const at = new Map(best.steps.map((step, i) => [step, best.values[i]!]));
    const differences = trial.steps.flatMap((step, i) => (at.has(step) ? [trial.values[i]! - at.get(step)!] : []));
    if (differences.length < Math.max(2, this.#startupSteps)) return undefined;
    const p = signedRankP(differences, maximize ? 'less' : 'greater', this.#tellsTies);
    if (!(p < this.#pThreshold)) return undefined;
    // A trial that leads on average stays, whatever the ranks say.
    const [mean, bestMean] = [average(trial.values), average(best.values)];
    if (maximize ? bestMean <= mean : bestMean >= mean) return undefined;
    return `worse than trial ${best.number} with p ${p.toPrecision(3)} < ${this.#pThreshold} in ${differences.length} steps`;
  }
}

/**
 * Optuna's `study.best_trial`: of equal ones the first that was told; and where that one violates a constraint, the best of
 * those that do not, of equal ones the first by number.
 */
function bestComplete(trials: readonly Trial[], maximize: boolean): Trial | undefined {
  const complete = trials.filter(({ state }) => state === 'COMPLETE');
  const byEnd = complete.toSorted((a, b) => (a.told ?? a.number) - (b.told ?? b.number));
  const best = firstBest(byEnd, maximize);
  return best === undefined || isFeasible(best) ? best : firstBest(complete.filter(isFeasible), maximize);
}

function firstBest(trials: readonly Trial[], maximize: boolean): Trial | undefined {
  let best: Trial | undefined;
  for (const trial of trials) {
    if (best === undefined || (maximize ? trial.value! > best.value! : trial.value! < best.value!)) best = trial;
  }
  return best;
}

function isFeasible({ constraints }: Trial): boolean {
  return constraints === undefined || [...constraints.values()].every((value) => value <= 0);
}

function hasNumbersOnly({ values }: Trial): boolean {
  return values.length > 0 && values.every(Number.isFinite);
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** As many differences at most, and SciPy goes through all their signs where some are equal or 0. */
const PERMUTED = 13;
/** As many, and the distribution of rank sums is counted where none are. */
const COUNTED = 50;

/**
 * One-sided p of Wilcoxon's signed-rank test, zeros split between the signs: exact for few differences, otherwise normal
 * with correction for ties but not for continuity.
 *
 * @param tellsTies see {@link WilcoxonOptions}; without, differences are counted as if all ranks were different
 * @see scipy.stats.wilcoxon(zero_method="zsplit", correction=False)
 */
export function signedRankP(
  differences: readonly number[],
  alternative: 'greater' | 'less',
  tellsTies: boolean,
): number {
  const n = differences.length;
  const { positive, halfOfZeros, ties, ranks } = rankSum(differences);
  const zeros = differences.some((difference) => difference === 0);
  if (tellsTies && n <= PERMUTED && (zeros || ties.length > 0)) {
    return permutedP(ranks, positive - halfOfZeros, alternative);
  }
  if (n <= COUNTED && !zeros && !(tellsTies && ties.length > 0)) return exactP(n, positive, alternative);
  let variance = n * (n + 1) * (2 * n + 1);
  variance -= 0.5 * ties.reduce((sum, k) => sum + k * (k * k - 1), 0);
  const z = (positive - n * (n + 1) * 0.25) / Math.sqrt(variance / 24);
  return 0.5 * erfc((alternative === 'greater' ? z : -z) / Math.SQRT2);
}

interface RankSum {
  /** The ranks of positive differences added up, and half of those of zeros. */
  readonly positive: number;
  readonly halfOfZeros: number;
  /** Of the differences that are not 0. */
  readonly ranks: readonly number[];
  /** Sizes of the groups that share a rank. */
  readonly ties: readonly number[];
}

function rankSum(differences: readonly number[]): RankSum {
  const sorted = [...differences].sort((a, b) => Math.abs(a) - Math.abs(b));
  const ties: number[] = [];
  const ranks: number[] = [];
  let positive = 0;
  let halfOfZeros = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && Math.abs(sorted[end]!) === Math.abs(sorted[start]!)) end++;
    const rank = (start + end - 1) / 2 + 1;
    for (const difference of sorted.slice(start, end)) {
      if (difference === 0) halfOfZeros += rank / 2;
      else ranks.push(rank);
      if (difference > 0) positive += rank;
    }
    if (end - start > 1) ties.push(end - start);
    start = end;
  }
  return { positive: positive + halfOfZeros, halfOfZeros, ranks, ties };
}

/**
 * The share of all ways to choose the signs whose rank sum is as far out.
 *
 * @param ranks    of the differences that are not 0
 * @param positive the rank sum of theirs
 */
function permutedP(ranks: readonly number[], positive: number, alternative: 'greater' | 'less'): number {
  const all = 2 ** ranks.length;
  let ways = 0;
  for (let signs = 0; signs < all; signs++) {
    const sum = ranks.reduce((total, rank, i) => total + rank * ((signs >> i) & 1), 0);
    if (alternative === 'greater' ? sum >= positive : sum <= positive) ways++;
  }
  return ways / all;
}

function exactP(n: number, positive: number, alternative: 'greater' | 'less'): number {
  // counts[s]: how many of the 2^n ways to choose signs have rank sum s; at most 2^50, which a double holds.
  const counts = Array.from({ length: (n * (n + 1)) / 2 + 1 }, () => 0);
  counts[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = counts.length - 1; sum >= rank; sum--) counts[sum]! += counts[sum - rank]!;
  }
  const ways =
    alternative === 'greater' ? counts.slice(Math.ceil(positive)) : counts.slice(0, Math.floor(positive) + 1);
  return ways.reduce((a, b) => a + b, 0) / 2 ** n;
}
