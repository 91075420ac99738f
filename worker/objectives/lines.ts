/** Longer lines are cut: nobody's memory is filled by a program that ends none. */
export const LONGEST_LINE_BYTES = 65_536;

/**
 * Cuts a stream of bytes into lines. A carriage return ends a line as well, because progress bars are drawn with it.
 * Empty lines are left out.
 */
export class LineReader {
  readonly #onLine: (line: string) => void;
  #rest: Buffer[] = [];
  #restBytes = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte !== 0x0a && byte !== 0x0d) continue;
      this.#keep(chunk.subarray(from, i));
      this.#flush();
      from = i + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  /** The last line may have no end. */
  end(): void {
    this.#flush();
  }

  #keep(piece: Buffer): void {
    const room = LONGEST_LINE_BYTES - this.#restBytes;
    if (room <= 0 || piece.length === 0) return;
    const kept = piece.subarray(0, room);
    this.#rest.push(kept);
    this.#restBytes += kept.length;
  }

  #flush(): void {
    if (this.#restBytes === 0) return;
    const line = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restBytes = 0;
    this.#onLine(line.toString('utf8'));
  }
}
