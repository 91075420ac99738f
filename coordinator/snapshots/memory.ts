import type { SnapshotStore } from './port.js';

/** Lives as long as its map: two stores over one map see each other's texts. */
export function openMemorySnapshots(texts: Map<string, string> = new Map()): SnapshotStore {
  return {
    async put(name, text) {
      let whole = '';
      for await (const piece of text) whole += piece;
      texts.set(name, whole);
    },
    async get(name) {
      const text = texts.get(name);
      return text === undefined ? undefined : once(new TextEncoder().encode(text));
    },
    async list() {
      return [...texts.keys()];
    },
    async delete(name) {
      texts.delete(name);
    },
    async close() {},
  };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
