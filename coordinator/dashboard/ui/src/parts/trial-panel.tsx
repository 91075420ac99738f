import { useEffect, useMemo, useState } from 'react';
import type { TrialDetail } from '../../../wire.js';
import { useSource } from '../data/hooks.js';
import type { StudyData } from '../data/study-data.js';
import { formatDuration, formatMetric, formatParam, formatTime } from '../format.js';
import { Chart } from '../plots/chart.js';
import { axis, baseOption, valueAxis } from '../plots/common.js';
import { type Palette, usePalette } from '../plots/theme.js';
import { Failed, Loading } from './notices.js';
import { Printed } from './printed.js';
import { StateBadge } from './state-badge.js';
import { TrialControls } from './study-controls.js';

interface TrialPanelProps {
  readonly data: StudyData;
  readonly version: number;
  readonly number: number;
  readonly onClose: () => void;
}

/** One trial, whole: beside the board where there is room, over it where there is not. */
export function TrialPanel({ data, number, onClose }: TrialPanelProps) {
  const { act } = useSource();
  const trial = data.trials[number];
  const loaded = useTrial(data, number);
  return (
    <aside className="panel trial-panel" aria-label={`Trial ${number}`}>
      <header className="row spread">
        <div className="row">
          <h2>Trial {number}</h2>
          {trial && <StateBadge state={trial.state} />}
        </div>
        <button type="button" onClick={onClose} aria-label="Close">
          ✕
        </button>
      </header>
      {trial === undefined && <Failed error={new Error(`${data.study.id} has no trial ${number}.`)} />}
      {trial && (
        <>
          {trial.invalidated !== null && (
            <p className="strip strip-bad">
              Invalidated: it has left the ranking and the sampler's history. {trial.invalidated}
            </p>
          )}
          <div className="row">
            {act && <TrialControls data={data} trial={trial} act={act} />}
            <CopyYaml data={data} number={number} />
          </div>
          {trial.reason !== '' && <p className="strip">{trial.reason}</p>}
          <dl className="facts">
            <dt>{data.metric.name}</dt>
            <dd>
              <strong>{formatMetric(trial.value)}</strong>
              {trial.value !== undefined && ` at step ${trial.valueStep}`}
            </dd>
            <dt>proposed by</dt>
            <dd>
              {trial.origin}
              {seenText(data.metric.name, loaded)}
            </dd>
            <dt>seed</dt>
            <dd>{trial.seed}</dd>
            <dt>proposed</dt>
            <dd>{formatTime(trial.proposedAt)}</dd>
          </dl>
          <h3>Parameters</h3>
          <dl className="facts">
            {data.space.params.map(({ name }, index) => (
              <Fact
                key={name}
                name={name}
                value={trial.params[index] === null ? 'inactive' : formatParam(trial.params[index])}
              />
            ))}
          </dl>
          <Curves loaded={loaded} />
          <h3>Attempts</h3>
          <ol className="plain attempts" aria-label="Attempts">
            {trial.attempts.map(([worker, start, end, how, reason], index) => (
              <li key={start}>
                <strong>{index + 1}</strong> on {worker}: {how === '' ? 'running' : how},{' '}
                {formatDuration((end === 0 ? data.now() : end) - start)}
                {reason !== '' && <div className="quiet small">{reason}</div>}
              </li>
            ))}
          </ol>
          <Printed key={number} study={data.study.id} trial={trial} />
        </>
      )}
    </aside>
  );
}

