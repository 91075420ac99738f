import { KINDS } from '../../../coordinator/core/references.js';
import type { Trial } from '../../../coordinator/core/trial.js';
import type { Checker, Facts } from './checker.js';

/**
 * What the log refers to is in the store: when an event says that it was saved, when a worker is told to go on from it, and
 * at the end.
 */
export function artifactsAreThere({ state }: Facts, has: (artifact: string) => boolean): Checker {
  const fault = (what: string, artifacts: Iterable<string>): string | undefined => {
    for (const artifact of artifacts)
      if (!has(artifact)) return `${what}: ${artifact.slice(0, 12)} is not in the store`;
    return undefined;
  };
  return {
    invariant: 'artifacts are there (P2)',
    logged(event) {
      if (!('files' in event)) return undefined;
      return fault(
        JSON.stringify(event),
        event.files.map(({ artifact }) => artifact),
      );
    },
    told(worker, { body }) {
      if (body?.$case !== 'dispatch') return undefined;
      for (const { attempt, checkpoint } of body.value.assignments) {
        const what = `${worker} is to go on with ${attempt!.study}/${attempt!.trial}/${attempt!.attempt}`;
        const found = fault(
          what,
          (checkpoint?.files ?? []).map(({ sha256 }) => sha256),
        );
        if (found !== undefined) return found;
      }
      return undefined;
    },
    ended() {
      for (const { id, trials } of state.studies.values()) {
        for (const trial of trials) {
          const found = fault(`trial ${id}/${trial.number}`, artifactsOf(trial));
          if (found !== undefined) return found;
        }
      }
      return undefined;
    },
  };
}

function artifactsOf(trial: Trial): string[] {
  return KINDS.flatMap((kind) => (trial[kind]?.files ?? []).map(({ artifact }) => artifact));
}
