import { Command } from 'commander';
import { type Study, StudyState } from '../../proto/index.js';
import { studyJson } from '../../proto/json.js';
import { studyStateName } from '../../proto/state-names.js';
import { withClient } from '../client.js';
import { formatMetric, formatTime } from '../format.js';
import { coordinatorOption } from '../options.js';
import { printJson } from '../print-json.js';
import { type Remark, remarkLines } from '../remarks.js';
import { studyStyle } from '../states.js';
import { bestValue, doneText } from '../study-text.js';
import { type Cell, type Column, tableLines } from '../table.js';
import { describeTerminal, printLines } from '../terminal.js';
import { span } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly json?: true;
}

export function studiesCommand(): Command {
  return new Command('studies')
    .description('Lists all studies, newest last.')
    .addOption(coordinatorOption())
    .option('--json', 'print them as JSON')
    .action(({ coordinator, json }: Options) =>
      withClient(coordinator, async (client) => {
        const studies = await client.listStudies();
        if (json === true) return printJson(studies.map(studyJson));
        if (studies.length === 0) return printLines([[span('no study yet: submit one with assay submit FILE')]]);
        const terminal = describeTerminal();
        const table = tableLines(COLUMNS, studies.map(cells), terminal.columns);
        return printLines([...table, ...remarkLines(studies.map(remark), terminal.columns)], terminal);
      }),
    );
}

const COLUMNS: readonly Column[] = [
  { title: 'study' },
  { title: 'state' },
  { title: 'done', align: 'right' },
  { title: 'best', align: 'right' },
  { title: 'trial', align: 'right', giveWay: 4 },
  { title: 'sampler', giveWay: 6 },
  { title: 'pruner', giveWay: 7 },
  { title: 'seed', align: 'right', giveWay: 5 },
  { title: 'created', giveWay: 3 },
];

function cells(study: Study): Cell[] {
  const best = bestValue(study);
  return [
    study.id,
    span(studyStateName(study.state), studyStyle(study.state)),
    doneText(study),
    best === undefined ? '-' : formatMetric(best),
    study.best === undefined ? '-' : String(study.best.number),
    study.sampler,
    study.pruner,
    String(study.seed),
    formatTime(study.createdAtMs),
  ];
}

/** Why nothing runs, or why it ended without a value; that a study has used its budget is no news. */
function remark(study: Study): Remark {
  const isNews = study.state !== StudyState.STUDY_STATE_FINISHED || study.best?.value === undefined;
  return { name: study.id, text: isNews ? study.notice : '' };
}
