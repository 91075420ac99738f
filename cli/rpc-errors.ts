import { type ServiceError, status } from '@grpc/grpc-js';
import { ClientAccessError, certificateFault } from '../proto/client-access.js';
import { isFromStandby } from '../proto/leader.js';
import { BAD_INPUT, FAILURE, UserError } from './fail.js';

/** Codes with which a coordinator says that the request is at fault; its own words explain it. */
const REFUSALS: ReadonlySet<number> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
  status.ALREADY_EXISTS,
  status.OUT_OF_RANGE,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
]);

/** Beginnings of grpc-js's own words for a call that found no connection at all. */
const NEVER_CONNECTED = /no connection established|name resolution failed|failed to connect/i;

/**
 * Whether a failed call says that the coordinator is not there: 'absent' when no connection was made, 'broken' when one
 * was and the answer was lost, undefined when the failure is of another kind.
 */
export function isAway(error: unknown): 'absent' | 'broken' | undefined {
  if (!isServiceError(error) || error.code !== status.UNAVAILABLE) return undefined;
  return NEVER_CONNECTED.test(error.details) ? 'absent' : 'broken';
}

/** Whether a call was not answered in time. */
export function isLate(error: unknown): boolean {
  return isServiceError(error) && error.code === status.DEADLINE_EXCEEDED;
}

/** Whether a call was answered by a coordinator that stands by. */
export function isStandby(error: unknown): boolean {
  return isServiceError(error) && error.code === status.UNAVAILABLE && isFromStandby(error);
}

/** A coordinator that was there and does not answer now, in words. */
export function awayReason(error: unknown, address: string): string {
  if (isStandby(error)) return `no coordinator at ${address} leads at the moment`;
  const why = isServiceError(error) ? ` (${connectionFault(error.details)})` : '';
  return `the coordinator at ${address} does not answer${why}`;
}

/** The failure of a call, explained to whoever typed the command. */
export function userErrorOf(error: unknown, address: string): UserError {
  if (error instanceof UserError) return error;
  const cause = { cause: error };
  if (error instanceof ClientAccessError) return new UserError(error.message, BAD_INPUT, cause);
  if (!isServiceError(error)) {
    const words = error instanceof Error ? error.message : String(error);
    return new UserError(`the coordinator at ${address} answered what cannot be understood: ${words}`, FAILURE, cause);
  }
  if (REFUSALS.has(error.code)) return new UserError(error.details, BAD_INPUT, cause);
  if (isStandby(error)) return new UserError(`no coordinator at ${address} leads: ${error.details}`, FAILURE, cause);
  return new UserError(explain(error, address), FAILURE, cause);
}

function explain({ code, details }: ServiceError, address: string): string {
  switch (code) {
    case status.UNAVAILABLE: {
      const fault = certificateFault(details);
      if (fault !== undefined) return `no connection to ${address}: ${fault}`;
      return (
        `no coordinator at ${address} (${connectionFault(details)}): ` +
        'start one with "assay coordinator" or name another with --coordinator'
      );
    }
    case status.DEADLINE_EXCEEDED:
      return `the coordinator at ${address} did not answer in time (${details})`;
    case status.RESOURCE_EXHAUSTED:
      return `the coordinator at ${address} has enough: ${details}`;
    case status.UNIMPLEMENTED:
      return `what listens at ${address} does not know this request: it is an older coordinator, or none at all (${details})`;
    default:
      return `the coordinator at ${address} failed: ${details || status[code] || `code ${code}`}`;
  }
}

/** The system's reason in plain words, out of a message that holds addresses, stacks of retries and notes. */
function connectionFault(details: string): string {
  const certificates = certificateFault(details);
  if (certificates !== undefined) return certificates;
  if (details.includes('ECONNREFUSED')) return 'connection refused';
  if (/ENOTFOUND|EAI_AGAIN|name resolution failed/i.test(details)) return 'the host name is not known';
  if (details.includes('ETIMEDOUT')) return 'connecting timed out';
  if (/EHOSTUNREACH|ENETUNREACH/.test(details)) return 'the host cannot be reached';
  if (/ECONNRESET|dropped|GOAWAY|stream ended/i.test(details)) return 'the connection broke';
  return details.split('. Resolution note')[0] ?? details;
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
