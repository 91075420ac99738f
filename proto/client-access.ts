import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import {
  type ChannelCredentials,
  type ChannelOptions,
  type ClientOptions,
  credentials,
  InterceptingCall,
  type Interceptor,
} from '@grpc/grpc-js';
import { setBearer } from './bearer.js';
import { CHANNEL_OPTIONS } from './channel.js';
import { isLoopbackHost } from './loopback.js';

/** How a client knows that it speaks to its coordinator, and shows who it is itself. */
export interface ClientAccess {
  /** TLS with the authorities that this system trusts; any of the files below means TLS as well. */
  readonly tls?: boolean | undefined;
  /** Authorities that the coordinator's certificate must be of, in PEM. */
  readonly caFile?: string | undefined;
  /** This client's own certificate and its key, in PEM, where the coordinator asks for one. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The name that the coordinator's certificate must have, where it is not the host that is connected to. */
  readonly serverName?: string | undefined;
  readonly token?: string | undefined;
  /** File that holds the token; goes before `token`. */
  readonly tokenFile?: string | undefined;
}

/** What a client shows cannot be read, or must not be sent there. The message is one line. */
export class ClientAccessError extends Error {
  override readonly name = 'ClientAccessError';
}

/** What a gRPC client is opened with. */
export interface Way {
  readonly credentials: ChannelCredentials;
  readonly options: ClientOptions;
  /** What is shown there, if anything. */
  readonly token: string | undefined;
}

/** Sent in the handshake in the place of an IP address, which may not stand there. */
const NO_NAME = 'assay';

/**
 * The way to one coordinator. Files are read here, so that the next connection has what is in them by then: a certificate
 * that was renewed, a token that was replaced.
 *
 * @param address host:port
 * @throws {ClientAccessError}
 */
export function wayTo(address: string, access: ClientAccess = {}, more: ChannelOptions = {}): Way {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const token = tokenOf(access);
  const secure = usesTls(access);
  if (token !== undefined && !secure && !isLoopbackHost(host)) {
    throw new ClientAccessError(
      `the token is not sent to ${address} in plain text: name the coordinator's certificate authority with --ca (ASSAY_CA), or say --tls`,
    );
  }
  const options = { ...CHANNEL_OPTIONS, ...more, ...(token === undefined ? {} : { interceptors: [bearer(token)] }) };
  if (!secure) return { credentials: credentials.createInsecure(), options, token };
  const { caFile, certFile, keyFile, serverName } = access;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ClientAccessError('a certificate and its key go together: name both --cert and --key, or neither');
  }
  const checkServer = (_: string, shown: PeerCertificate): Error | undefined => checkName(serverName ?? host, shown);
  const [ca, key, cert] = [read(caFile, '--ca'), read(keyFile, '--key'), read(certFile, '--cert')];
  try {
    return {
      credentials: credentials.createSsl(ca, key, cert, { checkServerIdentity: checkServer }),
      token,
      options: {
        ...options,
        ...(serverName !== undefined || isIP(host) !== 0
          ? { 'grpc.ssl_target_name_override': serverName ?? NO_NAME }
          : {}),
      },
    };
  } catch (cause) {
    const files = [caFile, certFile, keyFile].filter((file) => file !== undefined).join(', ');
    throw new ClientAccessError(`${files} cannot be used for TLS: ${(cause as Error).message}`, { cause });
  }
}

/** Node's check, with all names of the certificate in the message: its own has none where an address is looked for. */
function checkName(wanted: string, shown: PeerCertificate): Error | undefined {
  const fault = checkServerIdentity(wanted, shown);
  if (fault === undefined) return undefined;
  const { subjectaltname: names = '' } = shown;
  return Object.assign(new Error(`${wanted} does not match certificate's altnames: ${names}`), { cause: fault });
}

export function usesTls({ tls, caFile, certFile, keyFile, serverName }: ClientAccess): boolean {
  return tls === true || [caFile, certFile, keyFile, serverName].some((given) => given !== undefined);
}

/**
 * What is wrong with the certificates of a connection that did not come about, in one line; undefined when something else
 * is.
 *
 * @param details grpc-js's words
 */
export function certificateFault(details: string): string | undefined {
  return CERTIFICATE_FAULTS.find(([pattern]) => pattern.test(details))?.[1](details);
}

const CERTIFICATE_FAULTS: readonly (readonly [RegExp, (details: string) => string])[] = [
  [/CERT_HAS_EXPIRED|certificate has expired/i, () => "the coordinator's certificate has expired"],
  [/CERT_NOT_YET_VALID|certificate is not yet valid/i, () => "the coordinator's certificate is not valid yet"],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/i,
    (details) => {
      const names = details.match(/(?:DNS|IP Address):[^,\s]+/g)?.map((name) => name.replace(/^.*?:|\.$/g, '')) ?? [];
      return `the coordinator's certificate is for other names (${names.join(', ')}): connect to one of these, or name one with --tls-name`;
    },
  ],
  [
    /unable to (get|verify)|self[- ]signed|UNABLE_TO_|SELF_SIGNED/i,
    () => "the coordinator's certificate is of no authority that is trusted here: name its own with --ca (ASSAY_CA)",
  ],
  [
    /WRONG_VERSION_NUMBER|wrong version number|packet length too long/i,
    () => 'the coordinator speaks plain text, not TLS: leave --ca and --tls out, or start it with --tls-cert',
  ],
];

/** @throws {ClientAccessError} when its file cannot be read or holds none */
export function tokenOf({ token, tokenFile }: ClientAccess): string | undefined {
  const text = tokenFile === undefined ? token : read(tokenFile, '--token-file')?.toString('utf8');
  const found = text?.trim();
  if (found === undefined) return undefined;
  const from = tokenFile === undefined ? 'ASSAY_TOKEN' : tokenFile;
  if (!/^[\x21-\x7e]+$/.test(found))
    throw new ClientAccessError(`${from} must hold one token, a word of plain characters`);
  return found;
}

function read(file: string | undefined, option: string): Buffer | null {
  if (file === undefined) return null;
  try {
    return readFileSync(file);
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? String(cause);
    throw new ClientAccessError(`${file} (${option}) cannot be read (${code})`, { cause });
  }
}

/** Not by call credentials, which gRPC keeps from loopback connections without TLS. */
function bearer(token: string): Interceptor {
  return (options, next) =>
    new InterceptingCall(next(options), {
      start: (metadata, listener, start) => {
        setBearer(metadata, token);
        start(metadata, listener);
      },
    });
}
