import { type StudyState, TrialState } from './index.js';

/** A study's state as a word: "running". A state of a newer coordinator is shown by the end of its name. */
export function studyStateName(state: StudyState): string {
  return state.replace(/^STUDY_STATE_/, '').toLowerCase();
}

/** A trial's state as a word: "pruned". */
export function trialStateName(state: TrialState): string {
  return state.replace(/^TRIAL_STATE_/, '').toLowerCase();
}

/** True when the trial has its final state. */
export function isFinal(state: TrialState): boolean {
  return (
    state === TrialState.TRIAL_STATE_COMPLETE ||
    state === TrialState.TRIAL_STATE_PRUNED ||
    state === TrialState.TRIAL_STATE_FAILED
  );
}
