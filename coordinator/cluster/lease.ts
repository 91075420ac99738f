import type { Logger } from 'pino';
import type { ClusterLog } from '../event-log/port.js';
import type { Leadership } from '../rpc/door.js';
import { systemTime, type Time } from '../time.js';
import { type Entry, EntryChangedError, type Holder, type LeaseEntry } from './lease-entry.js';

/** Between two looks of a standby, milliseconds; also between one that is not answered and the next beside it. */
const LOOK_MS = 150;
/** So many looks wait for an answer at a time. */
const LOOKS_AT_ONCE = 4;
/** After a renewal that came to nothing, until the next one, milliseconds. */
const AGAIN_MS = 100;
/**
 * How long a standby that was blind leaves an empty place to who led before, milliseconds: the servers have let the lease
 * run out while they elected a leader of their own, and who leads renews it as soon as they answer.
 */
const GRACE_MS = 500;
/** How long who asks for a living leader waits for one, milliseconds. */
const CONFIRM_MS = 5_000;
/** A standby that has not been able to look for so long says so, milliseconds. */
const BLIND_MS = 10_000;
/**
 * How long who leads goes on while neither the lease nor the log answers, milliseconds: longer than their servers take to
 * elect a leader, for until then nobody else can lead either.
 */
const PATIENCE_MS = 12_000;

/** Somebody who asks for a living leader. */
interface Asker {
  /** What was known when the first answer to a look came that was begun after it had asked. */
  beyond: number | undefined;
  readonly askedAt: number;
  done(leader: string | undefined): void;
}

/**
 * The leader's lease: one entry that expires. It decides who tries to lead, for liveness alone; what
 * keeps two leaders apart is the log's fence, so a lease that is lost, late or held by two for a moment does no harm.
 */
export class LeaderLease implements Leadership {
  readonly #entry: LeaseEntry;
  readonly #me: Holder;
  readonly #time: Time;
  readonly #logger: Logger;
  #revision = 0;
  /** The newest entry that was seen, and when. */
  #seen: (Entry & { readonly at: number }) | undefined;
  readonly #askers = new Set<Asker>();

  constructor(entry: LeaseEntry, me: Holder, logger: Logger, time: Time = systemTime) {
    this.#entry = entry;
    this.#me = me;
    this.#time = time;
    this.#logger = logger;
  }

  get leader(): string | undefined {
    const seen = this.#seen;
    const old = seen === undefined || this.#time.now() - seen.at > 1.5 * this.#entry.ttlMs;
    return old ? undefined : seen.holder.address;
  }

  confirmed(): Promise<string | undefined> {
    const answered = new AbortController();
    return new Promise((resolve) => {
      const asker: Asker = {
        beyond: undefined,
        askedAt: this.#time.now(),
        done: (leader) => {
          this.#askers.delete(asker);
          resolve(leader);
          answered.abort();
        },
      };
      this.#askers.add(asker);
      void this.#time.pause(CONFIRM_MS, answered.signal).then(() => asker.done(undefined));
    });
  }

  /** Looks until the lease can be taken, and takes it; false when the signal was aborted first. */
  async take(signal: AbortSignal): Promise<boolean> {
    let answeredAt = this.#time.now();
    let toldAt = answeredAt;
    /** When it was seen again after it could not be for a while. */
    let sightedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      try {
        const entry = await this.#lookSoon();
        if (signal.aborted) break;
        const now = this.#time.now();
        if (now - answeredAt > this.#entry.ttlMs / 2) sightedAt = now;
        answeredAt = now;
        const free = entry === undefined && now - sightedAt >= GRACE_MS;
        if (free || entry?.holder.id === this.#me.id) {
          await this.#claim(entry?.revision);
          return true;
        }
      } catch (error) {
        // Nobody can say now, or another one was faster: look again.
        this.#logger.debug({ reason: String(error) }, 'the lease cannot be seen or taken');
        const since = Math.max(answeredAt, toldAt);
        if (this.#time.now() - since > BLIND_MS) {
          toldAt = this.#time.now();
          this.#logger.warn({ reason: String(error) }, 'the lease can neither be seen nor taken');
        }
      }
      await this.#time.pause(LOOK_MS, signal);
    }
    return false;
  }

