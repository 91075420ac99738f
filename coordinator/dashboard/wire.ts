import type { SeenJson, StudyJson, TrialJson } from '../../proto/json.js';
import type { Goal, ParamSpec, ParamValue } from '../../search/index.js';

/*
 * What the dashboard's routes and event streams carry beside the JSON that every face prints (`proto/json.ts`). Ten
 * thousand trials are a table, so they travel as rows without keys; `position` is the log position that a message shows.
 */

/** `GET /api/session`: who looks, as far as the coordinator knows. */
export interface SessionView {
  /** Whether a token is asked for. */
  readonly needsToken: boolean;
  /** Whether others can reach this coordinator who show nothing. */
  readonly insecure: boolean;
  /** Null for who has not logged in. */
  readonly role: 'admin' | 'submit' | 'view' | 'worker' | null;
  /** The token's name, or the beginning of its id; '' for none. */
  readonly name: string;
}

/** Numbers JSON cannot hold are words, as in every JSON of ours. */
export type WireNumber = number | 'NaN' | 'Infinity' | '-Infinity';

export type TrialState = 'waiting' | 'running' | 'paused' | 'complete' | 'pruned' | 'failed';

/** One try of a worker: its name, start and end in milliseconds since the epoch (0: it runs), how and why it ended. */
export type AttemptRow = readonly [worker: string, startedAtMs: number, endedAtMs: number, end: string, reason: string];

/** How the repeats of a configuration stand: their mean, how many are complete, how many there are to be. */
export type RepeatsRow = readonly [mean: WireNumber | null, complete: number, wanted: number];

/** One trial without its reports. `params` are in the order of the space, null where inactive. */
export type TrialRow = readonly [
  number: number,
  state: TrialState,
  value: WireNumber | null,
  valueStep: number,
  lastStep: number,
  plannedSteps: number,
  origin: string,
  rerunOf: number | null,
  reason: string,
  proposedAtMs: number,
  endedAtMs: number,
  basedOn: number,
  seed: number,
  attempts: readonly AttemptRow[],
  /** What it is ranked by where that is not its own value: the mean of its configuration's repeats. */
  standing: RepeatsRow | null,
  params: readonly (ParamValue | null)[],
  /** Why it was taken out of ranking and history; null for one that counts. */
  invalidated: string | null,
];

/** `GET /api/studies/ID/table`. */
export interface StudyTable {
  readonly study: StudyJson;
  /** The search file as it was submitted. */
  readonly source: string;
  readonly space: { readonly params: readonly ParamSpec[]; readonly relations: readonly string[] };
  readonly metric: { readonly name: string; readonly goal: Goal; readonly value: 'best' | 'last' };
  /** By number. */
  readonly rows: readonly TrialRow[];
  readonly position: number;
  readonly nowMs: number;
}

/** `GET /api/studies/ID/trials/NUMBER`: a trial with its reports, and what there was to go by when it was proposed. */
export type TrialDetail = TrialJson & { readonly seen: SeenJson | null };

/** `GET /api/studies/ID/trials/NUMBER/output`: the end of what a trial has printed. */
export interface TrialOutput {
  /** Whose it is; 0: nobody has printed anything that is known. */
  readonly attempt: number;
  /** The attempt runs and may print more. */
  readonly live: boolean;
  /** The trial has its final state. */
  readonly over: boolean;
  /** How many bytes a live attempt has printed in all; `text` is the last of them. */
  readonly totalBytes: number;
  readonly text: string;
}

/** The study's metric over the steps of one trial. */
export type CurveRow = readonly [trial: number, steps: readonly number[], values: readonly WireNumber[]];

/** `GET /api/studies/ID/curves`: trials without a report are left out. */
export interface StudyCurves {
  readonly curves: readonly CurveRow[];
  readonly position: number;
}

/**
 * A `change` on a study's event stream: the rows that are new or other than before, and what their curves have gained.
 * Applying one twice changes nothing.
 */
export interface StudyChange {
  readonly study: StudyJson;
  readonly rows: readonly TrialRow[];
  /** Steps to add to the curves that are known; a step that is known already is left as it is. */
  readonly added: readonly CurveRow[];
  /** Curves that begin anew. */
  readonly whole: readonly CurveRow[];
  readonly position: number;
  readonly nowMs: number;
}
