import type { StudyData } from '../data/study-data.js';
import { trialText } from './common.js';
import type { Palette } from './theme.js';

export type Tooltip = { readonly data?: unknown; readonly seriesName?: string; readonly name?: string };

/** A point that knows its trial: its third number. */
export type Point = [x: number | string, y: number, trial: number];

/** Points that cover a plot. */
const CROWD = 2_000;

export function scatter(name: string, data: readonly Point[], color: string, size: number): Record<string, unknown> {
  return {
    type: 'scatter',
    name,
    data,
    // So many that they cover each other show where they are dense.
    symbolSize: data.length > CROWD ? 3 : size,
    itemStyle: { color, opacity: data.length > CROWD ? 0.3 : 0.75 },
    large: data.length > 3_000,
    progressive: 2_000,
    cursor: 'pointer',
  };
}

/** The selected trial's ring. */
export function marked(data: readonly Point[], palette: Palette): Record<string, unknown> {
  return {
    type: 'scatter',
    name: 'selected',
    data,
    symbolSize: 15,
    silent: true,
    z: 9,
    itemStyle: { color: 'transparent', borderColor: palette.warm, borderWidth: 3 },
  };
}

export function trialTooltip(data: StudyData): (item: Tooltip) => string {
  return ({ data: point }) => trialText(data, (point as Point | undefined)?.[2] ?? -1);
}
