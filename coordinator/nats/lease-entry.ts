import { JetStreamApiError, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { deadline, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { EntryChangedError, type Holder, type LeaseEntry } from '../cluster/lease-entry.js';
import { ConfigError } from '../errors.js';
import type { ClusterNames } from './names.js';
import { type Setup, whenReady } from './when-ready.js';

/** How long a lease lives that nobody renews, milliseconds. */
const TTL_MS = 3_000;
/** How long one question may take, milliseconds: an answer that got lost is asked for again soon. */
const LOOK_TIMEOUT_MS = 750;
const WRITE_TIMEOUT_MS = 750;

const WRONG_LAST_SEQUENCE: readonly number[] = [10071, 10164];

const holderSchema: z.ZodType<Holder> = z.object({ id: z.string(), address: z.string() });

/**
 * One key in a bucket whose entries expire.
 *
 * @throws {ConfigError} when the bucket cannot be made, or its entries do not expire
 */
export async function openNatsLeaseEntry(
  connection: NatsConnection,
  names: ClusterNames,
  setup: Omit<Setup, 'what'>,
): Promise<LeaseEntry> {
  const what = `bucket ${names.leaseBucket}`;
  const manager = new Kvm(jetstream(connection, { timeout: WRITE_TIMEOUT_MS }));
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
  return new NatsLeaseEntry(kv, names.leaseKey, ttl);
}

class NatsLeaseEntry implements LeaseEntry {
  readonly ttlMs: number;
  readonly #kv: KV;
  readonly #key: string;

  constructor(kv: KV, key: string, ttlMs: number) {
    this.#kv = kv;
    this.#key = key;
    this.ttlMs = ttlMs;
  }

  async look(): ReturnType<LeaseEntry['look']> {
    const entry = await deadline(this.#kv.get(this.#key), LOOK_TIMEOUT_MS);
    if (entry === null || entry.operation !== 'PUT') return undefined;
    return { holder: holderSchema.parse(entry.json()), revision: entry.revision };
  }

  async write(holder: Holder, revision: number | undefined): Promise<number> {
    const value = JSON.stringify(holder);
    try {
      return revision === undefined
        ? await this.#kv.create(this.#key, value)
        : await this.#kv.update(this.#key, value, revision, WRITE_TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(error.code))) throw error;
      throw new EntryChangedError(`the lease is not what it was (${error.message})`, { cause: error });
    }
  }

  async erase(revision: number): Promise<void> {
    await this.#kv.delete(this.#key, { previousSeq: revision }).catch(() => {});
  }
}
