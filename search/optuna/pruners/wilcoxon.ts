import { erfc } from '../erf.js';
import type { Study, Trial } from '../study.js';
import type { StudyPruner } from './pruner.js';

export interface WilcoxonOptions {
  /** In [0, 1]: below this probability the trial counts as worse than the best one. */
  readonly pThreshold?: number;
  /** Steps in common with the best trial before anything is decided. */
  readonly startupSteps?: number;
}

/** Stops a trial that is significantly worse than the best one, by the signed-rank test on their common steps. */
export class OptunaWilcoxon implements StudyPruner {
  readonly #pThreshold: number;
  readonly #startupSteps: number;

  constructor({ pThreshold = 0.1, startupSteps = 2 }: WilcoxonOptions = {}) {
    this.#pThreshold = pThreshold;
    this.#startupSteps = startupSteps;
  }

  prune({ maximize }: Study, trial: Trial, trials: readonly Trial[]): string | undefined {
    const best = bestComplete(trials, maximize);
    if (best === undefined || !hasNumbersOnly(trial) || !hasNumbersOnly(best)) return undefined;
    const at = new Map(best.steps.map((step, i) => [step, best.values[i]!]));
    const differences = trial.steps.flatMap((step, i) => (at.has(step) ? [trial.values[i]! - at.get(step)!] : []));
    if (differences.length < Math.max(2, this.#startupSteps)) return undefined;
    const p = signedRankP(differences, maximize ? 'less' : 'greater');
    if (!(p < this.#pThreshold)) return undefined;
    // A trial that leads on average stays, whatever the ranks say.
    const [mean, bestMean] = [average(trial.values), average(best.values)];
    if (maximize ? bestMean <= mean : bestMean >= mean) return undefined;
    return `worse than trial ${best.number} with p ${p.toPrecision(3)} < ${this.#pThreshold} in ${differences.length} steps`;
  }
}

function bestComplete(trials: readonly Trial[], maximize: boolean): Trial | undefined {
  let best: Trial | undefined;
  for (const trial of trials) {
    if (trial.state !== 'COMPLETE') continue;
    if (best === undefined || (maximize ? trial.value! > best.value! : trial.value! < best.value!)) best = trial;
  }
  return best;
}

function hasNumbersOnly({ values }: Trial): boolean {
  return values.length > 0 && values.every(Number.isFinite);
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/**
 * One-sided p of Wilcoxon's signed-rank test, zeros split between the signs: exact for at most 50 differences none of
 * which is 0, otherwise normal with correction for ties but not for continuity.
 *
 * @see scipy.stats.wilcoxon(zero_method="zsplit", correction=False)
 */
export function signedRankP(differences: readonly number[], alternative: 'greater' | 'less'): number {
  const n = differences.length;
  const { positive, ties } = rankSum(differences);
  const exact = n <= 50 && differences.every((difference) => difference !== 0);
  if (exact) return exactP(n, positive, alternative);
  let variance = n * (n + 1) * (2 * n + 1);
  variance -= 0.5 * ties.reduce((sum, k) => sum + k * (k * k - 1), 0);
  const z = (positive - n * (n + 1) * 0.25) / Math.sqrt(variance / 24);
  return 0.5 * erfc((alternative === 'greater' ? z : -z) / Math.SQRT2);
}

/** The ranks of positive differences added up, zeros by half, and the sizes of the groups that share a rank. */
function rankSum(differences: readonly number[]): { positive: number; ties: number[] } {
  const sorted = [...differences].sort((a, b) => Math.abs(a) - Math.abs(b));
  const ties: number[] = [];
  let positive = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && Math.abs(sorted[end]!) === Math.abs(sorted[start]!)) end++;
    const rank = (start + end - 1) / 2 + 1;
    for (const difference of sorted.slice(start, end))
      positive += difference > 0 ? rank : difference === 0 ? rank / 2 : 0;
    if (end - start > 1) ties.push(end - start);
    start = end;
  }
  return { positive, ties };
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
