import type { Leaderboard } from '../../proto/index.js';

/** What the live view shows at a moment. */
export interface View {
  readonly board: Leaderboard;
  /** The coordinator's clock now, milliseconds since the epoch; it runs on between two boards. */
  readonly nowMs: number;
  /** Estimated time until the study ends, milliseconds; absent when there is nothing to go by. */
  readonly leftMs?: number;
  /** For how long nothing has come, milliseconds: a coordinator that is there is heard of every second. */
  readonly silentMs?: number;
  /** Why no new boards come, while none do. */
  readonly away?: string;
  /** The newest failed trial. */
  readonly failure?: { readonly trial: number; readonly reason: string };
  /** Something else that people should know. */
  readonly note?: string;
  /** Where more can be seen: a URL. */
  readonly dashboard?: string;
  /** What to do when no worker is attached. */
  readonly attachHint?: string;
}
