import { createHash } from 'node:crypto';
import { type ArtifactStore, checkArtifactId, damaged, mismatch, missing } from './port.js';

/** What a memory store holds, by hash. */
export type MemoryArtifacts = Map<string, { content: Buffer; storedAt: number }>;

/** Pieces that content is given out in. */
const PIECE_BYTES = 65_536;

/** Keeps artifacts in this process: for tests and simulations. @param contents shared by all stores opened over it */
export function openMemoryArtifacts(
  contents: MemoryArtifacts = new Map(),
  clock: () => number = Date.now,
): ArtifactStore {
  return {
    async put(content, expected) {
      const pieces: Uint8Array[] = [];
      for await (const piece of content) pieces.push(Buffer.from(piece));
      const whole = Buffer.concat(pieces);
      const id = hashOf(whole);
      if (expected !== undefined && checkArtifactId(expected) !== id) throw mismatch(expected, id);
      contents.set(id, { content: whole, storedAt: clock() });
      return { id, bytes: whole.length };
    },
    async *get(id) {
      const found = contents.get(checkArtifactId(id));
      if (found === undefined) throw missing(id);
      for (let from = 0; from < found.content.length; from += PIECE_BYTES) {
        yield found.content.subarray(from, from + PIECE_BYTES);
      }
      if (hashOf(found.content) !== id) throw damaged(id);
    },
    has: async (id) => contents.get(checkArtifactId(id))?.content.length,
    async renew(id) {
      const found = contents.get(checkArtifactId(id));
      if (found !== undefined) found.storedAt = clock();
      return found !== undefined;
    },
    async delete(id) {
      contents.delete(checkArtifactId(id));
    },
    async *list() {
      for (const [id, { content, storedAt }] of [...contents]) yield { id, bytes: content.length, storedAt };
    },
    async close() {},
  };
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
