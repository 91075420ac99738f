import { describe, expect, it } from 'vitest';
import { PlainView } from '../../../cli/live/plain.js';
import { StudyState, TrialCounts, TrialState } from '../../../proto/index.js';
import { board, START_MS, study, trial } from '../canned.js';

describe('the plain view', () => {
  it('tells what had happened before in one line', () => {
    expect(new PlainView().see(board(), [])).toEqual([
      'digits is running: 14/24 done (9 complete, 4 pruned, 1 failed, 2 running); best so far 0.9000 (trial 0)',
    ]);
  });

  it('knows the best of repeated configurations by their mean, as the board does', () => {
    const best = trial(0, { repeats: { of: 0, complete: 3, wanted: 3, mean: 0.85 } });
    expect(new PlainView().see(board({ study: study({ best }) }), [])[0]).toMatch(/; best so far 0\.8500 \(trial 0\)$/);
  });

  it('adds a line for each trial that ended, in the order of their ends, and one for a new best', () => {
    const view = new PlainView();
    view.see(board(), [trial(0)]);
    const pruned = trial(2, { state: TrialState.TRIAL_STATE_PRUNED, lastStep: 3, endedAtMs: START_MS + 30_000 });
    const better = trial(1, { value: 0.95, endedAtMs: START_MS + 60_000 });
    const next = board({ study: study({ best: better, counts: TrialCounts.create({ complete: 2, pruned: 1 }) }) });
    expect(view.see(next, [better, trial(0), pruned])).toEqual([
      '[3/24] trial 2 pruned at step 3  val_accuracy 0.8800  (28s)  lr 0.03704, depth 3, optimizer sgd',
      '[3/24] trial 1 complete  val_accuracy 0.9500  (59s)  lr 0.02469, depth 2, optimizer sgd',
      'new best: trial 1 with val_accuracy 0.9500 at step 9',
    ]);
    expect(view.see(next, [better])).toEqual([]);
  });

  it('gives the reason of a failure', () => {
    const view = new PlainView();
    view.see(board(), []);
    const failed = trial(7, {
      state: TrialState.TRIAL_STATE_FAILED,
      value: undefined,
      lastStep: 0,
      reason: 'exit code 1',
    });
    expect(view.see(board(), [failed])).toEqual([
      '[14/24] trial 7 failed at step 0: exit code 1  (8.2s)  lr 0.09877, depth 4, optimizer sgd',
    ]);
  });

  it('says that a trial which came to its end has no value', () => {
    const view = new PlainView();
    view.see(board(), []);
    const diverged = trial(3, { value: undefined });
    expect(view.see(board(), [diverged])[0]).toMatch(
      /trial 3 complete {2}no value: none of its reports has a number for val_accuracy {2}\(/,
    );
  });

  it('tells a notice once, and when the study is paused', () => {
    const view = new PlainView();
    view.see(board(), []);
    const stuck = board({ study: study({ notice: 'no worker is attached' }) });
    expect(view.see(stuck, [])).toEqual(['digits: no worker is attached']);
    expect(view.see(stuck, [])).toEqual([]);
    expect(view.see(board({ study: study({ state: StudyState.STUDY_STATE_PAUSED }) }), [])).toEqual([
      'digits is paused',
    ]);
  });
});
