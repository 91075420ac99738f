import { type Leaderboard, type Study, type Trial, TrialState } from '../../proto/index.js';
import type { StudyClient } from '../client.js';
import { describeTerminal } from '../terminal.js';
import { Pace } from './pace.js';
import { PlainView } from './plain.js';
import { render } from './render.js';
import { openScreen } from './screen.js';
import type { View } from './view.js';

/** What is followed, and how. */
export interface Following {
  /** '' for the latest study. */
  readonly study: string;
  /** Rows of the board on a terminal; 0 for as many as fit. */
  readonly top: number;
  /** Aborted: the view is left as it stands and `follow` returns. */
  readonly signal: AbortSignal;
  readonly attachHint?: string;
  /** Something else that people should know; asked for at every picture. */
  readonly note?: () => string | undefined;
  /** Called for every board that comes, before it is shown. */
  readonly onBoard?: (board: Leaderboard) => void;
  /** Where more can be seen; asked for at every picture. */
  readonly dashboard?: () => string | undefined;
  /** Rows of the picture that is left standing; all when absent. */
  readonly lastRows?: number;
}

/** More rows than any terminal shows. */
const SCREENFUL = 100;

/** Follows a study until it has finished or the signal is aborted. Returns the last board that was seen. */
export function follow(client: StudyClient, following: Following): Promise<Leaderboard | undefined> {
  return describeTerminal().live ? followOnScreen(client, following) : followInLines(client, following);
}

async function followOnScreen(client: StudyClient, following: Following): Promise<Leaderboard | undefined> {
  const pace = new Pace();
  let view: View | undefined;
  let receivedAt = 0;
  const now = (board: Leaderboard): number => board.nowMs + (Date.now() - receivedAt);
  const screen = openScreen(process.stdout, (columns, rows) => {
    if (view === undefined) return [];
    const nowMs = now(view.board);
    const { study } = view.board;
    const leftMs = study === undefined ? undefined : pace.leftMs(study, nowMs);
    const note = following.note?.();
    const dashboard = following.dashboard?.();
    const current = {
      ...view,
      nowMs,
      silentMs: Date.now() - receivedAt,
      ...(leftMs === undefined ? {} : { leftMs }),
      ...(note === undefined ? {} : { note }),
      ...(dashboard === undefined ? {} : { dashboard }),
    };
    return render(current, { columns, rows, color: true });
  });
  const failures = new Failures(client);
  try {
    const { study, top, signal, attachHint } = following;
    for await (const event of client.watchLeaderboard(study, top === 0 ? SCREENFUL : top, signal)) {
      if (event.kind === 'away') {
        if (view !== undefined) view = { ...view, away: event.reason };
      } else {
        const { board } = event;
        receivedAt = Date.now();
        following.onBoard?.(board);
        pace.see(board);
        const newest = (await failures.of(board)).at(-1);
        view = {
          board,
          nowMs: board.nowMs,
          ...(newest === undefined ? {} : { failure: { trial: newest.number, reason: newest.reason } }),
          ...(attachHint === undefined ? {} : { attachHint }),
        };
      }
      screen.refresh();
    }
  } finally {
    screen.close(following.lastRows);
  }
  return view?.board;
}

async function followInLines(
  client: StudyClient,
  { study, signal, note, onBoard }: Following,
): Promise<Leaderboard | undefined> {
  const plain = new PlainView();
  const failures = new Failures(client);
  let last: Leaderboard | undefined;
  let away = false;
  let noted: string | undefined;
  for await (const event of client.watchNews(study, signal)) {
    if (event.kind === 'away') {
      if (!away) process.stderr.write(`assay: ${event.reason}; trying again\n`);
      away = true;
      continue;
    }
    away = false;
    last = event.board;
    onBoard?.(last);
    const news = note?.();
    if (news !== undefined && news !== noted) process.stderr.write(`assay: ${news}\n`);
    noted = news;
    // A coordinator that tells no news sends all rows, and failed trials have none.
    const ended = event.ended ?? [...last.rows.flatMap(({ trial }) => trial ?? []), ...(await failures.of(last))];
    for (const line of plain.see(last, ended)) process.stdout.write(`${line}\n`);
  }
  return last;
}

/** Failed trials have no rank, so a board only counts them; their reasons are asked for when the count grows. */
class Failures {
  readonly #client: StudyClient;
  #known: readonly Trial[] = [];

  constructor(client: StudyClient) {
    this.#client = client;
  }

  /** The study's failed trials, by the time of their end. */
  async of({ study }: Leaderboard): Promise<readonly Trial[]> {
    if (study !== undefined && failedCount(study) !== this.#known.length) {
      try {
        const { trials } = await this.#client.listTrials(study.id);
        const failed = trials.filter(
          ({ state, rerunOf }) => state === TrialState.TRIAL_STATE_FAILED && rerunOf === undefined,
        );
        this.#known = failed.sort((a, b) => a.endedAtMs - b.endedAtMs);
      } catch {
        // The view goes on without the reasons; the next board asks again.
      }
    }
    return this.#known;
  }
}

function failedCount(study: Study): number {
  return study.counts?.failed ?? 0;
}
