import { Command } from 'commander';
import { studyJson } from '../../proto/json.js';
import { studyStateName } from '../../proto/state-names.js';
import { type StudyChange, withClient } from '../client.js';
import { UserError } from '../fail.js';
import { formatClock } from '../format.js';
import {
  type Amount,
  amount,
  coordinatorOption,
  parseDuration,
  parseParallel,
  parsePriority,
  wholeNumber,
} from '../options.js';
import { printJson } from '../print-json.js';
import { studyStyle } from '../states.js';
import { countsText } from '../study-text.js';
import { printLines } from '../terminal.js';
import { span } from '../text.js';

interface Common {
  readonly coordinator: string;
  readonly json?: true;
}

interface Extension extends Common {
  readonly trials?: Amount;
  readonly time?: Amount;
}

interface Settings extends Common {
  readonly parallel?: number;
  readonly priority?: number;
}

export function extendCommand(): Command {
  return new Command('extend')
    .description(
      "Changes a study's budget. With a plus sign it is added to, otherwise set. A study that had used its budget up goes on.",
    )
    .argument('[study]', "the study's id; the latest study when left out")
    .addOption(coordinatorOption())
    .option('--trials <n>', 'so many trials in all, or +n more', amount(wholeNumber(1, 10_000_000)))
    .option('--time <t>', 'so much wall time in all, such as 2h, or +30m more', amount(parseDuration))
    .option('--json', 'print the study as JSON')
    .action((study: string | undefined, { trials, time, ...common }: Extension) => {
      if (trials === undefined && time === undefined) {
        throw new UserError('nothing to change: give --trials, --time or both, such as --trials +20');
      }
      return adjust(study, common, {
        ...(trials && { trials: { $case: trials.more ? 'trialsMore' : 'trialsTotal', value: trials.value } }),
        ...(time && { time: { $case: time.more ? 'timeMoreMs' : 'timeTotalMs', value: time.value } }),
      });
    });
}

export function setCommand(): Command {
  return new Command('set')
    .description('Changes how a study shares the fleet, while it runs.')
    .argument('[study]', "the study's id; the latest study when left out")
    .addOption(coordinatorOption())
    .option('--parallel <n>', 'most trials at a time; "all" for every free slot', parseParallel)
    .option('--priority <p>', 'studies of a higher priority get free slots first; -1000 to 1000', parsePriority)
    .option('--json', 'print the study as JSON')
    .action((study: string | undefined, { parallel, priority, ...common }: Settings) => {
      if (parallel === undefined && priority === undefined) {
        throw new UserError('nothing to change: give --parallel, --priority or both, such as --parallel 8');
      }
      return adjust(study, common, {
        ...(parallel !== undefined && { parallel }),
        ...(priority !== undefined && { priority }),
      });
    });
}

function adjust(study: string | undefined, { coordinator, json }: Common, change: StudyChange): Promise<void> {
  return withClient(coordinator, async (client) => {
    const after = await client.adjustStudy(study ?? '', change);
    if (json === true) return printJson(studyJson(after));
    const trials = after.budgetTrials > 0 ? [`${after.budgetTrials} trials`] : [];
    const time = after.budgetTimeMs > 0 ? [formatClock(after.budgetTimeMs)] : [];
    const parallel = after.parallel > 0 ? `at most ${after.parallel} at a time` : 'on every free slot';
    const counts = countsText(after.counts);
    return printLines([
      [
        span(`${after.id} is `),
        span(studyStateName(after.state), studyStyle(after.state)),
        span(`: ${[...trials, ...time].join(' and ') || 'no budget'}, ${parallel}, priority ${after.priority}`),
        span(counts === '' ? '' : ` (${counts})`),
      ],
    ]);
  });
}
