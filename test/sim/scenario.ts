import type { SearchSpec } from '../../coordinator/core/spec.js';
import { Chance } from './chance.js';

/** What the simulated objective does, as it stands in a study's objective. */
export interface ObjectiveConfig {
  readonly steps: number;
  readonly stepMs: number;
  /** Probability that an attempt fails. */
  readonly fails: number;
  /** Whether failures say always the same. */
  readonly sameWords: boolean;
  /** Probability that an attempt hangs until its time limit. */
  readonly hangs: number;
  /** Probability that an attempt comes to its end although it was told to stop. */
  readonly deaf: number;
  /** Probability that a step is followed by a checkpoint, and the end by what was printed. */
  readonly saves: number;
  /** The machine that cannot run it, for example because it has other data. */
  readonly refusedBy: string;
}

export interface StudyPlan {
  readonly submittedAt: number;
  readonly requestId: string;
  readonly spec: SearchSpec & { readonly seed: number };
}

/** Which faults a world knows, and how often. A share of the worlds lacks each of them, so that others get room. */
export interface FaultPlan {
  /** Mean time between two faults of the schedule, milliseconds. */
  readonly everyMs: number;
  /** By what a coordinator's clock jumps, milliseconds. */
  readonly jumpsMs: readonly number[];
  readonly kinds: readonly FaultKind[];
  readonly latencyMs: number;
  readonly slow: number;
  readonly breaks: number;
  readonly diskLatencyMs: number;
  readonly stalls: number;
  readonly fails: number;
  readonly lies: number;
  readonly late: number;
  readonly unreadable: number;
  /** Probabilities that a word of the lease is lost, or comes late. */
  readonly leaseLost: number;
  readonly leaseLate: number;
  /** Probability that a snapshot is damaged when it is read, or cannot be written. */
  readonly damages: number;
}

