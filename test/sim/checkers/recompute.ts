import { Recomputation } from '../../../coordinator/core/recompute.js';
import type { Checker } from './checker.js';

/** Every suggestion can be computed again from the log before it, and says how much of the log it had seen. */
export function suggestionsRecompute(): Checker {
  const recomputation = new Recomputation();
  return {
    invariant: 'suggestions recompute (P12)',
    logged(event) {
      const found = recomputation.take(event);
      if (found?.difference === undefined) return undefined;
      return `trial ${found.trial} of ${found.study}: ${found.difference}`;
    },
  };
}
