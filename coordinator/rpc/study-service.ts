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
import { studyOf } from '../calls/look.js';
import { createOutputCall } from '../calls/output-call.js';
import { createStudyCalls } from '../calls/study-calls.js';
import type { Coordinator } from '../coordinator.js';
import type { Core } from '../core/transaction.js';
import { leaderboardView, ranksOf, studyView, trialView } from '../core/views.js';
import { CHARACTERS_OF_A_UNIT } from '../limits.js';
import { toLeaderboard, toStudy, toTrial } from './convert.js';
import { send } from './followed.js';
import type { LiveOutputs } from './live-outputs.js';
import { inTurn, unitsOfAnswer } from './turnstile.js';
import { createUnary, toStatus } from './unary.js';

/** A watched board is sent again at most this often, in milliseconds. */
const WATCH_INTERVAL_MS = 150;

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
  const calls = createStudyCalls(coordinator, clock);
  return {
    createStudy: unary(calls.createStudy, ({ spec }) => spec.length / CHARACTERS_OF_A_UNIT),
    listStudies: unary(calls.listStudies, costsItsRows),
    getLeaderboard: unary(calls.getLeaderboard, costsItsRows),
    watchLeaderboard(call: ServerWritableStream<WatchLeaderboardRequest, WatchLeaderboardResponse>): void {
      watch(call, coordinator, clock).catch((error: unknown) => void call.emit('error', toStatus(error, logger)));
    },
    listTrials: unary(calls.listTrials, costsItsRows),
    streamTrials(call: ServerWritableStream<StreamTrialsRequest, StreamTrialsResponse>): void {
      stream(call, coordinator).catch((error: unknown) => void call.emit('error', toStatus(error, logger)));
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

function costOf({ response }: { readonly response: object }): number {
  return unitsOfAnswer(response);
}

/** Trials in one message of a stream: made between two batches, so that a long study holds nothing up. */
const PORTION = 200;

/** Sends all trials, in portions, as fast as the caller takes them. */
async function stream(
  call: ServerWritableStream<StreamTrialsRequest, StreamTrialsResponse>,
  coordinator: Coordinator,
): Promise<void> {
  let { study: id } = call.request;
  for (let from = 0; !call.cancelled; from += PORTION) {
    const look = (core: Core) => {
      const study = studyOf(core, id);
      id = study.id;
      const names = study.spec.params.map(({ name }) => name);
      const ranks = ranksOf(study);
      const rows = study.trials.slice(from, from + PORTION).map((trial) => ({
        rank: ranks.get(trial.number) ?? 0,
        trial: toTrial(trialView(study, trial), names),
      }));
      const header = from === 0 ? toStudy(studyView(study, core.fleet)) : undefined;
      return { response: { study: header, rows }, more: from + PORTION < study.trials.length };
    };
    const { response, more } = await inTurn(call, () => coordinator.view(look), costOf);
    if (!(await send(call, response)) || !more) break;
  }
  call.end();
}

/** Sends the board now and after every change, until the study has finished or the caller has gone. */
async function watch(
  call: ServerWritableStream<WatchLeaderboardRequest, WatchLeaderboardResponse>,
  coordinator: Coordinator,
  clock: () => number,
): Promise<void> {
  const { study: asked, top } = call.request;
  let id = asked;
  let seen: number | undefined;
  while (!call.cancelled && !call.destroyed) {
    if (seen !== coordinator.revision) {
      const { revision } = coordinator;
      const look = (core: Core) => {
        const study = studyOf(core, id);
        // "The latest" is the one that was the latest when the call began.
        id = study.id;
        const view = leaderboardView(core.state, core.fleet, study, top);
        const over = view.study.status === 'finished' && view.running.length === 0;
        return { response: { leaderboard: toLeaderboard(view, clock()) }, over };
      };
      const { response, over } = await inTurn(call, () => coordinator.view(look), costOf);
      seen = revision;
      if (!(await send(call, response)) || over) break;
    }
    await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
  }
  call.end();
}
