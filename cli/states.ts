import { StudyState, TrialState } from '../proto/index.js';
import type { Style } from './text.js';

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

export function studyStyle(state: StudyState): Style {
  if (state === StudyState.STUDY_STATE_RUNNING) return 'cyan';
  return state === StudyState.STUDY_STATE_FINISHED ? 'green' : 'yellow';
}

export function trialStyle(state: TrialState): Style | undefined {
  if (state === TrialState.TRIAL_STATE_FAILED) return 'red';
  if (state === TrialState.TRIAL_STATE_PRUNED) return 'dim';
  return state === TrialState.TRIAL_STATE_RUNNING ? 'cyan' : undefined;
}
