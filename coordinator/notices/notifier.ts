import type { Logger } from 'pino';
import type { Coordinator } from '../coordinator.js';
import { notifyCommand } from './command.js';
import { Mailbox, type Target } from './mailbox.js';
import type { NoticeKind } from './notice.js';
import { NoticeWatch } from './watch.js';
import { webhook } from './webhook.js';

/** Who is told of what. */
export interface NoticeConfig {
  /** http or https. */
  readonly url?: string | undefined;
  /** A program and its words. */
  readonly command?: readonly string[] | undefined;
  readonly kinds: readonly NoticeKind[];
}

/** Between two looks: as often, at most, a new best is told. */
const LOOK_MS = 1_000;
/** How long what is still to be sent is waited for when the coordinator stops, milliseconds. */
const CLOSE_MS = 3_000;

/** @throws {ConfigError} when there is no such command */
export function noticeTargets({ url, command }: NoticeConfig): readonly Target[] {
  return [...(url === undefined ? [] : [webhook(url)]), ...(command === undefined ? [] : [notifyCommand(command)])];
}

/** Notices of one coordinator's term. */
export interface Notifier {
  close(): Promise<void>;
}

/** Tells targets of what happens from now on. Nothing that they do reaches the coordinator's loop. */
export async function startNotifier(
  coordinator: Coordinator,
  targets: readonly Target[],
  options: { readonly kinds: readonly NoticeKind[]; readonly logger: Logger; readonly clock?: () => number },
): Promise<Notifier> {
  const { kinds, logger, clock = Date.now } = options;
  const mailboxes = targets.map((target) => new Mailbox(target, logger));
  const watch = new NoticeWatch((notice) => {
    if (kinds.includes(notice.kind)) for (const mailbox of mailboxes) mailbox.put(notice);
  });
  // Nothing is committed between a look and the next event, so nothing is missed and nothing told twice.
  const unfollow = await coordinator.view((core) => {
    watch.begin(core);
    return coordinator.follow({ events: (events, state) => watch.events(events, state), committed() {} });
  });
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    coordinator
      .view((core) => watch.look(core, clock()))
      .catch((error: unknown) => logger.warn({ err: error }, 'could not look for notices'))
      .finally(() => {
        looking = false;
      });
  }, LOOK_MS);
  return {
    close: async () => {
      clearInterval(timer);
      unfollow();
      await Promise.all(mailboxes.map((mailbox) => mailbox.close(CLOSE_MS)));
    },
  };
}
