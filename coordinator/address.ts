import { isLoopbackHost } from '../proto/loopback.js';
import { ConfigError } from './errors.js';

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
  return isLoopbackHost(parseAddress(address).host);
}
