import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CallOptions,
  ChannelCredentials,
  Client,
  ClientOptions,
  ClientUnaryCall,
  ServiceError,
} from '@grpc/grpc-js';
import { type ClientAccess, wayTo } from '../proto/client-access.js';
import { CoordinatorAddresses, leaderOf, splitAddresses } from '../proto/leader.js';
import { isAway, isLate, isStandby, userErrorOf } from './rpc-errors.js';

/** Times of the client, milliseconds. */
export interface Patience {
  /** How long one call may take, connecting included. */
  readonly callMs: number;
  /** How long a call whose connection broke is tried again. */
  readonly retryMs: number;
  /** How long a call is tried again while all coordinators stand by: so long may they take to find a new leader. */
  readonly standbyMs: number;
  /** How long a followed board waits for its coordinator to come back. */
  readonly awayMs: number;
  /** Longest pause between two tries. */
  readonly pauseMs: number;
}

export const PATIENCE: Patience = { callMs: 5_000, retryMs: 5_000, standbyMs: 20_000, awayMs: 300_000, pauseMs: 2_000 };

/** Starts one call with its options; the callback gets its outcome. */
export type Start<Response> = (
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** Makes a client of one service. */
type Make<C> = new (address: string, credentials: ChannelCredentials, options: Partial<ClientOptions>) => C;

export function promised<Response>(start: Start<Response>, options: Partial<CallOptions>): Promise<Response> {
  return new Promise((resolve, reject) => {
    start(options, (error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

/** Connections to the coordinators of a cluster, or to the only one, of which one is current. */
export class Stubs<C extends Client = Client> {
  readonly address: string;
  readonly #addresses: CoordinatorAddresses;
  readonly #make: Make<C>;
  readonly #access: ClientAccess;
  readonly #open = new Map<string, C>();

  constructor(make: Make<C>, address: string, access: ClientAccess) {
    this.address = address;
    this.#make = make;
    this.#access = access;
    this.#addresses = new CoordinatorAddresses(splitAddresses(address));
  }

  get count(): number {
    return this.#addresses.count;
  }

  get current(): C {
    const { current } = this.#addresses;
    let stub = this.#open.get(current);
    if (stub === undefined) {
      const way = wayTo(current, this.#access);
      stub = new this.#make(current, way.credentials, way.options);
      this.#open.set(current, stub);
    }
    return stub;
  }

  /** The current one did not serve: turns to the next. */
  failed(error: unknown): void {
    this.#addresses.failed(leaderOf(error as ServiceError));
  }

  close(): void {
    for (const stub of this.#open.values()) stub.close();
  }
}

/** So often in a row a call follows what standbys say without a pause. */
export const FOLLOWED_AT_ONCE = 3;

/**
 * Tries a call again while its connection breaks under it or standbys answer it. The request stays the same, request id
 * included, so that a creation whose answer was lost is not made twice. Coordinators that were never there are reported
 * once each has been tried.
 */
export async function callWithRetry<Response>(
  stubs: Stubs,
  patience: Patience,
  attempt: (options: Partial<CallOptions>) => Promise<Response>,
): Promise<Response> {
  const begunAt = Date.now();
  let reached = false;
  let absent = 0;
  let stoodBy = false;
  let followed = 0;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, patience.pauseMs)) {
    try {
      return await attempt({ deadline: Date.now() + patience.callMs });
    } catch (error) {
      // A cluster does not answer while its log has no leader, which takes longer than one call may.
      const slow = stubs.count > 1 && isLate(error);
      const away = slow ? 'broken' : isAway(error);
      reached ||= away === 'broken';
      absent += away === 'absent' ? 1 : 0;
      const standby = isStandby(error);
      // A standby may still name a leader that has just died.
      stoodBy ||= standby || slow;
      const late = Date.now() + pauseMs > begunAt + (stoodBy ? patience.standbyMs : patience.retryMs);
      if (away === undefined || (!reached && absent >= stubs.count) || late) throw userErrorOf(error, stubs.address);
      stubs.failed(error);
      followed = standby && leaderOf(error as ServiceError) !== undefined ? followed + 1 : 0;
      if (followed > 0 && followed <= FOLLOWED_AT_ONCE) continue;
    }
    await sleep(pauseMs);
  }
}
