import { type Logger, pino } from 'pino';
import { ANYBODY, type Caller } from './caller.js';
import type { TokenStore } from './store.js';
import { type Access, METHODS, ROUTES } from './table.js';
import { createTeller, type Tell } from './teller.js';
import { shortId, type TokenRecord } from './token.js';
import { type Fault, Tokens } from './tokens.js';

/** How often open calls are looked at for tokens that have come to their end, milliseconds. */
const LOOK_MS = 500;

/** What a call carries to be let in. */
export interface Credentials {
  /** What follows "Bearer". */
  readonly token?: string | undefined;
  /** The cookie of the dashboard. */
  readonly session?: string | undefined;
}

/** Somebody was let in, or was not: `unauthenticated` lacks a token that is good, `denied` the role. */
export type Admission =
  | { readonly ok: true; readonly caller: Caller; readonly record: TokenRecord | undefined }
  | Turned;

export interface Turned {
  readonly ok: false;
  readonly code: 'unauthenticated' | 'denied';
  readonly message: string;
}

/** Asks everybody who they are, and ends what they have open when their token is revoked. */
export class Gate {
  /** Undefined where nobody needs a token. */
  readonly tokens: Tokens | undefined;
  /** Puts into the log whom it has turned away, and why. */
  readonly tell: Tell;
  readonly #open = new Map<() => void, { readonly record: TokenRecord; readonly cut: (why: Turned) => void }>();
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param store tokens that are let in; without one everybody is let in, as admin */
  constructor(store?: TokenStore, logger: Logger = pino({ level: 'silent' })) {
    this.tell = createTeller(logger);
    if (store === undefined) return;
    this.tokens = new Tokens(store);
    store.follow(() => this.#look());
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** @param path of a gRPC method */
  method(path: string, credentials: Credentials): Admission {
    return this.#admit(METHODS[path], path, credentials);
  }

  /** @param route method and pattern of HTTP */
  route(route: string, credentials: Credentials): Admission {
    return this.#admit(ROUTES[route], route, credentials);
  }

  /**
   * Calls `cut` when the caller is not let in any more.
   *
   * @returns to be called when there is nothing to cut any more
   */
  watch(record: TokenRecord | undefined, cut: (why: Turned) => void): () => void {
    if (record === undefined) return () => {};
    const leave = (): void => void this.#open.delete(leave);
    this.#open.set(leave, { record, cut });
    return leave;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #admit(access: Access | undefined, what: string, { token, session }: Credentials): Admission {
    if (access === undefined) {
      return { ok: false, code: 'denied', message: `${what} is open to no role: it is not in the table of access` };
    }
    const { tokens } = this;
    if (tokens === undefined) return { ok: true, caller: ANYBODY, record: undefined };
    const found =
      token !== undefined
        ? tokens.check(token, 'token')
        : session === undefined
          ? undefined
          : tokens.check(session, 'session');
    if (found !== undefined && typeof found !== 'string') {
      if (access === 'anyone' || access.includes(found.role)) {
        const id = found.kind === 'session' ? found.parent : found.id;
        return { ok: true, caller: { token: id, role: found.role }, record: found };
      }
      return { ok: false, code: 'denied', message: denial(what, access, found) };
    }
    if (access === 'anyone') return { ok: true, caller: NOBODY, record: undefined };
    return found === undefined ? MISSING : turned(found);
  }

  #look(): void {
    for (const [leave, { record, cut }] of [...this.#open]) {
      const fault = this.tokens?.faultOf(record);
      if (fault === undefined) continue;
      leave();
      cut(turned(fault));
    }
  }
}

/** Whoever shows no token where none is needed. It may do what anyone may, and nothing else is decided by this role. */
const NOBODY: Caller = { token: '', role: 'view' };

const MISSING: Turned = {
  ok: false,
  code: 'unauthenticated',
  message:
    'a token is needed: name a file that holds one with --token-file (or set ASSAY_TOKEN); an admin makes them with "assay token create"',
};

const FAULTS: Readonly<Record<Fault, string>> = {
  unknown: 'the token is not known here: it was made for another coordinator, or not copied whole',
  revoked: 'the token is revoked: ask an admin for another',
  expired: 'the token has expired: ask an admin for another',
};

function turned(fault: Fault): Turned {
  return { ok: false, code: 'unauthenticated', message: FAULTS[fault] };
}

function denial(what: string, access: readonly string[], { role, id }: TokenRecord): string {
  const needed = access.length === 1 ? `the role ${access[0]}` : `one of the roles ${access.join(', ')}`;
  return `${what} needs ${needed}; token ${shortId(id)} has the role ${role}`;
}
