import { readFileSync } from 'node:fs';
import type { EventLog } from '../../coordinator/event-log/port.js';

/** What a log and its clients have to say of each other. */
export interface Audit {
  readonly trials: number;
  readonly completed: number;
  readonly acknowledged: number;
  /** Results that were acknowledged and are not in the log. */
  readonly lost: number;
  /** Trials that count more than once. */
  readonly doubled: number;
  /** Attempts that were lost on the way: a trial was run again, and counts once. */
  readonly lostAttempts: number;
}

/** @param file a line for each acknowledged result: study trial attempt */
export async function audit(log: EventLog, file: string): Promise<Audit> {
  const completed = new Map<string, number>();
  const results = new Set<string>();
  let trials = 0;
  let lostAttempts = 0;
  for await (const { events } of log.read(0)) {
    for (const event of events) {
      if (event.type === 'TrialProposed') trials += 1;
      if (event.type !== 'AttemptEnded') continue;
      const trial = `${event.study} ${event.trial}`;
      if (event.end === 'lost') lostAttempts += 1;
      if (event.end === 'completed') results.add(`${trial} ${event.attempt}`);
      if (event.fate === 'complete') completed.set(trial, (completed.get(trial) ?? 0) + 1);
    }
  }
  const acknowledged = new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean));
  return {
    trials,
    completed: completed.size,
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((result) => !results.has(result)).length,
    doubled: [...completed.values()].filter((times) => times > 1).length,
    lostAttempts,
  };
}
