import { configKey, History, Rng, type Suggestion } from '../../search/index.js';
import type { Problem } from './problems.js';

/** How trials are asked for and told: one after the other, eight at a time, or by eight workers that never wait. */
export type Mode = 'sequential' | 'batch8' | 'async8';

/** A sampler of ours, or of a peer in another process, which is told results by itself. */
export interface Proposer {
  readonly name: string;
  suggest(history: History, number: number): Suggestion | undefined | Promise<Suggestion>;
  told?(number: number, value: number): void;
}

export interface StudyResult {
  /** Regret of the best trial so far, by the number of trials that have ended. */
  readonly regrets: readonly number[];
  /** Trials whose configuration was an earlier trial's. */
  readonly repeated: number;
}

const PARALLEL = 8;

/** One whole study; the same arguments give the same result. */
export async function runStudy(
  problem: Problem,
  sampler: Proposer,
  mode: Mode,
  trials: number,
  seed: number,
): Promise<StudyResult> {
  const history = new History(problem.goal, 'best');
  const regrets: number[] = [];
  const keys = new Set<string>();
  const running: { readonly number: number; readonly value: number; readonly end: number }[] = [];
  let clock = 0;
  let regret = Number.POSITIVE_INFINITY;

  for (let number = 0; regrets.length < trials; ) {
    while (number < trials && running.length < (mode === 'sequential' ? 1 : PARALLEL)) {
      const suggestion = await sampler.suggest(history, number);
      if (suggestion === undefined) return { regrets, repeated: number - keys.size };
      const { params } = suggestion;
      keys.add(configKey(problem.space, params));
      history.propose(number, params, sampler.name, suggestion.draws);
      history.start(number);
      const value = await problem.evaluate(params);
      const length = mode === 'async8' ? await duration(problem, params, seed, number) : 1;
      running.push({ number, value, end: clock + length });
      number++;
    }
    const ended = mode === 'async8' ? [takeFirst(running)] : running.splice(0);
    for (const { number: of, value, end } of ended) {
      clock = end;
      history.report(of, 1, value);
      history.end(of, 'complete');
      sampler.told?.(of, value);
      regret = Math.min(regret, Math.max(0, problem.goal === 'maximize' ? problem.best - value : value - problem.best));
      regrets.push(regret);
    }
  }
  return { regrets, repeated: trials - keys.size };
}

/** Simulated seconds; where the problem does not say, log-normal about 1, so that trials overtake each other. */
async function duration(
  problem: Problem,
  params: Parameters<Problem['evaluate']>[0],
  seed: number,
  number: number,
): Promise<number> {
  return problem.duration === undefined
    ? Math.exp(0.5 * new Rng(seed, number, 9).normal())
    : await problem.duration(params);
}

function takeFirst<T extends { readonly number: number; readonly end: number }>(running: T[]): T {
  let first = 0;
  for (const [index, { end }] of running.entries()) if (end < running[first]!.end) first = index;
  return running.splice(first, 1)[0]!;
}
