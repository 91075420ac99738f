import type { ServerWritableStream } from '@grpc/grpc-js';
import type {
  GetLeaderboardResponse,
  Leaderboard,
  WatchLeaderboardRequest,
  WatchLeaderboardResponse,
} from '../../proto/index.js';
import { type Answer, COST_OF_A_STUDY, COST_OF_A_TRIAL, leaderboardAnswer, namesOf } from '../calls/long-answers.js';
import { studyOf } from '../calls/look.js';
import type { Coordinator } from '../coordinator.js';
import { endedOf } from '../core/ended.js';
import type { Study } from '../core/study.js';
import type { Core } from '../core/transaction.js';
import { studyView, trialSummary } from '../core/views.js';
import type { Portions, Work } from '../portions.js';
import type { Rounds } from '../rounds.js';
import { toStudy, toTrial } from './convert.js';
import { Encoded } from './encoded.js';
import { send } from './followed.js';
import { inTurn, unitsOfAnswer } from './turnstile.js';

/** A watched board is sent again at most this often, in milliseconds. */
const WATCH_INTERVAL_MS = 150;

/** Trials in one message of news. */
const PAGE = 200;

export interface WatchOptions {
  readonly coordinator: Coordinator;
  readonly portions: Portions;
  /** Boards are made for all who watch the same. */
  readonly rounds: Rounds;
  readonly clock: () => number;
}

type Watching = ServerWritableStream<WatchLeaderboardRequest, WatchLeaderboardResponse>;

/** Sends the board, or news of it, now and after every change, until the study has finished or the caller has gone. */
export async function watch(call: Watching, options: WatchOptions): Promise<void> {
  const { coordinator } = options;
  const show = call.request.news ? newsOf(call.request, options) : boardsOf(call.request, options);
  let seen: number | undefined;
  for (let over = false; !over && !call.cancelled && !call.destroyed; ) {
    if (seen === coordinator.revision) {
      await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
      continue;
    }
    const { revision } = coordinator;
    const { answer, ...state } = await inTurn(call, show, (shown) => unitsOfAnswer(shown.answer));
    if (!(await send<object>(call, answer))) break;
    if (state.more) continue;
    ({ over } = state);
    seen = revision;
    if (!over) await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
  }
  call.end();
}

/** What is sent next. */
interface Shown {
  readonly answer: Answer<WatchLeaderboardResponse>;
  /** More follows at once. */
  readonly more: boolean;
  /** Nothing will change any more. */
  readonly over: boolean;
}

/** Boards as a whole. */
function boardsOf({ study: asked, top }: WatchLeaderboardRequest, { portions, rounds, clock }: WatchOptions) {
  let id = asked;
  return async (): Promise<Shown> => {
    const { study, shown } = await rounds.ask(`${top} ${id}`, () => {
      function* show(core: Core): Work<{ readonly study: string; readonly shown: Shown }> {
        const found = studyOf(core, id);
        const over = isOver(found);
        const answer = asWatched(yield* leaderboardAnswer(core, found, top, clock()));
        return { study: found.id, shown: { answer, more: false, over } };
      }
      return portions.do(show);
    });
    // "The latest" is the one that was the latest when the call began.
    id = study;
    return shown;
  };
}

/** The study, and the trials that have ended and were not told yet: it costs what is new, however long the board is. */
function newsOf({ study: asked }: WatchLeaderboardRequest, { portions, clock }: WatchOptions) {
  let id = asked;
  let told = 0;
  function* show({ state, fleet }: Core): Work<Shown> {
    const study = studyOf({ state }, id);
    id = study.id;
    const names = namesOf(study);
    const all = endedOf(study);
    const page = all.slice(told, told + PAGE);
    told += page.length;
    const more = told < all.length;
    const answer = {
      leaderboard: { ...NO_ROWS, study: toStudy(studyView(study, fleet)), position: state.events, nowMs: clock() },
      ended: page.map((number) => toTrial({ ...trialSummary(study, study.trials[number]!), reports: [] }, names)),
      more,
      news: true,
    };
    yield COST_OF_A_STUDY + page.length * COST_OF_A_TRIAL;
    return { answer, more, over: isOver(study) };
  }
  return (): Promise<Shown> => portions.do(show);
}

const NO_ROWS: Pick<Leaderboard, 'rows' | 'running' | 'workers'> = { rows: [], running: [], workers: [] };

function isOver({ status, running }: Study): boolean {
  return status === 'finished' && running.size === 0;
}

/** The board is the first field of both. */
function asWatched(answer: Answer<GetLeaderboardResponse>): Answer<WatchLeaderboardResponse> {
  if (answer instanceof Encoded) return new Encoded(answer.bytes, answer.rows);
  return { leaderboard: answer.leaderboard, ended: [], more: false, news: false };
}
