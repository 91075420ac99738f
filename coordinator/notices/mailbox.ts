import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Notice } from './notice.js';

/** Where notices go. */
export interface Target {
  /** As the log names it; holds no secret. */
  readonly name: string;
  /** Brings one notice there. @throws whatever went wrong; a {@link GivenUp} where trying again would not help */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>;
  /** Pauses before further tries, milliseconds. */
  readonly retries: readonly number[];
}

/** Trying again would not help. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/** Notices that wait for a target that does not answer; the oldest go first when there are more. */
const MOST_WAITING = 1000;

/** Brings notices to one target, one after another and in order, apart from the coordinator's loop. */
export class Mailbox {
  readonly #target: Target;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  #waiting: Notice[] = [];
  #dropped = 0;
  #running: Promise<void> | undefined;

  constructor(target: Target, logger: Logger) {
    this.#target = target;
    this.#logger = logger;
  }

  put(notice: Notice): void {
    if (this.#closing.signal.aborted) return;
    // Who hears late of a best wants the newest.
    if (notice.kind === 'new_best') {
      this.#waiting = this.#waiting.filter(({ kind, ...rest }) => kind !== 'new_best' || !sameStudy(rest, notice));
    }
    this.#waiting.push(notice);
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Brings what waits, but not for longer than `patienceMs`. */
  async close(patienceMs: number): Promise<void> {
    const patience = new AbortController();
    const late = pause(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([this.#running, late]);
    patience.abort();
    this.#closing.abort();
    await this.#running;
    const lost = this.#waiting.length + this.#dropped;
    if (lost > 0) this.#logger.warn({ target: this.#target.name, notices: lost }, 'notices were not sent');
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#closing.signal.aborted) await this.#deliver(this.#waiting.shift()!);
  }

  async #deliver(notice: Notice): Promise<void> {
    const { name, retries } = this.#target;
    const { signal } = this.#closing;
    for (const [tries, pauseMs] of [...retries, undefined].entries()) {
      try {
        return await this.#target.deliver(notice, signal);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const facts = { target: name, kind: notice.kind, notice: notice.id, tries: tries + 1, reason };
        if (pauseMs === undefined || error instanceof GivenUp || signal.aborted) {
          return this.#logger.warn(facts, 'a notice could not be sent');
        }
        this.#logger.debug(facts, 'a notice is sent again');
        // Half to full pause, so that a server that comes back is not met by everybody at once.
        await pause(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

function sameStudy(one: object, { study }: { readonly study: string }): boolean {
  return 'study' in one && one.study === study;
}
