import { ObjectiveError } from './errors.js';
import { inWords } from './own-reports.js';

/** What a program says to us: a report, or that its checkpoint folder holds what it needs to go on. */
export type Said =
  | { readonly type: 'report'; readonly metrics: unknown; readonly step?: unknown }
  | { readonly type: 'checkpoint'; readonly step?: unknown };

/**
 * Reads what a program says, in JSON: `{"step": 3, "val_accuracy": 0.9}` is a report, its step may be left out, and
 * `{"checkpoint": 3}` says that the checkpoint folder is as it is after step 3. NaN and Infinity may stand there as
 * Python writes them, or as texts.
 *
 * @throws {ObjectiveError} when it is neither
 */
export function readSaid(text: string): Said {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ObjectiveError(`${inWords(text)} is no report: write an object like {"step": 1, "val_accuracy": 0.9}`);
  }
  const { step, checkpoint, ...metrics } = value as Record<string, unknown>;
  if (checkpoint !== undefined) return { type: 'checkpoint', step: checkpoint === true ? step : checkpoint };
  const numbers = Object.entries(metrics).map(([name, metric]) => [name, unlimited(metric)]);
  return { type: 'report', metrics: Object.fromEntries(numbers), step };
}

const UNLIMITED: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

function unlimited(value: unknown): unknown {
  return typeof value === 'string' && Object.hasOwn(UNLIMITED, value) ? UNLIMITED[value] : value;
}

function parse(text: string): unknown {
  try {
    // Texts are passed over as a whole: what looks like a number in them is none.
    return JSON.parse(
      text.replaceAll(/"(?:[^"\\]|\\.)*"|NaN|-?Infinity/g, (found) => (found.startsWith('"') ? found : `"${found}"`)),
    );
  } catch {
    return undefined;
  }
}
