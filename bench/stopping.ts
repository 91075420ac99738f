/**
 * What stopping early saves: time until a configuration that is the best in a thousand has been trained to its end, on
 * fleets of asynchronous workers in virtual time, as a share of what the default sampler needs without stopping.
 *
 *     npm run bench:stopping [-- --benchmarks DIR] [--tasks A,B] [--seeds N] [--workers 1,8,64]
 *                            [--rule SAMPLER+PRUNER]... [--json FILE]
 *
 * Sampler and pruner may be given as JSON: --rule 'auto+{"type":"asha","minStep":3}'.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createPruner, createSampler, type PrunerOptions, type SamplerOptions } from '../search/index.js';
import { mean } from './search/statistics.js';
import { loadTasks, TASKS, type Task } from './stopping/curves.js';
import { bestAt, type Outcome, runFleet } from './stopping/fleet.js';

const MOST_TRIALS = 5000;
/** A baseline goes on to so many trials even where it passes the threshold before, so that accuracies can be compared. */
const BASELINE_TRIALS = 200;

const LADDER = { minStep: 3, factor: 3 };

interface Rule {
  readonly name: string;
  readonly sampler: SamplerOptions;
  readonly pruner: PrunerOptions;
}

const RULES: readonly Rule[] = [
  rule('auto+none'),
  rule('auto+median', { type: 'median' }),
  rule('auto+asha', { type: 'asha', ...LADDER }),
  rule('{"type":"auto","costWeight":0.2}+none'),
  rule('{"type":"auto","costWeight":0.2}+asha', { type: 'asha', ...LADDER }),
  rule('random+none'),
  rule('random+asha', { type: 'asha', ...LADDER }),
];

function rule(name: string, options?: PrunerOptions): Rule {
  const [, sampler = '', pruner = ''] = /^([^+]+)\+(.+)$/.exec(name) ?? [];
  if (pruner === '') throw new Error(`rule ${name} must be a sampler and a pruner with a plus between`);
  const given: PrunerOptions = JSON.parse(pruner.startsWith('{') ? pruner : JSON.stringify({ type: pruner }));
  const named: SamplerOptions = JSON.parse(sampler.startsWith('{') ? sampler : JSON.stringify({ type: sampler }));
  return { name, sampler: named, pruner: options ?? given };
}

async function main(): Promise<void> {
  const { values: args } = parseArgs({
    options: {
      benchmarks: { type: 'string' },
      tasks: { type: 'string' },
      seeds: { type: 'string', default: '20' },
      workers: { type: 'string', default: '1,8,64' },
      rule: { type: 'string', multiple: true },
      json: { type: 'string' },
    },
  });
  const folder = args.benchmarks ?? process.env['ASSAY_BENCHMARKS'] ?? '../shared/benchmarks';
  const tasks = await loadTasks(folder, args.tasks?.split(',') ?? TASKS);
  if (typeof tasks === 'string') {
    console.log(`skipped: ${tasks}`);
    return;
  }
  const rules = args.rule === undefined ? RULES : [RULES[0]!, ...args.rule.map((text) => known(text) ?? rule(text))];
  const all = [];
  for (const workers of args.workers.split(',').map(Number)) {
    for (const task of tasks) {
      const results = await compare(task, workers, rules, Number(args.seeds));
      console.log(`\ntask ${task.name}, threshold ${task.threshold}, ${workers} workers, ${args.seeds} seeds`);
      console.table(tabulate(results));
      all.push({ task: task.name, workers, results });
    }
  }
  console.log('\ntime as a share of the baseline: geometric mean over the tasks');
  console.table(overall(all));
  if (args.json !== undefined) writeFileSync(args.json, JSON.stringify(all));
}

function known(name: string): Rule | undefined {
  return RULES.find((one) => one.name === name);
}

interface Result {
  readonly rule: string;
  readonly outcomes: readonly Outcome[];
  /** By seed, the best final accuracy when the baseline of the same seed had ended. */
  readonly accuracies: readonly number[];
}

/** The first rule is the baseline: each of its studies says for how long the others' studies of that seed go on. */
async function compare(task: Task, workers: number, rules: readonly Rule[], seeds: number): Promise<Result[]> {
  const results: Result[] = [];
  for (const { name, sampler, pruner } of rules) {
    const outcomes: Outcome[] = [];
    const baseline = results[0]?.outcomes;
    for (let seed = 0; seed < seeds; seed++) {
      const limits = {
        workers,
        mostTrials: MOST_TRIALS,
        seconds: baseline?.[seed]?.end ?? 0,
        complete: baseline === undefined ? BASELINE_TRIALS : 0,
      };
      const made = createSampler(sampler, task.space, 'maximize', seed);
      outcomes.push(await runFleet(task, made, createPruner(pruner, 'maximize'), limits));
    }
    const ends = (baseline ?? outcomes).map(({ end }) => end);
    results.push({ rule: name, outcomes, accuracies: outcomes.map((outcome, seed) => bestAt(outcome, ends[seed]!)) });
  }
  return results;
}

function tabulate(results: readonly Result[]): Record<string, string | number>[] {
  const baseline = results[0]!;
  return results.map(({ rule: name, outcomes, accuracies }) => ({
    rule: name,
    'median time (s)': Math.round(medianTime(outcomes)),
    share: (medianTime(outcomes) / medianTime(baseline.outcomes)).toFixed(3),
    never: outcomes.filter(({ timeToThreshold }) => timeToThreshold === Number.POSITIVE_INFINITY).length,
    'accuracy at equal time': median(accuracies).toFixed(3),
    'to baseline': (median(accuracies) - median(baseline.accuracies)).toFixed(3),
    trials: Math.round(mean(outcomes.map(({ trials }) => trials))),
    complete: Math.round(mean(outcomes.map(({ complete }) => complete))),
    'epochs per trial': mean(outcomes.map(({ epochs, trials }) => epochs / trials)).toFixed(1),
  }));
}

function overall(
  all: readonly { readonly workers: number; readonly results: readonly Result[] }[],
): Record<string, string | number>[] {
  const names = all[0]?.results.map(({ rule: name }) => name) ?? [];
  const counts = [...new Set(all.map(({ workers }) => workers))];
  return names.map((name, i) => ({
    rule: name,
    ...Object.fromEntries(
      counts.map((workers) => {
        const shares = all
          .filter((one) => one.workers === workers)
          .map(({ results }) => medianTime(results[i]!.outcomes) / medianTime(results[0]!.outcomes));
        return [`${workers} workers`, Math.exp(mean(shares.map(Math.log))).toFixed(3)];
      }),
    ),
  }));
}

function medianTime(outcomes: readonly Outcome[]): number {
  return median(outcomes.map(({ timeToThreshold }) => timeToThreshold));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

await main();
