import type { EChartsCoreOption } from 'echarts/core';
import { formatDuration } from '../format.js';
import { axis, baseOption, escapeHtml, type PlotInput, stateColor, trialText } from './common.js';
import type { Tooltip } from './points.js';

/** Room for a bar for each worker, and for the axis. */
export function timelineHeight(trials: PlotInput['trials']): number {
  const workers = new Set(trials.flatMap(({ attempts }) => attempts.map(([worker]) => worker))).size;
  return Math.min(900, Math.max(140, 70 + 36 * workers));
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
