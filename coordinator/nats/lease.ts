import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { deadline, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import type { Leadership } from '../rpc/door.js';
import type { ClusterNames } from './names.js';
import { type Setup, whenReady } from './when-ready.js';

/** How long a lease lives that nobody renews, milliseconds. */
const TTL_MS = 3_000;
/** Between two looks of a standby, milliseconds. */
const LOOK_MS = 150;
/** How long one look may take, milliseconds: an answer that got lost is asked for again soon. */
const LOOK_TIMEOUT_MS = 750;
/** How long who asks for a living leader waits for one, milliseconds. */
const CONFIRM_MS = 5_000;
/** A standby that has not been able to look for so long says so, milliseconds. */
const BLIND_MS = 10_000;

const WRONG_LAST_SEQUENCE: readonly number[] = [10071, 10164];

/** Who holds the lease. */
export interface Holder {
  /** Drawn once per process. */
  readonly id: string;
  /** host:port that workers and clients reach it at. */
  readonly address: string;
}

const holderSchema: z.ZodType<Holder> = z.object({ id: z.string(), address: z.string() });

/**
 * The leader's lease: one key in a bucket whose entries expire. It decides who tries to lead, for liveness alone; what
 * keeps two leaders apart is the log's fence, so a lease that is lost, late or held by two for a moment does no harm.
 */
export class LeaderLease implements Leadership {
  readonly #kv: KV;
  readonly #key: string;
  readonly #me: Holder;
  readonly #ttlMs: number;
  readonly #logger: Logger;
  #revision = 0;
  /** The newest entry that was seen, and when, by the process's clock. */
  #seen: { readonly holder: Holder; readonly revision: number; readonly at: number } | undefined;
  #waiting = new Set<{ readonly beyond: number; readonly done: () => void }>();

  private constructor(kv: KV, key: string, me: Holder, ttlMs: number, logger: Logger) {
    this.#kv = kv;
    this.#key = key;
    this.#me = me;
    this.#ttlMs = ttlMs;
    this.#logger = logger;
  }

  /** @throws {ConfigError} when the bucket cannot be made, or its entries do not expire */
  static async open(
    connection: NatsConnection,
    names: ClusterNames,
    me: Holder,
    setup: Omit<Setup, 'what'>,
  ): Promise<LeaderLease> {
    const what = `bucket ${names.leaseBucket}`;
    const manager = new Kvm(jetstream(connection, { timeout: TTL_MS / 3 }));
    const kv = await whenReady({ ...setup, what }, () =>
      manager.create(names.leaseBucket, {
        replicas: setup.replicas,
        history: 1,
        ttl: TTL_MS,
        // Read from the bucket's leader alone: a replica that lags behind still shows the lease of who is dead.
        allow_direct: false,
      }),
    );
    // Read back: an older bucket keeps its own time, and a server that knows none would keep a dead leader's for ever.
    const { ttl } = await whenReady({ ...setup, what }, () => kv.status());
    if (ttl <= 0) throw new ConfigError(`${what}: its entries never expire, so no standby would ever take over`);
    return new LeaderLease(kv, names.leaseKey, me, ttl, setup.logger);
  }

  get leader(): string | undefined {
    const seen = this.#seen;
    return seen === undefined || performance.now() - seen.at > 1.5 * this.#ttlMs ? undefined : seen.holder.address;
  }

  async confirmed(): Promise<string | undefined> {
    const beyond = this.#seen?.revision ?? 0;
    let found = false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => entry.done(), CONFIRM_MS);
      const entry = {
        beyond,
        done: (): void => {
          clearTimeout(timer);
          this.#waiting.delete(entry);
          found = (this.#seen?.revision ?? 0) > beyond;
          resolve();
        },
      };
      this.#waiting.add(entry);
    });
    return found ? this.leader : undefined;
  }

  /** Looks until the lease can be taken, and takes it; false when the signal was aborted first. */
  async take(signal: AbortSignal): Promise<boolean> {
    let blindSince = performance.now();
    while (!signal.aborted) {
      try {
        const entry = await this.#look();
        if (entry === undefined || entry.holder.id === this.#me.id) {
          await this.#claim(entry?.revision);
          return true;
        }
        blindSince = performance.now();
      } catch (error) {
        // Nobody can say now, or another one was faster: look again.
        if (performance.now() - blindSince > BLIND_MS) {
          blindSince = performance.now();
          this.#logger.warn({ reason: String(error) }, 'the lease can neither be seen nor taken');
        }
      }
      await pause(LOOK_MS, undefined, { signal }).catch(() => {});
    }
    return false;
  }

  /**
   * Renews the lease. Resolves with the reason, in words, once it is lost; '' when the signal was aborted.
   *
   * While nobody can say whose the lease is - its servers elect a leader of their own, which takes longer than it lives -
   * nobody else can take it either, so who leads goes on as long as the log works.
   *
   * @param logWorks whether the log takes appends, as far as can be told
   */
  async hold(signal: AbortSignal, logWorks: (patienceMs: number) => Promise<boolean>): Promise<string> {
    let renewedAt = performance.now();
    while (!signal.aborted) {
      await pause(this.#ttlMs / 3, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      try {
        this.#revision = await this.#kv.update(this.#key, this.#value(), this.#revision, this.#ttlMs / 3);
        renewedAt = performance.now();
        continue;
      } catch (error) {
        if (isRefusal(error)) {
          const taker = await this.#reclaim();
          if (taker !== undefined) return `${taker} has it now`;
        }
      }
      const silentMs = performance.now() - renewedAt;
      if (silentMs > this.#ttlMs && !(await logWorks(this.#ttlMs))) {
        return `it was not renewed for ${(silentMs / 1000).toFixed(1)} s, and the log does not answer either`;
      }
    }
    return '';
  }

  /** Lets a standby take over at once. */
  async release(): Promise<void> {
    await this.#kv.delete(this.#key, { previousSeq: this.#revision }).catch(() => {});
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

  async #claim(revision: number | undefined): Promise<void> {
    this.#revision =
      revision === undefined
        ? await this.#kv.create(this.#key, this.#value())
        : await this.#kv.update(this.#key, this.#value(), revision, this.#ttlMs / 3);
    this.#see({ holder: this.#me, revision: this.#revision });
  }

  async #look(): Promise<{ holder: Holder; revision: number } | undefined> {
    const entry = await deadline(this.#kv.get(this.#key), LOOK_TIMEOUT_MS);
    if (entry === null || entry.operation !== 'PUT') return undefined;
    const seen = { holder: holderSchema.parse(entry.json()), revision: entry.revision };
    this.#see(seen);
    return seen;
  }

  #see(seen: { holder: Holder; revision: number }): void {
    const now = performance.now();
    // A replica that lags behind shows older entries; what is older than any lease may be a bucket that was made anew.
    const newest = this.#seen !== undefined && now - this.#seen.at <= 2 * this.#ttlMs ? this.#seen.revision : 0;
    if (seen.revision <= newest) return;
    this.#seen = { ...seen, at: now };
    for (const { beyond, done } of this.#waiting) if (seen.revision > beyond) done();
  }

  #value(): string {
    return JSON.stringify(this.#me);
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(error.code);
}