/** What there was to go by when the trial was proposed. */
function seenText(metric: string, loaded: TrialDetail | Error | undefined): string {
  if (loaded === undefined || loaded instanceof Error || loaded.seen === null) return '';
  const { ended, unfinished, best } = loaded.seen;
  if (ended + unfinished === 0) return ', the first of its study';
  const words = best === null ? '' : `, the best with ${metric} ${formatMetric(best)},`;
  return `, when ${ended} trial${ended === 1 ? '' : 's'} had ended${words} and ${unfinished} had not`;
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** All metrics of the trial's newest attempt, loaded anew while it runs. */
function useTrial(data: StudyData, number: number): TrialDetail | Error | undefined {
  const source = useSource();
  const [loaded, setLoaded] = useState<TrialDetail | Error>();
  const trial = data.trials[number];
  const stage = trial === undefined ? '' : `${trial.state} ${trial.lastStep} ${trial.attempts.length}`;
  useEffect(() => {
    if (stage === '') return undefined;
    let gone = false;
    source.trial(data.study.id, number).then(
      (value) => {
        if (!gone) setLoaded(value);
      },
      (error: Error) => {
        if (!gone) setLoaded(error);
      },
    );
    return () => {
      gone = true;
    };
  }, [source, data, number, stage]);
  return loaded;
}

function Curves({ loaded }: { readonly loaded: TrialDetail | Error | undefined }) {
  const palette = usePalette();
  const groups = useMemo(() => (loaded === undefined || loaded instanceof Error ? [] : groupsOf(loaded)), [loaded]);
  if (loaded === undefined) return <Loading what="its curves" />;
  if (loaded instanceof Error) return <Failed error={loaded} />;
  return (
    <>
      {groups.map(({ title, names }) => (
        <section key={title} aria-label={title}>
          <h3>{title}</h3>
          <MetricChart trial={loaded} names={names} palette={palette} />
        </section>
      ))}
    </>
  );
}

interface MetricChartProps {
  readonly trial: TrialDetail;
  readonly names: readonly string[];
  readonly palette: Palette;
}

function MetricChart({ trial, names, palette }: MetricChartProps) {
  const option = useMemo(
    () => ({
      ...baseOption(palette),
      color: [palette.accent, palette.warm, palette.good, palette.bad],
      legend: { top: 0, textStyle: { color: palette.text }, show: names.length > 1 },
      grid: { left: 8, right: 16, top: names.length > 1 ? 30 : 10, bottom: 30, containLabel: true },
      tooltip: { ...(baseOption(palette)['tooltip'] as object), trigger: 'axis', valueFormatter: formatMetric },
      xAxis: axis(palette, 'step', { type: 'value', min: 1, minInterval: 1 }),
      yAxis: valueAxis(palette),
      series: names.map((name) => ({
        type: 'line',
        name,
        symbolSize: 4,
        data: trial.reports.flatMap(({ step, metrics }) =>
          typeof metrics[name] === 'number' ? [[step, metrics[name]]] : [],
        ),
      })),
    }),
    [trial, names, palette],
  );
  return <Chart option={option} label={`${names.join(' and ')} of trial ${trial.number} by step`} height={190} />;
}

/** Metrics that belong into one picture: train_loss beside val_loss. */
function groupsOf({ reports }: TrialDetail): { title: string; names: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const name of new Set(reports.flatMap(({ metrics }) => Object.keys(metrics)))) {
    const title = name.replace(/^(train|val|validation|test)_/, '');
    groups.set(title, [...(groups.get(title) ?? []), name]);
  }
  return [...groups].map(([title, names]) => ({ title, names }));
}

function CopyYaml({ data, number }: { readonly data: StudyData; readonly number: number }) {
  const [copied, setCopied] = useState(false);
  const trial = data.trials[number]!;
  const yaml = data.space.params
    .flatMap(({ name }, index) => {
      const value = trial.params[index];
      return value === null || value === undefined
        ? []
        : [`${yamlText(name)}: ${typeof value === 'string' ? yamlText(value) : value}`];
    })
    .join('\n');
  return (
    <button
      type="button"
      onClick={() =>
        void navigator.clipboard.writeText(`${yaml}\n`).then(() => {
          setCopied(true);
          setTimeout(() => setCopied(false), 1500);
        })
      }
    >
      {copied ? 'Copied' : 'Copy as YAML'}
    </button>
  );
}

/** A word that YAML reads as that word: quoted where it could be read as something else. */
function yamlText(text: string): string {
  const isPlain = /^[A-Za-z_][\w ./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
