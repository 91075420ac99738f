import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { tokenIn } from '../../proto/bearer.js';
import { PACKAGE_VERSION } from '../../proto/package-version.js';
import { createProbeServer } from '../../telemetry/probe-server.js';
import type { Probes, Standing } from '../../telemetry/probes.js';
import { createRegistry } from '../../telemetry/process-metrics.js';
import { TraceSettingsError } from '../../telemetry/trace-settings.js';
import { startTracing } from '../../telemetry/tracing.js';
import { Certificates } from '../access/certificates.js';
import { openToThisMachine } from '../access/entrance.js';
import type { Gate } from '../access/gate.js';
import type { CoordinatorConfig } from '../config.js';
import type { Coordinator } from '../coordinator.js';
import { listenHttp } from '../dashboard/listen.js';
import { ConfigError } from '../errors.js';
import type { EventLog } from '../event-log/port.js';
import type { Replayed } from '../replay.js';
import type { Leadership } from '../rpc/door.js';
import { type Census, takeCensus } from './census.js';
import { createMetrics, type Looked } from './metrics.js';
import { TrialTracer } from './trial-tracer.js';

/** What a coordinator shows of itself to those who watch over it, through all of its terms. */
export interface Monitoring {
  readonly probes: Probes;
  /** Who may ask at the address of `metrics`, from now on. */
  guard(gate: Gate): void;
  /** Names the attempts that are sent to workers, where traces are written. */
  readonly tracer: TrialTracer | undefined;
  /** @returns to be called once the replica has read the log to its head */
  standBy(replica: Replayed, log: EventLog, leadership: Pick<Leadership, 'leader'>): () => void;
  /** @returns ends the term */
  lead(coordinator: Coordinator, log: EventLog): () => void;
  close(): Promise<void>;
}

type MonitoringConfig = Pick<CoordinatorConfig, 'metrics' | 'logger' | 'tls' | 'requireTokens'>;

/** How long a reading of the figures waits for a coordinator or a log that does not answer, milliseconds. */
const PATIENCE_MS = 1_000;

/**
 * Gathers the figures of this process, and tells them at the address of `metrics` where there is one.
 *
 * @throws {ConfigError} when that address cannot be listened on
 */
export async function openMonitoring(config: MonitoringConfig): Promise<Monitoring> {
  let role: Role = new Starting();
  const registry = createRegistry('coordinator', PACKAGE_VERSION);
  const tally = createMetrics(registry, () => role.look());
  const probes: Probes = { registry, standing: () => role.standing };
  const { logger } = config;
  const server = await listen(config, probes);
  const traced = {
    service: 'assay-coordinator',
    instance: `${hostname()}:${process.pid}`,
    version: PACKAGE_VERSION,
    logger,
  };
  const tracing = await startTracing(process.env, traced).catch((cause: unknown) => {
    server?.close();
    throw cause instanceof TraceSettingsError ? new ConfigError(cause.message, { cause }) : cause;
  });
  const tracer = tracing && new TrialTracer(tracing);
  return {
    probes,
    tracer,
    guard: (gate) => server?.guard(gate),
    standBy(replica, log, leadership) {
      const standby = new Standby(replica, log, leadership);
      role = standby;
      return () => {
        standby.caughtUp = true;
      };
    },
    lead(coordinator, log) {
      const stops = [tally.begin(coordinator), tracer?.begin(coordinator)];
      role = new Leader(coordinator, log);
      return () => {
        for (const stop of stops) stop?.();
        role = new Starting();
      };
    },
    async close() {
      server?.close();
      await tracing?.close();
    },
  };
}

interface OwnServer {
  guard(gate: Gate): void;
  close(): void;
}

/** The server of `--metrics`. It lives before there is a gate, and until then lets nobody in who would need a token. */
async function listen(config: MonitoringConfig, probes: Probes): Promise<OwnServer | undefined> {
  const { metrics, tls, requireTokens = false, logger } = config;
  if (metrics === undefined) return undefined;
  const certificates = tls && new Certificates(tls, logger.child({}, { level: 'silent' }));
  let gate = tls === undefined && !requireTokens ? openToThisMachine().gate : undefined;
  const server = createProbeServer(probes, (path, authorization) => {
    if (gate === undefined) {
      return path === '/metrics' ? { status: 503, words: 'it starts, and does not know yet who may ask' } : undefined;
    }
    const admission = gate.route(`GET ${path}`, { token: tokenIn(authorization) });
    return admission.ok ? undefined : { status: admission.code === 'denied' ? 403 : 401, words: admission.message };
  });
  const running = await listenHttp(server, metrics, certificates, '--metrics').catch((error: unknown) => {
    certificates?.close();
    throw error;
  });
  logger.info({ metrics: running.address }, 'health and figures are told');
  return {
    guard: (found) => {
      gate = found;
    },
    close: () => {
      running.close();
      certificates?.close();
    },
  };
}

/** What a coordinator is at the moment. */
interface Role {
  readonly standing: Standing;
  look(): Promise<Looked>;
}

/** Before it has read its log, and after it has let go of it. */
class Starting implements Role {
  readonly standing: Standing = { state: 'not_ready', words: 'neither leads nor stands by: it starts or stops' };

  look(): Promise<Looked> {
    return Promise.resolve({ leads: false, census: undefined, extent: undefined, head: 0 });
  }
}

class Standby implements Role {
  caughtUp = false;
  readonly #replica: Replayed;
  readonly #log: EventLog;
  readonly #leadership: Pick<Leadership, 'leader'>;

  constructor(replica: Replayed, log: EventLog, leadership: Pick<Leadership, 'leader'>) {
    this.#replica = replica;
    this.#log = log;
    this.#leadership = leadership;
  }

  get standing(): Standing {
    if (!this.caughtUp) return { state: 'not_ready', words: 'reads the log' };
    const { leader } = this.#leadership;
    return { state: 'standby', words: `stands by: ${leader === undefined ? 'nobody' : leader} leads` };
  }

  async look(): Promise<Looked> {
    const extent = await inTime(this.#log.extent());
    return { leads: false, census: undefined, extent, head: this.#replica.head };
  }
}

class Leader implements Role {
  readonly standing: Standing = { state: 'ready', words: 'leads' };
  readonly #coordinator: Coordinator;
  readonly #log: EventLog;
  #last: Census | undefined;

  constructor(coordinator: Coordinator, log: EventLog) {
    this.#coordinator = coordinator;
    this.#log = log;
  }

  /** While the log does not answer nothing new becomes durable, so what was last seen is still true. */
  async look(): Promise<Looked> {
    const [census, extent] = await Promise.all([
      inTime(this.#coordinator.view(takeCensus)),
      inTime(this.#log.extent()),
    ]);
    this.#last = census ?? this.#last;
    return { leads: true, census: this.#last, extent, head: this.#coordinator.head };
  }
}

function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  return Promise.race([answer.catch(() => undefined), pause(PATIENCE_MS, undefined, { ref: false })]);
}
