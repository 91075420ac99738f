import { randomInt } from 'node:crypto';
import {
  type ControlStudyRequest,
  type ControlStudyResponse,
  type CreateStudyRequest,
  type CreateStudyResponse,
  type GetLeaderboardRequest,
  type GetLeaderboardResponse,
  type GetTrialRequest,
  type GetTrialResponse,
  type ListStudiesResponse,
  type ListTrialsRequest,
  type ListTrialsResponse,
  type ListWorkersResponse,
  type RerunTrialRequest,
  type RerunTrialResponse,
  StudyAction,
} from '../../proto/index.js';
import { isArtifactId } from '../artifacts/port.js';
import type { Coordinator } from '../coordinator.js';
import { codeSourceOf } from '../core/objective-facts.js';
import type { SearchSpec } from '../core/spec.js';
import { seenView, studyView } from '../core/views.js';
import { LONGEST_FILE_NAME } from '../limits.js';
import type { Portions } from '../portions.js';
import { toStudy } from '../rpc/convert.js';
import { formatFault } from '../spec/index.js';
import { readSearchFile } from '../spec/search-file-reader.js';
import { type ControlCalls, createControlCalls } from './control-calls.js';
import { type Answer, leaderboardAnswer, studiesAnswer, trialsAnswer, workersAnswer } from './long-answers.js';
import { checkRequestId, looksAt, studyOf, taken, trialOf } from './look.js';
import { Refused } from './refused.js';

/**
 * What people and programs ask of a coordinator, one question and one answer each, whichever door they come through: gRPC
 * and the dashboard call the same functions. Reads see only what the log holds. All of them reject with a
 * {@link Refused} where they refuse.
 */
export interface StudyCalls extends ControlCalls {
  readonly createStudy: (request: CreateStudyRequest) => Promise<CreateStudyResponse>;
  readonly listStudies: () => Promise<Answer<ListStudiesResponse>>;
  readonly getLeaderboard: (request: GetLeaderboardRequest) => Promise<Answer<GetLeaderboardResponse>>;
  readonly listTrials: (request: ListTrialsRequest) => Promise<Answer<ListTrialsResponse>>;
  readonly getTrial: (request: GetTrialRequest) => Promise<GetTrialResponse>;
  readonly rerunTrial: (request: RerunTrialRequest) => Promise<RerunTrialResponse>;
  readonly controlStudy: (request: ControlStudyRequest) => Promise<ControlStudyResponse>;
  readonly listWorkers: () => Promise<Answer<ListWorkersResponse>>;
}

/** @param portions does what is long */
export function createStudyCalls(coordinator: Coordinator, portions: Portions, clock: () => number): StudyCalls {
  const { viewOf, studyAfter } = looksAt(coordinator);
  return {
    createStudy: async ({ requestId, spec: source, fileName, codeDigest }) => {
      const parsed = await readSearchFile(source, checkFileName(fileName));
      if (!parsed.ok) {
        throw new Refused({ code: 'invalid', message: parsed.faults.map(formatFault).join('\n') }, parsed.faults);
      }
      const spec = withCode(parsed.spec, codeDigest);
      const drawnSeed = randomInt(2 ** 32);
      const checked = checkRequestId(requestId);
      const reply = taken(
        await coordinator.submit({ type: 'CreateStudy', requestId: checked, spec, source, drawnSeed }),
      );
      return { study: await studyAfter(reply.study) };
    },

    listStudies: () => portions.do(studiesAnswer),

    getLeaderboard: ({ study: id, top }) =>
      portions.do((core) => leaderboardAnswer(core, studyOf(core, id), top, clock())),

    listTrials: ({ study: id }) => portions.do((core) => trialsAnswer(core, studyOf(core, id))),

    getTrial: ({ study: id, trial: number }) =>
      viewOf(id, (study, { fleet }) => {
        const trial = trialOf(study, number);
        return { study: toStudy(studyView(study, fleet)), trial, seen: seenView(study, study.trials[number]!) };
      }),

    rerunTrial: async ({ requestId, study: id, trial: number, seed }) => {
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
    },

    controlStudy: async ({ study, action }) => {
      if (action === StudyAction.STUDY_ACTION_UNSPECIFIED || action === StudyAction.UNRECOGNIZED) {
        throw new Refused({ code: 'invalid', message: 'action must be pause, resume or stop' });
      }
      const reply = taken(await coordinator.submit({ type: 'ControlStudy', study, action: ACTIONS[action] }));
      return { study: await studyAfter(reply.study) };
    },

    ...createControlCalls(coordinator),

    listWorkers: () => portions.do(workersAnswer),
  };
}

/** Faults begin with it. */
function checkFileName(name: string): string {
  if (name.length > LONGEST_FILE_NAME) {
    const words = `file_name has ${name.length} characters, at most ${LONGEST_FILE_NAME} are allowed`;
    throw new Refused({ code: 'invalid', message: words });
  }
  return name === '' ? 'search.yaml' : name.replaceAll(/\p{Cc}/gu, '?');
}

const ACTIONS = {
  [StudyAction.STUDY_ACTION_PAUSE]: 'pause',
  [StudyAction.STUDY_ACTION_RESUME]: 'resume',
  [StudyAction.STUDY_ACTION_STOP]: 'stop',
} as const;

/**
 * Records which upload is the study's code. Whoever submits has made it just before; one that nobody made fails the study's
 * attempts in words.
 */
function withCode(spec: SearchSpec, codeDigest: string): SearchSpec {
  const uploads = codeSourceOf(spec) === 'upload';
  if (codeDigest === '' && uploads) {
    throw new Refused({
      code: 'invalid',
      message: 'the study uploads code, and none came with it: use "assay submit"',
    });
  }
  if (codeDigest === '') return spec;
  if (!uploads || !isArtifactId(codeDigest)) {
    throw new Refused({ code: 'invalid', message: 'code_digest must be the SHA-256 of what the study uploads' });
  }
  return { ...spec, objective: { ...spec.objective, codeDigest } };
}
