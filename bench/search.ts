/**
 * How good the samplers are on problems whose best configuration is known: regret as a share of random search's, geometric
 * mean over the problems, with 95 % intervals; one trial at a time, eight at a time, and eight workers that never wait.
 *
 *     npm run bench:search [-- --problems DIR] [--lcbench-tasks A,B] [--sampler NAME|JSON]... [--seeds N] [--json FILE]
 *                          [--peer VERSION|VERSION:JSON|none]... [--peer-seeds N] [--mode sequential|batch8|async8]...
 *
 * Peers are releases of Optuna with settings of its TPESampler; they run the same studies where pip can install them.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSampler, type SamplerOptions } from '../search/index.js';
import { openPeer } from './search/optuna-peer.js';
import { LCBENCH_TASKS, loadLcbench, loadTabular, type Problem } from './search/problems.js';
import { interval, mean, normalizedRegret } from './search/statistics.js';
import { type Mode, type Proposer, runStudy } from './search/study.js';

const MODES: readonly { readonly mode: Mode; readonly trials: number; readonly title: string }[] = [
  { mode: 'sequential', trials: 100, title: 'one at a time' },
  { mode: 'batch8', trials: 104, title: 'ask 8, tell 8' },
  { mode: 'async8', trials: 104, title: '8 workers, virtual time' },
];
/** Optuna as pip installs it today, and the best setting of the release that most people have. */
const PEERS = ['5.0.0', '4.9.0:{"multivariate":true,"constant_liar":true}'];
const EARLY = 50;
/** Studies of random search that regrets are divided by; more than of anything else, as everything rests on them. */
const RANDOM_SEEDS = 200;

/** Regrets by problem, then by seed, early and at the end. */
interface Outcome {
  readonly sampler: string;
  readonly mode: Mode;
  readonly early: readonly (readonly number[])[];
  readonly end: readonly (readonly number[])[];
  /** Repeated configurations in a study, on average. */
  readonly repeated: number;
}

async function main(): Promise<void> {
  const { values: args } = parseArgs({
    options: {
      problems: { type: 'string' },
      'lcbench-tasks': { type: 'string' },
      sampler: { type: 'string', multiple: true },
      seeds: { type: 'string', default: '30' },
      json: { type: 'string' },
      peer: { type: 'string', multiple: true },
      'peer-seeds': { type: 'string', default: '10' },
      mode: { type: 'string', multiple: true, default: MODES.map(({ mode }) => mode) },
    },
  });
  const folder = args.problems ?? process.env['ASSAY_BENCHMARKS'] ?? '../shared/benchmarks';
  if (!existsSync(join(folder, 'tabular.json'))) {
    console.log(`skipped: ${folder} has no tabular.json; name a folder that has with --problems or ASSAY_BENCHMARKS`);
    return;
  }
  const problems = await load(folder, args['lcbench-tasks']?.split(',') ?? LCBENCH_TASKS);
  const seeds = Number(args.seeds);
  const modes = MODES.filter(({ mode }) => args.mode.includes(mode));
  if (modes.length < new Set(args.mode).size)
    throw new Error(`--mode ${args.mode.join(', ')}: sequential, batch8 and async8 are known`);
  const random = await randomMeans(problems);
  const outcomes: Outcome[] = [];
  for (const { mode, trials } of modes) {
    for (const name of args.sampler ?? ['auto', 'tpe', 'random']) {
      outcomes.push(await measure(name, ourSampler(name), problems, mode, trials, seeds));
    }
  }
  for (const wanted of args.peer ?? PEERS) {
    const peer = wanted === 'none' ? 'without peers' : openPeer(wanted);
    if (typeof peer === 'string') {
      console.log(peer);
      continue;
    }
    for (const { mode, trials } of modes) {
      outcomes.push(await measure(peer.name, peer.sampler, problems, mode, trials, Number(args['peer-seeds'])));
    }
    peer.close();
  }
  console.log(`${problems.length} problems, ${seeds} seeds; ${problems.map(({ name }) => name).join(', ')}`);
  const tables = modes.map((mode) => summarize(mode, outcomes, random));
  for (const [i, { title }] of modes.entries()) {
    console.log(`\n${title}: normalized regret [95 % interval]`);
    console.table(tables[i]);
  }
  console.log('\nregret as a share of random search, by problem, at the end');
  console.table(byProblem(problems, outcomes, random));
  if (args.json === undefined) return;
  writeFileSync(
    args.json,
    JSON.stringify({ problems: problems.map(({ name }) => name), random: [...random], outcomes }),
  );
}

