import { type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { setQuery, useAddress } from '../data/address.js';
import { writeFilter } from '../data/board-view.js';
import type { StudyData } from '../data/study-data.js';
import type { TrialItem } from '../data/trial-item.js';
import { Forest, ForestThreadContext, useAnswer } from '../heavy/forest.js';
import { Empty } from '../parts/notices.js';
import { Chart, type ChartEvents } from './chart.js';
import type { PlotInput } from './common.js';
import { distributionOption } from './distribution.js';
import { contourOption, importanceOption, sliceOption } from './forest-plots.js';
import { historyOption } from './history.js';
import { curvesOption } from './learning-curves.js';
import { parallelOption, paramOfAxis } from './parallel.js';
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
        {() => <Parallel input={input} version={version} />}
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

interface DrawnProps {
  readonly make: (input: PlotInput) => ReturnType<typeof historyOption>;
  readonly input: PlotInput;
  readonly version: number;
  readonly label: string;
  readonly height?: number;
  readonly events?: ChartEvents;
}

function Drawn({ make, input, version, ...chart }: DrawnProps) {
  const option = useMemo(() => make(input), [make, input, version]);
  return <Chart option={option} {...chart} />;
}

function Parallel({ input, version }: { readonly input: PlotInput; readonly version: number }) {
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

interface ForestPlotProps {
  readonly input: PlotInput;
  readonly forest: Forest | undefined;
  readonly version: number;
  readonly events?: ChartEvents;
}

function ImportancePlot({ input, forest, version }: ForestPlotProps) {
  const shares = useAnswer(() => forest?.importance() ?? Promise.resolve(undefined), [forest, version]);
  const option = useMemo(() => importanceOption(shares ?? [], input.palette), [shares, input.palette]);
  if (shares === undefined) return <p className="quiet">Being worked out …</p>;
  if (shares.length === 0) return <p className="quiet">Needs eight complete trials.</p>;
  const words = shares.map(({ param, share }) => `${param} ${Math.round(share * 100)} %`).join(', ');
  return <Chart option={option} label={`Importance: ${words}`} height={Math.max(200, 60 + 28 * shares.length)} />;
}

function SlicePlot({ input, forest, version, events }: ForestPlotProps) {
  const { data } = input;
  const { query } = useAddress();
  const index = indexOf(data, query.get('slice'), 0);
  const { name } = data.space.params[index]!;
  const predicted = useAnswer(() => forest?.slice(name) ?? Promise.resolve(undefined), [forest, name, version]);
  const option = useMemo(() => sliceOption(input, index, predicted ?? []), [input, index, predicted, version]);
  return (
    <>
      <ParamSelect data={data} label="parameter" value={name} onChange={(slice) => setQuery({ slice })} />
      <Chart key={name} option={option} label={`Values along ${name}`} {...(events === undefined ? {} : { events })} />
    </>
  );
}

function ContourPlot({ input, forest, version, events }: ForestPlotProps) {
  const { data } = input;
  const { query } = useAddress();
  const a = indexOf(data, query.get('x'), 0);
  const second = indexOf(data, query.get('y'), 1);
  const b = second === a ? (a === 0 ? 1 : 0) : second;
  const [x, y] = [data.space.params[a]!.name, data.space.params[b]!.name];
  const contour = useAnswer(() => forest?.contour(x, y) ?? Promise.resolve(undefined), [forest, x, y, version]);
  const option = useMemo(
    () => (contour === undefined ? undefined : contourOption(input, a, b, contour)),
    [input, a, b, contour],
  );
  return (
    <>
      <div className="row">
        <ParamSelect data={data} label="across" value={x} onChange={(name) => setQuery({ x: name })} />
        <ParamSelect data={data} label="up" value={y} onChange={(name) => setQuery({ y: name })} />
      </div>
      {option === undefined ? (
        <p className="quiet">Needs eight complete trials.</p>
      ) : (
        <Chart
          key={`${x} ${y}`}
          option={option}
          label={`Predicted value over ${x} and ${y}`}
          {...(events === undefined ? {} : { events })}
        />
      )}
    </>
  );
}

interface ParamSelectProps {
  readonly data: StudyData;
  readonly label: string;
  readonly value: string;
  readonly onChange: (name: string) => void;
}

function ParamSelect({ data, label, value, onChange }: ParamSelectProps) {
  return (
    <label className="small">
      {label}{' '}
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {data.space.params.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function useForest(data: StudyData): Forest | undefined {
  const start = useContext(ForestThreadContext);
  const [forest, setForest] = useState<Forest>();
  useEffect(() => {
    const made = new Forest(data, start());
    setForest(made);
    return () => made.close();
  }, [data, start]);
  return forest;
}

function indexOf(data: StudyData, name: string | null, otherwise: number): number {
  const index = data.space.params.findIndex((spec) => spec.name === name);
  return index < 0 ? Math.min(otherwise, data.space.params.length - 1) : index;
}

/** The trial behind what was clicked: points carry it as their third number, bars and lines by name. */
function trialOf(item: unknown): number | undefined {
  if (Array.isArray(item)) return typeof item[2] === 'number' && item.length === 3 ? item[2] : undefined;
  const trial = (item as { trial?: unknown } | undefined)?.trial;
  return typeof trial === 'number' ? trial : undefined;
}
