import { type Repeats, type Study, StudyState } from '../../proto/index.js';
import { studyStateName } from '../../proto/state-names.js';
import { timeUsedMs } from '../../proto/study-clock.js';
import { formatClock, formatMetric } from '../format.js';
import { studyStyle } from '../states.js';
import { bestValue, countsText, doneCount, savedText } from '../study-text.js';
import { cutLine, type Line, lineWidth, plainText, type Span, type Style, span, wrapText } from '../text.js';
import type { View } from './view.js';

const LONGEST_BAR = 40;

/** The head of a view: name and state, progress, the best so far, and whatever must not be overlooked. */
export function headerLines(view: View, columns: number): Line[] {
  const { study } = view.board;
  if (study === undefined) return [];
  return [
    ...titleLines(view, study, columns),
    ...progressLines(view, study, columns),
    ...bestLines(study, columns),
    ...warningLines(view, study, columns),
  ];
}

function titleLines(view: View, study: Study, columns: number): Line[] {
  const left: Line = [
    span(study.id, 'bold'),
    span('  '),
    span(studyStateName(study.state), studyStyle(study.state)),
    ...(study.state === StudyState.STUDY_STATE_FINISHED ? [span(`  ${plainText(study.notice)}`, 'dim')] : []),
  ];
  return besideOrBelow(left, [span(timesText(view, study), 'dim')], columns);
}

function timesText(view: View, study: Study): string {
  const finished = study.finishedAtMs > 0;
  const elapsedMs = (finished ? study.finishedAtMs : view.nowMs) - study.createdAtMs;
  if (finished) return `in ${formatClock(elapsedMs)}`;
  const { budgetTimeMs } = study;
  const spent =
    budgetTimeMs > 0
      ? `${formatClock(timeUsedMs(study, view.nowMs))} of ${formatClock(budgetTimeMs)}`
      : formatClock(elapsedMs);
  return view.leftMs === undefined ? spent : `${spent}, about ${formatClock(view.leftMs)} left`;
}

function progressLines(view: View, study: Study, columns: number): Line[] {
  const counts: Line = [span(countsText(study.counts) || 'no trial yet', 'dim')];
  const share = progressShare(view, study);
  if (share === undefined) return [counts];
  const done = doneCount(study.counts);
  const trials = study.budgetTrials > 0 ? `${done} of ${study.budgetTrials}` : `${done}`;
  const room = columns - trials.length - 2;
  const bar = progressBar(share, Math.max(4, Math.min(LONGEST_BAR, room)));
  const left: Line = [...bar, span(`  ${trials}`)];
  return besideOrBelow(left, counts, columns);
}

/** How much of the budget is used, by trials or by time, whichever is nearer to its end; undefined without a budget. */
function progressShare(view: View, study: Study): number | undefined {
  if (study.state === StudyState.STUDY_STATE_FINISHED) return 1;
  const byTrials = study.budgetTrials > 0 ? doneCount(study.counts) / study.budgetTrials : undefined;
  const byTime = study.budgetTimeMs > 0 ? timeUsedMs(study, view.nowMs) / study.budgetTimeMs : undefined;
  if (byTrials === undefined && byTime === undefined) return undefined;
  return Math.min(1, Math.max(byTrials ?? 0, byTime ?? 0));
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar with eight steps to a column, so that one trial of many is seen. */
export function progressBar(share: number, columns: number): Line {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * columns * 8);
  const full = '█'.repeat(Math.floor(eighths / 8));
  const part = EIGHTHS[eighths % 8] ?? '';
  return [span(full + part, 'green'), span('░'.repeat(columns - full.length - part.length), 'dim')];
}

function bestLines(study: Study, columns: number): Line[] {
  const { best } = study;
  const title = span('best  ', 'dim');
  if (best?.value === undefined) return [[title, span('none yet', 'dim')]];
  const saved = savedText(study);
  const value = span(`${plainText(study.metric)} ${formatMetric(bestValue(study) ?? best.value)}`, 'green');
  const where = best.repeats?.mean === undefined ? `step ${best.valueStep}` : meanOf(best.repeats);
  const left: Line = [title, value, span(`  trial ${best.number}, ${where}`)];
  return besideOrBelow(left, saved === undefined ? [] : [span(saved, 'dim')], columns);
}

function meanOf({ complete, wanted }: Repeats): string {
  return `mean of ${complete === wanted ? complete : `${complete} of ${wanted}`} repeats`;
}

/** A coordinator that is silent for so long is frozen or cut off, or its log does not answer; milliseconds. */
const SILENT_MS = 5_000;

/** Why nothing runs, what went wrong, and whether the view is old: on lines of their own, whole. */
function warningLines(view: View, study: Study, columns: number): Line[] {
  const lines: Line[] = [];
  const warn = (text: string, style: Style): void => {
    for (const line of wrapText(plainText(text), Math.max(10, columns - 2))) lines.push([span(`! ${line}`, style)]);
  };
  if (study.notice !== '' && study.state !== StudyState.STUDY_STATE_FINISHED) warn(study.notice, 'yellow');
  if (view.failure !== undefined) warn(`trial ${view.failure.trial} failed: ${view.failure.reason}`, 'red');
  if (view.note !== undefined) warn(view.note, 'yellow');
  const { silentMs = 0 } = view;
  if (view.away !== undefined) warn(`${view.away}; trying again`, 'red');
  else if (silentMs >= SILENT_MS) warn(`nothing was heard of the coordinator for ${formatClock(silentMs)}`, 'red');
  return lines;
}

/** Wider than this, two texts at the ends of a line no longer look like one line. */
const WIDEST = 120;

/** Two texts on one line, the second at its right end, or on two lines where one is too short. */
export function besideOrBelow(left: Line, right: Line, columns: number): Line[] {
  const gap = Math.min(columns, WIDEST) - lineWidth(left) - lineWidth(right);
  if (lineWidth(right) === 0) return [cutLine(left, columns)];
  if (gap < 2) return [left, right].map((line) => cutLine(line, columns));
  const filler: Span = span(' '.repeat(gap));
  return [[...left, filler, ...right]];
}
