import type { EChartsCoreOption } from 'echarts/core';
import { formatMetric, formatShare } from '../format.js';
import { axis, baseOption, drawable, type PlotInput, valueAxis } from './common.js';
import type { Tooltip } from './points.js';

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
