import {
  Attempt,
  Leaderboard,
  Param,
  Report,
  Study,
  StudyState,
  Trial,
  TrialCounts,
  TrialState,
  Worker,
} from '../../proto/index.js';

/** 2026-11-24 03:00:00 UTC. */
export const START_MS: number = Date.UTC(2026, 10, 24, 3);

export function param(name: string, value: number | string | boolean): Param {
  if (typeof value === 'number') return Param.create({ name, value: { kind: { $case: 'number', value } } });
  if (typeof value === 'string') return Param.create({ name, value: { kind: { $case: 'text', value } } });
  return Param.create({ name, value: { kind: { $case: 'flag', value } } });
}

/** Reports from step 1 of the metric val_accuracy. */
export function reports(...values: readonly number[]): Report[] {
  return values.map((value, index) => Report.create({ step: index + 1, metrics: { val_accuracy: value } }));
}

type Base<T> = Partial<T>;

export function trial(number: number, base: Base<Trial> = {}): Trial {
  return {
    ...Trial.create({
      number,
      state: TrialState.TRIAL_STATE_COMPLETE,
      params: [param('lr', 0.01234567 * (number + 1)), param('depth', 1 + (number % 4)), param('optimizer', 'sgd')],
      value: 0.9 - number / 100,
      valueStep: 9,
      lastStep: 10,
      plannedSteps: 10,
      origin: 'tpe',
      proposedAtMs: START_MS + number * 1000,
      endedAtMs: START_MS + number * 1000 + 8_200,
      attempts: [
        Attempt.create({
          number: 1,
          worker: `worker-${number % 2}`,
          startedAtMs: START_MS + number * 1000,
          endedAtMs: START_MS + number * 1000 + 8_200,
          end: 'completed',
        }),
      ],
      reports: reports(0.5, 0.7, 0.8, 0.9 - number / 100),
      basedOn: 40 + number,
      seed: 1000 + number,
    }),
    ...base,
  };
}

export function running(number: number, ...values: readonly number[]): Trial {
  return trial(number, {
    state: TrialState.TRIAL_STATE_RUNNING,
    value: undefined,
    valueStep: 0,
    lastStep: values.length,
    endedAtMs: 0,
    attempts: [Attempt.create({ number: 1, worker: `worker-${number % 2}`, startedAtMs: START_MS + number * 1000 })],
    reports: reports(...values),
  });
}

export function study(base: Base<Study> = {}): Study {
  return {
    ...Study.create({
      id: 'digits',
      state: StudyState.STUDY_STATE_RUNNING,
      createdAtMs: START_MS,
      metric: 'val_accuracy',
      maximize: true,
      budgetTrials: 24,
      counts: TrialCounts.create({ complete: 9, pruned: 4, failed: 1, running: 2 }),
      best: trial(0),
      stepsRun: 120,
      stepsSaved: 40,
      sampler: 'tpe',
      pruner: 'median',
      seed: 7,
      spec: 'name: digits\n',
      params: ['lr', 'depth', 'optimizer', 'momentum'],
      objective: 'train',
    }),
    ...base,
  };
}

export function worker(name: string, base: Base<Worker> = {}): Worker {
  return {
    ...Worker.create({
      id: `${name}-id`,
      name,
      slots: 1,
      running: [{ study: 'digits', trial: 14, attempt: 1 }],
      backend: 'wasm',
      connected: true,
      attachedAtMs: START_MS,
      attemptsDone: 6,
    }),
    ...base,
  };
}

export function board(base: Base<Leaderboard> = {}): Leaderboard {
  return {
    ...Leaderboard.create({
      study: study(),
      rows: [0, 1, 2, 3, 4].map((number) => ({ rank: number + 1, trial: trial(number) })),
      running: [running(14, 0.5, 0.7, 0.8), running(15, 0.4)],
      workers: [worker('worker-0'), worker('worker-1')],
      position: 321,
      nowMs: START_MS + 83_000,
    }),
    ...base,
  };
}
