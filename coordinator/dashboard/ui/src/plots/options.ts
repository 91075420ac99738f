import type { EChartsCoreOption } from 'echarts/core';
import type { Contour, SlicePoint } from '../../../../../search/importance/charts.js';
import type { Importance } from '../../../../../search/importance/importance.js';
import type { StudyData } from '../data/study-data.js';
import { formatDuration, formatMetric, formatParam, formatShare } from '../format.js';
import {
  axis,
  baseOption,
  drawable,
  escapeHtml,
  incumbents,
  onAxis,
  type PlotInput,
  paramAxis,
  stateColor,
  trialText,
  valueAxis,
} from './common.js';
import type { Palette } from './theme.js';

type Tooltip = { readonly data?: unknown; readonly seriesName?: string; readonly name?: string };

/** A point that knows its trial: its third number. */
type Point = [x: number | string, y: number, trial: number];

/** Values in the order in which trials were proposed, and the best so far. */
export function historyOption({ data, trials, selected, palette }: PlotInput): EChartsCoreOption {
  const points = drawable(trials);
  const of = (states: readonly string[]): Point[] =>
    points.filter(({ state }) => states.includes(state)).map(({ number, value }) => [number, value!, number]);
  const best = bestByNumber(data);
  return {
    ...baseOption(palette),
    tooltip: { ...(baseOption(palette)['tooltip'] as object), trigger: 'item', formatter: trialTooltip(data) },
    xAxis: axis(palette, 'trial', { type: 'value', min: 0, minInterval: 1 }),
    yAxis: valueAxis(palette),
    series: [
      scatter('pruned', of(['pruned', 'failed']), palette.faded, 5),
      scatter('complete', of(['complete']), palette.accent, 7),
      scatter('running', of(['running', 'paused', 'waiting']), palette.good, 7),
      {
        type: 'line',
        name: 'best so far',
        step: 'end',
        symbol: 'none',
        data: best,
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
    lineStyle: { color, opacity, width: 1.3 },
    emphasis: { lineStyle: { width: 3, opacity: 1 } },
    z,
  });
  const highest = shown.reduce((most, { lastStep }) => Math.max(most, lastStep), 1);
  const own = selected === undefined ? [] : coordsOf(data, selected);
  return {
    ...baseOption(palette),
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

/** Every parameter an axis, every trial a line; brushing an axis filters the board. */
export function parallelOption({ data, trials, selected, palette }: PlotInput): EChartsCoreOption {
  const shown = drawable(trials.filter(({ state }) => state === 'complete' || state === 'pruned')).slice(0, 2_000);
  const specs = data.space.params;
  const values = shown.map(({ value }) => value!).sort((a, b) => a - b);
  const axisStyle = {
    nameTextStyle: { color: palette.text },
    axisLine: { lineStyle: { color: palette.quiet } },
    axisLabel: {
      color: palette.quiet,
      formatter: (value: number | string) => (typeof value === 'number' ? formatMetric(value) : value),
    },
    axisTick: { lineStyle: { color: palette.quiet } },
  };
  const row = ({ params, value }: (typeof shown)[number]): (number | string)[] => [
    ...specs.map((spec, index) => onAxis(spec, params[index]) ?? '-'),
    value!,
  ];
  const dimension = specs.length;
  return {
    ...baseOption(palette),
    tooltip: { show: false },
    parallel: {
      left: 40,
      right: 60,
      top: 36,
      bottom: 16,
      parallelAxisDefault: {
        areaSelectStyle: { width: 18, color: palette.accent, borderColor: palette.accent, opacity: 0.25 },
      },
    },
    parallelAxis: [
      ...specs.map((spec, dim) => ({ ...parallelAxis(spec), dim, name: spec.name, ...axisStyle })),
      {
        dim: dimension,
        name: data.metric.name,
        type: 'value',
        scale: true,
        inverse: data.metric.goal === 'minimize',
        ...axisStyle,
      },
    ],
    visualMap: {
      show: false,
      type: 'continuous',
      seriesIndex: 0,
      dimension,
      min: values[Math.floor(values.length * 0.1)] ?? 0,
      max: values.at(-1) ?? 1,
      inRange: {
        color: data.metric.goal === 'maximize' ? [palette.faded, palette.accent] : [palette.accent, palette.faded],
      },
    },
    series: [
      {
        type: 'parallel',
        data: shown.map(row),
        lineStyle: { width: 1.2, opacity: 0.45 },
        inactiveOpacity: 0.04,
        progressive: 500,
        smooth: false,
      },
      {
        type: 'parallel',
        data: shown.filter(({ number }) => number === selected).map(row),
        lineStyle: { width: 4, opacity: 1, color: palette.warm },
        z: 5,
      },
    ],
  };
}

function parallelAxis(spec: StudyData['space']['params'][number]): Record<string, unknown> {
  if (spec.kind === 'categorical') return { type: 'category', data: spec.choices.map(String) };
  return { type: spec.log === true ? 'log' : 'value', min: spec.low, max: spec.high };
}

/** Values along one parameter, with what the forest predicts there. */
export function sliceOption(input: PlotInput, index: number, predicted: readonly SlicePoint[]): EChartsCoreOption {
  const { data, trials, selected, palette } = input;
  const spec = data.space.params[index]!;
  const points = drawable(trials).flatMap(({ number, value, params, state }): [Point, string][] => {
    const at = onAxis(spec, params[index]);
    return at === undefined ? [] : [[[at, value!, number], state]];
  });
  const of = (pruned: boolean): Point[] =>
    points.filter(([, state]) => (state === 'pruned') === pruned).map(([point]) => point);
  const line = predicted.map(({ at, mean }) => [onAxis(spec, at), mean]);
  const band = (sign: number): unknown[] =>
    predicted.map(({ at, mean, spread }) => [onAxis(spec, at), mean + sign * spread]);
  const edge = (name: string, values: unknown[]): object => ({
    type: 'line',
    name,
    data: values,
    symbol: 'none',
    silent: true,
    lineStyle: { color: palette.warm, width: 1, type: 'dashed', opacity: 0.7 },
  });
  return {
    ...baseOption(palette),
    tooltip: { ...(baseOption(palette)['tooltip'] as object), trigger: 'item', formatter: trialTooltip(data) },
    xAxis: paramAxis(palette, spec),
    yAxis: valueAxis(palette),
    series: [
      scatter('pruned', of(true), palette.faded, 5),
      scatter('complete', of(false), palette.accent, 6),
      {
        type: 'line',
        name: 'predicted',
        data: line,
        symbol: 'none',
        silent: true,
        lineStyle: { color: palette.warm, width: 2 },
      },
      edge('low', band(-1)),
      edge('high', band(1)),
      marked(
        points.filter(([point]) => point[2] === selected).map(([point]) => point),
        palette,
      ),
    ],
  };
}

/** What the forest predicts over two parameters, and where trials were. */
export function contourOption(input: PlotInput, a: number, b: number, contour: Contour): EChartsCoreOption {
  const { data, trials, palette } = input;
  const specs = [data.space.params[a]!, data.space.params[b]!] as const;
  const cells = contour.mean.flatMap((row, i) => row.flatMap((mean, j) => (mean === null ? [] : [[i, j, mean]])));
  const means = cells.map(([, , mean]) => mean!);
  const nearest = (values: readonly unknown[], spec: (typeof specs)[number], value: unknown): number => {
    if (spec.kind === 'categorical') return values.map(String).indexOf(String(value));
    const scaled = (one: unknown): number => (spec.log === true ? Math.log(one as number) : (one as number));
    let best = 0;
    for (const [i, one] of values.entries()) {
      if (Math.abs(scaled(one) - scaled(value)) < Math.abs(scaled(values[best]) - scaled(value))) best = i;
    }
    return best;
  };
  const dots = drawable(trials).flatMap(({ number, params }): Point[] => {
    const [x, y] = [params[a], params[b]];
    if (x === null || x === undefined || y === null || y === undefined) return [];
    return [[nearest(contour.a, specs[0], x), nearest(contour.b, specs[1], y), number]];
  });
  const names = (values: readonly unknown[]): string[] => values.map((value) => formatParam(value as number));
  return {
    ...baseOption(palette),
    tooltip: {
      ...(baseOption(palette)['tooltip'] as object),
      trigger: 'item',
      formatter: ({ data: item, seriesName }: Tooltip) => {
        const [x, y, last] = item as [number, number, number];
        if (seriesName === 'trials') return trialText(data, last);
        return `${escapeHtml(specs[0].name)} ${names(contour.a)[x]}<br>${escapeHtml(specs[1].name)} ${names(contour.b)[y]}<br>predicted <b>${formatMetric(last)}</b>`;
      },
    },
    xAxis: axis(palette, specs[0].name, { type: 'category', data: names(contour.a), splitLine: { show: false } }),
    yAxis: axis(palette, specs[1].name, {
      type: 'category',
      data: names(contour.b),
      nameGap: 44,
      splitLine: { show: false },
    }),
    visualMap: {
      show: false,
      type: 'continuous',
      seriesIndex: 0,
      dimension: 2,
      min: Math.min(...means),
      max: Math.max(...means),
      inRange: { color: [palette.surface, palette.accent] },
    },
    series: [
      { type: 'heatmap', name: 'predicted', data: cells },
      { ...scatter('trials', dots, palette.warm, 5), itemStyle: { color: palette.warm, opacity: 0.55 } },
    ],
  };
}

/** Shares of the variance of the study's value. */
export function importanceOption(shares: readonly Importance[], palette: Palette): EChartsCoreOption {
  const rows = [...shares].reverse();
  const bar = (name: string, values: readonly number[], color: string): object => ({
    type: 'bar',
    name,
    stack: 'all',
    data: values,
    itemStyle: { color },
    barMaxWidth: 18,
  });
  return {
    ...baseOption(palette),
    legend: { bottom: 0, textStyle: { color: palette.quiet }, itemHeight: 8 },
    tooltip: {
      ...(baseOption(palette)['tooltip'] as object),
      trigger: 'axis',
      formatter: (items: readonly (Tooltip & { readonly value: number })[]) =>
        [
          escapeHtml(items[0]?.name ?? ''),
          ...items.map(({ seriesName, value }) => `${seriesName} <b>${formatShare(value)}</b>`),
        ].join('<br>'),
    },
    xAxis: axis(palette, '', {
      type: 'value',
      min: 0,
      scale: false,
      axisLabel: { color: palette.quiet, formatter: formatShare },
    }),
    yAxis: axis(palette, '', {
      type: 'category',
      data: rows.map(({ param }) => param),
      axisLabel: { color: palette.text },
    }),
    series: [
      bar(
        'alone',
        rows.map(({ share }) => share),
        palette.accent,
      ),
      bar(
        'with others',
        rows.map(({ interactionShare }) => interactionShare),
        palette.faded,
      ),
    ],
  };
}

/** The share of complete trials with at most each value. */
export function distributionOption({ data, trials, palette }: PlotInput): EChartsCoreOption {
  const values = drawable(trials.filter(({ state }) => state === 'complete')).map(({ value }) => value!);
  values.sort((a, b) => a - b);
  const steps = values.map((value, index) => [value, (index + 1) / values.length]);
  return {
    ...baseOption(palette),
    tooltip: {
      ...(baseOption(palette)['tooltip'] as object),
      trigger: 'axis',
      formatter: (items: readonly Tooltip[]) => {
        const [value, share] = (items[0]?.data ?? []) as number[];
        return value === undefined
          ? ''
          : `${formatShare(share!)} of complete trials have at most <b>${formatMetric(value)}</b>`;
      },
    },
    xAxis: valueAxis(palette, { type: 'value', name: data.metric.name }),
    yAxis: axis(palette, '', {
      type: 'value',
      min: 0,
      max: 1,
      axisLabel: { color: palette.quiet, formatter: formatShare },
    }),
    series: [
      {
        type: 'line',
        step: 'end',
        symbol: 'none',
        data: steps,
        lineStyle: { color: palette.accent, width: 2 },
        areaStyle: { color: palette.accent, opacity: 0.12 },
      },
    ],
  };
}

/** Attempts over the workers that ran them. */
export function timelineOption({ data, trials, selected, palette }: PlotInput): EChartsCoreOption {
  const workers = [...new Set(trials.flatMap(({ attempts }) => attempts.map(([worker]) => worker)))].sort();
  const rowOf = new Map(workers.map((worker, row) => [worker, row]));
  const lanes = new Map<string, number[]>();
  const bars = trials
    .flatMap((trial) => trial.attempts.map((attempt) => ({ trial, attempt })))
    .sort((a, b) => a.attempt[1] - b.attempt[1])
    .map(({ trial, attempt: [worker, start, end, how] }) => {
      const ends = lanes.get(worker) ?? [];
      lanes.set(worker, ends);
      const free = ends.findIndex((busyUntil) => busyUntil <= start);
      const lane = free < 0 ? ends.length : free;
      const until = end === 0 ? data.now() : end;
      ends[lane] = until;
      return {
        value: [rowOf.get(worker)!, start, until, trial.number, lane],
        trial: trial.number,
        how: how === '' ? 'running' : how,
        state: trial.state,
      };
    });
  const lanesOf = workers.map((worker) => lanes.get(worker)?.length ?? 1);
  return {
    ...baseOption(palette),
    tooltip: {
      ...(baseOption(palette)['tooltip'] as object),
      trigger: 'item',
      formatter: ({ data: item }: Tooltip) => {
        const { value, how } = item as { value: number[]; how: string };
        return `${trialText(data, value[3]!)}<br>${escapeHtml(workers[value[0]!] ?? '')}: ${how}, ${formatDuration(value[2]! - value[1]!)}`;
      },
    },
    xAxis: axis(palette, '', { type: 'time', axisLabel: { color: palette.quiet, hideOverlap: true } }),
    yAxis: axis(palette, '', {
      type: 'category',
      data: workers,
      axisLabel: { color: palette.quiet, width: 110, overflow: 'truncate' },
    }),
    dataZoom: [{ type: 'inside', filterMode: 'weakFilter', zoomOnMouseWheel: 'ctrl' }],
    series: [
      {
        type: 'custom',
        encode: { x: [1, 2], y: 0 },
        data: bars,
        progressive: 1000,
        renderItem: (params: { dataIndex: number }, api: CustomApi) => {
          const bar = bars[params.dataIndex]!;
          const row = api.value(0);
          const left = api.coord([api.value(1), row]);
          const right = api.coord([api.value(2), row]);
          const band = api.size([0, 1])[1]! * 0.8;
          const lane = band / lanesOf[row]!;
          const isSelected = bar.trial === selected;
          return {
            type: 'rect',
            shape: {
              x: left[0]!,
              y: left[1]! - band / 2 + bar.value[4]! * lane,
              width: Math.max(1, right[0]! - left[0]! - 0.5),
              height: Math.max(1, lane - 1),
            },
            style: {
              fill: isSelected
                ? palette.warm
                : bar.how === 'lost' || bar.how === 'failed'
                  ? palette.bad
                  : stateColor(palette, bar.state),
              opacity: isSelected ? 1 : 0.8,
            },
          };
        },
      },
    ],
  };
}

interface CustomApi {
  value(dimension: number): number;
  coord(point: readonly [number, number]): readonly number[];
  size(extent: readonly [number, number]): readonly number[];
}

/** The best so far of several studies, over how many trials had ended. */
export function compareOption(studies: readonly StudyData[], palette: Palette): EChartsCoreOption {
  return {
    ...baseOption(palette),
    legend: { top: 0, textStyle: { color: palette.text } },
    grid: { left: 8, right: 16, top: 40, bottom: 34, containLabel: true },
    tooltip: { ...(baseOption(palette)['tooltip'] as object), trigger: 'axis' },
    xAxis: axis(palette, 'complete trials', { type: 'value', min: 1, minInterval: 1 }),
    yAxis: valueAxis(palette),
    series: studies.map((data) => ({
      type: 'line',
      name: data.study.id,
      step: 'end',
      symbol: 'none',
      data: incumbents(data).map(([ended, value]) => [ended, value]),
      lineStyle: { width: 2 },
    })),
  };
}

function scatter(name: string, data: readonly Point[], color: string, size: number): Record<string, unknown> {
  return {
    type: 'scatter',
    name,
    data,
    symbolSize: size,
    itemStyle: { color, opacity: 0.75 },
    large: data.length > 3_000,
    progressive: 2_000,
    cursor: 'pointer',
  };
}

/** The selected trial's ring. */
function marked(data: readonly Point[], palette: Palette): Record<string, unknown> {
  return {
    type: 'scatter',
    name: 'selected',
    data,
    symbolSize: 15,
    silent: true,
    z: 9,
    itemStyle: { color: 'transparent', borderColor: palette.warm, borderWidth: 3 },
  };
}

function trialTooltip(data: StudyData): (item: Tooltip) => string {
  return ({ data: point }) => trialText(data, (point as Point | undefined)?.[2] ?? -1);
}
