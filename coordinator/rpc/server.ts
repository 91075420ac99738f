import { isIP } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { CHANNEL_OPTIONS } from '../../proto/channel.js';
import { ArtifactServiceService, StudyServiceService, WorkerServiceService } from '../../proto/index.js';
import { ConfigError } from '../errors.js';
import { type ArtifactServiceOptions, createArtifactService } from './artifact-service.js';
import { createStudyService, type StudyServiceOptions } from './study-service.js';
import { createWorkerService, type WorkerServiceOptions } from './worker-service.js';

export interface RunningServer {
  /** host:port, with the port that was really taken. */
  readonly address: string;
  /** Stops taking calls and ends those that are open. */
  close(): void;
}

/**
 * Opens the coordinator's door.
 *
 * @param listen host:port; port 0 takes a free one
 * @throws {ConfigError} when the address cannot be listened on
 */
export async function startServer(
  listen: string,
  options: WorkerServiceOptions & StudyServiceOptions & ArtifactServiceOptions,
): Promise<RunningServer> {
  const server = new Server(CHANNEL_OPTIONS);
  server.addService(WorkerServiceService, createWorkerService(options));
  server.addService(StudyServiceService, createStudyService(options));
  server.addService(ArtifactServiceService, createArtifactService(options));
  const { host } = parseAddress(listen);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new ConfigError(`cannot listen on ${listen}: ${reasonOf(error)}`, { cause: error }));
    });
  });
  return { address: `${host}:${port}`, close: () => server.forceShutdown() };
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
