import { setTimeout as pause } from 'node:timers/promises';
import type { Entrance } from './access/entrance.js';
import { createArtifactKeeper } from './artifacts/keeper.js';
import type { ArtifactStore } from './artifacts/port.js';
import type { CoordinatorConfig } from './config.js';
import { Coordinator, type Follower } from './coordinator.js';
import { startDashboard } from './dashboard/server.js';
import type { EventLog } from './event-log/port.js';
import { createEventLogger } from './event-logger.js';
import { LARGEST_ARTIFACT } from './limits.js';
import type { Monitoring } from './monitoring/monitoring.js';
import { noticeTargets, startNotifier } from './notices/notifier.js';
import type { Replayed } from './replay.js';
import type { Door } from './rpc/door.js';
import { LiveOutputs } from './rpc/live-outputs.js';
import { createServices } from './rpc/server.js';
import type { Snapshots } from './snapshots/snapshots.js';

/** An artifact that nothing refers to may be of an upload whose event is on its way: so long, milliseconds. */
const ORPHAN_GRACE_MS = 3_600_000;
/** Between two searches for such artifacts. */
const SWEEP_MS = 600_000;
/** Between two looks for finished studies that nobody uses. */
const PARK_MS = 30_000;

/** One term of leading: from the replay of the log to the end of everything that hangs on it. */
export interface Term {
  readonly config: CoordinatorConfig;
  readonly log: EventLog;
  /** State to go on from, where there is one. */
  readonly from?: Replayed | undefined;
  /** Of this log. */
  readonly snapshots: Snapshots;
  readonly artifacts: ArtifactStore;
  readonly entrance: Entrance;
  readonly door: Door;
  readonly monitoring: Monitoring;
  /** Followers beside the logger. */
  readonly followers?: readonly Follower[];
  /** Called once calls are answered, with the dashboard's address if there is one. */
  readonly onLeading: (dashboard: string | undefined) => void;
  /** Settles when the term is to end. */
  readonly until: Promise<unknown>;
  /** Called when the term ends, before what is still being written is waited for: closes or turns the door. */
  readonly leave: () => void;
  /** How long that is waited for, milliseconds; as long as it takes when absent. */
  readonly settleMs?: number | undefined;
}

/**
 * Leads with a log until the term is to end.
 *
 * @throws what the log or the core failed with, a `LogConflictError` when another coordinator has written to the log
 */
export async function lead(term: Term): Promise<void> {
  const { config, log, from, snapshots, artifacts, entrance, door, followers = [], monitoring } = term;
  const { logger, heartbeatMs = 10_000, leaseMs = 60_000, maxArtifactBytes = LARGEST_ARTIFACT } = config;
  let onFailure: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    onFailure = reject;
  });
  failure.catch(() => {});
  const coordinator = await Coordinator.open({ log, from, bodies: snapshots, leaseMs, onFailure });
  await snapshots.lead(coordinator);
  for (const follower of [createEventLogger(logger), ...followers]) coordinator.follow(follower);
  const { notices } = config;
  const notifier = notices && (await startNotifier(coordinator, noticeTargets(notices), { ...notices, logger }));
  const keeper = createArtifactKeeper({ artifacts, coordinator, logger, graceMs: ORPHAN_GRACE_MS });
  const sweep = (): void => {
    keeper.sweep().catch((error: unknown) => logger.warn({ err: error }, 'artifacts could not be swept'));
  };
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
  const ticker = setInterval(() => coordinator.post({ type: 'CheckDeadlines' }, () => {}), Math.min(1000, leaseMs / 4));
  const sweeper = setInterval(sweep, SWEEP_MS);
  const parker = setInterval(() => void snapshots.sweep(), PARK_MS);
  sweep();
  let leave = (): void => {};
  const { tracer } = monitoring;
  try {
    const { tokens } = entrance.gate;
    const services = {
      coordinator,
      heartbeatMs,
      leaseMs,
      artifacts,
      keeper,
      maxArtifactBytes,
      outputs,
      tokens,
      logger,
      tracer,
    };
    door.lead(createServices(services));
    leave = monitoring.lead(coordinator, log);
    term.onLeading(dashboard?.address);
    await Promise.race([term.until, failure]);
  } finally {
    clearInterval(ticker);
    clearInterval(sweeper);
    clearInterval(parker);
    dashboard?.close();
    leave();
    term.leave();
    const patience = term.settleMs === undefined ? [] : [pause(term.settleMs, undefined, { ref: false })];
    const settled = Promise.all([snapshots.close(), coordinator.settled().then(() => keeper.settled())]);
    await Promise.race([settled, ...patience]);
    await notifier?.close();
  }
}
