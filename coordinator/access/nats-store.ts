import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ClusterNames } from '../nats/names.js';
import { type Setup, whenReady } from '../nats/when-ready.js';
import { NewestRecords } from './newest.js';
import type { TokenStore } from './store.js';
import { type TokenRecord, tokenRecordSchema } from './token.js';

/** How long one write may take, milliseconds: as long as NATS needs to elect a leader. */
const WRITE_TIMEOUT_MS = 10_000;

/**
 * Tokens in a bucket beside the cluster's log: all coordinators, leader and standbys, hear of a change as it is made. While
 * NATS cannot be reached the last that was heard of holds, and a coordinator without NATS does not lead for long.
 */
export async function openNatsTokens(
  connection: NatsConnection,
  names: ClusterNames,
  setup: Omit<Setup, 'what'>,
): Promise<TokenStore> {
  const what = `bucket ${names.tokenBucket}`;
  const manager = new Kvm(jetstream(connection, { timeout: WRITE_TIMEOUT_MS }));
  const kv = await whenReady({ ...setup, what }, () =>
    manager.create(names.tokenBucket, { replicas: setup.replicas, history: 1 }),
  );
  const records = new NewestRecords();
  const stop = await follow(kv, records, setup);
  return {
    all: () => records.all(),
    find: (id) => records.find(id),
    put: async (record) => {
      const revision = await kv.put(record.id, JSON.stringify(record));
      records.take(record.id, record, revision);
    },
    remove: async (id) => {
      await kv.delete(id);
      records.remove(id);
    },
    follow: (listener) => records.follow(listener),
    close: async () => stop(),
  };
}

/** Resolves once everything that is there now has been taken. */
async function follow(kv: KV, records: NewestRecords, { logger }: Pick<Setup, 'logger'>): Promise<() => void> {
  const status = await kv.status();
  const watch = await kv.watch();
  let left = status.values;
  let ready: () => void = () => {};
  const filled = new Promise<void>((resolve) => {
    ready = resolve;
  });
  if (left === 0) ready();
  void (async () => {
    for await (const entry of watch) {
      let record: TokenRecord | undefined;
      try {
        if (entry.operation === 'PUT') record = tokenRecordSchema.parse(entry.json());
      } catch (error) {
        logger.error({ err: error, key: entry.key }, 'a token in NATS cannot be read and is not let in');
      }
      records.take(entry.key, record, entry.revision);
      left -= 1;
      if (left <= 0) ready();
    }
  })();
  await filled;
  return () => watch.stop();
}
