import type { Study, TrialCounts } from '../proto/index.js';

/** Trials that have their final state. */
export function doneCount(counts: TrialCounts | undefined): number {
  return counts === undefined ? 0 : counts.complete + counts.pruned + counts.failed;
}

/** Trials that have a place on the board. Those that were invalidated are among the counted, and have none. */
export function rankedCount({ counts }: Study): number {
  return counts === undefined ? 0 : Math.max(0, counts.complete + counts.pruned - counts.invalidated);
}

/** What the best trial is ranked by: its value, or the mean of its repeats. */
export function bestValue({ best }: Study): number | undefined {
  return best?.repeats?.mean ?? best?.value;
}

/** Said of a trial that came to its end without a value: a training that diverged has reports, and no number among them. */
export function noValueText({ metric }: Pick<Study, 'metric'>): string {
  return `no value: none of its reports has a number for ${metric}`;
}

/** How far a study is: "14/24", or "14" where the number of trials is not limited. */
export function doneText(study: Study): string {
  const done = doneCount(study.counts);
  return study.budgetTrials > 0 ? `${done}/${study.budgetTrials}` : String(done);
}

/** "15 complete, 8 pruned, 1 failed", leaving out what is none. */
export function countsText(counts: TrialCounts | undefined): string {
  if (counts === undefined) return '';
  const parts = [
    [counts.complete, 'complete'],
    [counts.pruned, 'pruned'],
    [counts.failed, 'failed'],
    [counts.running, 'running'],
    [counts.paused, 'paused'],
    [counts.waiting, 'waiting'],
    [counts.invalidated, 'of these invalidated'],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ');
}

/**
 * How much of the planned training early stopping saved, as a share of what all trials together would have taken;
 * undefined when nothing was saved.
 */
export function savedShare(study: Study): number | undefined {
  return study.stepsSaved > 0 ? study.stepsSaved / (study.stepsRun + study.stepsSaved) : undefined;
}

/** "early stopping saved 61 of 240 steps (25 %)", or undefined when it saved none. */
export function savedText(study: Study): string | undefined {
  const share = savedShare(study);
  if (share === undefined) return undefined;
  const all = study.stepsRun + study.stepsSaved;
  return `early stopping saved ${study.stepsSaved} of ${all} steps (${Math.round(share * 100)} %)`;
}
