import { type Attempt, type Seen, type Study, type Trial, TrialState } from '../proto/index.js';
import { trialStateName } from '../proto/state-names.js';
import {
  count,
  curve,
  formatDuration,
  formatMetric,
  formatParam,
  formatSize,
  formatTime,
  scaleOf,
  sparkline,
} from './format.js';
import { trialStyle } from './states.js';
import { noValueText } from './study-text.js';
import { type Cell, tableLines } from './table.js';
import { type Line, plainText, span, textWidth, wrapText } from './text.js';

/** How a trial is shown. */
export interface TrialSetting {
  /** Milliseconds since the epoch, for attempts that still run. */
  readonly nowMs: number;
  /** Width to keep to; undefined for as wide as it gets. */
  readonly columns: number | undefined;
  readonly seen?: Seen | undefined;
}

/** One trial, whole: state and value, why it ended, parameters, curve, attempts, and what there was when it was proposed. */
export function trialLines(study: Study, trial: Trial, { nowMs, columns, seen }: TrialSetting): Line[] {
  const sections = [
    heading(study, trial),
    reasonLines(trial, columns),
    section('parameters', parameterLines(trial)),
    section('curve', curveLines(study, trial, columns)),
    section('kept', keptLines(trial)),
    section(trial.attempts.length === 1 ? 'attempt' : 'attempts', attemptLines(trial, nowMs, columns)),
    originLines(study, trial, seen, columns),
  ];
  return sections.filter((lines) => lines.length > 0).flatMap((lines, index) => (index === 0 ? lines : [[], ...lines]));
}

function heading(study: Study, trial: Trial): Line[] {
  const value =
    trial.value === undefined
      ? missingValue(study, trial)
      : `${plainText(study.metric)} ${formatMetric(trial.value)} at step ${trial.valueStep}`;
  const best = study.best?.number === trial.number ? ', the best of its study' : '';
  return [
    [
      span(`${study.id} trial ${trial.number}`, 'bold'),
      span('  '),
      span(trialStateName(trial.state), trialStyle(trial.state)),
      span(`  ${value}${best}`),
    ],
  ];
}

function missingValue(study: Study, { state, endedAtMs }: Trial): string {
  if (endedAtMs === 0) return 'no value yet';
  return state === TrialState.TRIAL_STATE_COMPLETE ? plainText(noValueText(study)) : 'no value';
}

function reasonLines(trial: Trial, columns: number | undefined): Line[] {
  const words = [
    trial.reason === '' ? '' : `${trialStateName(trial.state)}${linkOf(trial)} ${plainText(trial.reason)}`,
    trial.notBeforeMs === 0 ? '' : `waiting: it failed and is tried again at ${formatTime(trial.notBeforeMs)}`,
    trial.invalidated ? `invalidated${invalidatedBecause(trial)}: neither ranked nor seen by the sampler` : '',
  ];
  const lines = words
    .filter((line) => line !== '')
    .flatMap((line) => (columns === undefined ? [line] : wrapText(line, columns)));
  return lines.map((line) => [span(line, trial.state === 'TRIAL_STATE_FAILED' ? 'red' : 'yellow')]);
}

/** A complete trial needs no reason: what it has is a remark. */
function linkOf({ state }: Trial): string {
  return state === 'TRIAL_STATE_COMPLETE' ? ', but' : ' because:';
}

function invalidatedBecause({ invalidatedReason }: Trial): string {
  return invalidatedReason === '' ? '' : ` because ${plainText(invalidatedReason)}`;
}

function section(title: string, lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : [[span(title, 'dim')], ...lines.map((line) => [span('  '), ...line])];
}

function parameterLines(trial: Trial): Line[] {
  const width = Math.max(0, ...trial.params.map(({ name }) => textWidth(name)));
  return trial.params.map((param) => {
    const padding = ' '.repeat(width - textWidth(param.name));
    return [span(`${plainText(param.name)}${padding}  ${plainText(formatParam(param))}`)];
  });
}

