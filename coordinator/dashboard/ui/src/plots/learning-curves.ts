import type { EChartsCoreOption } from 'echarts/core';
import type { StudyData } from '../data/study-data.js';
import type { TrialItem } from '../data/trial-item.js';
import { axis, baseOption, legend, type PlotInput, trialText, valueAxis } from './common.js';
import type { Tooltip } from './points.js';

/** More curves than these are a grey area: the best ones and the newest ones are drawn. */
const MOST_CURVES = 1_000;

/** The metric over the steps of all trials; pruned ones faded. */
export function curvesOption({ data, trials, selected, palette }: PlotInput): EChartsCoreOption {
  const curves = data.curves;
  const known = curves === undefined ? [] : trials.filter(({ number }) => curves.has(number));
  const shown =
    known.length <= MOST_CURVES ? known : [...known.slice(0, MOST_CURVES / 2), ...newest(known, MOST_CURVES / 2)];
  const lines = (states: readonly string[]): object[] =>
    shown
      .filter(({ state }) => states.includes(state))
      .map(({ number }) => ({ coords: coordsOf(data, number), trial: number }))
      .filter(({ coords }) => coords.length > 1);
  const series = (name: string, states: readonly string[], color: string, opacity: number, z: number): object => ({
    type: 'lines',
    name,
    coordinateSystem: 'cartesian2d',
    polyline: true,
    data: lines(states),
    color,
    lineStyle: { color, opacity, width: 1.3 },
    emphasis: { lineStyle: { width: 3, opacity: 1 } },
    z,
  });
  const highest = shown.reduce((most, { lastStep }) => Math.max(most, lastStep), 1);
  const own = selected === undefined ? [] : coordsOf(data, selected);
  return {
    ...baseOption(palette),
    ...legend(palette, namesOf(shown)),
    tooltip: {
      ...(baseOption(palette)['tooltip'] as object),
      trigger: 'item',
      formatter: ({ data: item }: Tooltip) => trialText(data, (item as { trial?: number } | undefined)?.trial ?? -1),
    },
    xAxis: axis(palette, 'step', { type: 'value', min: 1, max: Math.max(2, highest), minInterval: 1 }),
    yAxis: valueAxis(
      palette,
      rangeOf(
        data,
        shown.map(({ number }) => number),
      ),
    ),
    series: [
      series('pruned', ['pruned', 'failed'], palette.faded, 0.35, 1),
      series('complete', ['complete'], palette.accent, 0.6, 2),
      series('running', ['running', 'paused', 'waiting'], palette.good, 0.9, 3),
      {
        type: 'line',
        name: 'selected',
        data: own,
        symbol: 'circle',
        symbolSize: 4,
        lineStyle: { color: palette.warm, width: 3 },
        itemStyle: { color: palette.warm },
        z: 5,
        silent: true,
      },
    ],
  };
}

function newest<T extends { readonly number: number }>(trials: readonly T[], count: number): T[] {
  return [...trials].sort((a, b) => b.number - a.number).slice(0, count);
}

function coordsOf(data: StudyData, number: number): [number, number][] {
  const curve = data.curves?.get(number);
  if (curve === undefined) return [];
  return curve.steps.flatMap((step, i): [number, number][] => {
    const value = curve.values[i];
    return value === undefined || !Number.isFinite(value) ? [] : [[step, value]];
  });
}

/** Of the series that have something to show. */
function namesOf(shown: readonly TrialItem[]): string[] {
  const names: Record<string, string> = { complete: 'complete', pruned: 'pruned', failed: 'pruned' };
  return [...new Set(shown.map(({ state }) => names[state] ?? 'running'))];
}

/** `lines` has no say in the axis, so the plot finds its range itself. A few diverged curves do not flatten the rest. */
function rangeOf(data: StudyData, numbers: readonly number[]): { min?: number; max?: number } {
  const values: number[] = [];
  for (const number of numbers) {
    for (const value of data.curves?.get(number)?.values ?? []) {
      if (value !== undefined && Number.isFinite(value)) values.push(value);
    }
  }
  if (values.length === 0) return {};
  values.sort((a, b) => a - b);
  const cut = values.length > 200 ? 0.01 : 0;
  const low = values[Math.floor(cut * (values.length - 1))]!;
  const high = values[Math.ceil((1 - cut) * (values.length - 1))]!;
  const best = data.metric.goal === 'maximize' ? values.at(-1)! : values[0]!;
  return { min: Math.min(low, best), max: Math.max(high, best) };
}
