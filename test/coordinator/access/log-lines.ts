import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly reason?: string;
}

/** A logger of everything, and what it has written. */
export class LogLines {
  readonly logger: Logger;
  #text = '';
  #waiting: (() => void)[] = [];

  constructor() {
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        this.#text += chunk.toString();
        for (const look of this.#waiting.splice(0)) look();
        done();
      },
    });
    this.logger = pino({ level: 'debug' }, stream);
  }

  get text(): string {
    return this.#text;
  }

  get lines(): LogLine[] {
    return this.#text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Resolves with the first line that `find` finds. */
  async find(find: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(find);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}
