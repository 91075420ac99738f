import { constants } from 'node:os';
import { FAILURE } from './fail.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Tells of Ctrl-C and its kin while it is open. */
export interface Interruption {
  /** Aborted by the first signal; its reason is an `Interrupted`. */
  readonly signal: AbortSignal;
  close(): void;
}

/** Why an operation was broken off. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** 128 + the signal's number, as shells have it: 130 for Ctrl-C. */
  readonly exitCode: number;

  constructor(signal: (typeof SIGNALS)[number]) {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** The exit code that says what aborted an interruption's signal. */
export function exitCodeOf({ reason }: AbortSignal): number {
  return reason instanceof Interrupted ? reason.exitCode : FAILURE;
}

/**
 * Listens for Ctrl-C, a termination request and a closed terminal. The first aborts the signal, so that everything is put
 * away in order; the second calls `again` and ends the process at once.
 *
 * @param but signals that mean something else to this command
 */
export function onInterrupt(
  again: () => void = () => undefined,
  but: readonly (typeof SIGNALS)[number][] = [],
): Interruption {
  const controller = new AbortController();
  const listeners = SIGNALS.filter((name) => !but.includes(name)).map((name) => {
    const listener = (): void => {
      const reason = new Interrupted(name);
      if (controller.signal.aborted) {
        again();
        process.exit(reason.exitCode);
      }
      controller.abort(reason);
    };
    process.on(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    close: () => {
      for (const { name, listener } of listeners) process.off(name, listener);
    },
  };
}
