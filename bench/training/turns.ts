import { execFileSync } from 'node:child_process';
import { openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

type Side = 'trial' | 'bare';

/** The pipes between two processes that work in turn. */
export function makeTurns(folder: string): void {
  execFileSync('mkfifo', [join(folder, 'trial'), join(folder, 'bare')]);
}

/**
 * One side of two processes that work in turn, so that whatever else the machine does meets both alike, and each has its
 * own processor time and its own garbage. Waiting blocks the whole thread: the event loop has no turn meanwhile.
 */
export class Turns {
  readonly #own: number;
  readonly #other: number;

  constructor(folder: string, side: Side) {
    // Opened for both, a pipe is there for whoever comes first.
    this.#own = openSync(join(folder, side), 'r+');
    this.#other = openSync(join(folder, side === 'trial' ? 'bare' : 'trial'), 'r+');
  }

  pass(): void {
    writeSync(this.#other, '+');
  }

  /** No more turns for the other side. */
  end(): void {
    writeSync(this.#other, '.');
  }

  /** Until it is our turn; false when there are no more. */
  wait(): boolean {
    const token = Buffer.alloc(1);
    readSync(this.#own, token);
    return token.toString() === '+';
  }
}
