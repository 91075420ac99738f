import { type Checker, type Facts, isCurrent } from './checker.js';

/** So many heartbeats may name an attempt that counts no more: the answer to the first is under way. */
const GRACE = 3;

/** A worker that can be reached gives up, within a few heartbeats, what counts no more. */
export function noZombies({ state }: Facts, isCalm: () => boolean): Checker {
  const beats = new Map<string, number>();
  return {
    invariant: 'no zombies (P15)',
    held(worker, holds) {
      if (!isCalm()) return undefined;
      for (const ref of holds) {
        const key = `${worker} ${ref.study}/${ref.trial}/${ref.attempt}`;
        if (isCurrent(state, ref)) {
          beats.delete(key);
          continue;
        }
        const count = (beats.get(key) ?? 0) + 1;
        beats.set(key, count);
        if (count > GRACE) return `${key} is held on, though it counts no more`;
      }
      return undefined;
    },
  };
}

/**
 * A worker that comes back goes on with nothing that counts no more. Only where one coordinator is all there is: another
 * may have written what this one cannot know yet.
 */
export function onlyWhatCountsGoesOn({ state }: Facts, isAlone: boolean): Checker {
  return {
    invariant: 'what is held is presented (P5)',
    told(worker, { body }) {
      if (!isAlone || body?.$case !== 'attached') return undefined;
      const over = body.value.continued.find((ref) => !isCurrent(state, ref));
      if (over === undefined) return undefined;
      return `${worker} is to go on with ${over.study}/${over.trial}/${over.attempt}, which counts no more`;
    },
  };
}
