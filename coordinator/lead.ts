import type { Logger } from 'pino';
import { type ArtifactKeeper, createArtifactKeeper } from './artifacts/keeper.js';
import type { ArtifactStore } from './artifacts/port.js';
import { Coordinator, type Follower } from './coordinator.js';
import type { EventLog } from './event-log/port.js';
import type { Replayed } from './replay.js';
import type { Snapshots } from './snapshots/snapshots.js';
import { systemTime, type Time } from './time.js';

/**
 * An artifact that nothing refers to may be of an upload whose event is on its way, in an append of who led before: longer
 * than any of these can be, milliseconds.
 */
const ORPHAN_GRACE_MS = 3_600_000;
/** Between two searches for such artifacts. */
const SWEEP_MS = 600_000;
/** Between two looks for finished studies that nobody uses. */
const PARK_MS = 30_000;

/** What a leader has to show. */
export interface Led {
  readonly coordinator: Coordinator;
  readonly keeper: ArtifactKeeper;
}

/** What a leader is reached through: calls, pages, figures, notices. */
export interface Faces {
  /** Called when the term ends, before what is still being written is waited for: nobody is let in any more. */
  leave(): void;
  /** Called after that. */
  close(): Promise<void>;
}

/** One term of leading: from the replay of the log to the end of everything that hangs on it. */
export interface Term {
  readonly log: EventLog;
  /** State to go on from, where there is one. */
  readonly from?: Replayed | undefined;
  /** Of this log. */
  readonly snapshots: Snapshots;
  readonly artifacts: ArtifactStore;
  /** How long a worker may be silent, milliseconds. */
  readonly leaseMs: number;
  readonly logger: Logger;
  readonly followers: readonly Follower[];
  /** Lets everybody in. */
  readonly open: (led: Led) => Promise<Faces> | Faces;
  /** Settles when the term is to end. */
  readonly until: Promise<unknown>;
  /** How long what is being written is waited for at the end, milliseconds; as long as it takes when absent. */
  readonly settleMs?: number | undefined;
  readonly surroundings?: Surroundings | undefined;
}

/** What a term takes from the machine that it runs on; that of this process when absent. */
export interface Surroundings {
  readonly time: Time;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** See {@link Coordinator}. */
  readonly defer: (task: () => void) => void;
  /** Other periods than those of real life. */
  readonly graceMs: number;
  readonly sweepMs: number;
  readonly parkMs: number;
}

/**
 * Leads with a log until the term is to end.
 *
 * @throws what the log or the core failed with, a `LogConflictError` when another coordinator has written to the log
 */
export async function lead(term: Term): Promise<void> {
  const { log, from, snapshots, artifacts, leaseMs, logger, surroundings } = term;
  const { time = systemTime, graceMs = ORPHAN_GRACE_MS, sweepMs = SWEEP_MS, parkMs = PARK_MS } = surroundings ?? {};
  let onFailure: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    onFailure = reject;
  });
  failure.catch(() => {});
  const { clock, defer } = surroundings ?? {};
  const coordinator = await Coordinator.open({ log, from, bodies: snapshots, leaseMs, onFailure, clock, defer });
  await snapshots.lead(coordinator);
  for (const follower of term.followers) coordinator.follow(follower);
  const keeper = createArtifactKeeper({ artifacts, coordinator, logger, graceMs, now: () => time.now() });
  const sweep = (): void => {
    keeper.sweep().catch((error: unknown) => logger.warn({ err: error }, 'artifacts could not be swept'));
  };
  const faces = await term.open({ coordinator, keeper });
  const stops = [
    time.every(Math.min(1000, leaseMs / 4), () => coordinator.post({ type: 'CheckDeadlines' }, () => {})),
    time.every(sweepMs, sweep),
    time.every(parkMs, () => void snapshots.sweep()),
  ];
  sweep();
  try {
    await Promise.race([term.until, failure]);
  } finally {
    for (const stop of stops) stop();
    faces.leave();
    const settled = Promise.all([snapshots.close(), coordinator.settled().then(() => keeper.settled())]);
    const over = new AbortController();
    const patience = term.settleMs === undefined ? [] : [time.pause(term.settleMs, over.signal)];
    await Promise.race([settled, ...patience]).finally(() => over.abort());
    await faces.close();
  }
}
