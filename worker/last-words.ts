/** Bytes kept of what a process wrote. */
const KEPT = 4_096;
/** Most characters of the line made from it. */
const LINE = 400;

/** Keeps the end of what a process writes to its standard error, to say why it died. */
export class LastWords {
  #kept: Buffer = Buffer.alloc(0);

  hear(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk.subarray(-KEPT)]).subarray(-KEPT);
  }

  /**
   * One line: the last that names an error, because after it there often are only addresses; otherwise the last three.
   * Empty when nothing was written.
   */
  inOneLine(): string {
    const lines = this.#kept
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const error = lines.findLast((line) => /^(FATAL ERROR|[\w.]*Error\b)/.test(line));
    const words = error ?? lines.slice(-3).join(' | ');
    return words.length > LINE ? `${words.slice(0, LINE - 1)}…` : words;
  }
}
