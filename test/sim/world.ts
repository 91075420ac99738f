import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import { type MemoryArtifacts, openMemoryArtifacts } from '../../coordinator/artifacts/memory.js';
import { Chance } from './chance.js';
import { artifactsAreThere } from './checkers/artifacts.js';
import { exactBudget } from './checkers/budget.js';
import { everyStudyEnds, unfinished } from './checkers/liveness.js';
import {
  nothingAbandonedThatCounts,
  nothingAcknowledgedEarly,
  nothingDispatchedEarly,
  nothingShownEarly,
} from './checkers/nothing-early.js';
import { suggestionsRecompute } from './checkers/recompute.js';
import { plain, replayEqualsLive } from './checkers/replay.js';
import { oneRequestOneStudy } from './checkers/requests.js';
import { trialLife } from './checkers/trial-life.js';
import { trueResults } from './checkers/true-results.js';
import { noZombies, onlyWhatCountsGoesOn } from './checkers/zombies.js';
import { Client } from './client.js';
import { CoordinatorHost, EPOCH_MS, type HostSurroundings } from './coordinator-host.js';
import { Disk } from './disk.js';
import { scheduleFaults } from './faults.js';
import { LeaseServer } from './lease-server.js';
import { createMutant } from './mutants.js';
import { Network } from './network.js';
import { drawScenario, type Scenario } from './scenario.js';
import { SnapshotShelf } from './snapshot-shelf.js';
import { Timeline } from './timeline.js';
import { type Violation, Witness } from './witness.js';
import { WorkerHost } from './worker-host.js';

export interface SimOptions {
  readonly mutant?: string | undefined;
  /** Takes one line for everything that happens. */
  readonly trace?: ((line: string) => void) | undefined;
}

export interface SimResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly events: number;
  readonly steps: number;
  readonly virtualMs: number;
  /** The same for every run of a seed. */
  readonly fingerprint: string;
}

/** How long everything may take to end after the last fault, milliseconds: a quarantine lasts half an hour, and a clock may lose one. */
const RECOVERY_MS = 14_400_000;

/** No world needs so many. */
const MOST_STEPS = 500_000;

const logger = pino({ level: 'silent' });

/** Runs one world from its beginning to its end: a function of the seed. */
export async function simulate(seed: number, options: SimOptions = {}): Promise<SimResult> {
  const scenario = drawScenario(seed);
  const chance = new Chance(seed ^ 0x5eed);
  const timeline = new Timeline();
  const { trace: write } = options;
  const trace = (line: () => string): void => write?.(`${timeline.now.toFixed(1).padStart(10)}  ${line()}`);
  const network = new Network(timeline, chance.fork());
  const disk = new Disk(timeline, chance.fork(), network);
  // Zombies are looked for when the faults are over and every lease has had its time.
  const calmAfter = scenario.faultsUntil + 2 * scenario.leaseMs + 60_000;
  const artifacts: MemoryArtifacts = new Map();
  const witness = new Witness(
    [
      trialLife,
      exactBudget,
      trueResults,
      nothingDispatchedEarly,
      nothingAcknowledgedEarly,
      nothingAbandonedThatCounts,
      nothingShownEarly,
      oneRequestOneStudy,
      replayEqualsLive,
      suggestionsRecompute,
      everyStudyEnds,
      (facts) => artifactsAreThere(facts, (artifact) => artifacts.has(artifact)),
      (facts) => onlyWhatCountsGoesOn(facts, isAlone(scenario)),
      (facts) => noZombies(facts, () => timeline.now > calmAfter),
    ],
    timeline,
    trace,
  );
  disk.onDurable = (events, writer) => witness.durable(events, writer);
  trace(() => JSON.stringify(scenario));
  const world: HostSurroundings = {
    scenario,
    timeline,
    chance: chance.fork(),
    network,
    disk,
    artifacts: openMemoryArtifacts(artifacts, () => EPOCH_MS + timeline.now),
    snapshots: new SnapshotShelf(chance.fork()),
    lease: new LeaseServer(timeline, chance.fork(), network),
    witness,
    mutant: createMutant(options.mutant),
    logger,
    trace,
  };
  const coordinators = Array.from({ length: scenario.coordinators }, (_, i) => new CoordinatorHost(`c${i}`, world));
  const workers = scenario.workers.map((_, i) => new WorkerHost(i, seed, world));
  const clients = Array.from({ length: scenario.clients }, (_, i) => {
    const plans = scenario.studies.filter((_study, j) => j % scenario.clients === i);
    return new Client(i, plans, world);
  });
  scheduleFaults(world, { coordinators, workers, clients });

  const deadline = scenario.faultsUntil + RECOVERY_MS;
  let lookAt = scenario.faultsUntil;
  await timeline.run(() => {
    if (witness.violation !== undefined || timeline.now > deadline) return true;
    if (timeline.steps > MOST_STEPS) {
      witness.broken('no storms', `${MOST_STEPS} steps, and no end: something is repeated without a pause`);
      return true;
    }
    if (timeline.now < lookAt || timeline.now < scenario.faultsUntil) return false;
    lookAt = timeline.now + 1_000;
    return unfinished(witness.facts) === undefined;
  });
  if (witness.violation === undefined) {
    witness.ended();
    await compareLive(coordinators, witness, timeline);
  }
  return {
    seed,
    violation: witness.violation,
    events: witness.facts.events.length,
    steps: timeline.steps,
    virtualMs: timeline.now,
    fingerprint: `${witness.facts.events.length}-${timeline.steps}-${(witness.digest >>> 0).toString(16)}`,
  };
}

/** Whether nobody writes to the log but the one coordinator that runs: what a dead one appended may come late as well. */
function isAlone({ coordinators, faults }: Scenario): boolean {
  return coordinators === 1 && faults.late === 0 && faults.stalls === 0;
}

/** At the end, what whoever leads knows is what the log says. */
async function compareLive(hosts: readonly CoordinatorHost[], witness: Witness, timeline: Timeline): Promise<void> {
  for (const host of hosts) {
    let done = false;
    const look = host.look(({ state }) => {
      done = true;
      if (state.events !== witness.state.events) return;
      if (!isDeepStrictEqual(plain(state), plain(witness.state))) {
        witness.broken('replay equals live (P13)', `${host.name} differs from the log's replay at the end`);
      }
    });
    if (look === undefined) continue;
    const until = timeline.now + 1_000;
    await timeline.run(() => done || timeline.now > until);
  }
}
