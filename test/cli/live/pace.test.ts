import { describe, expect, it } from 'vitest';
import { Pace } from '../../../cli/live/pace.js';
import { type Leaderboard, type Study, StudyState, TrialCounts } from '../../../proto/index.js';
import { board, running, START_MS, study } from '../canned.js';

const SECOND = 1000;

function boardAt(seconds: number, complete: number, base: Partial<Study> = {}): Leaderboard {
  return board({
    study: study({ counts: TrialCounts.create({ complete }), ...base }),
    running: [],
    nowMs: START_MS + seconds * SECOND,
  });
}

/** Seconds left at a moment, as estimated after these boards. */
function secondsLeft(boards: readonly Leaderboard[], atSeconds: number): number | undefined {
  const pace = new Pace();
  for (const each of boards) pace.see(each);
  const last = boards.at(-1)?.study ?? study();
  const leftMs = pace.leftMs(last, START_MS + atSeconds * SECOND);
  return leftMs === undefined ? undefined : leftMs / SECOND;
}

describe('the estimate of the time left', () => {
  it('is not given before there is anything to go by', () => {
    expect(secondsLeft([boardAt(5, 0)], 6)).toBeUndefined();
  });

  it('starts from the average, and counts down between two boards', () => {
    expect(secondsLeft([boardAt(20, 4)], 20)).toBe(100);
    expect(secondsLeft([boardAt(20, 4)], 23)).toBe(97);
  });

  it('counts what running trials have done already', () => {
    // Two trials at 5 of 10 steps are worth one.
    const half = [running(4, 1, 2, 3, 4, 5), running(5, 1, 2, 3, 4, 5)];
    expect(secondsLeft([{ ...boardAt(20, 3), running: half }], 20)).toBe(100);
  });

  it('counts trials that rest, of which most never go on', () => {
    const counts = TrialCounts.create({ complete: 1, paused: 3 });
    expect(secondsLeft([boardAt(20, 0, { counts })], 20)).toBe(100);
  });

  it('follows the pace it sees itself, not an hour without workers before', () => {
    expect(secondsLeft([boardAt(3600, 4), boardAt(3608, 8)], 3608)).toBe(32);
  });

  it('is renewed at most every five seconds', () => {
    expect(secondsLeft([boardAt(20, 4), boardAt(22, 12)], 22)).toBe(98);
    expect(secondsLeft([boardAt(20, 4), boardAt(25, 12)], 25)).toBe(7.5);
  });

  it('ends with the time budget, and is not given once it has run out', () => {
    const timed = { budgetTimeMs: 60 * SECOND, budgetTrials: 0, clockSinceMs: START_MS };
    expect(secondsLeft([boardAt(10, 1, timed)], 10)).toBe(50);
    expect(secondsLeft([boardAt(10, 1, timed)], 90)).toBeUndefined();
    // It waited for its first worker, and was paused.
    const late = { ...timed, clockSinceMs: START_MS + 30 * SECOND };
    expect(secondsLeft([boardAt(40, 1, late)], 40)).toBe(50);
  });

  it('is not given for a study that is paused', () => {
    expect(secondsLeft([boardAt(20, 4, { state: StudyState.STUDY_STATE_PAUSED })], 20)).toBeUndefined();
  });
});
