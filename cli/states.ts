import { StudyState, TrialState } from '../proto/index.js';
import type { Style } from './text.js';

export function studyStyle(state: StudyState): Style {
  if (state === StudyState.STUDY_STATE_RUNNING) return 'cyan';
  return state === StudyState.STUDY_STATE_FINISHED ? 'green' : 'yellow';
}

export function trialStyle(state: TrialState): Style | undefined {
  if (state === TrialState.TRIAL_STATE_FAILED) return 'red';
  if (state === TrialState.TRIAL_STATE_PRUNED) return 'dim';
  return state === TrialState.TRIAL_STATE_RUNNING ? 'cyan' : undefined;
}
