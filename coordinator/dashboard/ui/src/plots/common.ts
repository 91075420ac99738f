import type { ParamSpec, ParamValue } from '../../../../../search/param.js';
import { isBetter } from '../../../../../search/trial-value.js';
import type { StudyData } from '../data/study-data.js';
import type { TrialItem } from '../data/trial-item.js';
import { formatMetric } from '../format.js';
import type { Palette } from './theme.js';

/** What every plot of a study draws from. */
export interface PlotInput {
  readonly data: StudyData;
  /** The trials that the board shows. */
  readonly trials: readonly TrialItem[];
  readonly selected: number | undefined;
  readonly palette: Palette;
}

/** A tooltip's text is markup to ECharts, and names come from people. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

export function baseOption(palette: Palette): Record<string, unknown> {
  return {
    animation: false,
    aria: { enabled: false },
    textStyle: { color: palette.text, fontFamily: 'inherit' },
    grid: { left: 8, right: 16, top: 16, bottom: 34, containLabel: true },
    tooltip: {
      confine: true,
      backgroundColor: palette.surface,
      borderColor: palette.line,
      textStyle: { color: palette.text, fontSize: 12 },
    },
  };
}

/** The legend above a plot, and the room it takes there. */
export function legend(palette: Palette, names: readonly string[]): Record<string, unknown> {
  return {
    legend: {
      top: 0,
      right: 8,
      data: names,
      icon: 'circle',
      itemWidth: 9,
      itemHeight: 9,
      selectedMode: false,
      textStyle: { color: palette.quiet },
    },
    grid: { left: 8, right: 16, top: 32, bottom: 34, containLabel: true },
  };
}

/** An axis in the page's colours. */
export function axis(palette: Palette, name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name,
    nameLocation: 'middle',
    nameGap: 24,
    nameTextStyle: { color: palette.quiet },
    axisLine: { lineStyle: { color: palette.line } },
    axisLabel: { color: palette.quiet, hideOverlap: true },
    splitLine: { lineStyle: { color: palette.line, opacity: 0.5 } },
    scale: true,
    ...more,
  };
}

/** The axis of a metric: no name beside it, the plot's title has it. */
export function valueAxis(palette: Palette, more: Record<string, unknown> = {}): Record<string, unknown> {
  const formatter = (value: number): string => formatMetric(value);
  return axis(palette, '', { ...more, axisLabel: { color: palette.quiet, hideOverlap: true, formatter } });
}

/** The axis of a parameter: logarithmic where the parameter is, words where its values are. */
export function paramAxis(
  palette: Palette,
  spec: ParamSpec,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  if (spec.kind === 'categorical') {
    return axis(palette, spec.name, { type: 'category', data: spec.choices.map(String), ...more });
  }
  const isLog = spec.log === true;
  const formatter = (value: number): string => formatMetric(value);
  return axis(palette, spec.name, {
    type: isLog ? 'log' : 'value',
    min: spec.low,
    max: spec.high,
    minInterval: spec.kind === 'int' ? 1 : 0,
    axisLabel: { color: palette.quiet, hideOverlap: true, formatter },
    ...more,
  });
}

/** A parameter's value as its axis counts it. */
export function onAxis(spec: ParamSpec, value: ParamValue | null | undefined): number | string | undefined {
  if (value === null || value === undefined) return undefined;
  return spec.kind === 'categorical' ? String(value) : (value as number);
}

/** Trials with a value that can be drawn. */
export function drawable(trials: readonly TrialItem[]): TrialItem[] {
  return trials.filter(({ value }) => value !== undefined && Number.isFinite(value));
}

/** The best values so far in the order in which trials ended: [how many had ended, value, trial]. */
export function incumbents(data: StudyData): [ended: number, value: number, trial: number][] {
  const done = drawable(data.ranked.filter(({ state }) => state === 'complete'));
  done.sort((a, b) => a.endedAt - b.endedAt || a.number - b.number);
  const path: [number, number, number][] = [];
  let best: number | undefined;
  for (const [index, { value, number }] of done.entries()) {
    if (best !== undefined && !isBetter(value!, best, data.metric.goal)) continue;
    best = value!;
    path.push([index + 1, best, number]);
  }
  if (best !== undefined) path.push([done.length, best, path.at(-1)![2]]);
  return path;
}

export function stateColor(palette: Palette, state: string): string {
  if (state === 'complete') return palette.accent;
  if (state === 'running') return palette.good;
  return state === 'failed' ? palette.bad : palette.faded;
}

export function trialText(data: StudyData, number: number): string {
  const trial = data.trials[number];
  if (trial === undefined) return '';
  const params = data.space.params
    .map(({ name }, index) => [name, trial.params[index]] as const)
    .filter(([, value]) => value !== null)
    .map(
      ([name, value]) =>
        `${escapeHtml(name)} ${escapeHtml(typeof value === 'number' ? formatMetric(value) : String(value))}`,
    );
  const value = `${escapeHtml(data.metric.name)} <b>${formatMetric(trial.value)}</b>`;
  return `trial ${number}, ${trial.state}<br>${value}<br>${params.join('<br>')}`;
}
