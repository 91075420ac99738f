import { Rng } from '../../search/index.js';

/** By problem, then by seed: regret at one number of trials. */
export type Regrets = readonly (readonly number[])[];

/** Below this share of random search's regret a problem counts as solved. */
const FLOOR = 0.01;

/**
 * Mean regret of each problem as a share of random search's, floored, and the geometric mean of these.
 *
 * @param random mean regret of random search by problem
 */
export function normalizedRegret(regrets: Regrets, random: readonly number[]): number {
  const logs = regrets.map((bySeed, problem) => Math.log(Math.max(FLOOR, mean(bySeed) / random[problem]!)));
  return Math.exp(mean(logs));
}

/** The 95 % interval of the normalized regret by the percentile bootstrap, seeds drawn again within each problem. */
export function interval(regrets: Regrets, random: readonly number[], draws = 2000): readonly [number, number] {
  const rng = new Rng(1, 0);
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const resampled = regrets.map((bySeed) => bySeed.map(() => bySeed[rng.below(bySeed.length)]!));
    values.push(normalizedRegret(resampled, random));
  }
  values.sort((a, b) => a - b);
  return [values[Math.floor(0.025 * draws)]!, values[Math.ceil(0.975 * draws) - 1]!];
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
