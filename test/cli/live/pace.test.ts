import { describe, expect, it } from 'vitest';
import { Pace } from '../../../cli/live/pace.js';
import { type Study, StudyState, TrialCounts } from '../../../proto/index.js';
import { START_MS, study } from '../canned.js';

const SECOND = 1000;

function studyWith(complete: number, base: Partial<Study> = {}): Study {
  return study({ counts: TrialCounts.create({ complete }), ...base });
}

describe('the estimate of the time left', () => {
  it('is not given before a trial has ended', () => {
    const pace = new Pace();
    pace.see(studyWith(0), START_MS + 5 * SECOND);
    expect(pace.leftMs(studyWith(0), START_MS + 6 * SECOND)).toBeUndefined();
  });

  it('starts from the average, and counts down between two trials', () => {
    const pace = new Pace();
    pace.see(studyWith(4), START_MS + 20 * SECOND);
    expect(pace.leftMs(studyWith(4), START_MS + 20 * SECOND)).toBe(100 * SECOND);
    expect(pace.leftMs(studyWith(4), START_MS + 23 * SECOND)).toBe(97 * SECOND);
  });

  it('follows what it sees itself, not an hour without workers before', () => {
    const pace = new Pace();
    const watchFrom = START_MS + 3600 * SECOND;
    pace.see(studyWith(4), watchFrom);
    pace.see(studyWith(8), watchFrom + 8 * SECOND);
    expect(pace.leftMs(studyWith(8), watchFrom + 8 * SECOND)).toBe(32 * SECOND);
  });

  it('ends with the time budget, and never falls below nothing', () => {
    const pace = new Pace();
    const timed = studyWith(1, { budgetTimeMs: 60 * SECOND, budgetTrials: 0 });
    pace.see(timed, START_MS + 10 * SECOND);
    expect(pace.leftMs(timed, START_MS + 10 * SECOND)).toBe(50 * SECOND);
    expect(pace.leftMs(timed, START_MS + 90 * SECOND)).toBe(0);
  });

  it('is not given for a study that is paused', () => {
    const pace = new Pace();
    const paused = studyWith(4, { state: StudyState.STUDY_STATE_PAUSED });
    pace.see(paused, START_MS + 20 * SECOND);
    expect(pace.leftMs(paused, START_MS + 20 * SECOND)).toBeUndefined();
  });
});
