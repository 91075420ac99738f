import { JetStreamApiError, jetstream, StorageType } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ClusterNames } from '../nats/names.js';
import { type Setup, whenReady } from '../nats/when-ready.js';
import { SNAPSHOT_NAME, type SnapshotStore } from './port.js';

/** How long one message of a snapshot may take, milliseconds: longer than JetStream's election of a leader. */
const TIMEOUT_MS = 15_000;
const NOT_FOUND = 10037;

/** Keeps snapshots in a NATS object store, which all coordinators of a cluster share. */
export async function openNatsSnapshots(
  connection: NatsConnection,
  names: ClusterNames,
  setup: Omit<Setup, 'what'>,
): Promise<SnapshotStore> {
  const manager = new Objm(jetstream(connection, { timeout: TIMEOUT_MS }));
  const bucket = await whenReady({ ...setup, what: `bucket ${names.snapshotBucket}` }, async () => {
    const store = await manager.create(names.snapshotBucket, {
      storage: StorageType.File,
      replicas: setup.replicas,
      description: 'Snapshots of an Assay cluster. Can be deleted: they are made from the log again.',
    });
    // The client takes some failures to create it for a bucket that is there.
    await store.status();
    return store;
  });
  return {
    async put(name, text) {
      await bucket.put({ name }, streamOf(text), { timeout: TIMEOUT_MS });
    },
    async get(name) {
      const found = await bucket.get(name);
      if (found === null) return undefined;
      // Told through the stream as well.
      found.error.catch(() => {});
      return found.data as AsyncIterable<Uint8Array> & ReadableStream<Uint8Array>;
    },
    async list() {
      return (await bucket.list())
        .filter(({ deleted }) => !deleted)
        .flatMap(({ name }) => (isOurs(name) ? [name] : []));
    },
    async delete(name) {
      try {
        await bucket.delete(name);
      } catch (error) {
        if (!(error instanceof JetStreamApiError && error.code === NOT_FOUND)) throw error;
      }
    },
    /** The connection is its owner's. */
    async close() {},
  };
}

function isOurs(name: string): boolean {
  return SNAPSHOT_NAME.test(name);
}

function streamOf(text: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const pieces = text[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
}
