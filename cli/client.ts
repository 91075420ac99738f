import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CallOptions,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { CHANNEL_OPTIONS } from '../proto/channel.js';
import {
  type AdjustStudyRequest,
  type AdjustStudyResponse,
  type ControlStudyResponse,
  type CreateStudyResponse,
  type DeleteStudyResponse,
  type DrainWorkerResponse,
  type EnqueueTrialResponse,
  type GetLeaderboardResponse,
  type GetOutputResponse,
  type GetTrialResponse,
  type InvalidateTrialResponse,
  type Leaderboard,
  type LeaderboardRow,
  type ListStudiesResponse,
  type ListTrialsResponse,
  type ListWorkersResponse,
  type RerunTrialResponse,
  type StopTrialResponse,
  type StreamTrialsResponse,
  type Study,
  type StudyAction,
  StudyServiceClient,
  type UnquarantineWorkerResponse,
  type Worker,
} from '../proto/index.js';
import { CoordinatorAddresses, leaderOf, splitAddresses } from '../proto/leader.js';
import { awayReason, isAway, isLate, isStandby, userErrorOf } from './rpc-errors.js';

/** What a followed board tells: a new board, or that its coordinator does not answer and is being tried again. */
export type Watched =
  | { readonly kind: 'board'; readonly board: Leaderboard }
  | { readonly kind: 'away'; readonly reason: string };

/** What `adjustStudy` changes. */
export type StudyChange = Partial<Omit<AdjustStudyRequest, 'requestId' | 'study'>>;

/** A coordinator's study service as promises. Every failure is a `UserError`. STUDY arguments: '' is the latest. */
export interface StudyClient {
  readonly address: string;
  /** @param codeDigest the SHA-256 of the study's uploaded code; '' for none */
  createStudy(spec: string, fileName: string, codeDigest?: string): Promise<Study>;
  listStudies(): Promise<readonly Study[]>;
  getLeaderboard(study: string, top: number): Promise<Leaderboard>;
  listTrials(study: string): Promise<ListTrialsResponse>;
  /** All trials by number, with their reports and ranks (0 for those that have none). */
  allTrials(study: string): Promise<{ readonly study: Study; readonly rows: readonly LeaderboardRow[] }>;
  getTrial(study: string, trial: number): Promise<GetTrialResponse>;
  getOutput(study: string, trial: number): Promise<GetOutputResponse>;
  /** @param as another seed than the trial's own, and the request's id where a repetition is to find what it made */
  rerunTrial(
    study: string,
    trial: number,
    as?: { readonly seed: number; readonly requestId: string },
  ): Promise<RerunTrialResponse>;
  controlStudy(study: string, action: StudyAction): Promise<Study>;
  /** Changes what is given; the rest stays. */
  adjustStudy(study: string, change: StudyChange): Promise<Study>;
  /** The study as it was. */
  deleteStudy(study: string): Promise<Study>;
  stopTrial(study: string, trial: number): Promise<StopTrialResponse>;
  invalidateTrial(study: string, trial: number, reason: string): Promise<InvalidateTrialResponse>;
  /** @param configuration YAML, as a row of a search file's `enqueue` */
  enqueueTrial(study: string, configuration: string): Promise<Study>;
  /** @param worker its name or id */
  drainWorker(worker: string, handBack: boolean): Promise<Worker>;
  /** @param worker its name or id */
  unquarantineWorker(worker: string): Promise<Worker>;
  listWorkers(): Promise<readonly Worker[]>;
  /** Boards until the study has finished or `signal` is aborted; a coordinator that goes away is awaited. */
  watchLeaderboard(study: string, top: number, signal: AbortSignal): AsyncGenerator<Watched, void, void>;
  close(): void;
}

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

const PATIENCE: Patience = { callMs: 5_000, retryMs: 5_000, standbyMs: 20_000, awayMs: 300_000, pauseMs: 2_000 };

