import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { Registry } from 'prom-client';
import { type Entrance, type EntranceConfig, openEntrance } from '../../../coordinator/access/entrance.js';
import { ROLES, type Role } from '../../../coordinator/access/roles.js';
import { openSqliteTokens } from '../../../coordinator/access/sqlite-store.js';
import { drawSecret, hashOf, type TokenRecord } from '../../../coordinator/access/token.js';
import { createArtifactKeeper } from '../../../coordinator/artifacts/keeper.js';
import { openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
import { type DashboardOptions, startDashboard } from '../../../coordinator/dashboard/server.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import { LiveOutputs } from '../../../coordinator/rpc/live-outputs.js';
import { createServices, openDoor } from '../../../coordinator/rpc/server.js';

/** A coordinator in this process that asks for tokens at both doors, and one token of each role. */
export interface Entered {
  readonly folder: string;
  /** What its dashboard was started with. */
  readonly pages: DashboardOptions;
  readonly coordinator: Coordinator;
  readonly entrance: Entrance;
  /** host:port */
  readonly rpc: string;
  readonly http: string;
  readonly secrets: Readonly<Record<Role, string>>;
  /** Lets another token in. */
  letIn(role: Role, expiresAtMs?: number): Promise<{ readonly secret: string; readonly record: TokenRecord }>;
  close(): Promise<void>;
}

export async function startEntered(
  config: EntranceConfig = { requireTokens: true },
  logger: Logger = pino({ level: 'silent' }),
): Promise<Entered> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-access-'));
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const coordinator = await Coordinator.open({ log: openMemoryLog(), leaseMs: 60_000, onFailure });
  const entrance = await openEntrance(config, {
    openStore: () => openSqliteTokens(folder),
    firstAdminFile: join(folder, 'admin.token'),
    logger,
  });
  const tokens = entrance.gate.tokens;
  if (tokens === undefined) throw new Error('it would ask for no token');
  const letIn: Entered['letIn'] = async (role, expiresAtMs = 0) => {
    const secret = drawSecret();
    return { secret, record: await tokens.create({ sha256: hashOf(secret), role, name: '', expiresAtMs }) };
  };
  const made = await Promise.all(ROLES.map(async (role) => [role, (await letIn(role)).secret] as const));
  const artifacts = openMemoryArtifacts();
  const keeper = createArtifactKeeper({ artifacts, coordinator, logger, graceMs: 60_000 });
  const door = await openDoor('127.0.0.1:0', entrance);
  const times = { heartbeatMs: 10_000, leaseMs: 60_000 };
  door.door.lead(createServices({ coordinator, ...times, artifacts, keeper, maxArtifactBytes: 1_000, tokens, logger }));
  const probes = { registry: new Registry(), standing: () => ({ state: 'ready' as const, words: '' }) };
  const pages = {
    coordinator,
    artifacts,
    outputs: new LiveOutputs(),
    turnstile: door.door.turnstile,
    entrance,
    logger,
    probes,
  };
  const dashboard = await startDashboard('127.0.0.1:0', pages);
  return {
    folder,
    pages,
    coordinator,
    entrance,
    rpc: door.address,
    http: `${config.tls === undefined ? 'http' : 'https'}://${dashboard.address}`,
    secrets: Object.fromEntries(made) as Record<Role, string>,
    letIn,
    close: async () => {
      dashboard.close();
      door.close();
      await entrance.close();
      rmSync(folder, { recursive: true });
    },
  };
}
