import type { Client } from './client.js';
import type { CoordinatorHost, HostSurroundings } from './coordinator-host.js';
import { LOG_HOST } from './disk.js';
import { LEASE_HOST } from './lease-server.js';
import type { FaultKind } from './scenario.js';
import type { WorkerHost } from './worker-host.js';

export interface Population {
  readonly coordinators: readonly CoordinatorHost[];
  readonly workers: readonly WorkerHost[];
  readonly clients: readonly Client[];
}

/** How long after the last fault nobody looks after workers in quarantine, milliseconds. */
const UNAIDED_MS = 5_400_000;

/** Lets faults happen until their time is over, then mends everything. */
export function scheduleFaults(world: HostSurroundings, population: Population): void {
  const { scenario, timeline, chance, network, disk, lease, snapshots, trace } = world;
  const { faults } = scenario;
  network.faults = { latencyMs: faults.latencyMs, slow: faults.slow, breaks: faults.breaks };
  disk.faults = {
    latencyMs: faults.diskLatencyMs,
    stalls: faults.stalls,
    fails: faults.fails,
    lies: faults.lies,
    late: faults.late,
    unreadable: faults.unreadable,
  };
  snapshots.damages = faults.damages;
  lease.faults = { latencyMs: faults.latencyMs, lost: faults.leaseLost, late: faults.leaseLate };
  const next = (): void => {
    timeline.at(timeline.now + chance.between(0, 2 * faults.everyMs), () => {
      if (timeline.now >= scenario.faultsUntil) return;
      const kind = chance.pick(faults.kinds);
      trace(() => `fault: ${kind}`);
      happen(kind, world, population);
      next();
    });
  };
  if (faults.kinds.length > 0) next();
  timeline.at(scenario.faultsUntil, () => {
    trace(() => 'faults stop');
    network.faults = { latencyMs: 5, slow: 0, breaks: 0 };
    network.heal();
    disk.heal();
    lease.heal();
    snapshots.damages = 0;
    for (const host of [...population.coordinators, ...population.workers]) host.process.thaw();
    for (const client of population.clients) client.resumeAll();
  });
  // Quarantines come to their own end before anybody helps.
  timeline.at(scenario.faultsUntil + UNAIDED_MS, () => population.clients[0]!.pardonAll());
}

function happen(kind: FaultKind, world: HostSurroundings, population: Population): void {
  const { chance, network, lease } = world;
  const coordinator = chance.pick(population.coordinators);
  const worker = chance.pick(population.workers);
  const { leaseMs } = world.scenario;
  switch (kind) {
    case 'kill worker':
      worker.kill('killed');
      break;
    case 'drain worker':
      worker.drain();
      break;
    case 'freeze worker':
      worker.process.freeze(chance.between(100, 2 * leaseMs));
      break;
    case 'kill coordinator':
      coordinator.kill('killed');
      break;
    case 'stop coordinator':
      coordinator.stop();
      break;
    case 'freeze coordinator':
      coordinator.process.freeze(chance.between(100, 2 * leaseMs));
      break;
    case 'jump clock':
      coordinator.skewMs += chance.pick(world.scenario.faults.jumpsMs);
      break;
    case 'partition': {
      const ms = chance.between(500, 2 * leaseMs);
      network.cut(coordinator.name, worker.name, ms);
      network.cut(worker.name, coordinator.name, ms);
      break;
    }
    case 'one-way partition': {
      const [from, to] = chance.happens(0.5) ? [worker, coordinator] : [coordinator, worker];
      network.cut(from.name, to.name, chance.between(500, 2 * leaseMs));
      break;
    }
    case 'cut off from the log':
      network.cut(coordinator.name, LOG_HOST, chance.between(500, 20_000));
      break;
    case 'cut off from the lease':
      network.cut(coordinator.name, LEASE_HOST, chance.between(500, 20_000));
      break;
    case 'lease stolen':
      coordinator.usurp();
      break;
    case 'lease expires':
      lease.expire();
      break;
  }
}
