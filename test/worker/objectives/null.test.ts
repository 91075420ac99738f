import { describe, expect, it } from 'vitest';
import { loadObjective, ObjectiveError } from '../../../worker/objectives/objective.js';
import { recordTrial } from './recorded-trial.js';

describe('the null objective', () => {
  it('reports its value under its metric at every step, then ends', async () => {
    const trial = recordTrial({ steps: 3, value: 0.5, metric: 'score' });
    await (await loadObjective('null', 'auto'))(trial.context);
    expect(trial.started).toEqual(['']);
    expect(trial.reports).toEqual([1, 2, 3].map((step) => ({ step, metrics: { score: 0.5 } })));
  });

  it('stops between two steps when it is aborted, without an error', async () => {
    const trial = recordTrial({ steps: 1_000_000 });
    trial.onReport = (step) => {
      if (step === 2) trial.abort();
    };
    await (await loadObjective('null', 'auto'))(trial.context);
    expect(trial.reports).toHaveLength(2);
  });

  it('cuts a long delay short when it is aborted', async () => {
    const trial = recordTrial({ steps: 2, delay_ms: 86_400_000 });
    const run = (await loadObjective('null', 'auto'))(trial.context);
    trial.abort();
    await run;
    expect(trial.reports).toEqual([]);
  });

  it('names every fault of its configuration in one line', async () => {
    const trial = recordTrial({ steps: -1, delay_ms: 'soon' });
    const error = await (await loadObjective('null', 'auto'))(trial.context).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ObjectiveError);
    expect((error as Error).message).toMatch(/^null\.steps: .*; null\.delay_ms: .*$/);
    expect(trial.started).toEqual([]);
  });
});

describe('loadObjective', () => {
  it('says which objectives there are when it knows no such one', async () => {
    await expect(loadObjective('drain', 'auto')).rejects.toThrow(
      'objective "drain" is unknown to this worker; it has train, module, command and null',
    );
  });
});
