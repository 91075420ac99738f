import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Authenticator,
  AuthorizationError,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { ConfigError } from '../errors.js';
import { hearAllErrors } from './heard-sockets.js';
import { checkServerVersion } from './requirements.js';

/** Where the NATS servers are, and how to be let in. */
export interface NatsConfig {
  /** host:port of some of the servers; the others are learnt from them. */
  readonly servers: readonly string[];
  /** TLS, also where no file of its own is named. */
  readonly tls: boolean;
  /** Files: certificates that the servers' are checked against, and this side's certificate and key. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** File of credentials (a JWT and its seed), as `nsc` writes it. */
  readonly credsFile?: string | undefined;
  /** File that holds an nkey's seed. */
  readonly nkeyFile?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}

const DEFAULT_PORT = 4222;

/**
 * The servers in `nats://HOST:PORT,...`, or `tls://` for TLS. The scheme stands before the first or before each.
 *
 * @throws {ConfigError} when it is not of that form
 */
export function parseNatsUrl(text: string): Pick<NatsConfig, 'servers' | 'tls'> {
  const fail = (part: string): ConfigError =>
    new ConfigError(
      `log ${JSON.stringify(text)}: ${JSON.stringify(part)} must be HOST:PORT of a NATS server, as in nats://a:4222,b:4222,c:4222`,
    );
  const scheme = /^(nats|tls):\/\//.exec(text);
  if (scheme === null) throw fail(text);
  const servers = text.split(',').map((part) => {
    const [, host, port = String(DEFAULT_PORT)] =
      /^(?:(?:nats|tls):\/\/)?(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/.exec(part.trim()) ?? [];
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535) throw fail(part);
    return `${host}:${port}`;
  });
  return { servers, tls: scheme[1] === 'tls' };
}

/** How long one try to connect may take, milliseconds. */
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Connects, and waits for servers that are not there yet. The connection comes back by itself, to any of the servers, for
 * ever; a server that has gone silent is noticed within three seconds.
 *
 * @param name what the servers' operators read
 * @throws {ConfigError} when the servers do not let us in, or are too old
 */
export async function connectNats(
  config: NatsConfig,
  name: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<NatsConnection> {
  hearAllErrors();
  const options: ConnectionOptions = {
    ...credentialsOf(config),
    servers: [...config.servers],
    name,
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    pingInterval: 1_000,
    maxPingOut: 2,
    // After a restart of all servers with other credentials this side keeps trying, and says so.
    ignoreAuthErrorAbort: true,
  };
  let told = '';
  for (;;) {
    try {
      const connection = await connect(options);
      try {
        checkVersion(connection, logger);
      } catch (error) {
        await connection.close();
        throw error;
      }
      void follow(connection, logger);
      return connection;
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      const at = config.servers.join(', ');
      if (error instanceof AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
        throw new ConfigError(`NATS at ${at} does not let this coordinator in: ${error.message}`, { cause: error });
      }
      if (isCertificateFault(error)) {
        throw new ConfigError(
          `the certificates of NATS at ${at} and of this coordinator do not agree: ${reasonOf(error)}`,
          {
            cause: error,
          },
        );
      }
      const reason = reasonOf(error);
      if (reason !== told) logger.warn({ servers: config.servers, reason }, 'waiting for NATS');
      told = reason;
      await pause(500, undefined, { signal });
    }
  }
}

function checkVersion(connection: NatsConnection, logger: Logger): void {
  const { version = 'unknown', server_name: server } = connection.info ?? {};
  const { fault, warning } = checkServerVersion(version);
  if (fault !== undefined) throw new ConfigError(fault);
  if (warning !== undefined) logger.warn({ server, version }, warning);
}

/** Tells what happens to the connection, until it is closed. */
async function follow(connection: NatsConnection, logger: Logger): Promise<void> {
  for await (const status of connection.status()) {
    switch (status.type) {
      case 'disconnect':
        logger.warn({ server: status.server }, 'lost a NATS server');
        break;
      case 'reconnect':
        logger.info({ server: status.server }, 'connected to NATS again');
        try {
          checkVersion(connection, logger);
        } catch (error) {
          // The log is not appended to through it: what such a server acknowledges may be lost.
          logger.error({ server: status.server, err: error }, 'leaving a NATS server that is too old');
          await connection.reconnect();
        }
        break;
      case 'error':
        logger.warn({ reason: status.error.message }, 'NATS refused something');
        break;
      default:
        break;
    }
  }
}

function credentialsOf(config: NatsConfig): ConnectionOptions {
  const { caFile, certFile, keyFile, credsFile, nkeyFile, user, password, token } = config;
  const authenticator: Authenticator[] = [];
  if (credsFile !== undefined) authenticator.push(credsAuthenticator(bytesOf(credsFile)));
  if (nkeyFile !== undefined) authenticator.push(nkeyAuthenticator(trimmed(bytesOf(nkeyFile))));
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ConfigError('a certificate for NATS and its key go together: name both files or neither');
  }
  for (const file of [caFile, certFile, keyFile]) if (file !== undefined) bytesOf(file);
  const tls = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
  return {
    ...(authenticator.length === 0 ? {} : { authenticator }),
    ...(config.tls || Object.keys(tls).length > 0 ? { tls } : {}),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
  };
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? String(cause);
    throw new ConfigError(`${file}, which is to let this coordinator into NATS, cannot be read (${code})`, { cause });
  }
}

/** Without the line break that editors end a file with. */
function trimmed(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(new TextDecoder().decode(bytes).trim());
}

/** What no waiting mends: a name, an issuer or a date that is wrong. */
function isCertificateFault(error: unknown): boolean {
  return /CERT|ERR_TLS|SELF_SIGNED|SIGNATURE/.test((error as { code?: string } | null)?.code ?? '');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
