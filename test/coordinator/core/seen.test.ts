import { expect, it } from 'vitest';
import { seenView } from '../../../coordinator/core/views.js';
import { Scenario } from './scenario.js';

it('a proposal had seen the trials that ended before it, those of its own batch included', () => {
  const lab = new Scenario();
  lab.create({ budget: { trials: 5 }, limits: { attempts: 1 } });
  lab.attach('w1', { slots: 2 });
  const end = (trial: number, value: number, outcome: 'completed' | 'failed' = 'completed'): void => {
    lab.at += 10;
    lab.report({ study: 'digits', trial, attempt: 1 }, 1, value);
    lab.result({ study: 'digits', trial, attempt: 1 }, outcome, 'boom');
  };
  end(1, 0.4);
  end(2, 0.9, 'failed');
  end(0, 0.3);
  lab.run({ type: 'RerunTrial', requestId: 'r', study: 'digits', trial: 1 });
  const seen = lab.study().trials.map((trial) => seenView(lab.study(), trial));
  expect(seen.slice(0, 5)).toEqual([
    { ended: 0, unfinished: 0, best: undefined },
    { ended: 0, unfinished: 1, best: undefined },
    { ended: 1, unfinished: 1, best: 0.4 },
    { ended: 2, unfinished: 1, best: 0.4 },
    { ended: 3, unfinished: 1, best: 0.4 },
  ]);
  expect(seen[5]).toEqual({ ended: 3, unfinished: 2, best: 0.4 });
});
