import { z } from 'zod';
import type { Distribution, External } from '../../search/optuna/distribution.js';

/*
 * Golden traces: what Optuna did, step by step, as JSON. Numbers that are not finite are written as strings, and so the
 * strings "NaN", "Infinity" and "-Infinity" are read as numbers wherever a value is expected.
 */

/** In the order in which things happened; the second entry is a trial's number, but for "enqueue". */
export type TraceEvent =
  | ['enqueue', Record<string, External>]
  | ['ask', number]
  | ['suggest', trial: number, name: string, distribution: number, value: External, internal: number, ...unknown[]]
  | ['report', trial: number, step: number, value: number]
  | ['should_prune', trial: number, answer: boolean]
  | ['constraint', trial: number, key: string, value: number]
  | TellEvent;

export type TellEvent = [
  'tell',
  trial: number,
  state: 'COMPLETE' | 'PRUNED' | 'FAIL',
  stored: number | null,
  told: number | null,
  fingerprints: [position: number, firstWord: number][],
  ...unknown[],
];

/** Constructor arguments by their Python names. */
export interface TraceSettings {
  readonly kind: string;
  readonly [argument: string]: unknown;
}

export interface Trace {
  readonly format: 1;
  readonly name: string;
  readonly optuna: { readonly version: string };
  readonly numpy: string;
  readonly argsort: 'scalar' | 'simd';
  readonly sampler: TraceSettings;
  readonly pruner: TraceSettings;
  readonly direction: 'minimize' | 'maximize';
  readonly study_name: string;
  readonly distributions: Distribution[];
  /** Trial, parameters, margin, and the internal values of each candidate that is as good. */
  readonly near_ties: [trial: number, names: string[], margin: unknown, candidates: number[][]][];
  readonly events: TraceEvent[];
}

const number: z.ZodType<number> = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);
const external: z.ZodType<External> = z.union([number, z.string(), z.boolean(), z.null()]);

const distribution: z.ZodType<Distribution> = z.union([
  z.object({
    type: z.enum(['float', 'int']),
    low: z.number(),
    high: z.number(),
    step: z.number().nullable(),
    log: z.boolean(),
  }),
  z.object({ type: z.literal('categorical'), choices: z.array(external) }),
]);

const fingerprints = z.array(z.tuple([z.number(), z.number()]));
const state = z.enum(['COMPLETE', 'PRUNED', 'FAIL']);

const event: z.ZodType<TraceEvent> = z.union([
  z.tuple([z.literal('enqueue'), z.record(z.string(), external)]),
  z.tuple([z.literal('ask'), z.number()]),
  z.tuple([z.literal('suggest'), z.number(), z.string(), z.number(), external, number], z.unknown()),
  z.tuple([z.literal('report'), z.number(), z.number(), number]),
  z.tuple([z.literal('should_prune'), z.number(), z.boolean()]),
  z.tuple([z.literal('constraint'), z.number(), z.string(), number]),
  z.tuple([z.literal('tell'), z.number(), state, number.nullable(), number.nullable(), fingerprints], z.unknown()),
]);

const settings: z.ZodType<TraceSettings> = z.looseObject({ kind: z.string() });

const trace: z.ZodType<Trace> = z.object({
  format: z.literal(1),
  name: z.string(),
  optuna: z.object({ version: z.string() }),
  numpy: z.string(),
  argsort: z.enum(['scalar', 'simd']),
  sampler: settings,
  pruner: settings,
  direction: z.enum(['minimize', 'maximize']),
  study_name: z.string(),
  distributions: z.array(distribution),
  near_ties: z.array(z.tuple([z.number(), z.array(z.string()), z.unknown(), z.array(z.array(number))])),
  events: z.array(event),
});

/** @throws {z.ZodError} for anything else than a trace of this format */
export function parseTrace(text: string): Trace {
  return trace.parse(JSON.parse(text));
}
