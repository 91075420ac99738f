import { useMemo } from 'react';
import { setQuery } from '../data/address.js';
import { writeFilter } from '../data/board-view.js';
import type { StudyData } from '../data/study-data.js';
import type { ChartEvents } from './chart.js';
import type { PlotInput } from './common.js';
import { Drawn } from './drawn.js';
import { parallelOption, paramOfAxis } from './parallel.js';

/** Brushing one of its axes filters the board. */
export function ParallelPlot({ input, version }: { readonly input: PlotInput; readonly version: number }) {
  const { data } = input;
  const events: ChartEvents = useMemo(
    () => ({
      axisareaselected: (event: AxisBrushed) => {
        const index = paramOfAxis(event.parallelAxisId ?? '');
        const spec = index === undefined ? undefined : data.space.params[index];
        if (spec !== undefined) setQuery({ [`p.${spec.name}`]: brushed(spec, event.intervals?.[0]) });
      },
    }),
    [data],
  );
  return (
    <Drawn
      make={parallelOption}
      input={input}
      version={version}
      events={events}
      label="Parameters and value of each trial as a line across parallel axes"
    />
  );
}

/** What ECharts tells when an axis was brushed; no interval when the brush was taken away. */
interface AxisBrushed {
  readonly parallelAxisId?: string;
  readonly intervals?: readonly [number, number][];
}

/** A brushed interval as a filter. Choices are brushed by their place on the axis. */
function brushed(
  spec: StudyData['space']['params'][number],
  interval: [number, number] | undefined,
): string | undefined {
  if (interval === undefined) return undefined;
  const [low, high] = [Math.min(...interval), Math.max(...interval)];
  if (spec.kind !== 'categorical') return writeFilter({ kind: 'range', low, high });
  const choices = spec.choices.map(String).filter((_, place) => place >= low - 0.5 && place <= high + 0.5);
  return choices.length === 0 ? undefined : writeFilter({ kind: 'choices', choices: new Set(choices) });
}
