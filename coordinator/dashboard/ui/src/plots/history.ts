import type { EChartsCoreOption } from 'echarts/core';
import type { StudyData } from '../data/study-data.js';
import { axis, baseOption, drawable, incumbents, legend, type PlotInput, valueAxis } from './common.js';
import { marked, type Point, scatter, trialTooltip } from './points.js';

/** Values in the order in which trials were proposed, and the best so far. */
export function historyOption({ data, trials, selected, palette }: PlotInput): EChartsCoreOption {
  const points = drawable(trials);
  const of = (states: readonly string[]): Point[] =>
    points.filter(({ state }) => states.includes(state)).map(({ number, value }) => [number, value!, number]);
  const best = bestByNumber(data);
  const kinds = [
    scatter('pruned', of(['pruned', 'failed']), palette.faded, 5),
    scatter('complete', of(['complete']), palette.accent, 7),
    scatter('running', of(['running', 'paused', 'waiting']), palette.good, 7),
  ].filter(({ data: shown }) => (shown as Point[]).length > 0);
  return {
    ...baseOption(palette),
    ...legend(palette, [...kinds.map(({ name }) => name as string), 'best so far']),
    tooltip: { ...(baseOption(palette)['tooltip'] as object), trigger: 'item', formatter: trialTooltip(data) },
    xAxis: axis(palette, 'trial', { type: 'value', min: 0, minInterval: 1 }),
    yAxis: valueAxis(palette),
    series: [
      ...kinds,
      {
        type: 'line',
        name: 'best so far',
        step: 'end',
        symbol: 'none',
        data: best,
        color: palette.warm,
        lineStyle: { color: palette.warm, width: 2 },
        silent: true,
      },
      marked(
        points.filter(({ number }) => number === selected).map(({ number, value }) => [number, value!, number]),
        palette,
      ),
    ],
  };
}

function bestByNumber(data: StudyData): [number, number][] {
  const path = [...incumbents(data)].sort((a, b) => a[2] - b[2]);
  const better: [number, number][] = [];
  for (const [, value, number] of path) {
    const last = better.at(-1);
    const improves = last === undefined || (data.metric.goal === 'maximize' ? value > last[1] : value < last[1]);
    if (improves) better.push([number, value]);
  }
  if (better.length > 0) better.push([data.trials.length - 1, better.at(-1)![1]]);
  return better;
}
