import { Command } from 'commander';
import { type LeaderboardRow, type Study, type Trial, TrialState } from '../../proto/index.js';
import { numberJson } from '../../proto/json.js';
import { studyStateName } from '../../proto/state-names.js';
import { withClient } from '../client.js';
import { UserError } from '../fail.js';
import { formatDuration, formatMetric, formatParams } from '../format.js';
import { coordinatorOption } from '../options.js';
import { printJson } from '../print-json.js';
import { studyStyle } from '../states.js';
import { bestValue, doneText, savedShare } from '../study-text.js';
import { type Cell, type Column, tableLines } from '../table.js';
import { describeTerminal, printLines } from '../terminal.js';
import { plainText, span } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly json?: true;
}

/** Numbers of trials that have ended, after which the best so far is compared. */
const MARKS = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

interface Compared {
  readonly study: Study;
  /** The best so far after 1, 2, 3, ... trials, in the order in which they ended; undefined before there is any. */
  readonly path: readonly (number | undefined)[];
}

export function compareCommand(): Command {
  return new Command('compare')
    .description('Sets studies of one metric beside each other: what each has reached, and after how many trials.')
    .argument('<studies...>', 'two ids or more')
    .addOption(coordinatorOption())
    .option('--json', 'print [{study, path}] as JSON; path is the best so far after 1, 2, 3, ... trials')
    .action((ids: readonly string[], { coordinator, json }: Options) =>
      withClient(coordinator, async (client) => {
        if (ids.length < 2) throw new UserError(`one study (${ids[0]}) cannot be compared: name two or more`);
        const studies: Compared[] = [];
        for (const id of ids) {
          const { study, rows } = await client.allTrials(id);
          studies.push({ study, path: pathOf(study, rows) });
        }
        if (json === true) return printJson(studies.map(pathJson));
        const terminal = describeTerminal();
        const [first] = studies;
        const other = studies.find(({ study }) => !isAlike(study, first!.study));
        printLines(
          tableLines(
            columnsOf(studies),
            studies.map((one) => cells(one, studies)),
            terminal.columns,
          ),
          terminal,
        );
        if (other !== undefined) {
          const words = `${first!.study.id} and ${other.study.id} have other metrics or goals: their values say nothing of each other`;
          printLines([[span(words, 'yellow')]], terminal);
        }
      }),
    );
}

function isAlike(a: Study, b: Study): boolean {
  return a.metric === b.metric && a.maximize === b.maximize;
}

/** Trials that were stopped count as well: they were paid for. Re-runs and invalidated ones do not. */
export function pathOf({ maximize }: Study, rows: readonly LeaderboardRow[]): (number | undefined)[] {
  const ended = rows
    .flatMap(({ rank, trial }) => (trial !== undefined && (rank > 0 || hasFailed(trial)) ? [trial] : []))
    .sort((a, b) => a.endedAtMs - b.endedAtMs || a.number - b.number);
  let best: number | undefined;
  return ended.map(({ state, value }) => {
    if (state === TrialState.TRIAL_STATE_COMPLETE && value !== undefined && !Number.isNaN(value)) {
      best = best === undefined ? value : maximize ? Math.max(best, value) : Math.min(best, value);
    }
    return best;
  });
}

function hasFailed({ state, rerunOf, invalidated }: Trial): boolean {
  return state === TrialState.TRIAL_STATE_FAILED && rerunOf === undefined && !invalidated;
}

function pathJson({ study, path }: Compared): object {
  return { study: study.id, path: path.map((best) => (best === undefined ? null : numberJson(best))) };
}

function marksOf(studies: readonly Compared[]): number[] {
  const longest = Math.max(...studies.map(({ path }) => path.length));
  return MARKS.filter((mark) => mark <= longest);
}

function columnsOf(studies: readonly Compared[]): Column[] {
  const marks = marksOf(studies).map(
    (mark, index): Column => ({ title: `@${mark}`, align: 'right', giveWay: 20 - index }),
  );
  return [
    { title: 'study' },
    { title: 'state', giveWay: 30 },
    { title: 'done', align: 'right' },
    ...marks,
    { title: 'best', align: 'right' },
    { title: 'time', align: 'right', giveWay: 3 },
    { title: 'saved', align: 'right', giveWay: 4 },
    { title: 'sampler', giveWay: 2 },
    { title: 'pruner', giveWay: 5 },
    { title: 'configuration', giveWay: 40 },
  ];
}

function cells({ study, path }: Compared, studies: readonly Compared[]): Cell[] {
  const saved = savedShare(study);
  const best = bestValue(study);
  const until = study.finishedAtMs || lastEnd(study.best) || study.createdAtMs;
  return [
    plainText(study.id),
    span(studyStateName(study.state), studyStyle(study.state)),
    doneText(study),
    ...marksOf(studies).map((mark) => (path[mark - 1] === undefined ? '' : formatMetric(path[mark - 1]!))),
    best === undefined ? '-' : formatMetric(best),
    formatDuration(until - study.createdAtMs),
    saved === undefined ? '' : `${Math.round(saved * 100)} %`,
    study.sampler,
    study.pruner,
    study.best === undefined ? '' : plainText(formatParams(study.best.params)),
  ];
}

function lastEnd(trial: Trial | undefined): number {
  return trial?.endedAtMs ?? 0;
}
