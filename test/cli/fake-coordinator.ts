import { Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import {
  type Leaderboard,
  type StudyServiceServer,
  StudyServiceService,
  type WatchLeaderboardResponse,
} from '../../proto/index.js';
import { board, study, trial, worker } from './canned.js';

/** A study service of canned answers, on a free port, with the calls that a test cares about replaced. */
export interface FakeCoordinator {
  readonly address: string;
  close(): void;
}

export async function startFakeCoordinator(calls: Partial<StudyServiceServer> = {}): Promise<FakeCoordinator> {
  const server = new Server();
  const service: StudyServiceServer = Object.assign(canned(), calls);
  server.addService(StudyServiceService, service);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

/** What a handler's callback takes for a failure. */
export function failure(code: status, details: string): Partial<ServiceError> {
  return { code, details };
}

function canned(): StudyServiceServer {
  return {
    createStudy: (_call, done) => done(null, { study: study() }),
    listStudies: (_call, done) => done(null, { studies: [study()] }),
    getLeaderboard: (_call, done) => done(null, { leaderboard: board() }),
    watchLeaderboard: (call) => {
      call.write(shown(board()));
      call.write(shown(board({ study: study({ state: 'STUDY_STATE_FINISHED' }) })));
      call.end();
    },
    listTrials: (_call, done) => done(null, { study: study(), trials: [trial(0), trial(1)] }),
    streamTrials: (call) => {
      call.write({ study: study(), rows: [{ rank: 1, trial: trial(0) }] });
      call.write({ study: undefined, rows: [{ rank: 0, trial: trial(1) }] });
      call.end();
    },
    getTrial: (call, done) =>
      call.request.trial < 10
        ? done(null, {
            study: study(),
            trial: trial(call.request.trial),
            seen: { ended: 5, unfinished: 2, best: 0.91 },
          })
        : done(failure(status.NOT_FOUND, `digits has no trial ${call.request.trial}`)),
    getOutput: (_call, done) =>
      done(null, { study: 'digits', attempt: 1, live: false, over: true, totalBytes: 6, data: Buffer.from('hello\n') }),
    rerunTrial: (call, done) => done(null, { study: 'digits', trial: trial(24, { rerunOf: call.request.trial }) }),
    controlStudy: (_call, done) => done(null, { study: study() }),
    adjustStudy: (_call, done) => done(null, { study: study() }),
    deleteStudy: (_call, done) => done(null, { study: study({ state: 'STUDY_STATE_FINISHED' }) }),
    stopTrial: (call, done) => done(null, { study: 'digits', trial: trial(call.request.trial) }),
    invalidateTrial: (call, done) =>
      done(null, { study: 'digits', trial: trial(call.request.trial, { invalidated: true }) }),
    enqueueTrial: (_call, done) => done(null, { study: study({ enqueued: 1 }) }),
    drainWorker: (call, done) => done(null, { worker: worker(call.request.worker, { draining: true }) }),
    unquarantineWorker: (call, done) => done(null, { worker: worker(call.request.worker) }),
    listWorkers: (_call, done) => done(null, { workers: [worker('worker-0')] }),
  };
}

/** A whole board, as it is sent to whoever watches it. */
export function shown(leaderboard: Leaderboard): WatchLeaderboardResponse {
  return { leaderboard, ended: [], more: false, news: false };
}
