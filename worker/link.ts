import { type ServiceError, status } from '@grpc/grpc-js';
import {
  type ClientAccess,
  ClientAccessError,
  certificateFault,
  tokenOf,
  type Way,
  wayTo,
} from '../proto/client-access.js';
import { type SessionRequest, type SessionResponse, WorkerServiceClient } from '../proto/index.js';
import { isFromStandby, leaderOf } from '../proto/leader.js';

/** One stream to the coordinator. */
export interface Link {
  send(request: SessionRequest): void;
  /** Ends it; `closed` follows, with this reason. */
  close(reason: string): void;
}

export interface LinkEvents {
  response(response: SessionResponse): void;
  /** Exactly once, after everything else; also when no connection came about. */
  closed(why: Closed): void;
}

/** Why a stream ended. */
export interface Closed {
  /** In words, for the log. */
  readonly reason: string;
  /** False when trying again would only end the same way. */
  readonly retry: boolean;
  /** The coordinator that leads, where this one stands by and knows. */
  readonly leader?: string | undefined;
}

/**
 * Opens a stream to the coordinator at `address`. Every link has a connection of its own: one that is shared keeps a
 * back-off of its own, up to two minutes long, after a failure.
 *
 * @param access what is shown there
 * @param connectMs how long connecting may take; without it, as long as the attach
 */
export function openLink(address: string, events: LinkEvents, access: ClientAccess = {}, connectMs?: number): Link {
  let way: Way;
  try {
    way = wayTo(address, access, { 'grpc.use_local_subchannel_pool': 1 });
  } catch (error) {
    return brokenLink(events, error);
  }
  const client = new WorkerServiceClient(address, way.credentials, way.options);
  const call = client.session();
  let open = true;
  const close = (why: Closed): void => {
    if (!open) return;
    open = false;
    call.cancel();
    client.close();
    events.closed(why);
  };
  call.on('data', (response: SessionResponse) => {
    if (open) events.response(response);
  });
  call.on('error', (error: ServiceError) =>
    close({
      reason: inWords(error),
      retry: isWorthRetrying(error.code) || isReplaced(way, error, access),
      leader: leaderOf(error),
    }),
  );
  if (connectMs !== undefined) {
    client.waitForReady(Date.now() + connectMs, (error) => {
      if (error !== undefined) close({ reason: `no connection in ${connectMs / 1000} s`, retry: true });
    });
  }
  call.on('end', () => close({ reason: 'the coordinator ended the session', retry: true }));
  return {
    send: (request) => {
      if (open) call.write(request);
    },
    close: (reason) => close({ reason, retry: true }),
  };
}

/** Files that cannot be read now may be there again at the next try. */
function brokenLink(events: LinkEvents, error: unknown): Link {
  if (!(error instanceof ClientAccessError)) throw error;
  queueMicrotask(() => events.closed({ reason: error.message, retry: true }));
  return { send: () => {}, close: () => {} };
}

/** Whether the token that was not let in has been replaced in its file since. */
function isReplaced({ token }: Way, { code }: ServiceError, access: ClientAccess): boolean {
  if (code !== status.UNAUTHENTICATED) return false;
  try {
    return tokenOf(access) !== token;
  } catch {
    return false;
  }
}

/** Failures that the other side would repeat: it takes no workers, not this one, or not what this one says. */
const FINAL: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.FAILED_PRECONDITION,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.UNIMPLEMENTED,
]);

/** The coordinator has said in words of its own why it lets this one not in. */
const ACCESS: ReadonlySet<status> = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
]);

function isWorthRetrying(code: status): boolean {
  return !FINAL.has(code);
}

function inWords(error: ServiceError): string {
  const certificates = certificateFault(error.details);
  if (certificates !== undefined) return certificates;
  const system = /\b(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)\b/.exec(
    error.details,
  );
  const known = system === null ? undefined : SYSTEM_ERRORS[system[0]];
  if (known !== undefined) return known;
  if (isFromStandby(error)) return error.details;
  if (ACCESS.has(error.code)) return error.details;
  if (error.code === status.UNIMPLEMENTED) return 'it is no coordinator for workers of this version';
  return `${status[error.code]}: ${error.details.split('\n')[0]}`;
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'host not found',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connection timed out',
};
