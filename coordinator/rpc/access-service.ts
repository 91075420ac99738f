import type { Logger } from 'pino';
import { type AccessServiceServer, type CreateTokenRequest, Role, type Token } from '../../proto/index.js';
import { PACKAGE_VERSION } from '../../proto/package-version.js';
import { PROTOCOL_VERSION } from '../../proto/version.js';
import { type Caller, callerOf } from '../access/caller.js';
import { checkName, oneOf } from '../access/naming.js';
import type { Role as RoleName } from '../access/roles.js';
import { shortId, type TokenRecord } from '../access/token.js';
import type { Tokens } from '../access/tokens.js';
import { isArtifactId } from '../artifacts/port.js';
import { Refused } from '../calls/refused.js';
import { createUnary } from './unary.js';

export interface AccessServiceOptions {
  /** Undefined where no token is asked for. */
  readonly tokens: Tokens | undefined;
  readonly logger: Logger;
}

/** Who may use this coordinator: making tokens, listing them and revoking them. */
export function createAccessService({ tokens, logger }: AccessServiceOptions): AccessServiceServer {
  const unary = createUnary(logger);
  return {
    whoAmI: (call, callback) => {
      const { role, token } = callerOf(call);
      const record = tokens?.find(token);
      callback(null, {
        role: ROLES[role],
        token: record && toToken(record),
        atMs: Date.now(),
        version: PACKAGE_VERSION,
        protocolVersion: PROTOCOL_VERSION,
      });
    },

    createToken: (call, callback) =>
      unary(async (request: CreateTokenRequest) => {
        const record = await kept(tokens).create(checked(request));
        if (record.revokedAtMs > 0) throw invalid(`token ${shortId(record.id)} was revoked: draw another`);
        told(logger, call, record, 'a token is let in');
        return { token: toToken(record) };
      })(call, callback),

    listTokens: unary(async () => ({ tokens: kept(tokens).list().map(toToken) })),

    revokeToken: (call, callback) =>
      unary(async ({ token: word }: { readonly token: string }) => {
        const all = kept(tokens);
        const record = oneOf(all, word);
        if (record.role === 'admin' && all.isLastAdmin(record)) {
          const message = `token ${shortId(record.id)} is the last one of an admin: make another before it is revoked`;
          throw new Refused({ code: 'conflict', message });
        }
        const revoked = await all.revoke(record);
        told(logger, call, revoked, 'a token is revoked');
        return { token: toToken(revoked) };
      })(call, callback),
  };
}

function kept(tokens: Tokens | undefined): Tokens {
  if (tokens !== undefined) return tokens;
  const message =
    'this coordinator asks nobody for a token; it would with --tls-cert and --tls-key, or --require-tokens';
  throw new Refused({ code: 'conflict', message });
}

function checked({ sha256, name, role, expiresAtMs }: CreateTokenRequest): Parameters<Tokens['create']>[0] {
  const roleName = NAMES[role];
  if (!isArtifactId(sha256)) throw invalid('sha256 must be 64 hexadecimal digits: the SHA-256 of the token');
  if (roleName === undefined) throw invalid('role must be admin, submit, view or worker');
  checkName(name);
  if (expiresAtMs !== 0 && expiresAtMs <= Date.now()) throw invalid('the token would have expired already');
  return { sha256, name, role: roleName, expiresAtMs };
}

function told(logger: Logger, call: object, record: TokenRecord, words: string): void {
  const { token: by }: Caller = callerOf(call);
  logger.info({ token: shortId(record.id), name: record.name, role: record.role, by: shortId(by) }, words);
}

function invalid(message: string): Refused {
  return new Refused({ code: 'invalid', message });
}

const ROLES: Readonly<Record<RoleName, Role>> = {
  admin: Role.ROLE_ADMIN,
  submit: Role.ROLE_SUBMIT,
  view: Role.ROLE_VIEW,
  worker: Role.ROLE_WORKER,
};
const NAMES: Readonly<Partial<Record<Role, RoleName>>> = {
  [Role.ROLE_ADMIN]: 'admin',
  [Role.ROLE_SUBMIT]: 'submit',
  [Role.ROLE_VIEW]: 'view',
  [Role.ROLE_WORKER]: 'worker',
};

/** A token as it is told: without its hash. */
export function toToken({ id, name, role, createdAtMs, expiresAtMs, revokedAtMs }: TokenRecord): Token {
  return { id, name, role: ROLES[role], createdAtMs, expiresAtMs, revokedAtMs };
}
