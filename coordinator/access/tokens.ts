import { timingSafeEqual } from 'node:crypto';
import type { Role } from './roles.js';
import type { TokenStore } from './store.js';
import { drawSecret, hashOf, idOf, type TokenRecord } from './token.js';

/** How long a log-in on the dashboard lasts, milliseconds. */
const SESSION_MS = 12 * 3_600_000;
/** Most log-ins of one token at a time; beyond that the oldest ends. */
const MOST_SESSIONS = 100;

/** Why a secret is not let in. */
export type Fault = 'unknown' | 'revoked' | 'expired';

/** A token to be let in, before it is. */
export interface NewToken {
  readonly sha256: string;
  readonly role: Role;
  readonly name: string;
  readonly expiresAtMs: number;
}

/** Which tokens are let in. */
export class Tokens {
  readonly #store: TokenStore;
  readonly #clock: () => number;

  constructor(store: TokenStore, clock: () => number = Date.now) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Whose a secret is. Nothing about the time that this takes depends on how much of a hash is right. */
  check(secret: string, kind: TokenRecord['kind']): TokenRecord | Fault {
    const sha256 = hashOf(secret);
    const record = this.#store.find(idOf(sha256));
    if (record === undefined || record.kind !== kind) return 'unknown';
    if (!timingSafeEqual(Buffer.from(record.sha256, 'hex'), Buffer.from(sha256, 'hex'))) return 'unknown';
    return this.faultOf(record) ?? record;
  }

  /** Why a token that was let in is not let in any more; undefined while it is. */
  faultOf(record: TokenRecord): Fault | undefined {
    const now = this.#store.find(record.id);
    if (now === undefined || now.revokedAtMs > 0) return 'revoked';
    if (now.expiresAtMs > 0 && now.expiresAtMs <= this.#clock()) return 'expired';
    if (now.kind === 'token') return undefined;
    const parent = this.#store.find(now.parent);
    return parent === undefined ? 'revoked' : this.faultOf(parent);
  }

  /** Whether the token of this id is let in now. */
  isGood(id: string): boolean {
    const record = this.#store.find(id);
    return record !== undefined && this.faultOf(record) === undefined;
  }

  /** Lets a token in. One that is known already stays as it is, revoked ones too. */
  async create({ sha256, role, name, expiresAtMs }: NewToken): Promise<TokenRecord> {
    const id = idOf(sha256);
    const known = this.#store.find(id);
    if (known !== undefined) return known;
    const record: TokenRecord = {
      id,
      sha256,
      kind: 'token',
      role,
      name,
      createdAtMs: this.#clock(),
      expiresAtMs,
      revokedAtMs: 0,
      parent: '',
    };
    await this.#store.put(record);
    return record;
  }

  find(id: string): TokenRecord | undefined {
    return this.#store.find(id);
  }

  /** The oldest first, without sessions. */
  list(): readonly TokenRecord[] {
    const tokens = [...this.#store.all()].filter(({ kind }) => kind === 'token');
    return tokens.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
  }

  /** Those that an id, the beginning of one, or a name means. */
  named(word: string): readonly TokenRecord[] {
    const tokens = this.list();
    const exact = tokens.filter(({ id, name }) => id === word || name === word);
    const found = exact.length > 0 ? exact : tokens.filter(({ id }) => word.length >= 4 && id.startsWith(word));
    // A name may be given again when its token is revoked.
    const letIn = found.filter((record) => this.faultOf(record) === undefined);
    return letIn.length > 0 ? letIn : found;
  }

  async revoke(record: TokenRecord): Promise<TokenRecord> {
    if (record.revokedAtMs > 0) return record;
    const revoked = { ...record, revokedAtMs: this.#clock() };
    await this.#store.put(revoked);
    for (const session of this.#sessions()) if (session.parent === record.id) await this.#store.remove(session.id);
    return revoked;
  }

  /** Whether somebody can be let in who may let others in. */
  get hasAdmin(): boolean {
    return this.#admins().length > 0;
  }

  /** Whether nobody could let others in without this one. */
  isLastAdmin({ id }: TokenRecord): boolean {
    const admins = this.#admins();
    return admins.length === 1 && admins[0]?.id === id;
  }

  /** Begins a session of the dashboard. @returns its secret, for a cookie */
  async logIn(parent: TokenRecord): Promise<string> {
    const now = this.#clock();
    for (const old of this.#superfluous(parent)) await this.#store.remove(old.id);
    const secret = drawSecret();
    const sha256 = hashOf(secret);
    await this.#store.put({
      id: idOf(sha256),
      sha256,
      kind: 'session',
      role: parent.role,
      name: parent.name,
      createdAtMs: now,
      expiresAtMs: now + SESSION_MS,
      revokedAtMs: 0,
      parent: parent.id,
    });
    return secret;
  }

  async logOut(secret: string): Promise<void> {
    const found = this.check(secret, 'session');
    if (typeof found !== 'string') await this.#store.remove(found.id);
  }

  /** Sessions that have ended, and the oldest of a token that is to begin another beyond the most. */
  #superfluous(parent: TokenRecord): readonly TokenRecord[] {
    const ended = this.#sessions().filter((session) => this.faultOf(session) !== undefined);
    const theirs = this.#sessions().filter((session) => session.parent === parent.id && !ended.includes(session));
    theirs.sort((a, b) => b.createdAtMs - a.createdAtMs);
    return [...ended, ...theirs.slice(MOST_SESSIONS - 1)];
  }

  #admins(): TokenRecord[] {
    return this.list().filter((record) => record.role === 'admin' && this.faultOf(record) === undefined);
  }

  #sessions(): TokenRecord[] {
    return [...this.#store.all()].filter(({ kind }) => kind === 'session');
  }
}
