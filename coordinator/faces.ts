import type { Entrance } from './access/entrance.js';
import type { ArtifactStore } from './artifacts/port.js';
import type { CoordinatorConfig } from './config.js';
import { startDashboard } from './dashboard/server.js';
import type { EventLog } from './event-log/port.js';
import type { Faces, Led } from './lead.js';
import { LARGEST_ARTIFACT } from './limits.js';
import type { Monitoring } from './monitoring/monitoring.js';
import { noticeTargets, startNotifier } from './notices/notifier.js';
import type { Door } from './rpc/door.js';
import { LiveOutputs } from './rpc/live-outputs.js';
import { createServices } from './rpc/server.js';

/** How often workers are to be heard, and how long their attempts live without it, where nobody says so, milliseconds. */
const HEARTBEAT_MS = 10_000;
const LEASE_MS = 60_000;

/** What lets a leader be seen. */
export interface FacesOptions {
  readonly config: CoordinatorConfig;
  readonly log: EventLog;
  readonly artifacts: ArtifactStore;
  readonly entrance: Entrance;
  readonly door: Door;
  readonly monitoring: Monitoring;
  /** Called once calls are answered, with the dashboard's address if there is one. */
  readonly onLeading: (dashboard: string | undefined) => void;
  /** Closes or turns the door. */
  readonly leave: () => void;
}

/** The lease of workers that a configuration means. */
export function leaseOf({ leaseMs = LEASE_MS }: CoordinatorConfig): number {
  return leaseMs;
}

/** And their heartbeat. */
export function heartbeatOf({ heartbeatMs = HEARTBEAT_MS }: CoordinatorConfig): number {
  return heartbeatMs;
}

/** Shows a leader to workers and people: gRPC, pages, figures and notices. */
export async function openFaces({ coordinator, keeper }: Led, options: FacesOptions): Promise<Faces> {
  const { config, log, artifacts, entrance, door, monitoring } = options;
  const { logger, notices, maxArtifactBytes = LARGEST_ARTIFACT } = config;
  const notifier = notices && (await startNotifier(coordinator, noticeTargets(notices), { ...notices, logger }));
  const outputs = new LiveOutputs();
  const pages = {
    coordinator,
    artifacts,
    outputs,
    turnstile: door.turnstile,
    entrance,
    logger,
    probes: monitoring.probes,
  };
  const dashboard = config.http === false ? undefined : await startDashboard(config.http, pages);
  let leaveMonitoring = (): void => {};
  try {
    const services = {
      coordinator,
      heartbeatMs: heartbeatOf(config),
      leaseMs: leaseOf(config),
      artifacts,
      keeper,
      maxArtifactBytes,
      outputs,
      tokens: entrance.gate.tokens,
      logger,
      tracer: monitoring.tracer,
    };
    door.lead(createServices(services));
    leaveMonitoring = monitoring.lead(coordinator, log);
  } catch (error) {
    dashboard?.close();
    throw error;
  }
  options.onLeading(dashboard?.address);
  return {
    leave: () => {
      dashboard?.close();
      leaveMonitoring();
      options.leave();
    },
    close: async () => notifier?.close(),
  };
}
