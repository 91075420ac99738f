import type { EChartsCoreOption } from 'echarts/core';
import type { StudyData } from '../data/study-data.js';
import { formatMetric } from '../format.js';
import { baseOption, drawable, onAxis, type PlotInput } from './common.js';

const AXIS = /^param-(\d+)$/;

function axisId(index: number): string {
  return `param-${index}`;
}

/** The parameter that an axis stands for; undefined for the metric's. */
export function paramOfAxis(id: string): number | undefined {
  const found = AXIS.exec(id);
  return found === null ? undefined : Number(found[1]);
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
      color: palette.text,
      textBorderColor: palette.surface,
      textBorderWidth: 4,
      hideOverlap: true,
      formatter: (value: number | string) => (typeof value === 'number' ? formatMetric(value) : value),
    },
    axisTick: { lineStyle: { color: palette.quiet } },
    // Labels are before the trials' lines.
    z: 10,
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
      ...specs.map((spec, dim) => ({ ...parallelAxis(spec), id: axisId(dim), dim, name: spec.name, ...axisStyle })),
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
        lineStyle: { width: 1.2, opacity: Math.min(0.45, Math.max(0.06, 90 / shown.length)) },
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
  const whole = spec.kind === 'int' ? { minInterval: 1 } : {};
  return { type: spec.log === true ? 'log' : 'value', min: spec.low, max: spec.high, ...whole };
}