  /**
   * Renews the lease. Resolves with the reason, in words, once it is lost; '' when the signal was aborted.
   *
   * While nobody can say whose the lease is - its servers elect a leader of their own, which takes longer than it lives -
   * nobody else can take it either, so who leads goes on, as long as the log works or may just be in the same case. Who
   * cannot reach any server is alone in that, and does not wait.
   */
  async hold(signal: AbortSignal, log: Pick<ClusterLog, 'reached' | 'answers'>): Promise<string> {
    const { ttlMs } = this.#entry;
    let renewedAt = this.#time.now();
    let pauseMs = ttlMs / 3;
    while (!signal.aborted) {
      await this.#time.pause(pauseMs, signal);
      if (signal.aborted) break;
      try {
        this.#revision = await this.#entry.write(this.#me, this.#revision);
        renewedAt = this.#time.now();
        pauseMs = ttlMs / 3;
        continue;
      } catch (error) {
        pauseMs = AGAIN_MS;
        this.#logger.debug({ reason: String(error) }, 'the lease cannot be renewed');
        if (error instanceof EntryChangedError) {
          const taker = await this.#reclaim();
          if (taker !== undefined) return `${taker} has it now`;
        }
      }
      const silentMs = this.#time.now() - renewedAt;
      const silence = `it was not renewed for ${(silentMs / 1000).toFixed(1)} s`;
      if (silentMs > ttlMs && !log.reached) return `${silence}, and none of its servers can be reached`;
      if (silentMs > PATIENCE_MS && !(await log.answers(PATIENCE_MS))) {
        return `${silence}, and the log does not answer either`;
      }
    }
    return '';
  }

  /** Lets a standby take over at once. */
  async release(): Promise<void> {
    await this.#entry.erase(this.#revision);
    this.#seen = undefined;
  }

  /** After a refused renewal: a lost answer is made good, an expired lease is taken anew. Who else has it, if anybody. */
  async #reclaim(): Promise<string | undefined> {
    try {
      const entry = await this.#look();
      if (entry !== undefined && entry.holder.id !== this.#me.id) return entry.holder.address;
      await this.#claim(entry?.revision);
    } catch {
      // To be looked at again with the next renewal.
    }
    return undefined;
  }

  /** Who asks for a living leader is not told of this: it leads in a moment, and lets them in. */
  async #claim(revision: number | undefined): Promise<void> {
    this.#revision = await this.#entry.write(this.#me, revision);
    this.#seen = { holder: this.#me, revision: this.#revision, at: this.#time.now() };
  }

  /** A look, and others beside it when it is not answered for a while: whichever answer comes first. */
  #lookSoon(others: number = LOOKS_AT_ONCE - 1): Promise<Entry | undefined> {
    const look = this.#look();
    if (others === 0) return look;
    const answered = new AbortController();
    const settled = (): void => answered.abort();
    look.then(settled, settled);
    const beside = this.#time
      .pause(LOOK_MS, answered.signal)
      .then(() => (answered.signal.aborted ? look : this.#lookSoon(others - 1)));
    return Promise.any([look, beside]).catch((error: AggregateError) => Promise.reject(error.errors[0]));
  }

  async #look(): Promise<Entry | undefined> {
    const beganAt = this.#time.now();
    const entry = await this.#entry.look();
    if (entry !== undefined) this.#see(entry, beganAt);
    return entry;
  }

  #see(entry: Entry, beganAt: number): void {
    const now = this.#time.now();
    // A replica that lags behind shows older entries; what is older than any lease may be a bucket that was made anew.
    const newest = this.#seen !== undefined && now - this.#seen.at <= 2 * this.#entry.ttlMs ? this.#seen.revision : 0;
    if (entry.revision > newest) this.#seen = { ...entry, at: now };
    for (const asker of [...this.#askers]) {
      // What was there before the question proves nothing: its writer may have died since.
      if (asker.beyond !== undefined && entry.revision > asker.beyond) asker.done(entry.holder.address);
      else if (asker.beyond === undefined && beganAt >= asker.askedAt) asker.beyond = entry.revision;
    }
  }
}
