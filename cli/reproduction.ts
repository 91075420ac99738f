import type { Report } from '../proto/index.js';

/** Whether a re-run gave the same numbers, in words. */
export interface Comparison {
  readonly same: boolean;
  readonly words: string;
}

/** Metrics that measure the machine, not the model, and so differ from run to run. */
const OF_THE_MACHINE = /^time$|(_per_s|_ms|_seconds)$/;

/** Compares the steps that both have reported, to the last bit. A pruned original is shorter than its re-run. */
export function compareReports(original: readonly Report[], rerun: readonly Report[]): Comparison {
  const again = new Map(rerun.map(({ step, metrics }) => [step, metrics]));
  let compared = 0;
  for (const { step, metrics } of original) {
    const other = again.get(step);
    if (other === undefined) continue;
    compared++;
    for (const [name, value] of Object.entries(metrics)) {
      if (OF_THE_MACHINE.test(name) || Object.is(value, other[name])) continue;
      return {
        same: false,
        words: `first differs at step ${step}: ${name} was ${value} and is ${other[name] ?? 'missing'}`,
      };
    }
  }
  if (compared === 0) return { same: false, words: 'there is no step that both have reported' };
  return { same: true, words: `reproduced exactly: all ${compared} steps are equal to the last bit` };
}
