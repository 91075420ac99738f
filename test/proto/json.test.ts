import { describe, expect, it } from 'vitest';
import { TrialState } from '../../proto/index.js';
import { leaderboardJson, trialJson } from '../../proto/json.js';
import { trialsCsv } from '../../proto/trials-csv.js';
import { board, param, reports, running, START_MS, study, trial } from '../cli/canned.js';

describe('the JSON shapes', () => {
  // Fields are added, never renamed or removed: what stands here stays.
  it('hold a trial with its parameters as an object', () => {
    expect(
      trialJson(trial(1, { params: [param('lr', 0.012345678), param('sgd', true), param('loss', 'bce')] })),
    ).toMatchObject({
      number: 1,
      state: 'complete',
      params: { lr: 0.012345678, sgd: true, loss: 'bce' },
      value: 0.89,
      valueStep: 9,
      lastStep: 10,
      plannedSteps: 10,
      origin: 'tpe',
      rerunOf: null,
      repeats: null,
      reason: '',
      proposedAtMs: START_MS + 1000,
      endedAtMs: START_MS + 9200,
      attempts: [
        {
          number: 1,
          worker: 'worker-1',
          startedAtMs: START_MS + 1000,
          endedAtMs: START_MS + 9200,
          end: 'completed',
          reason: '',
        },
      ],
      reports: [0.5, 0.7, 0.8, 0.89].map((value, index) => ({ step: index + 1, metrics: { val_accuracy: value } })),
      basedOn: 41,
      seed: 1001,
    });
  });

  it('say null for what is not there yet, and spell what JSON cannot hold', () => {
    expect(trialJson(running(3, Number.NaN, Number.NEGATIVE_INFINITY))).toMatchObject({
      value: null,
      endedAtMs: null,
      attempts: [{ endedAtMs: null }],
      reports: [{ metrics: { val_accuracy: 'NaN' } }, { metrics: { val_accuracy: '-Infinity' } }],
    });
  });

  it('hold a board without its search file, and survive being printed', () => {
    const json = leaderboardJson(board());
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(Object.keys(json as object)).toEqual(['study', 'rows', 'running', 'position', 'nowMs']);
    expect((json as { study: object }).study).not.toHaveProperty('spec');
    expect(json).toMatchObject({ study: { state: 'running', finishedAtMs: null, best: { number: 0 } } });
  });
});

describe('trials as CSV', () => {
  it('have a line each, numbers in full, inactive parameters empty', () => {
    const failed = trial(2, {
      state: TrialState.TRIAL_STATE_FAILED,
      value: undefined,
      reason: 'exit code 1, "out of memory"',
      params: [param('lr', 0.1)],
      reports: reports(),
    });
    expect(trialsCsv(study(), [{ trial: trial(0), rank: 1 }, { trial: failed }]).split('\r\n')).toEqual([
      'rank,trial,state,val_accuracy,value_step,last_step,planned_steps,origin,attempts,reason,proposed_at_ms,ended_at_ms,seed,repeat_of,mean,params.lr,params.depth,params.optimizer,params.momentum',
      `1,0,complete,0.9,9,10,10,tpe,1,,${START_MS},${START_MS + 8200},1000,,,0.01234567,1,sgd,`,
      `,2,failed,,,10,10,tpe,1,"exit code 1, ""out of memory""",${START_MS + 2000},${START_MS + 10_200},1002,,,0.1,,,`,
      '',
    ]);
  });
});
