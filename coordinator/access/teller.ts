import type { Logger } from 'pino';

/** What one client does wrong is told once in so long, milliseconds. */
const TOLD_AGAIN_MS = 60_000;
/** Most clients that are remembered to have been told of. */
const MOST_TOLD = 1_000;

/** Tells of a client that is not let in. */
export type Tell = (peer: string, reason: string, facts?: object) => void;

/** One line for each client and reason, once in a while: whoever tries every second does not fill the log. */
export function createTeller(logger: Logger): Tell {
  const told = new Map<string, number>();
  return (peer, reason, facts = {}) => {
    const key = `${peer} ${reason}`;
    const now = performance.now();
    const before = told.get(key);
    if (before !== undefined && now - before < TOLD_AGAIN_MS) return;
    if (told.size >= MOST_TOLD) told.clear();
    told.set(key, now);
    logger.warn({ peer, reason, ...facts }, 'a client is not let in');
  };
}
