import { isIP } from 'node:net';
import {
  ArtifactServiceService,
  ExternalScalerService,
  StudyServiceService,
  WorkerServiceService,
} from '../../proto/index.js';
import { ConfigError } from '../errors.js';
import { type ArtifactServiceOptions, createArtifactService } from './artifact-service.js';
import { Door } from './door.js';
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
  ArtifactServiceOptions & {
    /** Shared with whoever else shows what attempts print. */
    readonly outputs?: LiveOutputs;
  };

const DEFINITIONS = [WorkerServiceService, StudyServiceService, ArtifactServiceService, ExternalScalerService];

/** Everything that a coordinator which leads answers. */
export function createServices(options: ServiceOptions): Service[] {
  const { coordinator, outputs = new LiveOutputs(), logger } = options;
  return [
    ...createStandbyServices({ look: (look) => coordinator.view(({ state }) => look(state)), logger }),
    { definition: WorkerServiceService, handlers: createWorkerService({ ...options, outputs }) },
    { definition: StudyServiceService, handlers: createStudyService({ ...options, outputs }) },
    { definition: ArtifactServiceService, handlers: createArtifactService(options) },
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
 * @throws {ConfigError} when the address cannot be listened on
 */
export async function openDoor(listen: string): Promise<RunningServer & { readonly door: Door }> {
  const door = new Door(DEFINITIONS);
  const { host, port } = parseAddress(listen);
  try {
    const taken = await door.bind(host.replace(/^\[|\]$/g, ''), port);
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

/**
 * The parts of host:port; an IPv6 host keeps its brackets.
 *
 * @throws {ConfigError} when it is not of that form
 */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(address);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new ConfigError(`address ${JSON.stringify(address)} must be host:port, for example 127.0.0.1:7070`);
  }
  return { host: match[1]!, port };
}

/** Whether only this machine can reach an address. */
export function isLoopback(address: string): boolean {
  const host = parseAddress(address).host.replace(/^\[|\]$/g, '');
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === 'localhost' || host === '::1';
}

function reasonOf(error: Error): string {
  if (error.message.includes('EADDRINUSE')) return 'the port is taken, by another coordinator perhaps';
  if (error.message.includes('EACCES')) return 'this user may not use that port';
  if (error.message.includes('EADDRNOTAVAIL') || error.message.includes('ENOTFOUND')) {
    return 'this machine does not have that address';
  }
  return error.message;
}
