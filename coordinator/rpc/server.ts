import type { ServiceDefinition } from '@grpc/grpc-js';
import {
  AccessServiceService,
  ArtifactServiceService,
  ExternalScalerService,
  StudyServiceService,
  WorkerServiceService,
} from '../../proto/index.js';
import { type Entrance, openToThisMachine } from '../access/entrance.js';
import { parseAddress } from '../address.js';
import { ConfigError } from '../errors.js';
import { type AccessServiceOptions, createAccessService } from './access-service.js';
import { type ArtifactServiceOptions, createArtifactService } from './artifact-service.js';
import { Door } from './door.js';
import { takesEncoded } from './encoded.js';
import { LiveOutputs } from './live-outputs.js';
import { createScalerService, type ScalerServiceOptions } from './scaler-service.js';
import type { Service } from './service.js';
import { createStudyService, type StudyServiceOptions } from './study-service.js';
import { createWorkerService, type WorkerServiceOptions } from './worker-service.js';

export interface RunningServer {
  /** host:port, with the port that was really taken. */
  readonly address: string;
  /** Stops taking calls and ends those that are open. */
  close(): void;
}

export type ServiceOptions = WorkerServiceOptions &
  Omit<StudyServiceOptions, 'outputs'> &
  ArtifactServiceOptions &
  Partial<AccessServiceOptions> & {
    /** Shared with whoever else shows what attempts print. */
    readonly outputs?: LiveOutputs;
  };

/** All services that are ever served; health and reflection are the door's own. */
const DEFINITIONS: readonly ServiceDefinition[] = [
  WorkerServiceService,
  takesEncoded(StudyServiceService),
  ArtifactServiceService,
  AccessServiceService,
  ExternalScalerService,
];

/** Everything that a coordinator which leads answers. */
export function createServices(options: ServiceOptions): Service[] {
  const { coordinator, tokens, outputs = new LiveOutputs(), logger } = options;
  return [
    ...createStandbyServices({ look: (look) => coordinator.view(({ state }) => look(state)), logger }),
    { definition: WorkerServiceService, handlers: createWorkerService({ ...options, outputs }) },
    { definition: StudyServiceService, handlers: createStudyService({ ...options, outputs }) },
    { definition: ArtifactServiceService, handlers: createArtifactService(options) },
    { definition: AccessServiceService, handlers: createAccessService({ tokens, logger }) },
  ];
}

/** What a standby answers as well as a leader does: all that the log says. */
export function createStandbyServices(options: ScalerServiceOptions): Service[] {
  return [{ definition: ExternalScalerService, handlers: createScalerService(options) }];
}

/**
 * Opens the coordinator's door. Calls are refused until somebody leads.
 *
 * @param listen host:port; port 0 takes a free one
 * @param entrance who may come in, and how
 * @throws {ConfigError} when the address cannot be listened on
 */
export async function openDoor(
  listen: string,
  entrance: Entrance = openToThisMachine(),
): Promise<RunningServer & { readonly door: Door }> {
  const door = new Door(DEFINITIONS, entrance.gate);
  const { host, port } = parseAddress(listen);
  try {
    const taken = await door.bind(host.replace(/^\[|\]$/g, ''), port, entrance.certificates);
    return { door, address: `${host}:${taken}`, close: () => door.close() };
  } catch (error) {
    throw new ConfigError(`cannot listen on ${listen}: ${reasonOf(error as Error)}`, { cause: error });
  }
}

/** Opens a door behind which one coordinator leads for good. @throws {ConfigError} as {@link openDoor} */
export async function startServer(listen: string, options: ServiceOptions): Promise<RunningServer> {
  const server = await openDoor(listen);
  server.door.lead(createServices(options));
  return server;
}

function reasonOf(error: Error): string {
  if (error.message.includes('EADDRINUSE')) return 'the port is taken, by another coordinator perhaps';
  if (error.message.includes('EACCES')) return 'this user may not use that port';
  if (error.message.includes('EADDRNOTAVAIL') || error.message.includes('ENOTFOUND')) {
    return 'this machine does not have that address';
  }
  return error.message;
}
