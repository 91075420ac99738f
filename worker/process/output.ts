/** Bytes kept of the end of an output. */
const KEPT_BYTES = 65_536;

/** Counts what an attempt prints and keeps the end of it. */
export class Output {
  #chunks: Buffer[] = [];
  #keptBytes = 0;
  #totalBytes = 0;

  get totalBytes(): number {
    return this.#totalBytes;
  }

  add(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    // A slice of a large chunk would keep all of it.
    this.#chunks.push(chunk.length > KEPT_BYTES ? Buffer.from(chunk.subarray(-KEPT_BYTES)) : chunk);
    this.#keptBytes += Math.min(chunk.length, KEPT_BYTES);
    while (this.#keptBytes - this.#chunks[0]!.length >= KEPT_BYTES) this.#keptBytes -= this.#chunks.shift()!.length;
    // Many small chunks cost more than what they hold.
    if (this.#chunks.length <= 256) return;
    this.#chunks = [this.end()];
    this.#keptBytes = this.#chunks[0]!.length;
  }

  /** The last {@link KEPT_BYTES} at most. */
  end(): Buffer {
    return Buffer.from(Buffer.concat(this.#chunks).subarray(-KEPT_BYTES));
  }
}
