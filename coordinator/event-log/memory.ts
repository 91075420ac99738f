import type { Event } from '../core/events.js';
import { decodeBatch, encodeBatch } from './codec.js';
import { type Batch, type EventLog, type Extent, LogConflictError, type Seq } from './port.js';

/** Where memory logs keep their records: two logs over one store see each other's appends, as two processes would. */
export type MemoryStore = string[];

/** A log that lives as long as its store. Records go through the codec, so that what it accepts the others accept. */
export function openMemoryLog(store: MemoryStore = []): EventLog {
  return {
    async *read(after: Seq): AsyncIterable<Batch> {
      const head = store.length;
      for (let seq = after + 1; seq <= head; seq += 1) yield { seq, events: decodeBatch(store[seq - 1]!, seq) };
    },
    async append(events: readonly Event[], head: Seq): Promise<Seq> {
      const record = encodeBatch(events);
      if (store.length !== head) throw new LogConflictError(head);
      store.push(record);
      return store.length;
    },
    async extent(): Promise<Extent> {
      return { head: store.length, bytes: store.reduce((sum, record) => sum + record.length, 0) };
    },
    async close(): Promise<void> {},
  };
}
