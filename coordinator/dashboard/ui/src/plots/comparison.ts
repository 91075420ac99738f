import type { EChartsCoreOption } from 'echarts/core';
import type { StudyData } from '../data/study-data.js';
import { axis, baseOption, incumbents, valueAxis } from './common.js';
import type { Palette } from './theme.js';

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
