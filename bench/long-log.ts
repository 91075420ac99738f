import type { Event } from '../coordinator/core/events.js';

/*
 * The events of long logs.
 */

const REPORTS = 5;
/** Events of one trial. */
export const PER_TRIAL: number = REPORTS + 3;

/** A study that random search and nothing else is in. */
export function created(study: string): Event {
  const spec = {
    name: study,
    metric: { name: 'val_accuracy', goal: 'maximize', value: 'best' },
    budget: { trials: 10_000_000 },
    seed: 7,
    sampler: { type: 'random' },
    pruner: { type: 'none' },
    objective: { kind: 'null', config: { steps: REPORTS } },
    params: [
      { kind: 'float', name: 'lr', low: 1e-4, high: 1, log: true },
      { kind: 'int', name: 'depth', low: 1, high: 4, log: false, step: 1 },
      { kind: 'categorical', name: 'optimizer', choices: ['sgd', 'adam'] },
    ],
    relations: [],
    enqueue: [],
    limits: { attempts: 3 },
    requires: { labels: {} },
  } as const;
  return { type: 'StudyCreated', study, at: 0, requestId: '', spec, source: '' };
}

/** A trial of five reports of three metrics, from its proposal to its end. */
export function* trialOf(study: string, trial: number): Iterable<Event> {
  const at = 1_700_000_000_000 + trial;
  const params = { lr: 1e-4 + (trial % 1000) / 1001, depth: 1 + (trial % 4), optimizer: trial % 2 ? 'sgd' : 'adam' };
  const attempt = { study, trial, attempt: 1, at };
  yield { type: 'TrialProposed', study, trial, at, params, seed: trial, origin: 'random', basedOn: trial };
  yield { type: 'AttemptStarted', ...attempt, worker: 'f5d2c9a0-0000-4000-8000-000000000000', workerName: 'gpu-1' };
  for (let step = 1; step <= REPORTS; step += 1) {
    const metrics = { val_accuracy: (trial % 977) / 977, val_loss: step / 7, train_loss: 1 / (step + trial) };
    yield { type: 'TrialReported', ...attempt, step, metrics };
  }
  yield { type: 'AttemptEnded', ...attempt, end: 'completed', fate: 'complete', reason: '' };
}
