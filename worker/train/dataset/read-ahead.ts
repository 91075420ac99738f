/** Bytes of samples that are read before they are asked for: the most that a slot holds of its data, however large they are. */
const WINDOW_BYTES = 8 << 20;
/**
 * A call costs as much as reading so many bytes. Where the samples of a window are further apart in the mean, each is read
 * when it is asked for; where they are not, gaps up to this size are read along.
 */
const MOST_GAP_BYTES = 6 << 10;
/** Bytes of one call: few enough to be in the processor's cache still when the samples among them are put into their places. */
const RUN_BYTES = 128 << 10;

/** Fills bytes with what stands in the file from a position on. */
type ReadBytes = (to: Uint8Array, position: number) => void;

/**
 * Reads samples that a pass will take one by one in a shuffled order. Each of them alone costs a call; of the next
 * thousands many are neighbours in the file, so those are read together, in the file's order, and put into theirs.
 */
export class ReadAhead {
  readonly #read: ReadBytes;
  readonly #size: number;
  #order = new Uint32Array(0);
  /** How many of the order have been taken. */
  #taken = 0;
  /** The samples from `from` to `to` of the order. */
  #window = { bytes: new Uint8Array(0), from: 0, to: 0 };
  /** For each sample from the window's first in the file on, 1 + its place in the window. */
  #places = new Uint32Array(0);
  readonly #run = new Uint8Array(RUN_BYTES);

  constructor(read: ReadBytes, bytesPerSample: number) {
    this.#read = read;
    this.#size = bytesPerSample;
  }

  /** @param order samples that will be asked for next, from its beginning on */
  expect(order: Uint32Array): void {
    this.#order = order.slice();
    this.#taken = 0;
    this.#window.to = 0;
  }

  /** Copies samples; false when they are not those that were expected, or would not come for less. */
  take(indices: Uint32Array, to: Uint8Array): boolean {
    if (!this.#expects(indices)) return false;
    const [begin, end] = [this.#taken, this.#taken + indices.length];
    this.#taken = end;
    if (end > this.#window.to && !this.#fill(begin, end)) return false;
    const { bytes, from } = this.#window;
    to.set(bytes.subarray((begin - from) * this.#size, (end - from) * this.#size));
    return true;
  }

  #expects(indices: Uint32Array): boolean {
    const [order, taken] = [this.#order, this.#taken];
    if (taken + indices.length > order.length) return false;
    for (let i = 0; i < indices.length; i++) if (order[taken + i] !== indices[i]) return false;
    return true;
  }

  /** Reads samples of the order from `from` on; false when it would not help those until `least`. */
  #fill(from: number, least: number): boolean {
    const to = Math.min(this.#order.length, from + Math.floor(WINDOW_BYTES / this.#size));
    const samples = this.#order.subarray(from, to);
    let [first, last] = [Number.POSITIVE_INFINITY, 0];
    for (const sample of samples) {
      first = Math.min(first, sample);
      last = Math.max(last, sample);
    }
    const apart = (last + 1 - first) / samples.length - 1;
    const isSmall = this.#size <= RUN_BYTES && apart * this.#size <= MOST_GAP_BYTES;
    if (to < least || !isSmall || !this.#place(samples, first, last)) {
      this.#order = new Uint32Array(0); // Nor would it help those that follow.
      return false;
    }
    if (this.#window.bytes.length < samples.length * this.#size) {
      this.#window.bytes = new Uint8Array(samples.length * this.#size);
    }
    this.#readPlaced(first, last);
    this.#window.from = from;
    this.#window.to = to;
    return true;
  }

  /** False when a sample is there twice. */
  #place(samples: Uint32Array, first: number, last: number): boolean {
    const count = last + 1 - first;
    if (this.#places.length < count) this.#places = new Uint32Array(count);
    else this.#places.fill(0, 0, count);
    for (let i = 0; i < samples.length; i++) {
      if (this.#places[samples[i]! - first] !== 0) return false;
      this.#places[samples[i]! - first] = i + 1;
    }
    return true;
  }

  /** Passes over the file from the window's first sample to its last. */
  #readPlaced(first: number, last: number): void {
    const [places, size] = [this.#places, this.#size];
    const gap = Math.floor(MOST_GAP_BYTES / size);
    const most = Math.floor(RUN_BYTES / size);
    const count = last + 1 - first;
    for (let begin = 0; begin < count; ) {
      // It begins with a sample that is wanted, and ends with one.
      let end = begin + 1;
      let next = end;
      for (; next < count && next - end <= gap && next - begin < most; next++) if (places[next] !== 0) end = next + 1;
      this.#readRun(first, begin, end);
      while (next < count && places[next] === 0) next++;
      begin = Math.max(next, end);
    }
  }

  #readRun(first: number, begin: number, end: number): void {
    const [{ bytes }, size] = [this.#window, this.#size];
    const run = this.#run.subarray(0, (end - begin) * size);
    this.#read(run, (first + begin) * size);
    for (let each = begin; each < end; each++) {
      const place = this.#places[each]!;
      const from = (each - begin) * size;
      if (place !== 0) bytes.set(run.subarray(from, from + size), (place - 1) * size);
    }
  }
}
