import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { isLoopback, parseAddress } from '../address.js';
import { ConfigError } from '../errors.js';
import { type CertificateFiles, Certificates } from './certificates.js';
import { Gate } from './gate.js';
import type { Role } from './roles.js';
import type { TokenStore } from './store.js';
import { drawSecret, hashOf, SHORTEST_SECRET, shortId } from './token.js';
import type { Tokens } from './tokens.js';

/** Who may come in, and how. */
export interface EntranceConfig {
  /** Both doors speak TLS with these, and ask for tokens. */
  readonly tls?: CertificateFiles | undefined;
  /** Tokens are asked for on loopback addresses as well: behind a proxy, or on a machine that is shared. */
  readonly requireTokens?: boolean | undefined;
  /** Files that hold tokens which are let in: those of a deployment that has its secrets before its coordinator. */
  readonly acceptTokens?: readonly AcceptedToken[] | undefined;
  /** Allows an address that others can reach, without TLS and without tokens. */
  readonly insecure?: boolean | undefined;
}

export interface AcceptedToken {
  readonly role: Role;
  readonly file: string;
}

/** What every door of a coordinator asks. */
export interface Entrance {
  readonly gate: Gate;
  /** Undefined where plain text is spoken. */
  readonly certificates: Certificates | undefined;
  /** Whether others can come in who show nothing. */
  readonly isInsecure: boolean;
  close(): Promise<void>;
}

/** The entrance of a coordinator that this machine alone can reach, and asks nothing. */
export function openToThisMachine(): Entrance {
  const gate = new Gate();
  return { gate, certificates: undefined, isInsecure: false, close: async () => gate.close() };
}

/**
 * Whether these addresses may be listened on.
 *
 * @param addresses host:port each
 * @throws {ConfigError} that says what to do, when others can reach one and neither TLS nor trust was spoken of
 */
export function checkEntrance(addresses: readonly string[], config: EntranceConfig): void {
  const { tls, insecure = false, requireTokens = false } = config;
  if (insecure && tls !== undefined) {
    throw new ConfigError('--insecure lets everybody in and --tls-cert asks for tokens: say one of them');
  }
  if (insecure && requireTokens) {
    throw new ConfigError('--insecure lets everybody in and --require-tokens does not: say one of them');
  }
  if (tls === undefined && !requireTokens && (config.acceptTokens ?? []).length > 0) {
    throw new ConfigError(
      '--accept-token is of no use where nobody is asked for a token: add --tls-cert and --tls-key',
    );
  }
  const reachable = addresses.filter((address) => !isLoopback(address));
  const [address] = reachable;
  if (address === undefined || insecure || tls !== undefined) return;
  const { host } = parseAddress(address);
  const name = ['0.0.0.0', '[::]'].includes(host) ? hostname() : host.replace(/^\[|\]$/g, '');
  throw new ConfigError(
    `${reachable.join(' and ')} can be reached from other machines, so TLS and tokens are needed. Make certificates once with
  assay init-tls --host ${name}
and start again with
  --tls-cert tls/coordinator.crt --tls-key tls/coordinator.key
Or listen on 127.0.0.1; or, on a network where you trust everybody, say --insecure`,
  );
}

export interface EntranceParts {
  /** Opens the place where tokens are kept; not called where none is asked for. */
  readonly openStore: () => TokenStore | Promise<TokenStore>;
  /** The file that the first admin's token is written to; undefined where nobody would find it. */
  readonly firstAdminFile: string | undefined;
  readonly logger: Logger;
}

/** @throws {ConfigError} when certificates or tokens cannot be used */
export async function openEntrance(config: EntranceConfig, parts: EntranceParts): Promise<Entrance> {
  const { logger } = parts;
  const { tls, requireTokens = false, acceptTokens = [] } = config;
  const certificates = tls && new Certificates(tls, logger);
  if (certificates !== undefined) logger.info(certificates.facts, 'speaks TLS');
  if (certificates === undefined && !requireTokens) {
    return { ...openToThisMachine(), isInsecure: config.insecure === true };
  }
  try {
    const store = await parts.openStore();
    const gate = new Gate(store, logger);
    const close = async (): Promise<void> => {
      gate.close();
      certificates?.close();
      await store.close();
    };
    try {
      for (const accepted of acceptTokens) await accept(gate.tokens!, accepted, logger);
      if (!gate.tokens!.hasAdmin) await makeFirstAdmin(gate.tokens!, parts);
    } catch (error) {
      await close();
      throw error;
    }
    return { gate, certificates, isInsecure: false, close };
  } catch (error) {
    certificates?.close();
    throw error;
  }
}

async function accept(tokens: Tokens, { role, file }: AcceptedToken, logger: Logger): Promise<void> {
  let secret: string;
  try {
    secret = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? String(cause);
    throw new ConfigError(`the token in ${file} (--accept-token) cannot be read (${code})`, { cause });
  }
  if (secret.length < SHORTEST_SECRET || /\s/.test(secret)) {
    throw new ConfigError(
      `${file} (--accept-token) must hold one token of at least ${SHORTEST_SECRET} characters, such as "openssl rand -hex 32" makes`,
    );
  }
  const record = await tokens.create({ sha256: hashOf(secret), role, name: file, expiresAtMs: 0 });
  const fault = tokens.faultOf(record);
  if (fault !== undefined)
    logger.warn({ token: shortId(record.id), file }, `an accepted token is not let in: ${fault}`);
  else if (record.role !== role) {
    throw new ConfigError(`the token in ${file} is known with the role ${record.role}, not ${role}: draw another`);
  } else logger.info({ token: shortId(record.id), file, role }, 'a token is let in');
}

/** Whoever can read the coordinator's own folder is its admin anyway, so that is where the first token goes. */
async function makeFirstAdmin(tokens: Tokens, { firstAdminFile: file, logger }: EntranceParts): Promise<void> {
  if (file === undefined) {
    throw new ConfigError(
      'nobody has an admin\'s token yet: make one with "assay token create --role admin" and the same --log, or name a file that holds one with --accept-token admin=FILE',
    );
  }
  const secret = drawSecret();
  rmSync(file, { force: true });
  writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  const { id } = await tokens.create({ sha256: hashOf(secret), role: 'admin', name: 'first admin', expiresAtMs: 0 });
  logger.warn(
    { file, token: shortId(id) },
    "the first admin's token is in a file: keep it, or make another and revoke it",
  );
}
