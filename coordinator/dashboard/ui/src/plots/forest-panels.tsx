import { useContext, useEffect, useMemo, useState } from 'react';
import { setQuery, useAddress } from '../data/address.js';
import type { StudyData } from '../data/study-data.js';
import { Forest, ForestThreadContext, useAnswer } from '../heavy/forest.js';
import { Chart, type ChartEvents } from './chart.js';
import type { PlotInput } from './common.js';
import { contourOption, importanceOption, sliceOption } from './forest-plots.js';

/** A study's forest, grown in a thread of its own for as long as the page is there. */
export function useForest(data: StudyData): Forest | undefined {
  const start = useContext(ForestThreadContext);
  const [forest, setForest] = useState<Forest>();
  useEffect(() => {
    const made = new Forest(data, start());
    setForest(made);
    return () => made.close();
  }, [data, start]);
  return forest;
}

interface ForestPlotProps {
  readonly input: PlotInput;
  readonly forest: Forest | undefined;
  readonly version: number;
  readonly events?: ChartEvents;
}

export function ImportancePlot({ input, forest, version }: ForestPlotProps) {
  const shares = useAnswer(() => forest?.importance() ?? Promise.resolve(undefined), [forest, version]);
  const option = useMemo(() => importanceOption(shares ?? [], input.palette), [shares, input.palette]);
  if (shares === undefined) return <p className="quiet">Being worked out …</p>;
  if (shares.length === 0) return <p className="quiet">Needs eight complete trials.</p>;
  const words = shares.map(({ param, share }) => `${param} ${Math.round(share * 100)} %`).join(', ');
  return <Chart option={option} label={`Importance: ${words}`} height={Math.max(200, 60 + 28 * shares.length)} />;
}

export function SlicePlot({ input, forest, version, events }: ForestPlotProps) {
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

export function ContourPlot({ input, forest, version, events }: ForestPlotProps) {
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

function indexOf(data: StudyData, name: string | null, otherwise: number): number {
  const index = data.space.params.findIndex((spec) => spec.name === name);
  return index < 0 ? Math.min(otherwise, data.space.params.length - 1) : index;
}
