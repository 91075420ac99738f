import { type Leaderboard, type Study, StudyState, type Trial, TrialState } from '../../proto/index.js';
import { studyStateName, trialStateName } from '../../proto/state-names.js';
import { formatDuration, formatMetric, formatParams } from '../format.js';
import { bestValue, countsText, doneText, noValueText } from '../study-text.js';
import { plainText } from '../text.js';

/**
 * The live view where nothing can be redrawn: one line for each trial that ended, one for each new best, notices when
 * they change. Lines come in the order in which trials ended.
 */
export class PlainView {
  #reported: Set<number> | undefined;
  #best: number | undefined;
  #notice = '';
  #state: StudyState | undefined;

  /** Lines that a board adds. `ended` holds the trials that have ended, at least those that it was not told of before. */
  see({ study }: Leaderboard, ended: readonly Trial[]): string[] {
    if (study === undefined) return [];
    const lines = this.#reported === undefined ? this.#begin(study, ended) : [];
    return [...lines, ...this.#news(study, ended), ...this.#change(study)];
  }

  /** What had happened before is one line, not one for each trial. */
  #begin(study: Study, ended: readonly Trial[]): string[] {
    this.#reported = new Set(ended.map(({ number }) => number));
    this.#best = study.best?.number;
    this.#state = study.state;
    const counts = countsText(study.counts);
    const value = bestValue(study);
    const best = value === undefined ? '' : `; best so far ${formatMetric(value)} (trial ${study.best?.number})`;
    return [
      `${study.id} is ${studyStateName(study.state)}: ${doneText(study)} done${counts === '' ? '' : ` (${counts})`}${best}`,
    ];
  }

  #news(study: Study, ended: readonly Trial[]): string[] {
    const fresh = ended.filter(({ number }) => this.#reported?.has(number) === false);
    fresh.sort((a, b) => a.endedAtMs - b.endedAtMs || a.number - b.number);
    for (const { number } of fresh) this.#reported?.add(number);
    const lines = fresh.map((trial) => trialLine(study, trial));
    const { best } = study;
    if (best?.value !== undefined && best.number !== this.#best) {
      this.#best = best.number;
      lines.push(
        `new best: trial ${best.number} with ${plainText(study.metric)} ${formatMetric(best.value)} at step ${best.valueStep}`,
      );
    }
    return lines;
  }

  #change(study: Study): string[] {
    const state = study.state === this.#state ? [] : [`${study.id} is ${studyStateName(study.state)}`];
    const notice =
      study.notice === this.#notice || study.notice === '' ? [] : [`${study.id}: ${plainText(study.notice)}`];
    this.#notice = study.notice;
    this.#state = study.state;
    // The summary says how it ended.
    return study.state === StudyState.STUDY_STATE_FINISHED ? [] : [...state, ...notice];
  }
}

function trialLine(study: Study, trial: Trial): string {
  const value =
    trial.value === undefined
      ? missingValue(study, trial)
      : `  ${plainText(study.metric)} ${formatMetric(trial.value)}`;
  const started = trial.attempts.at(-1)?.startedAtMs ?? trial.proposedAtMs;
  const step = trial.state === TrialState.TRIAL_STATE_COMPLETE ? '' : ` at step ${trial.lastStep}`;
  const reason = trial.state === TrialState.TRIAL_STATE_FAILED ? `: ${plainText(trial.reason)}` : '';
  const took = formatDuration(trial.endedAtMs - started);
  const params = plainText(formatParams(trial.params));
  return `[${doneText(study)}] trial ${trial.number} ${trialStateName(trial.state)}${step}${reason}${value}  (${took})  ${params}`;
}

function missingValue(study: Study, { state }: Trial): string {
  return state === TrialState.TRIAL_STATE_COMPLETE ? `  ${plainText(noValueText(study))}` : '';
}
