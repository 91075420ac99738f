import { readFileSync } from 'node:fs';

/** pino's level from which a line says that something is wrong. */
const WARN = 40;

/** The last lines of a process's log that say what went wrong, readable: warnings, errors, and what is no log line at all. */
export function lastTroubles(file: string, number: number): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .flatMap((line) => troubleOf(line) ?? [])
    .slice(-number);
}

/** What a line of a log says when it says that something is wrong. */
function troubleOf(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  const entry = parseEntry(line);
  if (entry === undefined) return line;
  if (Number(entry['level']) < WARN) return undefined;
  const { msg, err, reason, fault } = entry as {
    readonly [name in 'msg' | 'reason' | 'fault']?: unknown;
  } & { readonly err?: { readonly message?: unknown } };
  const words = [msg, reason, fault, err?.message].filter((part) => typeof part === 'string' && part !== '');
  return words.length === 0 ? line : words.join(': ');
}

function parseEntry(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
