import { type Study, StudyState, type Trial } from '../proto/index.js';
import { formatDuration, formatMetric } from './format.js';
import { paramsYaml } from './params-yaml.js';
import { countsText, savedText } from './study-text.js';
import { describeTerminal, printLines } from './terminal.js';
import { type Line, plainText, span, wrapText } from './text.js';

/** Whether a study ended with something to show for it: finished, and with a best trial. */
export function succeeded(study: Study | undefined): boolean {
  return study?.state === StudyState.STUDY_STATE_FINISHED && study.best?.value !== undefined;
}

/** What a finished study found: the best configuration as YAML, how long it took, what early stopping saved. */
export function summaryLines(study: Study, columns?: number): Line[] {
  const { best } = study;
  const head: Line[] =
    best?.value === undefined
      ? [[span('no trial has a value', 'red')]]
      : [
          [
            span('best configuration', 'bold'),
            span(
              `  (trial ${best.number}, ${plainText(study.metric)} ${formatMetric(best.value)} at step ${best.valueStep}${meanOf(best)})`,
            ),
          ],
          ...paramsYaml(best.params).map((line): Line => [span(`  ${line}`, 'green')]),
        ];
  const took = study.finishedAtMs > 0 ? ` in ${formatDuration(study.finishedAtMs - study.createdAtMs)}` : '';
  const ended = study.notice === '' ? '' : ` (${plainText(study.notice)})`;
  const saved = savedText(study);
  return [
    ...head,
    [],
    ...wrapped(`${study.id}: ${countsText(study.counts)}${took}${ended}`, columns),
    ...(saved === undefined ? [] : [[span(saved)]]),
    [span(`sampler ${study.sampler}, pruner ${study.pruner}, seed ${study.seed}`, 'dim')],
  ];
}

function meanOf({ repeats }: Trial): string {
  if (repeats?.mean === undefined) return '';
  return `; mean of ${repeats.complete} repeats ${formatMetric(repeats.mean)}`;
}

function wrapped(text: string, columns: number | undefined): Line[] {
  const lines = columns === undefined ? [text] : wrapText(text, columns);
  return lines.map((line) => [span(line)]);
}

export function printSummary(study: Study): void {
  const terminal = describeTerminal();
  printLines([[], ...summaryLines(study, terminal.columns)], terminal);
}