export const FAULT_KINDS = [
  'kill worker',
  'drain worker',
  'freeze worker',
  'kill coordinator',
  'freeze coordinator',
  'stop coordinator',
  'jump clock',
  'partition',
  'one-way partition',
  'cut off from the log',
  'cut off from the lease',
  'lease stolen',
  'lease expires',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Everything about a world that is settled before it begins: a function of its seed. */
export interface Scenario {
  readonly coordinators: number;
  readonly workers: readonly { readonly slots: number; readonly labels: Readonly<Record<string, string>> }[];
  readonly clients: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly studies: readonly StudyPlan[];
  /** When snapshots are taken: far more often than in real life. */
  readonly snapshots: { readonly leastEvents: number; readonly mostUnsaved: number; readonly mostKept: number };
  readonly faults: FaultPlan;
  /** When the faults stop. */
  readonly faultsUntil: number;
  /** Whether messages go through the wire format. */
  readonly encodes: boolean;
}

export function drawScenario(seed: number): Scenario {
  const chance = new Chance(seed);
  const leaseMs = chance.pick([3_000, 10_000, 60_000]);
  const faultsUntil = chance.pick([40_000, 100_000, 200_000]);
  const workers = Array.from({ length: chance.int(1, 5) }, (_, i) => ({
    slots: chance.int(1, 3),
    labels: (i === 0 ? { zone: 'a' } : {}) as Record<string, string>,
  }));
  const studies = Array.from({ length: chance.pick([1, 1, 2, 3]) }, (_, i) => drawStudy(chance, i, faultsUntil));
  return {
    coordinators: chance.pick([1, 1, 2, 3]),
    workers,
    clients: chance.int(1, 2),
    leaseMs,
    heartbeatMs: leaseMs / chance.pick([4, 5]),
    studies,
    faults: drawFaults(chance, leaseMs, studies),
    faultsUntil,
    encodes: chance.happens(0.1),
    snapshots: {
      leastEvents: chance.pick([1, 10, 50, 1_000_000]),
      mostUnsaved: chance.pick([1, 10, 1_000_000]),
      mostKept: chance.pick([0, 10]),
    },
  };
}

function drawStudy(chance: Chance, index: number, until: number): StudyPlan {
  const sampler = chance.pick<SearchSpec['sampler']>([
    { type: 'random' },
    { type: 'random' },
    { type: 'qmc' },
    { type: 'grid', points: 3 },
    { type: 'tpe', startupTrials: 4, candidates: 4 },
  ]);
  const pruner = chance.pick<SearchSpec['pruner']>([
    { type: 'none' },
    { type: 'threshold', lower: 0.3 },
    { type: 'median', startupTrials: 2 },
    { type: 'asha', minStep: 1, factor: 2 },
    { type: 'asha', minStep: 1, factor: 2, promotion: true },
    { type: 'hyperband', minStep: 1, factor: 2, brackets: 2 },
  ]);
  const byTime = chance.happens(0.25);
  const byTrials = !byTime || chance.happens(0.5);
  const hangs = chance.happens(0.2) ? 0.2 : 0;
  const broken = chance.happens(0.05);
  const objective: ObjectiveConfig = {
    steps: chance.int(1, 5),
    // A study that only its time ends would have thousands of trials of a moment each.
    stepMs: chance.pick(byTrials ? [50, 1_000, 4_000] : [1_000, 4_000]),
    fails: broken ? 1 : chance.pick([0, 0, 0.1, 0.4]),
    sameWords: broken || chance.happens(0.3),
    hangs,
    deaf: chance.pick([0, 0.3]),
    saves: chance.pick([0, 0, 0.3, 1]),
    refusedBy: chance.pick(['', '', 'w1', 'w2']),
  };
  const name = `study-${index}`;
  return {
    submittedAt: index === 0 ? chance.between(0, 2_000) : chance.between(0, until * 0.7),
    requestId: `request-${index}`,
    spec: {
      name: chance.happens(0.2) ? 'study-0' : name,
      metric: { name: 'value', goal: chance.pick(['maximize', 'minimize']), value: chance.pick(['best', 'last']) },
      budget: {
        ...(byTrials ? { trials: chance.int(1, 12) } : {}),
        ...(byTime ? { timeMs: chance.int(5_000, 40_000) } : {}),
      },
      ...(chance.happens(0.3) ? { parallel: chance.int(1, 3) } : {}),
      ...(chance.happens(0.15) ? { repeats: 2 } : {}),
      ...(chance.happens(0.2) ? { priority: chance.int(-1, 1) } : {}),
      seed: chance.below(2 ** 31),
      sampler,
      pruner,
      objective: { kind: 'null', config: { ...objective } },
      params: [
        { kind: 'float', name: 'x', low: 0, high: 1, log: false },
        { kind: 'categorical', name: 'kind', choices: ['a', 'b'] },
      ],
      relations: [],
      enqueue: chance.happens(0.3) ? [{ x: 0.5, kind: 'a' }, { x: 0.25 }] : [],
      limits: {
        attempts: chance.int(1, 4),
        ...(hangs > 0 || chance.happens(0.1) ? { trialTimeMs: 30_000 } : {}),
      },
      requires: { labels: chance.happens(0.1) ? { zone: 'a' } : {} },
      ...(chance.happens(0.5)
        ? { keep: { artifacts: { rule: 'none' as const }, output: { rule: 'last' as const, count: 2 } } }
        : {}),
    },
  };
}

function drawFaults(chance: Chance, leaseMs: number, studies: readonly StudyPlan[]): FaultPlan {
  // Where only time ends a study, an hour that a clock loses is an hour more of work.
  const endsByTime = studies.some(({ spec }) => spec.budget.trials === undefined);
  const sometimes = (value: number): number => (chance.happens(0.4) ? value : 0);
  return {
    everyMs: chance.pick([2_000, 8_000, 20_000]),
    jumpsMs: [-leaseMs, -500, 500, leaseMs, ...(endsByTime ? [] : [-3_600_000, 3_600_000])],
    kinds: FAULT_KINDS.filter(() => chance.happens(0.5)),
    latencyMs: chance.pick([2, 20, 400]),
    slow: sometimes(0.02),
    breaks: sometimes(0.01),
    diskLatencyMs: chance.pick([1, 10, 200]),
    stalls: sometimes(0.005),
    fails: sometimes(0.003),
    lies: sometimes(0.01),
    late: sometimes(0.005),
    unreadable: sometimes(0.1),
    damages: sometimes(0.2),
    leaseLost: sometimes(0.1),
    leaseLate: sometimes(0.05),
  };
}
