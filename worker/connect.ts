import type { ClientAccess } from '../proto/client-access.js';
import { splitAddresses } from '../proto/leader.js';
import { systemClock } from './clock.js';
import { createDial } from './dial.js';
import { type Link, type LinkEvents, openLink } from './link.js';

/** How long one of several coordinators may take to accept a connection, milliseconds. */
const CONNECT_MS = 5_000;

/**
 * Opens streams to whichever of the coordinators leads.
 *
 * @param coordinators "host:port,host:port"
 * @param access what is shown there
 */
export function createConnect(coordinators: string, access: ClientAccess = {}): (events: LinkEvents) => Link {
  const addresses = splitAddresses(coordinators);
  const patience = addresses.length > 1 ? CONNECT_MS : undefined;
  return createDial({
    addresses,
    open: (address, events) => openLink(address, events, access, patience),
    clock: systemClock,
    random: Math.random,
  });
}
