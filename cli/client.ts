import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { ClientAccess } from '../proto/client-access.js';
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
  type Trial,
  type UnquarantineWorkerResponse,
  type WatchLeaderboardRequest,
  type WatchLeaderboardResponse,
  type Worker,
} from '../proto/index.js';
import { leaderOf } from '../proto/leader.js';
import { chosenAccess } from './access-options.js';
import {
  callWithRetry,
  FOLLOWED_AT_ONCE,
  PATIENCE,
  type Patience,
  promised,
  type Start,
  Stubs,
} from './leader-stubs.js';
import { awayReason, isAway, isStandby, userErrorOf } from './rpc-errors.js';

/** What a followed board tells: a new board, or that its coordinator does not answer and is being tried again. */
export type Watched =
  | {
      readonly kind: 'board';
      readonly board: Leaderboard;
      /**
       * Where news were asked for: trials that have ended and were not told since the connection, and the board has no rows.
       * Undefined when the coordinator knows of no news.
       */
      readonly ended?: readonly Trial[] | undefined;
    }
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
  /** The same without rows: what ends is told once, and again after each reconnection. */
  watchNews(study: string, signal: AbortSignal): AsyncGenerator<Watched, void, void>;
  close(): void;
}

/**
 * Opens a client. Nothing is connected before the first call.
 *
 * @param address HOST:PORT; those of a cluster's coordinators with commas between them: the one that leads is found
 * @param access what is shown there; what the running command says when absent
 */
export function openClient(
  address: string,
  patience: Patience = PATIENCE,
  access: ClientAccess = chosenAccess(),
): StudyClient {
  const stubs = new Stubs(StudyServiceClient, address, access);
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
    watchLeaderboard: (study, top, signal) => watch(stubs, { patience, study, top, news: false, signal }),
    watchNews: (study, signal) => watch(stubs, { patience, study, top: 0, news: true, signal }),
    close: () => stubs.close(),
  };
}

interface Watch {
  readonly patience: Patience;
  readonly study: string;
  readonly top: number;
  readonly news: boolean;
  readonly signal: AbortSignal;
}

async function* watch(stubs: Stubs<StudyServiceClient>, options: Watch): AsyncGenerator<Watched, void, void> {
  const { patience, top, news, signal } = options;
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
      for await (const { board, ended } of boards(stubs.current, { study, top, news }, signal)) {
        study = board.study?.id ?? study;
        finished = board.study?.state === 'STUDY_STATE_FINISHED';
        seen = true;
        tries = 0;
        lastSeenAt = Date.now();
        pauseMs = 100;
        yield { kind: 'board', board, ended };
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
  request: WatchLeaderboardRequest,
  signal: AbortSignal,
): AsyncGenerator<{ readonly board: Leaderboard; readonly ended: readonly Trial[] | undefined }, void, void> {
  const stream = stub.watchLeaderboard(request);
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  let ended: Trial[] = [];
  try {
    for await (const message of stream) {
      const { leaderboard: board, ...told } = message as WatchLeaderboardResponse;
      ended.push(...told.ended);
      if (told.more || board === undefined) continue;
      yield { board, ended: told.news ? ended : undefined };
      ended = [];
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
