import type { DataPlaces } from '../../../../worker/data-places.js';
import type { Preparation } from '../../../../worker/train/dataset/preparation.js';

/** A preparation that nobody aborts, with what it says. */
export function preparation(places: DataPlaces): Preparation & { readonly notes: string[] } {
  const notes: string[] = [];
  return { places, signal: new AbortController().signal, note: (line) => notes.push(line), notes };
}
