import type { EChartsCoreOption } from 'echarts/core';
import { useMemo } from 'react';
import { Chart, type ChartEvents } from './chart.js';
import type { PlotInput } from './common.js';

interface DrawnProps {
  readonly make: (input: PlotInput) => EChartsCoreOption;
  readonly input: PlotInput;
  readonly version: number;
  readonly label: string;
  readonly height?: number;
  readonly events?: ChartEvents;
}

/** A picture that is made anew where its input or the study's version is another. */
export function Drawn({ make, input, version, ...chart }: DrawnProps) {
  const option = useMemo(() => make(input), [make, input, version]);
  return <Chart option={option} {...chart} />;
}
