import { existsSync } from 'node:fs';
import { Metadata } from '@grpc/grpc-js';
import { checkName, oneOf } from '../coordinator/access/naming.js';
import { openNatsTokens } from '../coordinator/access/nats-store.js';
import type { Role as RoleName } from '../coordinator/access/roles.js';
import { openSqliteTokens } from '../coordinator/access/sqlite-store.js';
import type { TokenStore } from '../coordinator/access/store.js';
import type { TokenRecord } from '../coordinator/access/token.js';
import { type NewToken, Tokens } from '../coordinator/access/tokens.js';
import { Refused } from '../coordinator/calls/refused.js';
import { ConfigError } from '../coordinator/errors.js';
import { connectNats } from '../coordinator/nats/connection.js';
import { clusterNames } from '../coordinator/nats/names.js';
import {
  AccessServiceClient,
  type CreateTokenResponse,
  type ListTokensResponse,
  type RevokeTokenResponse,
  Role,
  type Token,
} from '../proto/index.js';
import { chosenAccess } from './access-options.js';
import { UserError } from './fail.js';
import { callWithRetry, PATIENCE, promised, type Start, Stubs } from './leader-stubs.js';
import { type LogOptions, natsConfigOf } from './log-options.js';
import { createLogger } from './logger.js';

/** A token as it is listed. */
export type ListedToken = Pick<TokenRecord, 'id' | 'name' | 'role' | 'createdAtMs' | 'expiresAtMs' | 'revokedAtMs'>;

/** Where tokens are made: at a coordinator, or where it keeps them. */
export interface TokenPlace {
  create(token: NewToken): Promise<ListedToken>;
  list(): Promise<readonly ListedToken[]>;
  /** @param word its id, the beginning of one, or its name */
  revoke(word: string): Promise<ListedToken>;
  close(): Promise<void>;
}

export interface TokenPlaceOptions extends LogOptions {
  readonly coordinator: string;
  readonly state?: string;
  /** NATS servers that hold the tokens, where nobody has made the bucket yet. */
  readonly logReplicas: number;
}

/** @throws {UserError} when there is no such place */
export async function openTokenPlace(options: TokenPlaceOptions): Promise<TokenPlace> {
  if (options.state !== undefined) return openFolder(options.state);
  if (options.log !== undefined) return openCluster(options.log, options);
  return openCoordinator(options.coordinator);
}

function openCoordinator(address: string): TokenPlace {
  const stubs = new Stubs(AccessServiceClient, address, chosenAccess());
  const meta = new Metadata();
  const call = <Response>(start: Start<Response>): Promise<Response> =>
    callWithRetry(stubs, PATIENCE, (options) => promised(start, options));
  return {
    create: async ({ role, ...token }) => {
      const request = { ...token, role: ROLES[role] };
      const answer = await call<CreateTokenResponse>((options, done) =>
        stubs.current.createToken(request, meta, options, done),
      );
      return fromToken(answer.token!);
    },
    list: async () => {
      const { tokens } = await call<ListTokensResponse>((options, done) =>
        stubs.current.listTokens({}, meta, options, done),
      );
      return tokens.map(fromToken);
    },
    revoke: async (word) => {
      const answer = await call<RevokeTokenResponse>((options, done) =>
        stubs.current.revokeToken({ token: word }, meta, options, done),
      );
      return fromToken(answer.token!);
    },
    close: async () => stubs.close(),
  };
}

/** The tokens beside the log, also while a coordinator runs: it hears of what is changed here. */
async function openFolder(state: string): Promise<TokenPlace> {
  if (!existsSync(state)) {
    throw new UserError(`there is no folder ${state}: name that of the coordinator, or start it once`);
  }
  return inWords(() => placeOf(openSqliteTokens(state), async () => {}));
}

async function openCluster(log: string, options: TokenPlaceOptions): Promise<TokenPlace> {
  const logger = await createLogger('warn');
  const { signal } = new AbortController();
  return inWords(async () => {
    const connection = await connectNats(natsConfigOf(log, options), 'assay token', logger, signal);
    try {
      const setup = { replicas: options.logReplicas, logger, signal };
      const store = await openNatsTokens(connection, clusterNames(options.cluster), setup);
      return placeOf(store, () => connection.close());
    } catch (error) {
      await connection.close();
      throw error;
    }
  });
}

function placeOf(store: TokenStore, close: () => Promise<void>): TokenPlace {
  const tokens = new Tokens(store);
  return {
    create: (token) =>
      inWords(async () => {
        checkName(token.name);
        return tokens.create(token);
      }),
    list: async () => tokens.list(),
    revoke: (word) => inWords(async () => tokens.revoke(oneOf(tokens, word))),
    close: async () => {
      await store.close();
      await close();
    },
  };
}

/** @throws {UserError} for what is expected to go wrong */
async function inWords<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const expected = error instanceof Refused || error instanceof ConfigError;
    throw expected ? new UserError(error.message, undefined, { cause: error }) : error;
  }
}

const ROLES: Readonly<Record<RoleName, Role>> = {
  admin: Role.ROLE_ADMIN,
  submit: Role.ROLE_SUBMIT,
  view: Role.ROLE_VIEW,
  worker: Role.ROLE_WORKER,
};

function fromToken({ id, name, role, createdAtMs, expiresAtMs, revokedAtMs }: Token): ListedToken {
  const known = Object.entries(ROLES).find(([, value]) => value === role);
  return { id, name, role: (known?.[0] ?? 'view') as RoleName, createdAtMs, expiresAtMs, revokedAtMs };
}