/** Starts one call with its options; the callback gets its outcome. */
type Start<Response> = (
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/**
 * Opens a client. Nothing is connected before the first call.
 *
 * @param address HOST:PORT; those of a cluster's coordinators with commas between them: the one that leads is found
 */
export function openClient(address: string, patience: Patience = PATIENCE): StudyClient {
  const stubs = new Stubs(address);
  const call = <Response>(start: Start<Response>): Promise<Response> =>
    callWithRetry(stubs, patience, (options) => promised(start, options));
  const meta = new Metadata();
  return {
    address,
    createStudy: async (spec, fileName, codeDigest = '') => {
      const request = { requestId: randomUUID(), spec, fileName, codeDigest };
      const { study } = await call<CreateStudyResponse>((options, done) =>
        stubs.current.createStudy(request, meta, options, done),
      );
      return present(study, address);
    },
    listStudies: async () =>
      (await call<ListStudiesResponse>((options, done) => stubs.current.listStudies({}, meta, options, done))).studies,
    getLeaderboard: async (study, top) => {
      const answer = await call<GetLeaderboardResponse>((options, done) =>
        stubs.current.getLeaderboard({ study, top }, meta, options, done),
      );
      return present(answer.leaderboard, address);
    },
    listTrials: (study) => call((options, done) => stubs.current.listTrials({ study }, meta, options, done)),
    allTrials: async (study) => {
      const { study: header, rows } = await callWithRetry(stubs, patience, () => collect(stubs.current, study));
      return { study: present(header, address), rows };
    },
    getTrial: (study, trial) => call((options, done) => stubs.current.getTrial({ study, trial }, meta, options, done)),
    getOutput: (study, trial) =>
      call((options, done) => stubs.current.getOutput({ study, trial }, meta, options, done)),
    rerunTrial: (study, trial, as) => {
      const request = { requestId: as?.requestId ?? randomUUID(), study, trial, seed: as?.seed };
      return call((options, done) => stubs.current.rerunTrial(request, meta, options, done));
    },
    controlStudy: async (study, action) => {
      const answer = await call<ControlStudyResponse>((options, done) =>
        stubs.current.controlStudy({ study, action }, meta, options, done),
      );
      return present(answer.study, address);
    },
    adjustStudy: async (study, change) => {
      const request = { requestId: randomUUID(), study, trials: undefined, time: undefined, ...change };
      const answer = await call<AdjustStudyResponse>((options, done) =>
        stubs.current.adjustStudy(request, meta, options, done),
      );
      return present(answer.study, address);
    },
    deleteStudy: async (study) => {
      const answer = await call<DeleteStudyResponse>((options, done) =>
        stubs.current.deleteStudy({ study }, meta, options, done),
      );
      return present(answer.study, address);
    },
    stopTrial: (study, trial) =>
      call((options, done) => stubs.current.stopTrial({ study, trial }, meta, options, done)),
    invalidateTrial: (study, trial, reason) =>
      call((options, done) => stubs.current.invalidateTrial({ study, trial, reason }, meta, options, done)),
    enqueueTrial: async (study, configuration) => {
      const request = { requestId: randomUUID(), study, configuration };
      const answer = await call<EnqueueTrialResponse>((options, done) =>
        stubs.current.enqueueTrial(request, meta, options, done),
      );
      return present(answer.study, address);
    },
    drainWorker: async (worker, handBack) => {
      const answer = await call<DrainWorkerResponse>((options, done) =>
        stubs.current.drainWorker({ worker, handBack }, meta, options, done),
      );
      return present(answer.worker, address);
    },
    unquarantineWorker: async (worker) => {
      const answer = await call<UnquarantineWorkerResponse>((options, done) =>
        stubs.current.unquarantineWorker({ worker }, meta, options, done),
      );
      return present(answer.worker, address);
    },
    listWorkers: async () =>
      (await call<ListWorkersResponse>((options, done) => stubs.current.listWorkers({}, meta, options, done))).workers,
    watchLeaderboard: (study, top, signal) => watch(stubs, { patience, study, top, signal }),
    close: () => stubs.close(),
  };
}

function promised<Response>(start: Start<Response>, options: Partial<CallOptions>): Promise<Response> {
  return new Promise((resolve, reject) => {
    start(options, (error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

/** Connections to the coordinators of a cluster, or to the only one, of which one is current. */
class Stubs {
  readonly address: string;
  readonly #addresses: CoordinatorAddresses;
  readonly #open = new Map<string, StudyServiceClient>();

  constructor(address: string) {
    this.address = address;
    this.#addresses = new CoordinatorAddresses(splitAddresses(address));
  }

  get count(): number {
    return this.#addresses.count;
  }

  get current(): StudyServiceClient {
    const { current } = this.#addresses;
    let stub = this.#open.get(current);
    if (stub === undefined) {
      stub = new StudyServiceClient(current, credentials.createInsecure(), CHANNEL_OPTIONS);
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
const FOLLOWED_AT_ONCE = 3;

/**
 * Tries a call again while its connection breaks under it or standbys answer it. The request stays the same, request id
 * included, so that a creation whose answer was lost is not made twice. Coordinators that were never there are reported
 * once each has been tried.
 */
async function callWithRetry<Response>(
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

interface Watch {
  readonly patience: Patience;
  readonly study: string;
  readonly top: number;
  readonly signal: AbortSignal;
}

async function* watch(stubs: Stubs, options: Watch): AsyncGenerator<Watched, void, void> {
  const { patience, top, signal } = options;
  const { address } = stubs;
  // Once known, the study's own id: after a reconnection the latest study may be another.
  let study = options.study;
  let seen = false;
  let finished = false;
  let lastSeenAt = Date.now();
  let pauseMs = 100;
  let tries = 0;
  let stoodBy = false;
  while (!signal.aborted) {
    try {
      for await (const board of boards(stubs.current, study, top, signal)) {
        study = board.study?.id ?? study;
        finished = board.study?.state === 'STUDY_STATE_FINISHED';
        seen = true;
        tries = 0;
        lastSeenAt = Date.now();
        pauseMs = 100;
        yield { kind: 'board', board };
      }
      if (finished) return;
      // A stream that ends early is a coordinator that shuts down.
      throw Object.assign(new Error('the stream ended'), { code: status.UNAVAILABLE, details: 'the stream ended' });
    } catch (error) {
      if (signal.aborted) return;
      const away = isAway(error);
      const awayMs = Date.now() - lastSeenAt;
      const standby = isStandby(error);
      stoodBy ||= standby;
      tries += 1;
      // Who was never seen is not waited for, but each of a cluster is tried, and one that stands by may know better.
      const hopeless = !seen && (stoodBy ? awayMs > patience.standbyMs : tries >= stubs.count);
      if (away === undefined || hopeless || awayMs > patience.awayMs) throw userErrorOf(error, address);
      stubs.failed(error);
      if (standby && leaderOf(error as ServiceError) !== undefined && tries <= FOLLOWED_AT_ONCE) continue;
      if (seen) yield { kind: 'away', reason: awayReason(error, address) };
    }
    // Half to full pause, so that many followers do not come back at the same moment.
    await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, patience.pauseMs);
  }
}

/** All portions of a study's trials. What was there when the connection broke is not the study, and is thrown away. */
async function collect(
  stub: StudyServiceClient,
  id: string,
): Promise<{ readonly study: Study | undefined; readonly rows: LeaderboardRow[] }> {
  const rows: LeaderboardRow[] = [];
  let study: Study | undefined;
  for await (const message of stub.streamTrials({ study: id })) {
    const portion = message as StreamTrialsResponse;
    study ??= portion.study;
    rows.push(...portion.rows);
  }
  return { study, rows };
}

async function* boards(
  stub: StudyServiceClient,
  study: string,
  top: number,
  signal: AbortSignal,
): AsyncGenerator<Leaderboard, void, void> {
  const stream = stub.watchLeaderboard({ study, top });
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of stream) {
      const { leaderboard } = message as { leaderboard: Leaderboard | undefined };
      if (leaderboard !== undefined) yield leaderboard;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

function present<T>(value: T | undefined, address: string): T {
  if (value !== undefined) return value;
  throw userErrorOf(new Error('its answer was empty'), address);
}

/** Opens a client, uses it and closes it. */
export async function withClient<T>(address: string, use: (client: StudyClient) => Promise<T>): Promise<T> {
  const client = openClient(address);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
