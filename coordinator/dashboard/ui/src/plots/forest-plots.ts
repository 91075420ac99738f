import type { EChartsCoreOption } from 'echarts/core';
import type { Contour, SlicePoint } from '../../../../../search/importance/charts.js';
import type { Importance } from '../../../../../search/importance/importance.js';
import { formatMetric, formatParam, formatShare } from '../format.js';
import {
  axis,
  baseOption,
  drawable,
  escapeHtml,
  legend,
  onAxis,
  type PlotInput,
  paramAxis,
  trialText,
  valueAxis,
} from './common.js';
import { marked, type Point, scatter, type Tooltip, trialTooltip } from './points.js';
import type { Palette } from './theme.js';

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
    ...legend(palette, ['complete', 'pruned', 'predicted']),
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
        color: palette.warm,
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
  const [low, high] = [Math.min(...means), Math.max(...means)];
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
    grid: { left: 28, right: 76, top: 16, bottom: 34, containLabel: true },
    visualMap: {
      type: 'continuous',
      seriesIndex: 0,
      dimension: 2,
      min: low,
      max: high,
      right: 0,
      top: 'middle',
      itemWidth: 10,
      itemHeight: 130,
      text: [formatMetric(high), formatMetric(low)],
      textStyle: { color: palette.quiet },
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
