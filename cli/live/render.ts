import { type Study, StudyState, type Trial, type Worker } from '../../proto/index.js';
import { boardLines, paramCells, paramColumns, stepText } from '../board-table.js';
import { curve, formatMetric, scaleOf, sparkline } from '../format.js';
import { rankedCount } from '../study-text.js';
import { type Cell, type Column, tableLines } from '../table.js';
import { type Line, paint, plainText, type Span, span, wrapText } from '../text.js';
import { headerLines } from './header.js';
import type { View } from './view.js';

/** What a view is drawn on. `rows` undefined: as long as it gets. */
export interface Canvas {
  readonly columns: number;
  readonly rows: number | undefined;
  readonly color: boolean;
}

/**
 * The whole view as lines, none wider than `columns`, at most `rows` of them. When rows are short, the board and the
 * running trials share what the head and the workers leave, and say how much is not shown.
 */
export function render(view: View, canvas: Canvas): string[] {
  const { columns, rows, color } = canvas;
  const { study } = view.board;
  if (study === undefined) return [];
  const head = headerLines(view, columns);
  const foot = footLines(view, study, columns);
  const room = rows === undefined ? undefined : rows - head.length - foot.length;
  const lines = [...head, ...middle(view, study, columns, room), ...foot];
  return lines.slice(0, rows).map((line) => paint(line, { columns, color }));
}

/** Running trials and the board in `room` lines, blank lines and titles included. */
function middle(view: View, study: Study, columns: number, room: number | undefined): Line[] {
  const { running, rows } = view.board;
  // Each section takes a blank line and a title row beside its rows.
  const sections = [running, rows].filter(({ length }) => length > 0).length;
  const free = room === undefined ? Number.POSITIVE_INFINITY : room - 2 * sections;
  const fair = Math.max(1, Math.floor(free / 2));
  // Where there are more than were asked for, a line says so.
  const wanted = rows.length + (rankedCount(study) > rows.length ? 1 : 0);
  const runningRows = Math.min(running.length, Math.max(fair, free - wanted));
  const boardRows = Math.min(wanted, Math.max(1, free - runningRows));
  return [...runningLines(view, study, columns, runningRows), ...rankLines(view, study, columns, boardRows)];
}

function runningLines(view: View, study: Study, columns: number, shown: number): Line[] {
  const { running } = view.board;
  if (running.length === 0) return [];
  const curves = running.map((trial) => curve(trial.reports, study.metric));
  // One scale for all, the best trial's included, so that heights can be compared.
  const bestCurve = curve(study.best?.reports ?? [], study.metric);
  const scale = scaleOf([...curves, bestCurve]);
  const bars = columns >= 90 ? 20 : 10;
  const title: Column[] = [
    { title: 'running', align: 'right' },
    { title: plainText(study.metric), align: 'right' },
    { title: 'step', align: 'right' },
    { title: 'curve' },
    { title: 'worker', giveWay: 1 },
    ...paramColumns(study, 2),
  ];
  const rows = running.map((trial, index) => runningCells(study, trial, curves[index] ?? [], { bars, scale }));
  return [[], ...sectionTable('running', title, rows, { columns, shown })];
}

function runningCells(
  study: Study,
  trial: Trial,
  values: readonly number[],
  { bars, scale }: { readonly bars: number; readonly scale: ReturnType<typeof scaleOf> },
): Cell[] {
  const last = values.at(-1);
  const mark = trial.rerunOf === undefined ? '' : '↻';
  return [
    span(`${mark}${trial.number}`, 'cyan'),
    last === undefined ? '-' : formatMetric(last),
    stepText(trial),
    span(sparkline(values, bars, scale).padEnd(bars), 'cyan'),
    plainText(trial.attempts.at(-1)?.worker ?? ''),
    ...paramCells(study, trial.params),
  ];
}

/** A table whose title row begins with the section's name, cut to `shown` rows. */
function sectionTable(
  name: string,
  title: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { columns, shown }: { readonly columns: number; readonly shown: number },
): Line[] {
  const lines = tableLines(title, rows, columns);
  return moreLine(name, lines, rows.length, shown);
}

function rankLines(view: View, study: Study, columns: number, shown: number): Line[] {
  const { rows } = view.board;
  if (rows.length === 0) return [];
  return [
    [],
    ...moreLine('ranked', boardLines(study, rows, columns), Math.max(rows.length, rankedCount(study)), shown),
  ];
}

/** The title row and the first `shown` rows; the last of them gives way to a line that counts what is missing. */
function moreLine(name: string, lines: readonly Line[], total: number, shown: number): Line[] {
  if (shown >= total) return [...lines];
  const kept = Math.max(0, shown - 1);
  return [...lines.slice(0, kept + 1), [span(`... and ${total - kept} more ${name}`, 'dim')]];
}

/** What is there only as long as the study is: its workers, and where more can be seen. */
function footLines(view: View, study: Study, columns: number): Line[] {
  if (study.state === StudyState.STUDY_STATE_FINISHED) return [];
  const { dashboard } = view;
  return [
    ...workerLines(view, columns),
    ...(dashboard === undefined ? [] : [[span(`look closer at ${dashboard}`, 'dim')]]),
  ];
}

function workerLines(view: View, columns: number): Line[] {
  const { workers } = view.board;
  if (workers.length === 0) {
    const hint = `no worker is attached${view.attachHint === undefined ? '' : `: ${view.attachHint}`}`;
    return [[], ...wrapText(hint, Math.max(10, columns)).map((line): Line => [span(line, 'yellow')])];
  }
  const there = workers.filter(({ connected }) => connected);
  const busy = there.reduce((sum, { running }) => sum + running.length, 0);
  const slots = there.reduce((sum, worker) => sum + worker.slots, 0);
  const title = span(`workers  ${busy}/${slots} busy`, 'dim');
  return [[], [title, ...workers.flatMap((worker) => [span('  '), workerSpan(worker)])]];
}

function workerSpan(worker: Worker): Span {
  const name = `${plainText(worker.name)} ${worker.running.length}/${worker.slots}`;
  if (!worker.connected) return span(`${name} away`, 'red');
  if (worker.quarantine !== '') return span(`${name} quarantined`, 'red');
  return worker.draining ? span(`${name} draining`, 'yellow') : span(name);
}
