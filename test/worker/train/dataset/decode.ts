import type { Decoded, Source } from '../../../../worker/train/dataset/source.js';

/** What a source decodes to, with its numbers in memory. */
export async function decode(source: Source): Promise<Decoded & { readonly numbers: Buffer }> {
  const pieces: Buffer[] = [];
  const sink = {
    signal: new AbortController().signal,
    write: async (bytes: Uint8Array): Promise<void> => void pieces.push(Buffer.from(bytes)),
  };
  const decoded = await source.decode(sink);
  return { ...decoded, numbers: Buffer.concat(pieces) };
}