/** Every reported metric on a line of its own, each with its own scale, the study's metric first. */
function curveLines(study: Study, trial: Trial, columns: number | undefined): Line[] {
  const names = new Set([study.metric, ...trial.reports.flatMap(({ metrics }) => Object.keys(metrics).sort())]);
  const rows: Cell[][] = [];
  for (const name of names) {
    const values = curve(trial.reports, name);
    const scale = scaleOf([values]);
    if (values.length === 0) continue;
    const range = scale === undefined ? '' : `${formatMetric(scale.low)} to ${formatMetric(scale.high)}`;
    const last = formatMetric(values.at(-1) ?? Number.NaN);
    const bars = sparkline(values, Math.max(8, Math.min(40, (columns ?? 100) - 60)), scale);
    rows.push([span(plainText(name), name === study.metric ? 'bold' : undefined), span(bars, 'cyan'), last, range]);
  }
  if (rows.length === 0) return [];
  const title = [{ title: 'metric' }, { title: stepsTitle(trial) }, { title: 'last' }, { title: 'range', giveWay: 1 }];
  return tableLines(title, rows, columns === undefined ? undefined : columns - 2);
}

/** What the artifact store has of it. */
function keptLines({ weights, checkpointStep }: Trial): Line[] {
  const lines: string[] = [];
  if (checkpointStep > 0) lines.push(`a checkpoint after step ${checkpointStep}, where its next attempt goes on`);
  if (weights !== undefined) {
    const files = weights.files.map(({ name, bytes }) => `${plainText(name)} ${formatSize(bytes)}`);
    const measured = Object.entries(weights.metrics).map(
      ([name, value]) => `, ${plainText(name)} ${formatMetric(value)}`,
    );
    lines.push(`its model after step ${weights.step}: ${files.join(', ')}${measured.join('')}`);
  }
  return lines.map((line) => [span(line)]);
}

function stepsTitle(trial: Trial): string {
  const first = trial.reports[0]?.step ?? 1;
  const planned = trial.plannedSteps > trial.lastStep ? ` of ${trial.plannedSteps}` : '';
  return `steps ${first} to ${trial.lastStep}${planned}`;
}

function attemptLines(trial: Trial, nowMs: number, columns: number | undefined): Line[] {
  if (trial.attempts.length === 0) return [];
  const title = [
    { title: '', align: 'right' as const },
    { title: 'worker' },
    { title: 'started' },
    { title: 'took', align: 'right' as const },
    { title: 'end' },
    { title: 'gpus', giveWay: 2 },
    { title: 'reason', giveWay: 1 },
  ];
  return tableLines(
    title,
    trial.attempts.map((attempt) => attemptCells(trial, attempt, nowMs)),
    columns === undefined ? undefined : columns - 2,
  );
}

function attemptCells(trial: Trial, attempt: Attempt, nowMs: number): Cell[] {
  const runs = attempt.endedAtMs === 0;
  const bad = ['lost', 'failed', 'timed out', 'refused'].includes(attempt.end);
  return [
    String(attempt.number),
    plainText(attempt.worker),
    formatTime(attempt.startedAtMs),
    formatDuration((runs ? nowMs : attempt.endedAtMs) - attempt.startedAtMs),
    span(runs ? 'running' : attempt.end, runs ? 'cyan' : bad ? 'red' : undefined),
    plainText(attempt.gpus.join(' ')),
    attemptRemark(trial, attempt),
  ];
}

/** What ended the attempt often ended the trial, and stands above already. */
function attemptRemark(trial: Trial, { reason, lateEnd }: Attempt): string {
  const late = lateEnd === '' ? [] : [`it ${lateEnd} when that did not count any more`];
  return plainText([...(reason === trial.reason || reason === '' ? [] : [reason]), ...late].join('; '));
}

function proposer({ origin, repeats, number }: Trial): string {
  if (repeats === undefined || repeats.of === number) return `proposed by ${plainText(origin)}`;
  return `a repeat of trial ${repeats.of}, proposed`;
}

function originLines(study: Study, trial: Trial, seen: Seen | undefined, columns: number | undefined): Line[] {
  const origin =
    trial.rerunOf === undefined
      ? `${proposer(trial)} at ${formatTime(trial.proposedAtMs)}, after ${trial.basedOn} events${seenText(study, seen)}`
      : `a re-run of trial ${trial.rerunOf}, asked for at ${formatTime(trial.proposedAtMs)}`;
  const words = `${origin}; seed ${trial.seed}`;
  const lines = columns === undefined ? [words] : wrapText(words, columns);
  return lines.map((line) => [span(line, 'dim')]);
}

/** What there was to go by. */
function seenText({ metric }: Study, seen: Seen | undefined): string {
  if (seen === undefined) return '';
  if (seen.ended + seen.unfinished === 0) return ', the first of its study';
  const best = seen.best === undefined ? '' : `, the best with ${plainText(metric)} ${formatMetric(seen.best)},`;
  return `, when ${count(seen.ended, 'trial')} had ended${best} and ${seen.unfinished} had not`;
}
