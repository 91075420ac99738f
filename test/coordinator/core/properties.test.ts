import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptName } from '../../../coordinator/core/attempt-name.js';
import type { ReportedEnd } from '../../../coordinator/core/events.js';
import type { Worker } from '../../../coordinator/core/fleet.js';
import type { State } from '../../../coordinator/core/state.js';
import { attemptNumber, isFinal } from '../../../coordinator/core/trial.js';
import { LEASE_MS, Scenario } from './scenario.js';

const BUDGET = 8;
const STUDY = 'digits';
/** Models that are kept. */
const KEPT = 1;

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
      outcome: fc.constantFrom<ReportedEnd>('completed', 'stopped', 'failed', 'handed_back', 'timed_out', 'refused'),
      error: fc.constantFrom('boom', 'bang'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('save' as const),
      trial: fc.nat(3),
      attempt: fc.constantFrom(1, 1, 1, 2, 3),
      step: fc.integer({ min: 1, max: 5 }),
      kind: fc.constantFrom('checkpoint' as const, 'weights' as const, 'output' as const),
      artifact: fc.constantFrom('a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)),
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
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('rerun' as const, 'stopTrial' as const, 'invalidate' as const),
      trial: fc.nat(BUDGET),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('adjust' as const),
      trials: fc.option(
        fc.oneof(fc.record({ total: fc.integer({ min: 1, max: 16 }) }), fc.record({ more: fc.nat(2) })),
      ),
      parallel: fc.option(fc.nat(3)),
      priority: fc.option(fc.integer({ min: -2, max: 2 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('enqueue' as const), x: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constantFrom('dismiss' as const, 'pardon' as const), worker: fc.nat(2) }),
  },
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
    case 'save': {
      const files = [{ name: 'file', artifact: step.artifact, bytes: 1 }];
      scene.progress({ saved: [{ ...nameOf(step), kind: step.kind, step: step.step, files }] });
      break;
    }
    case 'pass':
      scene.pass(step.ms);
      break;
    case 'control':
      scene.tryRun({ type: 'ControlStudy', study: STUDY, action: step.action });
      break;
    case 'rerun':
      scene.tryRun({ type: 'RerunTrial', requestId: '', study: STUDY, trial: step.trial });
      break;
    case 'stopTrial':
      scene.tryRun({ type: 'StopTrial', study: STUDY, trial: step.trial });
      break;
    case 'invalidate':
      scene.tryRun({ type: 'InvalidateTrial', study: STUDY, trial: step.trial, reason: 'wrong' });
      break;
    case 'adjust':
      scene.tryRun({
        type: 'AdjustStudy',
        requestId: '',
        study: STUDY,
        ...(step.trials === null ? {} : { trials: step.trials }),
        ...(step.parallel === null ? {} : { parallel: step.parallel }),
        ...(step.priority === null ? {} : { priority: step.priority }),
      });
      break;
    case 'enqueue':
      scene.tryRun({ type: 'EnqueueTrial', requestId: '', study: STUDY, params: { x: step.x } });
      break;
    case 'dismiss':
      scene.tryRun({ type: 'DismissWorker', worker: `w${step.worker}`, leaving: 'finish' });
      break;
    case 'pardon':
      scene.tryRun({ type: 'PardonWorker', worker: `w${step.worker}` });
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
  const study = scene.study();
  for (let round = 0; round < 200 && (study.running.size > 0 || study.delayed.size > 0); round += 1) {
    for (const number of [...study.running]) {
      const trial = study.trials[number]!;
      scene.result({ study: STUDY, trial: number, attempt: attemptNumber(trial) }, 'completed');
    }
    scene.hear('healthy', []);
    scene.pass(1000);
  }
}

function checkInvariants(scene: Scenario): void {
  const study = scene.study();
  const own = study.trials.filter((trial) => trial.rerunOf === undefined);
  expect(own.length).toBeLessThanOrEqual(study.spec.budget.trials!);
  for (const status of ['waiting', 'running', 'paused', 'complete', 'pruned', 'failed'] as const) {
    expect(study.counts[status]).toBe(own.filter((trial) => trial.status === status).length);
  }
  expect(study.invalidated).toBe(own.filter((trial) => trial.invalidated !== undefined).length);
  const idle = [...study.waiting, ...study.delayed.numbers()].sort((a, b) => a - b);
  expect(idle).toEqual(study.trials.filter(({ status }) => status === 'waiting').map(({ number }) => number));
  const remembered = own.filter((trial) => trial.invalidated === undefined).map(({ number }) => number);
  expect([...study.history.trials()].map(({ number }) => number)).toEqual(remembered);
  checkArtifacts(scene);
  for (const worker of scene.core.fleet.workers.values()) checkWorker(scene, worker);
}

/** What trials refer to is what the state says is referred to, and no more is held than is to be kept. */
function checkArtifacts(scene: Scenario): void {
  const { trials, holding } = scene.study();
  const has = trials.map(({ checkpoint, weights, output }) => [checkpoint, weights, output].filter((saved) => saved));
  const referred = new Set(has.flat().flatMap((saved) => saved!.files.map(({ artifact }) => artifact)));
  for (const artifact of ['a', 'b', 'c'].map((letter) => letter.repeat(64))) {
    expect(scene.core.state.artifacts.has(artifact)).toBe(referred.has(artifact));
  }
  expect([...holding].sort((a, b) => a - b)).toEqual(
    has.flatMap((saved, number) => (saved.length > 0 ? [number] : [])),
  );
  const ended = trials.filter(isFinal);
  expect(ended.filter(({ checkpoint }) => checkpoint !== undefined)).toEqual([]);
  expect(ended.filter(({ weights }) => weights !== undefined).length).toBeLessThanOrEqual(KEPT);
}

function checkWorker(scene: Scenario, worker: Worker): void {
  let slots = worker.profile?.slots ?? 0;
  for (const held of worker.attempts.values()) {
    const trial = scene.study().trials[held.trial]!;
    expect(trial.status).toBe('running');
    expect(attemptNumber(trial)).toBe(held.attempt);
    slots -= 1;
  }
  expect(worker.capacity.slots).toBe(slots);
  const { connected, draining, silent, conduct } = worker;
  const mayWork = connected && !draining && !silent && conduct.quarantine === undefined;
  expect(scene.core.fleet.free.has(worker)).toBe(mayWork && slots > 0);
}

/** The parts of a state that can be compared: functions and caches left out. */
function plain(state: State): unknown {
  return [...state.studies.values()].map(({ space: _1, sampler: _2, pruner: _3, promoter: _4, history, ...rest }) => ({
    ...rest,
    history: [...history.trials()].map((trial) => ({ ...trial, reports: [...trial.reports] })),
  }));
}

describe('whatever workers, people and the network do', () => {
  const scenario = fc.array(action, { maxLength: 80, size: 'max' });
  const begin = (promotion: boolean): Scenario => {
    const scene = new Scenario();
    const pruner = promotion
      ? ({ type: 'asha', minStep: 1, factor: 2, promotion: true } as const)
      : ({ type: 'threshold', lower: 0.2 } as const);
    scene.create({
      budget: { trials: BUDGET },
      pruner,
      objective: { kind: 'train', config: { dataset: 'digits', epochs: 10 } },
      keep: { artifacts: { rule: 'top', count: KEPT }, output: { rule: 'last', count: 3 } },
    });
    return scene;
  };

  it('counts, leases and the budget hold after every step', () => {
    fc.assert(
      fc.property(scenario, fc.boolean(), (steps, promotion) => {
        const scene = begin(promotion);
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
      fc.property(scenario, fc.boolean(), (steps, promotion) => {
        const scene = begin(promotion);
        for (const step of steps) play(scene, step);
        expect(plain(scene.replayed())).toEqual(plain(scene.core.state));
      }),
      { numRuns: 150 },
    );
  });

  it('the study ends with exactly its budget once a healthy worker is there', () => {
    fc.assert(
      fc.property(scenario, fc.boolean(), (steps, promotion) => {
        const scene = begin(promotion);
        for (const step of steps) play(scene, step);
        heal(scene);
        const study = scene.study();
        expect(study.status).toBe('finished');
        if (study.why === 'failing') return;
        const { complete, pruned, failed } = study.counts;
        expect(complete + pruned + failed).toBe(study.spec.budget.trials);
      }),
      { numRuns: 150 },
    );
  });
});
