import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Study, Trial } from '../../proto/index.js';
import { isFinal, trialStateName } from '../../proto/state-names.js';
import { type StudyClient, withClient } from '../client.js';
import { type Confirmation, confirmOrder } from '../confirmation.js';
import { UserError } from '../fail.js';
import { formatMetric } from '../format.js';
import { exitCodeOf, onInterrupt } from '../interrupt.js';
import { commandLine } from '../invocation.js';
import { coordinatorOption, coordinatorWords, wholeNumber } from '../options.js';
import { printJson } from '../print-json.js';
import { type Cell, tableLines } from '../table.js';
import { describeTerminal, printLines } from '../terminal.js';
import { plainText, span } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly top: number;
  readonly seeds: number;
  readonly json?: true;
}

const POLL_MS = 1_000;

export function confirmCommand(): Command {
  return new Command('confirm')
    .description(
      'Trains the best configurations of a study again with fresh seeds, the same ones for each, and says whether the\n' +
        'order holds. The trials are beside the budget, the ranking and the sampler. The same command again takes up\n' +
        'what an interrupted one has begun.',
    )
    .argument('[study]', "the study's id (the latest when left out)", '')
    .addOption(coordinatorOption())
    .option('--top <n>', 'how many of the best', wholeNumber(1, 100), 3)
    .option('--seeds <n>', 'how many seeds for each', wholeNumber(2, 100), 5)
    .option('--json', 'print the values and the comparisons as JSON')
    .action((id: string, options: Options) =>
      withClient(options.coordinator, (client) => confirm(client, id, options)),
    );
}

async function confirm(client: StudyClient, id: string, options: Options): Promise<void> {
  const { top, seeds: count, coordinator, json } = options;
  const board = await client.getLeaderboard(id, top);
  const { study } = board;
  const best = board.rows.flatMap(({ trial }) => (trial?.value === undefined ? [] : [trial]));
  if (study === undefined || best.length === 0) {
    throw new UserError(`study ${study?.id ?? id} has no trial with a value yet: there is nothing to confirm`);
  }
  const seeds = freshSeeds(study, count);
  const reruns = new Map<number, number[]>();
  for (const { number } of best) {
    const numbers: number[] = [];
    for (const seed of seeds) {
      const requestId = requestFor(study, number, seed);
      numbers.push((await client.rerunTrial(study.id, number, { seed, requestId })).trial!.number);
    }
    reruns.set(number, numbers);
  }
  const words = ['confirm', study.id, '--top', String(top), '--seeds', String(count), ...coordinatorWords(coordinator)];
  const trials = await untilFinal(client, study, [...reruns.values()].flat(), commandLine(words));
  if (trials === undefined) return;
  const contenders = best.map(({ number }) => ({
    trial: number,
    values: reruns.get(number)!.map((rerun) => trials.get(rerun)?.value),
  }));
  const result = confirmOrder(contenders, study.maximize);
  if (json === true) printJson({ study: study.id, seeds, contenders, ...result });
  else print(study, best, result, contenders, trials, reruns);
}

/** The same each time for a study, so that the same command finds what it began, and none that its search used. */
function freshSeeds({ id, createdAtMs }: Study, count: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    createHash('sha256').update(`confirm ${id} ${createdAtMs} ${index}`).digest().readUInt32BE(0),
  );
}

function requestFor({ id, createdAtMs }: Study, trial: number, seed: number): string {
  return `confirm-${createHash('sha256').update(`${id} ${createdAtMs} ${trial} ${seed}`).digest('hex').slice(0, 40)}`;
}

/** The trials by number once all have ended; undefined after Ctrl-C. */
async function untilFinal(
  client: StudyClient,
  study: Study,
  numbers: readonly number[],
  again: string,
): Promise<Map<number, Trial> | undefined> {
  const interruption = onInterrupt();
  const { signal } = interruption;
  let said = '';
  try {
    while (!signal.aborted) {
      const { trials } = await client.listTrials(study.id);
      const ours = new Map(
        trials.filter(({ number }) => numbers.includes(number)).map((trial) => [trial.number, trial]),
      );
      const done = [...ours.values()].filter(({ state }) => isFinal(state)).length;
      const progress = `${done} of ${numbers.length} trials done`;
      if (progress !== said) process.stderr.write(`assay: ${progress}\n`);
      said = progress;
      if (done === numbers.length) return ours;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
    process.exitCode = exitCodeOf(signal);
    process.stderr.write(`assay: stopped waiting; the trials go on, ${again} takes them up\n`);
    return undefined;
  } finally {
    interruption.close();
  }
}

function print(
  study: Study,
  best: readonly Trial[],
  result: Confirmation,
  contenders: readonly { readonly values: readonly (number | undefined)[] }[],
  trials: ReadonlyMap<number, Trial>,
  reruns: ReadonlyMap<number, readonly number[]>,
): void {
  const columns = [
    { title: 'trial' },
    { title: 'in the search', align: 'right' },
    { title: 'mean', align: 'right' },
    { title: 'sd', align: 'right' },
    { title: 'by seed' },
  ] as const;
  const rows = best.map((trial, index): Cell[] => {
    const { mean, deviation, count } = result.summaries[index]!;
    const { values } = contenders[index]!;
    return [
      String(trial.number),
      formatMetric(trial.value!),
      count === 0 ? '-' : span(formatMetric(mean), 'bold'),
      Number.isNaN(deviation) ? '-' : formatMetric(deviation),
      values.map((value) => (value === undefined ? '-' : formatMetric(value))).join(' '),
    ];
  });
  const terminal = describeTerminal();
  const failed = [...reruns.values()].flat().flatMap((number) => {
    const trial = trials.get(number);
    return trial === undefined || trial.value !== undefined ? [] : [trial];
  });
  printLines(
    [
      [span(`${plainText(study.metric)} of the best trials of ${study.id}, trained again`, 'dim')],
      ...tableLines(columns, rows, terminal.columns),
      ...failed.map(({ number, state, reason }) => [
        span(`trial ${number} gave no value: ${trialStateName(state)} ${plainText(reason)}`, 'yellow'),
      ]),
      ...inWords(result).map((line) => [span(line)]),
    ],
    terminal,
  );
}

/** What was found, in sentences. */
export function inWords({ summaries, comparisons, verdict }: Confirmation): string[] {
  const first = summaries[0]!.trial;
  const lines = comparisons.map(({ trial, lead, margin, pairs }) => {
    if (pairs === 0) return `trials ${first} and ${trial} have no seed in common`;
    const side = lead < 0 ? 'behind' : 'ahead of';
    const range = Number.isNaN(margin) ? '' : ` ± ${formatMetric(margin)}`;
    return `trial ${first} is ${side} trial ${trial} by ${formatMetric(Math.abs(lead))}${range} (95 %, ${pairs} seeds in pairs)`;
  });
  return [...lines, VERDICTS[verdict](first)];
}

const VERDICTS: Record<Confirmation['verdict'], (first: number) => string> = {
  holds: (first) => `the order holds: trial ${first} is better than the others beyond chance`,
  unsettled: (first) => `the order is not settled: trial ${first} is ahead, but chance could do that; try more --seeds`,
  fails: (first) => `the order does not hold: trial ${first} is not the best with other seeds`,
  unknown: () => 'nothing can be said about the order: there is too little to compare',
};
