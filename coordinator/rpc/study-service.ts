import { randomInt } from 'node:crypto';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import {
  StudyAction,
  type StudyServiceServer,
  type WatchLeaderboardRequest,
  type WatchLeaderboardResponse,
} from '../../proto/index.js';
import type { Coordinator } from '../coordinator.js';
import { leaderboardView, studyView, trialView, workerViews } from '../core/views.js';
import { formatFault, parseSearchFile } from '../spec/index.js';
import { createControlMethods } from './control-methods.js';
import { toLeaderboard, toStudy, toTrial, toWorker } from './convert.js';
import { unexpected } from './status.js';
import { checkRequestId, createUnary, looksAt, Refused, studyOf, taken, trialOf } from './unary.js';

/** A watched board is sent again at most this often, in milliseconds. */
const WATCH_INTERVAL_MS = 150;

export interface StudyServiceOptions {
  readonly coordinator: Coordinator;
  readonly logger: Logger;
  readonly clock?: () => number;
}

/** What people and programs ask. Reads see only what the log holds. */
export function createStudyService({ coordinator, logger, clock = Date.now }: StudyServiceOptions): StudyServiceServer {
  const unary = createUnary(logger);
  const { viewOf, studyAfter } = looksAt(coordinator);

  return {
    createStudy: unary(async ({ requestId, spec: source, fileName }) => {
      const parsed = parseSearchFile(source, fileName === '' ? 'search.yaml' : fileName);
      if (!parsed.ok) throw new Refused({ code: 'invalid', message: parsed.faults.map(formatFault).join('\n') });
      const { spec } = parsed;
      const drawnSeed = randomInt(2 ** 32);
      const reply = taken(
        await coordinator.submit({
          type: 'CreateStudy',
          requestId: checkRequestId(requestId),
          spec,
          source,
          drawnSeed,
        }),
      );
      return { study: await studyAfter(reply.study) };
    }),

    listStudies: unary(() =>
      coordinator.view(({ state, fleet }) => ({
        studies: [...state.studies.values()].map((study) => toStudy(studyView(study, fleet))),
      })),
    ),

    getLeaderboard: unary(({ study: id, top }) =>
      viewOf(id, (study, { state, fleet }) => ({
        leaderboard: toLeaderboard(leaderboardView(state, fleet, study, top), clock()),
      })),
    ),

    watchLeaderboard(call: ServerWritableStream<WatchLeaderboardRequest, WatchLeaderboardResponse>): void {
      watch(call, coordinator, clock).catch((error: unknown) => {
        call.emit('error', error instanceof Refused ? error.status : unexpected(logger, error));
      });
    },

    listTrials: unary(({ study: id }) =>
      viewOf(id, (study, { fleet }) => {
        const names = study.spec.params.map(({ name }) => name);
        const trials = study.trials.map((trial) => ({ ...toTrial(trialView(study, trial), names), reports: [] }));
        return { study: toStudy(studyView(study, fleet)), trials };
      }),
    ),

    getTrial: unary(({ study: id, trial: number }) =>
      viewOf(id, (study, { fleet }) => ({ study: toStudy(studyView(study, fleet)), trial: trialOf(study, number) })),
    ),

    rerunTrial: unary(async ({ requestId, study: id, trial: number, seed }) => {
      const reply = taken(
        await coordinator.submit({
          type: 'RerunTrial',
          requestId: checkRequestId(requestId),
          study: id,
          trial: number,
          ...(seed === undefined ? {} : { seed }),
        }),
      );
      return { study: reply.study, trial: await viewOf(reply.study, (study) => trialOf(study, reply.trial)) };
    }),

    controlStudy: unary(async ({ study, action }) => {
      if (action === StudyAction.STUDY_ACTION_UNSPECIFIED || action === StudyAction.UNRECOGNIZED) {
        throw new Refused({ code: 'invalid', message: 'action must be pause, resume or stop' });
      }
      const reply = taken(await coordinator.submit({ type: 'ControlStudy', study, action: ACTIONS[action] }));
      return { study: await studyAfter(reply.study) };
    }),

    ...createControlMethods(coordinator, unary),

    listWorkers: unary(() => coordinator.view(({ fleet }) => ({ workers: workerViews(fleet).map(toWorker) }))),
  };
}

const ACTIONS = {
  [StudyAction.STUDY_ACTION_PAUSE]: 'pause',
  [StudyAction.STUDY_ACTION_RESUME]: 'resume',
  [StudyAction.STUDY_ACTION_STOP]: 'stop',
} as const;

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
      const view = await coordinator.view((core) => {
        const study = studyOf(core, id);
        // "The latest" is the one that was the latest when the call began.
        id = study.id;
        return leaderboardView(core.state, core.fleet, study, top);
      });
      seen = revision;
      call.write({ leaderboard: toLeaderboard(view, clock()) });
      if (view.study.status === 'finished' && view.running.length === 0) break;
    }
    await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
  }
  call.end();
}
