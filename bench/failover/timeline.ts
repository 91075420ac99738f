import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A line of some log, and when it was written. */
export interface Told {
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

/** What nats-servers write: `[12] 2026/11/25 23:45:05.123456 [INF] words`, in the machine's time. */
const NATS_LINE = /^\[\d+\] (\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3})\d* \[(\w+)\] (.*)$/;

/** Fields of pino's that say nothing here. */
const USUAL = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'name', 'cluster', 'version']);

/** One line of pino's; undefined where it is about a trial, of which there are too many. */
export function fromPino(who: string, line: string): Told | undefined {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { time } = fields;
  if ('trial' in fields || typeof time !== 'number') return undefined;
  const said = Object.entries(fields).filter(([name]) => !USUAL.has(name));
  const details = said.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ');
  return { at: time, who, what: `${String(fields['msg'])} ${details}`.slice(0, 240) };
}

/** What the nats-servers of a folder have written of JetStream: its elections above all. */
export function fromNats(folder: string): Told[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.log'));
  return files.flatMap((file) =>
    readFileSync(path.join(folder, file), 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, y, mo, d, h, mi, s, ms, level, what] = NATS_LINE.exec(line) ?? [];
        if (what === undefined || level !== 'INF' || !what.startsWith('JetStream')) return [];
        const at = new Date(+y!, +mo! - 1, +d!, +h!, +mi!, +s!, +ms!).getTime();
        return [{ at, who: path.basename(file, '.log'), what: what.slice(0, 200) }];
      }),
  );
}

/** What everybody told between two moments, in order, with the seconds since the first. */
export function timeline(told: readonly Told[], from: number, to: number): string {
  return told
    .filter(({ at }) => at >= from && at <= to)
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, who, what }) => `    ${((at - from) / 1000).toFixed(3).padStart(7)}  ${who.padEnd(8)} ${what}`)
    .join('\n');
}
