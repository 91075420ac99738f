import type { LeaderboardRow, Param, Study, Trial } from '../proto/index.js';
import { trialStateName } from '../proto/state-names.js';
import { curve, formatMetric, formatParam, scaleOf, sparkline } from './format.js';
import { trialStyle } from './states.js';
import { type Cell, type Column, tableLines } from './table.js';
import { type Line, plainText, span } from './text.js';

/** A leaderboard's rows as a table: rank, trial, value, step, state, and as many parameters as there is room for. */
export function boardLines(study: Study, rows: readonly LeaderboardRow[], width?: number): Line[] {
  const columns: Column[] = [
    { title: 'rank', align: 'right' },
    { title: 'trial', align: 'right' },
    { title: plainText(study.metric), align: 'right' },
    { title: 'mean', align: 'right', giveWay: 2 },
    { title: 'step', align: 'right', giveWay: 2 },
    { title: 'state', giveWay: 1 },
    ...paramColumns(study, 3),
    { title: 'curve', giveWay: Number.POSITIVE_INFINITY },
  ];
  const curves = rows.map(({ trial }) => curve(trial?.reports ?? [], study.metric));
  const scale = scaleOf(curves);
  const cells = rows.map(({ rank, trial }, index): Cell[] => {
    const best = rank === 1 && trial !== undefined;
    const style = best ? 'green' : trial && trialStyle(trial.state);
    const row = trial === undefined ? [] : [...boardCells(trial), ...paramCells(study, trial.params)];
    return [String(rank), ...row, sparkline(curves[index] ?? [], 20, scale)].map((text) => span(text, style));
  });
  return tableLines(columns, cells, width);
}

function boardCells(trial: Trial): string[] {
  const value = trial.value === undefined ? '-' : formatMetric(trial.value);
  return [String(trial.number), value, meanText(trial), stepText(trial), trialStateName(trial.state)];
}

/** The mean of a configuration's repeats: "0.9712 of 2/3"; empty where nothing is repeated. */
export function meanText({ repeats }: Trial): string {
  if (repeats === undefined) return '';
  const mean = repeats.mean === undefined ? '-' : formatMetric(repeats.mean);
  return `${mean} of ${repeats.complete}/${repeats.wanted}`;
}

/** How far a trial is: "5/10", or "5" where nobody knows the end. */
export function stepText(trial: Trial): string {
  return trial.plannedSteps > 0 ? `${trial.lastStep}/${trial.plannedSteps}` : String(trial.lastStep);
}

/** Columns for a study's parameters in the order of the file, the last of which give way first. */
export function paramColumns(study: Study, giveWay: number): Column[] {
  return study.params.map((name, index) => ({ title: plainText(name), align: 'right', giveWay: giveWay + index }));
}

/** A configuration's cells under `paramColumns`; an inactive parameter's cell is "-". */
export function paramCells(study: Study, params: readonly Param[]): string[] {
  const byName = new Map(params.map((param) => [param.name, param]));
  return study.params.map((name) => plainText(formatParam(byName.get(name))) || '-');
}
