import { Command } from 'commander';
import { StudyAction } from '../../proto/index.js';
import { studyStateName } from '../../proto/state-names.js';
import { withClient } from '../client.js';
import { coordinatorOption } from '../options.js';
import { studyStyle } from '../states.js';
import { countsText } from '../study-text.js';
import { printLines } from '../terminal.js';
import { plainText, span } from '../text.js';

interface Options {
  readonly coordinator: string;
}

export function pauseCommand(): Command {
  return controlCommand(
    'pause',
    'Starts no further trials of a study; running ones go on. "assay resume" undoes it.',
    StudyAction.STUDY_ACTION_PAUSE,
  );
}

export function resumeCommand(): Command {
  return controlCommand('resume', 'Undoes a pause.', StudyAction.STUDY_ACTION_RESUME);
}

export function stopCommand(): Command {
  return controlCommand(
    'stop',
    'Ends the running trials of a study and finishes it. Its trials and leaderboard stay.',
    StudyAction.STUDY_ACTION_STOP,
  );
}

function controlCommand(name: string, description: string, action: StudyAction): Command {
  return new Command(name)
    .description(description)
    .argument('[study]', "the study's id; the latest study when left out")
    .addOption(coordinatorOption())
    .action((study: string | undefined, { coordinator }: Options) =>
      withClient(coordinator, async (client) => {
        const after = await client.controlStudy(study ?? '', action);
        const notice = after.notice === '' ? '' : `: ${plainText(after.notice)}`;
        const counts = countsText(after.counts);
        printLines([
          [
            span(`${after.id} is `),
            span(studyStateName(after.state), studyStyle(after.state)),
            span(`${notice}${counts === '' ? '' : ` (${counts})`}`),
          ],
        ]);
      }),
    );
}
