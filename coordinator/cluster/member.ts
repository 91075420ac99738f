import type { Logger } from 'pino';
import { type ClusterLog, LogConflictError } from '../event-log/port.js';
import { lead, type Term } from '../lead.js';
import { Replica } from '../replica.js';
import type { Snapshots } from '../snapshots/snapshots.js';
import { systemTime, type Time } from '../time.js';
import type { LeaderLease } from './lease.js';

/** Events that a new leader publishes again, because its predecessor may have died between an append and its publishing. */
const REPEATED_EVENTS = 256;
/** How long who steps down because of a conflict leaves the lease to others, milliseconds. */
const AFTER_CONFLICT_MS = 500;
/** How long what is being appended may take at the end of a term, milliseconds. */
const SETTLE_MS = 2_000;

/** One coordinator of a cluster, and what it needs of the world in each of its roles. */
export interface Member {
  readonly logger: Logger;
  /** Aborted when it is to stop. */
  readonly signal: AbortSignal;
  readonly lease: LeaderLease;
  readonly time?: Time | undefined;
  /** The log that all of them share, opened anew for each turn of standing by and leading. */
  openLog(): Promise<ClusterLog>;
  openSnapshots(log: ClusterLog): Snapshots;
  /** Told that a replica begins to read; what it returns, that the replica has all of the log. */
  reads(replica: Replica, log: ClusterLog): () => void;
  /** Told that the replica can be shown, and that all else is to be sent to who leads. */
  standsBy(replica: Replica): void;
  /** What it leads with when its turn has come. */
  term(replica: Replica, log: ClusterLog): Omit<Term, 'log' | 'from' | 'snapshots' | 'logger' | 'until' | 'settleMs'>;
}

/**
 * Stands by, with a copy of the state that follows the log, until the lease is taken; then leads until that is lost, or the
 * race for the log's head; and so on until the signal is aborted. Whatever was in memory at the end of a term is thrown
 * away: it may be ahead of the log.
 */
export async function runMember(member: Member): Promise<void> {
  while (!member.signal.aborted) await serve(member);
}

/** Standing by and, when the lease is taken, leading. */
async function serve(member: Member): Promise<void> {
  const { logger, signal, time = systemTime } = member;
  const log = await member.openLog();
  try {
    const snapshots = member.openSnapshots(log);
    const replica = await standBy(member, log, snapshots);
    if (replica === undefined) return;
    await leadWhileHeld(member, log, snapshots, replica);
  } catch (error) {
    if (!(error instanceof LogConflictError)) throw error;
    logger.warn({ reason: error.message }, 'steps down: another coordinator has written to the log');
    await time.pause(AFTER_CONFLICT_MS, signal);
  } finally {
    await log.close();
  }
}

/** Follows the log until the lease is taken; undefined when the signal was aborted first. */
async function standBy(member: Member, log: ClusterLog, snapshots: Snapshots): Promise<Replica | undefined> {
  const { logger, signal, lease } = member;
  const replica = new Replica(REPEATED_EVENTS, snapshots, await snapshots.restore());
  const caughtUp = member.reads(replica, log);
  // Only who is up to date may lead: nobody waits for a replay then.
  await replica.follow(log.read(replica.head));
  caughtUp();
  logger.info({ head: replica.head }, 'stands by');
  member.standsBy(replica);
  const decided = new AbortController();
  const either = AbortSignal.any([signal, decided.signal]);
  const following = replica.follow(log.follow(replica.head, either));
  // A log that cannot be read ends the waiting.
  following.catch(() => decided.abort());
  const taken = await lease.take(either);
  decided.abort();
  if (taken) logger.info({ head: replica.head }, 'has the lease');
  await following;
  return taken ? replica : undefined;
}

async function leadWhileHeld(member: Member, log: ClusterLog, snapshots: Snapshots, replica: Replica): Promise<void> {
  const { logger, signal, lease } = member;
  const over = new AbortController();
  const lost = lease.hold(AbortSignal.any([signal, over.signal]), log);
  let leading = false;
  let givenUp = false;
  // The log is waited for while it does not answer, but not for longer than the lease is held.
  void lost.then(() => {
    givenUp = !leading;
    return leading ? undefined : log.close();
  });
  const term = member.term(replica, log);
  try {
    await lead({
      ...term,
      open: async (led) => {
        leading = true;
        return term.open(led);
      },
      log,
      from: replica,
      snapshots,
      logger,
      until: lost,
      settleMs: SETTLE_MS,
    });
  } catch (error) {
    if (!givenUp) throw error;
  } finally {
    over.abort();
    await lease.release();
  }
  const reason = await lost;
  if (reason !== '') logger.warn({ reason }, 'steps down: the lease is lost');
}
