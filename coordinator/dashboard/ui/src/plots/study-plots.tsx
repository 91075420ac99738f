import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { StudyData } from '../data/study-data.js';
import type { TrialItem } from '../data/trial-item.js';
import { Empty } from '../parts/notices.js';
import type { ChartEvents } from './chart.js';
import type { PlotInput } from './common.js';
import { distributionOption } from './distribution.js';
import { Drawn } from './drawn.js';
import { ContourPlot, ImportancePlot, SlicePlot, useForest } from './forest-panels.js';
import { historyOption } from './history.js';
import { curvesOption } from './learning-curves.js';
import { ParallelPlot } from './parallel-plot.js';
import { usePalette } from './theme.js';
import { timelineHeight, timelineOption } from './timeline.js';

interface StudyPlotsProps {
  readonly data: StudyData;
  readonly version: number;
  readonly trials: readonly TrialItem[];
  readonly selected: number | undefined;
  readonly onSelect: (trial: number) => void;
}

/** The plots people know. They show what the board shows; a trial chosen in one is chosen everywhere. */
export function StudyPlots({ data, version, trials, selected, onSelect }: StudyPlotsProps) {
  const palette = usePalette();
  const input: PlotInput = useMemo(() => ({ data, trials, selected, palette }), [data, trials, selected, palette]);
  const forest = useForest(data);
  const events: ChartEvents = useMemo(
    () => ({
      click: (event: { readonly data?: unknown }) => {
        const trial = trialOf(event.data);
        if (trial !== undefined) onSelect(trial);
      },
    }),
    [onSelect],
  );
  const name = data.metric.name;
  const timeline = (
    <Plot title="Timeline" hint="Ctrl and the wheel zoom" full>
      {() => (
        <Drawn
          make={timelineOption}
          input={input}
          version={version}
          events={events}
          label="Attempts over workers"
          height={timelineHeight(trials)}
        />
      )}
    </Plot>
  );
  if (!data.trials.some(({ value }) => value !== undefined)) {
    return (
      <div className="plots">
        <section className="panel plot-full">
          <Empty title={`No trial has reported ${name}.`} />
        </section>
        {timeline}
      </div>
    );
  }
  return (
    <div className="plots">
      <Plot title={`${name} over trials`}>
        {() => (
          <Drawn
            make={historyOption}
            input={input}
            version={version}
            events={events}
            label={`${name} of each trial, and the best so far`}
          />
        )}
      </Plot>
      <Plot title="Learning curves">
        {() => (
          <Drawn
            make={curvesOption}
            input={input}
            version={version}
            events={events}
            label={`${name} over steps of all shown trials`}
          />
        )}
      </Plot>
      <Plot title="Parallel coordinates" hint="drag along an axis to filter the board" full>
        {() => <ParallelPlot input={input} version={version} />}
      </Plot>
      <Plot title="Importance" hint="share of the variance, functional ANOVA">
        {() => <ImportancePlot input={input} forest={forest} version={version} />}
      </Plot>
      <Plot title="Slice">{() => <SlicePlot input={input} forest={forest} version={version} events={events} />}</Plot>
      {data.space.params.length > 1 && (
        <Plot title="Contour">
          {() => <ContourPlot input={input} forest={forest} version={version} events={events} />}
        </Plot>
      )}
      <Plot title="Distribution">
        {() => <Drawn make={distributionOption} input={input} version={version} label={`Distribution of ${name}`} />}
      </Plot>
      {timeline}
    </div>
  );
}

interface PlotProps {
  readonly title: string;
  readonly hint?: string;
  readonly full?: boolean;
  readonly children: () => ReactNode;
}

/** A plot is made when it first comes near the screen. */
function Plot({ title, hint, full, children }: PlotProps) {
  const place = useRef<HTMLElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setNear(true);
      },
      { rootMargin: '200px' },
    );
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <section ref={place} className={full ? 'panel plot-full' : 'panel'} aria-label={title}>
      <h2>
        {title} {hint !== undefined && <span className="quiet small hint">{hint}</span>}
      </h2>
      {near ? children() : <div className="chart" style={{ height: 280 }} />}
    </section>
  );
}

/** The trial behind what was clicked: points carry it as their third number, bars and lines by name. */
function trialOf(item: unknown): number | undefined {
  if (Array.isArray(item)) return typeof item[2] === 'number' && item.length === 3 ? item[2] : undefined;
  const trial = (item as { trial?: unknown } | undefined)?.trial;
  return typeof trial === 'number' ? trial : undefined;
}
