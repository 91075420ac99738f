/** Delay before the first retry is drawn from [0, this], milliseconds. */
const FIRST_MS = 100;
/** No retry waits longer, milliseconds. */
export const LONGEST_BACKOFF_MS = 5_000;

/**
 * How long to wait before a retry, in milliseconds: exponential with full jitter, so that a fleet that lost its
 * coordinator at one moment does not come back at one moment.
 *
 * @param failures how many tries in a row have failed, at least 1
 * @param random   a draw from [0, 1)
 */
export function backoffMs(failures: number, random: number, longestMs: number = LONGEST_BACKOFF_MS): number {
  return Math.round(random * Math.min(longestMs, FIRST_MS * 2 ** (failures - 1)));
}
