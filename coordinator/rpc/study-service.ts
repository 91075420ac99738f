import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type {
  StreamTrialsRequest,
  StreamTrialsResponse,
  StudyServiceServer,
  WatchLeaderboardRequest,
  WatchLeaderboardResponse,
} from '../../proto/index.js';
import type { ArtifactStore } from '../artifacts/port.js';
import { allTrials } from '../calls/long-answers.js';
import { studyOf } from '../calls/look.js';
import { createOutputCall } from '../calls/output-call.js';
import { createStudyCalls } from '../calls/study-calls.js';
import type { Coordinator } from '../coordinator.js';
import { CHARACTERS_OF_A_UNIT } from '../limits.js';
import { Portions } from '../portions.js';
import { Rounds } from '../rounds.js';
import { send } from './followed.js';
import type { LiveOutputs } from './live-outputs.js';
import { inTurn, unitsOfAnswer } from './turnstile.js';
import { createUnary, toStatus } from './unary.js';
import { watch } from './watched.js';

export interface StudyServiceOptions {
  readonly coordinator: Coordinator;
  readonly logger: Logger;
  readonly clock?: () => number;
  readonly artifacts: ArtifactStore;
  readonly outputs: LiveOutputs;
}

/** What people and programs ask, over gRPC. */
export function createStudyService(options: StudyServiceOptions): StudyServiceServer {
  const { coordinator, logger, clock = Date.now } = options;
  const unary = createUnary(logger);
  const portions = new Portions(coordinator);
  const rounds = new Rounds();
  const calls = createStudyCalls(coordinator, portions, clock);
  return {
    createStudy: unary(calls.createStudy, ({ spec }) => spec.length / CHARACTERS_OF_A_UNIT),
    listStudies: unary(calls.listStudies, costsItsRows),
    getLeaderboard: unary(calls.getLeaderboard, costsItsRows),
    watchLeaderboard(call: ServerWritableStream<WatchLeaderboardRequest, WatchLeaderboardResponse>): void {
      watch(call, { coordinator, portions, rounds, clock }).catch(
        (error: unknown) => void call.emit('error', toStatus(error, logger)),
      );
    },
    listTrials: unary(calls.listTrials, costsItsRows),
    streamTrials(call: ServerWritableStream<StreamTrialsRequest, StreamTrialsResponse>): void {
      stream(call, coordinator, portions).catch((error: unknown) => void call.emit('error', toStatus(error, logger)));
    },
    getTrial: unary(calls.getTrial, costsItsRows),
    getOutput: unary(createOutputCall(options)),
    rerunTrial: unary(calls.rerunTrial),
    controlStudy: unary(calls.controlStudy),
    adjustStudy: unary(calls.adjustStudy),
    deleteStudy: unary(calls.deleteStudy),
    stopTrial: unary(calls.stopTrial),
    invalidateTrial: unary(calls.invalidateTrial),
    enqueueTrial: unary(calls.enqueueTrial, (request) => request.configuration.length / CHARACTERS_OF_A_UNIT),
    listWorkers: unary(calls.listWorkers, costsItsRows),
    drainWorker: unary(calls.drainWorker),
    unquarantineWorker: unary(calls.unquarantineWorker),
  };
}

const costsItsRows = (_: unknown, answer: object): number => unitsOfAnswer(answer);

/** Sends all trials as they were when it was asked, as fast as the caller takes them. */
async function stream(
  call: ServerWritableStream<StreamTrialsRequest, StreamTrialsResponse>,
  coordinator: Coordinator,
  portions: Portions,
): Promise<void> {
  const { study } = call.request;
  const { next } = await coordinator.view((core) => allTrials(core, studyOf(core, study)));
  while (!call.cancelled) {
    const message = await inTurn(
      call,
      () => portions.do(() => next()),
      (made) => unitsOfAnswer(made ?? {}),
    );
    if (message === undefined || !(await send<object>(call, message))) break;
  }
  call.end();
}
