import type {
  AdjustStudyRequest,
  AdjustStudyResponse,
  DeleteStudyRequest,
  DeleteStudyResponse,
  DrainWorkerRequest,
  DrainWorkerResponse,
  EnqueueTrialRequest,
  EnqueueTrialResponse,
  InvalidateTrialRequest,
  InvalidateTrialResponse,
  StopTrialRequest,
  StopTrialResponse,
  UnquarantineWorkerRequest,
  UnquarantineWorkerResponse,
  Worker,
} from '../../proto/index.js';
import type { Coordinator } from '../coordinator.js';
import type { AdjustStudy, Amount } from '../core/commands.js';
import { workerViews } from '../core/views.js';
import { HIGHEST_PRIORITY, LONGEST_REASON, MOST_PARALLEL, MOST_TRIALS } from '../limits.js';
import { toWorker } from '../rpc/convert.js';
import { LONGEST_DURATION_MS, parseConfiguration } from '../spec/index.js';
import { checkRequestId, looksAt, taken, trialOf } from './look.js';
import { Refused } from './refused.js';

/** What people steer with. */
export interface ControlCalls {
  readonly adjustStudy: (request: AdjustStudyRequest) => Promise<AdjustStudyResponse>;
  readonly deleteStudy: (request: DeleteStudyRequest) => Promise<DeleteStudyResponse>;
  readonly stopTrial: (request: StopTrialRequest) => Promise<StopTrialResponse>;
  readonly invalidateTrial: (request: InvalidateTrialRequest) => Promise<InvalidateTrialResponse>;
  readonly enqueueTrial: (request: EnqueueTrialRequest) => Promise<EnqueueTrialResponse>;
  readonly drainWorker: (request: DrainWorkerRequest) => Promise<DrainWorkerResponse>;
  readonly unquarantineWorker: (request: UnquarantineWorkerRequest) => Promise<UnquarantineWorkerResponse>;
}

/** The calls with which people steer what runs. */
export function createControlCalls(coordinator: Coordinator): ControlCalls {
  const { viewOf, studyAfter } = looksAt(coordinator);
  const trialAfter = async ({ study: id, trial: number }: { readonly study: string; readonly trial: number }) => ({
    study: id,
    trial: await viewOf(id, (study) => trialOf(study, number)),
  });
  return {
    adjustStudy: async (request) => {
      const reply = taken(await coordinator.submit(toAdjustStudy(request)));
      return { study: await studyAfter(reply.study) };
    },

    deleteStudy: async ({ study }) => {
      if (study === '') throw invalid('study is empty: say which one is to be deleted');
      const before = await studyAfter(study);
      taken(await coordinator.submit({ type: 'DeleteStudy', study }));
      return { study: before };
    },

    stopTrial: async ({ study, trial }) =>
      trialAfter(taken(await coordinator.submit({ type: 'StopTrial', study, trial }))),

    invalidateTrial: async ({ study, trial, reason }) => {
      if (reason.length > LONGEST_REASON) {
        throw invalid(`reason has ${reason.length} characters, at most ${LONGEST_REASON} are allowed`);
      }
      const line = reason.replaceAll(/\s+/g, ' ').trim();
      return trialAfter(taken(await coordinator.submit({ type: 'InvalidateTrial', study, trial, reason: line })));
    },

    enqueueTrial: async ({ requestId, study: asked, configuration }) => {
      const { id, parsed } = await viewOf(asked, (study) => ({
        id: study.id,
        parsed: parseConfiguration(configuration, study.spec.params, study.spec.relations),
      }));
      if (!parsed.ok) throw invalid(parsed.faults.join('\n'));
      const { params } = parsed;
      const checked = checkRequestId(requestId);
      taken(await coordinator.submit({ type: 'EnqueueTrial', requestId: checked, study: id, params }));
      return { study: await studyAfter(id) };
    },

    drainWorker: async ({ worker, handBack }) => {
      const leaving = handBack ? 'hand_back' : 'finish';
      return workerAfter(
        coordinator,
        taken(await coordinator.submit({ type: 'DismissWorker', worker, leaving })).worker,
      );
    },

    unquarantineWorker: async ({ worker }) =>
      workerAfter(coordinator, taken(await coordinator.submit({ type: 'PardonWorker', worker })).worker),
  };
}

function invalid(message: string): Refused {
  return new Refused({ code: 'invalid', message });
}

async function workerAfter(coordinator: Coordinator, id: string): Promise<{ worker: Worker | undefined }> {
  const views = await coordinator.view(({ fleet }) => workerViews(fleet));
  const view = views.find((worker) => worker.id === id);
  return { worker: view && toWorker(view) };
}

function toAdjustStudy({ requestId, study, trials, time, parallel, priority }: AdjustStudyRequest): AdjustStudy {
  if (trials === undefined && time === undefined && parallel === undefined && priority === undefined) {
    throw invalid('nothing is to be changed: give trials, time, parallel or priority');
  }
  if (parallel !== undefined && parallel > MOST_PARALLEL) {
    throw invalid(`parallel ${parallel} must be at most ${MOST_PARALLEL}, or 0 for every free slot`);
  }
  if (priority !== undefined && Math.abs(priority) > HIGHEST_PRIORITY) {
    throw invalid(`priority ${priority} must be from -${HIGHEST_PRIORITY} to ${HIGHEST_PRIORITY}`);
  }
  return {
    type: 'AdjustStudy',
    requestId: checkRequestId(requestId),
    study,
    ...(trials && { trials: toAmount(trials.$case === 'trialsMore', trials.value, 'trials', MOST_TRIALS) }),
    ...(time && { timeMs: toAmount(time.$case === 'timeMoreMs', time.value, 'time', LONGEST_DURATION_MS) }),
    ...(parallel !== undefined && { parallel }),
    ...(priority !== undefined && { priority }),
  };
}

function toAmount(more: boolean, value: number, name: string, most: number): Amount {
  if (value < 1 || value > most) throw invalid(`${name} ${value} must be from 1 to ${most}`);
  return more ? { more: value } : { total: value };
}
