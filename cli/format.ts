import type { Param, Report } from '../proto/index.js';

/**
 * A number as people read it: whole numbers as they are, others with four significant digits and no trailing zeros,
 * very large and very small ones with an exponent ("0.0012", "12.35", "1.2e-7", "NaN").
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value).replace('Infinity', 'inf');
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value === 0 ? 0 : value);
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9)
    return value
      .toExponential(3)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  // Digits before the point are never rounded away: 12345.6 is 12346, not 12350.
  return size >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}

/** A metric's value: four decimals below one, so that a column of accuracies lines up; otherwise as `formatNumber`. */
export function formatMetric(value: number): string {
  const size = Math.abs(value);
  return size >= 0.001 && size < 1 ? value.toFixed(4) : formatNumber(value);
}

/** The value of a parameter for reading; `undefined` (inactive, or never sent) is empty. */
export function formatParam(param: Param | undefined): string {
  const kind = param?.value?.kind;
  if (kind === undefined) return '';
  return kind.$case === 'number' ? formatNumber(kind.value) : String(kind.value);
}

/** A configuration on one line: "lr 0.012, depth 3, optimizer sgd". */
export function formatParams(params: readonly Param[]): string {
  return params.map((param) => `${param.name} ${formatParam(param)}`).join(', ');
}

/** A number of bytes as "512 B", "12 KiB", "3.4 MiB". */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes;
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1024;
  return `${unit > 0 && size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

/** Milliseconds as "850ms", "8.2s", "42s", "1m 23s", "2h 05m" or "3d 04h". */
export function formatDuration(ms: number): string {
  if (!(ms > 0)) return '0s';
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)}s`;
  return formatSeconds(Math.round(ms / 1000));
}

/** Milliseconds in whole seconds, for what counts up on the screen: "0s", "8s", "1m 23s". */
export function formatClock(ms: number): string {
  return formatSeconds(Math.max(0, Math.floor(ms / 1000)));
}

function formatSeconds(total: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  if (total < 60) return `${total}s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes}m ${two(total % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/** A moment (milliseconds since the epoch) as local "2026-11-24 03:25:07"; 0 is empty. */
export function formatTime(ms: number): string {
  if (ms === 0) return '';
  const at = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** "1 trial", "3 trials", "1 patch" never: only nouns whose plural is an s. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The values of one metric, in order of steps; a report without it counts as NaN. */
export function curve(reports: readonly Report[], metric: string): number[] {
  return reports.map((report) => report.metrics[metric] ?? Number.NaN);
}

/** The range that a set of curves spans, over finite values; undefined when there is none. */
export interface Scale {
  readonly low: number;
  readonly high: number;
}

export function scaleOf(curves: readonly (readonly number[])[]): Scale | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of curves.flat()) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? { low, high } : undefined;
}

const BARS = '▁▂▃▄▅▆▇█';

/**
 * A curve in at most `width` characters. A longer curve is cut into `width` stretches, each shown by its last value,
 * so that the right end is always the newest. NaN and infinities are shown as "×"; a flat scale lies in the middle.
 */
export function sparkline(
  values: readonly number[],
  width: number,
  scale: Scale | undefined = scaleOf([values]),
): string {
  const points = Math.min(width, values.length);
  let line = '';
  for (let point = 1; point <= points; point++) {
    line += bar(values[Math.ceil((point * values.length) / points) - 1] ?? Number.NaN, scale);
  }
  return line;
}

function bar(value: number, scale: Scale | undefined): string {
  if (!Number.isFinite(value) || scale === undefined) return '×';
  const span = scale.high - scale.low;
  const share = span > 0 ? Math.min(1, Math.max(0, (value - scale.low) / span)) : 0.5;
  return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))] ?? '×';
}
