import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptName } from '../../../coordinator/core/attempt-name.js';
import type { State } from '../../../coordinator/core/state.js';
import { attemptNumber } from '../../../coordinator/core/trial.js';
import { LEASE_MS, Scenario } from './scenario.js';

const BUDGET = 8;
const STUDY = 'digits';

/** Anything that workers, people and the network can do, in any order. */
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('attach' as const), worker: fc.nat(2), keeps: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constantFrom('detach' as const, 'drain' as const), worker: fc.nat(2) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('report' as const),
      trial: fc.nat(BUDGET),
      attempt: fc.integer({ min: 1, max: 4 }),
      step: fc.integer({ min: 1, max: 5 }),
      value: fc.oneof(fc.double({ min: 0, max: 1 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY)),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('result' as const),
      trial: fc.nat(BUDGET),
      attempt: fc.integer({ min: 1, max: 4 }),
      outcome: fc.constantFrom('completed' as const, 'stopped' as const, 'failed' as const, 'handed_back' as const),
      error: fc.constantFrom('boom', 'bang'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: LEASE_MS }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('control' as const),
      action: fc.constantFrom('pause' as const, 'resume' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('rerun' as const), trial: fc.nat(BUDGET) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function play(scene: Scenario, step: Action): void {
  switch (step.type) {
    case 'attach': {
      const id = `w${step.worker}`;
      const held = [...(scene.core.fleet.workers.get(id)?.attempts.values() ?? [])];
      scene.attach(id, { slots: 2 }, step.keeps ? held : []);
      break;
    }
    case 'detach':
      scene.run({ type: 'DetachWorker', worker: `w${step.worker}` });
      break;
    case 'drain':
      scene.run({ type: 'DrainWorker', worker: `w${step.worker}` });
      break;
    case 'report':
      scene.report(nameOf(step), step.step, step.value);
      break;
    case 'result':
      scene.result(nameOf(step), step.outcome, step.error);
      break;
    case 'pass':
      scene.pass(step.ms);
      break;
    case 'control':
      scene.tryRun({ type: 'ControlStudy', study: STUDY, action: step.action });
      break;
    case 'rerun':
      scene.tryRun({ type: 'RerunTrial', requestId: '', study: STUDY, trial: step.trial });
      break;
  }
}

const nameOf = ({ trial, attempt }: { trial: number; attempt: number }): AttemptName => ({
  study: STUDY,
  trial,
  attempt,
});

/** Lets a healthy worker finish whatever is left. */
function heal(scene: Scenario): void {
  scene.tryRun({ type: 'ControlStudy', study: STUDY, action: 'resume' });
  for (let w = 0; w < 3; w += 1) scene.run({ type: 'DetachWorker', worker: `w${w}` });
  scene.pass(LEASE_MS);
  scene.attach('healthy', { slots: 50 });
  for (let round = 0; round < 100 && scene.study().running.size > 0; round += 1) {
    for (const number of [...scene.study().running]) {
      const trial = scene.study().trials[number]!;
      scene.result({ study: STUDY, trial: number, attempt: attemptNumber(trial) }, 'completed');
    }
  }
}

function checkInvariants(scene: Scenario): void {
  const study = scene.study();
  const own = study.trials.filter((trial) => trial.rerunOf === undefined);
  expect(own.length).toBeLessThanOrEqual(BUDGET);
  for (const status of ['waiting', 'running', 'complete', 'pruned', 'failed'] as const) {
    expect(study.counts[status]).toBe(own.filter((trial) => trial.status === status).length);
  }
  for (const worker of scene.core.fleet.workers.values()) {
    for (const held of worker.attempts.values()) {
      const trial = study.trials[held.trial]!;
      expect(trial.status).toBe('running');
      expect(attemptNumber(trial)).toBe(held.attempt);
    }
  }
}

/** The parts of a state that can be compared: functions and caches left out. */
function plain(state: State): unknown {
  return [...state.studies.values()].map(({ space: _1, sampler: _2, pruner: _3, history, ...rest }) => ({
    ...rest,
    history: [...history.trials()].map((trial) => ({ ...trial, reports: [...trial.reports] })),
  }));
}

describe('whatever workers, people and the network do', () => {
  const scenario = fc.array(action, { maxLength: 80 });
  const begin = (): Scenario => {
    const scene = new Scenario();
    scene.create({ budget: { trials: BUDGET }, pruner: { type: 'threshold', lower: 0.2 } });
    return scene;
  };

  it('counts, leases and the budget hold after every step', () => {
    fc.assert(
      fc.property(scenario, (steps) => {
        const scene = begin();
        for (const step of steps) {
          play(scene, step);
          checkInvariants(scene);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('a replay of the log equals the live state', () => {
    fc.assert(
      fc.property(scenario, (steps) => {
        const scene = begin();
        for (const step of steps) play(scene, step);
        expect(plain(scene.replayed())).toEqual(plain(scene.core.state));
      }),
      { numRuns: 150 },
    );
  });

  it('the study ends with exactly its budget once a healthy worker is there', () => {
    fc.assert(
      fc.property(scenario, (steps) => {
        const scene = begin();
        for (const step of steps) play(scene, step);
        heal(scene);
        const study = scene.study();
        expect(study.status).toBe('finished');
        if (study.why === 'failing') return;
        const { complete, pruned, failed } = study.counts;
        expect(complete + pruned + failed).toBe(BUDGET);
      }),
      { numRuns: 150 },
    );
  });
});
