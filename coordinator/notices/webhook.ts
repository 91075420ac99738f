import { GivenUp, type Target } from './mailbox.js';

const LIMIT_MS = 10_000;
/** About four minutes in all. */
const RETRIES = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 120_000];
/** Answers that another time may be others. */
const PASSING = new Set([408, 425, 429]);

/**
 * POSTs notices as JSON. The address may hold a secret, so only its host is ever told.
 *
 * @param retries pauses between tries, milliseconds
 */
export function webhook(url: string, retries: readonly number[] = RETRIES, limitMs: number = LIMIT_MS): Target {
  return {
    name: `webhook ${new URL(url).host}`,
    retries,
    deliver: async (notice, signal) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'assay', 'idempotency-key': notice.id },
        body: JSON.stringify(notice),
        // Followed, a POST would become a GET without a body.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      }).catch((error: unknown) => {
        throw new Error(faultOf(error, limitMs), { cause: error });
      });
      await response.body?.cancel();
      if (response.ok) return;
      const words = `it answered ${response.status}`;
      throw response.status >= 500 || PASSING.has(response.status) ? new Error(words) : new GivenUp(words);
    },
  };
}

/** fetch says "fetch failed", and why in its cause. */
function faultOf(error: unknown, limitMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${limitMs / 1000} s`;
  const { cause } = error;
  return cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : error.message;
}
