import { createHash } from 'node:crypto';
import type { Event } from '../core/events.js';
import type { BodyRecord } from '../core/record.js';
import type { Study } from '../core/study.js';
import type { Trial } from '../core/trial.js';
import type { Seq } from '../event-log/port.js';

/** What one line of a study's snapshot costs: as much as may be written down between two turns of the event loop. */
const COST_OF_A_LINE = 512;
/**
 * To write a trial down costs as much as to read a few events, and each of its reports as much as half of one: no more is
 * spent on the one than the other would take.
 */
const COST_OF_A_TRIAL = 4;
const COST_OF_A_REPORT = 0.5;

/** Where in the log a snapshot is, and what stands there: a log that was put in its place is another one. */
export interface Place {
  /** The batch before. */
  readonly after: Seq;
  readonly head: Seq;
  /** Of the events of batch `head`. */
  readonly mark: string;
}

/** A study with its trials, line by line. */
export function* bodyLines({ trials, ...first }: BodyRecord): Iterable<string> {
  yield JSON.stringify(first);
  let from = 0;
  let cost = 0;
  for (const [at, trial] of trials.entries()) {
    cost += costOf(trial);
    if (cost < COST_OF_A_LINE && at + 1 < trials.length) continue;
    yield JSON.stringify(trials.slice(from, at + 1));
    from = at + 1;
    cost = 0;
  }
}

/** What a trial costs to write, in events that could be read instead. */
export function costOf({ reports }: Pick<Trial, 'reports'>): number {
  return COST_OF_A_TRIAL + COST_OF_A_REPORT * reports.length;
}

/** Ids may be longer than the name of a file. */
export function nameOf({ id, revision }: Study): string {
  return `study-${createHash('sha256').update(id).digest('hex').slice(0, 32)}-${revision}`;
}

/** The oldest first. */
export function stateNames(names: readonly string[]): string[] {
  const headOf = (name: string): number => Number(name.slice('state-'.length));
  return names.filter((name) => /^state-\d+$/.test(name)).sort((a, b) => headOf(a) - headOf(b));
}

/** Tells a batch from any that another history would have in its place. */
export function markOf(events: readonly Event[]): string {
  const hash = createHash('sha256');
  for (const { type, study, at, ...rest } of events) {
    const trial = 'trial' in rest ? rest.trial : '';
    hash.update(`${type} ${study} ${at} ${trial}\n`);
  }
  return hash.digest('hex');
}