async function load(folder: string, tasks: readonly string[]): Promise<Problem[]> {
  const lcbench = await loadLcbench(folder, tasks);
  if (typeof lcbench !== 'string') return [...loadTabular(folder), ...lcbench];
  console.log(`without LCBench: ${lcbench}`);
  return loadTabular(folder);
}

/** Mean regret of random search by problem, at every number of trials that is asked for. */
async function randomMeans(problems: readonly Problem[]): Promise<ReadonlyMap<number, readonly number[]>> {
  const marks = [EARLY, ...new Set(MODES.map(({ trials }) => trials))];
  const most = Math.max(...marks);
  const means = new Map<number, number[]>(marks.map((mark) => [mark, []]));
  for (const problem of problems) {
    const studies: (readonly number[])[] = [];
    for (let seed = 0; seed < RANDOM_SEEDS; seed++) {
      const sampler = createSampler({ type: 'random' }, problem.space, problem.goal, 1_000_000 + seed);
      studies.push((await runStudy(problem, sampler, 'sequential', most, seed)).regrets);
    }
    for (const mark of marks) means.get(mark)!.push(mean(studies.map((regrets) => regrets[mark - 1]!)));
  }
  return means;
}

/** A sampler for one study, made of the problem's space and goal and the study's seed. */
type Make = (space: Problem['space'], goal: Problem['goal'], seed: number) => Proposer;

function ourSampler(name: string): Make {
  const options: SamplerOptions = JSON.parse(name.startsWith('{') ? name : JSON.stringify({ type: name }));
  return (space, goal, seed) => createSampler(options, space, goal, seed);
}

async function measure(
  sampler: string,
  make: Make,
  problems: readonly Problem[],
  mode: Mode,
  trials: number,
  seeds: number,
): Promise<Outcome> {
  const early: number[][] = [];
  const end: number[][] = [];
  let repeated = 0;
  for (const problem of problems) {
    const studies = [];
    for (let seed = 0; seed < seeds; seed++) {
      const made = make(problem.space, problem.goal, seed);
      studies.push(await runStudy(problem, made, mode, trials, seed));
    }
    early.push(studies.map(({ regrets }) => regrets[EARLY - 1] ?? regrets.at(-1)!));
    end.push(studies.map(({ regrets }) => regrets.at(-1)!));
    repeated += mean(studies.map((study) => study.repeated)) / problems.length;
  }
  return { sampler, mode, early, end, repeated };
}

function summarize(
  { mode, trials }: (typeof MODES)[number],
  outcomes: readonly Outcome[],
  random: ReadonlyMap<number, readonly number[]>,
): Record<string, string | number>[] {
  const rows = outcomes.filter((outcome) => outcome.mode === mode);
  return rows.map((outcome) => ({
    sampler: outcome.sampler,
    [`@${EARLY}`]: withInterval(outcome.early, random.get(EARLY)!),
    [`@${trials}`]: withInterval(outcome.end, random.get(trials)!),
    'mean rank': Number(meanRank(outcome, rows).toFixed(2)),
    'repeated per study': Number(outcome.repeated.toFixed(2)),
  }));
}

function withInterval(regrets: Outcome['end'], random: readonly number[]): string {
  const [low, high] = interval(regrets, random);
  return `${normalizedRegret(regrets, random).toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

/** A sampler's place among all by mean regret at the end, 1 the best, averaged over the problems. */
function meanRank(outcome: Outcome, rows: readonly Outcome[]): number {
  const ranks = outcome.end.map((own, problem) => {
    const better = rows.filter(({ end }) => mean(end[problem]!) < mean(own)).length;
    const level = rows.filter(({ end }) => mean(end[problem]!) === mean(own)).length;
    return better + (level + 1) / 2;
  });
  return mean(ranks);
}

function byProblem(
  problems: readonly Problem[],
  outcomes: readonly Outcome[],
  random: ReadonlyMap<number, readonly number[]>,
): Record<string, string | number>[] {
  return problems.map(({ name }, problem) => ({
    problem: name,
    ...Object.fromEntries(
      outcomes.map(({ sampler, mode, end }) => {
        const trials = MODES.find((known) => known.mode === mode)!.trials;
        return [`${sampler} ${mode}`, (mean(end[problem]!) / random.get(trials)![problem]!).toFixed(3)];
      }),
    ),
  }));
}

await main();
