import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect, type PeerCertificate } from 'node:tls';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { shortId } from '../../coordinator/access/token.js';
import { type ClientAccess, ClientAccessError, usesTls, wayTo } from '../../proto/client-access.js';
import { AccessServiceClient, Role, type WhoAmIResponse } from '../../proto/index.js';
import { leaderOf } from '../../proto/leader.js';
import { isLoopbackHost } from '../../proto/loopback.js';
import { incompatibility } from '../../proto/version.js';
import { formatDuration } from '../format.js';
import { isAway, isStandby, userErrorOf } from '../rpc-errors.js';
import { type Finding, finding } from './finding.js';

/** How long one question may take, connecting included, milliseconds. */
const PATIENCE_MS = 5_000;
/** Clocks that differ by so much are spoken of; logs and traces of two machines do not fit together then. */
const CLOCK_NOTE_MS = 1_000;
/** By so much, certificates and tokens may be refused for their times. */
const CLOCK_WARNING_MS = 60_000;
const EXPIRES_SOON_MS = 14 * 86_400_000;

const MAY: Readonly<Record<string, string>> = {
  [Role.ROLE_ADMIN]: 'admin: everything',
  [Role.ROLE_SUBMIT]: 'submit: looks, submits and steers studies; runs no trials',
  [Role.ROLE_VIEW]: 'view: looks, and nothing else',
  [Role.ROLE_WORKER]: 'worker: runs trials; submits and looks at nothing',
};

/** @param named whether the address was named, or is only where one is usually looked for */
export async function checkCoordinator(
  address: string,
  access: ClientAccess,
  named: boolean,
): Promise<readonly Finding[]> {
  const secure = usesTls(access);
  const certificate = secure ? await checkCertificate(address, access) : [];
  const asked = await ask(address, access);
  if (!asked.ok) return [...certificate, explain(address, asked.error, named)];
  const { answer, tookMs, offsetMs } = asked;
  return [
    reach(address, answer, tookMs),
    ...certificate,
    ...(secure ? [] : [plain(address)]),
    token(answer),
    ...(answer.atMs > 0 ? [clock(offsetMs, tookMs)] : []),
  ];
}

type Asked =
  | { readonly ok: true; readonly answer: WhoAmIResponse; readonly tookMs: number; readonly offsetMs: number }
  | { readonly ok: false; readonly error: unknown };

/** The second answer is timed: the first has to make the connection. */
async function ask(address: string, access: ClientAccess): Promise<Asked> {
  let client: AccessServiceClient | undefined;
  try {
    const way = wayTo(address, access);
    client = new AccessServiceClient(address, way.credentials, way.options);
    await whoAmI(client);
    const sentAt = Date.now();
    const began = performance.now();
    const answer = await whoAmI(client);
    const tookMs = performance.now() - began;
    return { ok: true, answer, tookMs, offsetMs: answer.atMs - (sentAt + tookMs / 2) };
  } catch (error) {
    return { ok: false, error };
  } finally {
    client?.close();
  }
}

function whoAmI(client: AccessServiceClient): Promise<WhoAmIResponse> {
  return new Promise((resolve, reject) => {
    client.whoAmI({}, new Metadata(), { deadline: Date.now() + PATIENCE_MS }, (error, answer) =>
      error === null ? resolve(answer) : reject(error),
    );
  });
}

function explain(address: string, error: unknown, named: boolean): Finding {
  if (error instanceof ClientAccessError) return finding('access', 'fault', error.message);
  if (isStandby(error)) {
    const leader = leaderOf(error as ServiceError);
    const words = `${address} stands by${leader === undefined ? ', and nobody is known to lead' : `: ${leader} leads`}`;
    if (leader !== undefined) return finding('coordinator', 'ok', words);
    return finding('coordinator', 'warning', words, "look at the coordinators' logs");
  }
  const { message } = userErrorOf(error, address);
  if (!named && isAway(error) === 'absent') {
    return finding(
      'coordinator',
      'note',
      `none at ${address}`,
      'name yours with --coordinator to have the way there checked',
    );
  }
  const { code } = error as ServiceError;
  const check = code === UNAUTHENTICATED || code === PERMISSION_DENIED ? 'token' : 'coordinator';
  const [words, advice = ''] = message.split(/: (?=start one|name |ask an admin|it was made)/);
  return finding(check, 'fault', words!, advice);
}

const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

function reach(address: string, { version, protocolVersion }: WhoAmIResponse, tookMs: number): Finding {
  const words = `${address} answers in ${tookMs.toFixed(1)} ms${version === '' ? '' : `, Assay ${version}`}`;
  const fault = protocolVersion === '' ? undefined : incompatibility(protocolVersion);
  if (fault === undefined) return finding('coordinator', 'ok', words);
  return finding('coordinator', 'fault', `${words}: ${fault}`, 'install the same version on both ends');
}

function plain(address: string): Finding {
  if (isLoopbackHost(hostOf(address))) return finding('tls', 'ok', 'not needed: the coordinator is on this machine');
  const words = `${address} is spoken to in plain text`;
  return finding(
    'tls',
    'warning',
    words,
    'give the coordinator --tls-cert and --tls-key ("assay init-tls"), and this side --ca',
  );
}

function token({ role, token: shown }: WhoAmIResponse): Finding {
  if (shown === undefined) return finding('token', 'ok', 'none is asked for');
  const { id, name, expiresAtMs } = shown;
  const whose = `${shortId(id)}${name === '' ? '' : ` (${name})`}, ${MAY[role] ?? role}`;
  if (expiresAtMs === 0) return finding('token', 'ok', whose);
  const leftMs = expiresAtMs - Date.now();
  const words = `${whose}; it ends in ${formatDuration(leftMs)}`;
  if (leftMs > EXPIRES_SOON_MS) return finding('token', 'ok', words);
  return finding('token', 'note', words, 'ask an admin for another in time: "assay token create"');
}

function clock(offsetMs: number, tookMs: number): Finding {
  const off = Math.max(0, Math.abs(offsetMs) - tookMs / 2);
  const words =
    off < CLOCK_NOTE_MS
      ? `within ${Math.max(1, Math.ceil(off))} ms of the coordinator's`
      : `${formatDuration(off)} ${offsetMs > 0 ? 'behind' : 'ahead of'} the coordinator's`;
  if (off < CLOCK_NOTE_MS) return finding('clock', 'ok', words);
  return finding(
    'clock',
    off < CLOCK_WARNING_MS ? 'note' : 'warning',
    words,
    'let both be set by NTP; leases do not depend on it',
  );
}

/** What is in the certificate, whether it is good or not; what is wrong with it the call itself says. */
function checkCertificate(
  address: string,
  { caFile, certFile, keyFile, serverName }: ClientAccess,
): Promise<Finding[]> {
  const host = hostOf(address);
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return new Promise((resolve) => {
    const files = { ca: contentOf(caFile), cert: contentOf(certFile), key: contentOf(keyFile) };
    const servername = serverName ?? (isIP(host) === 0 ? host : '');
    const options = { host, port, ...files, servername, ALPNProtocols: ['h2'], rejectUnauthorized: false };
    const done = (found: Finding[]): void => {
      socket.destroy();
      resolve(found);
    };
    const socket = connect(options, () => done([certificateFinding(socket.getPeerCertificate(), socket.authorized)]));
    socket.setTimeout(PATIENCE_MS, () => done([]));
    socket.on('error', () => done([]));
  });
}

function certificateFinding({ subject, valid_to: validTo }: PeerCertificate, authorized: boolean): Finding {
  const leftMs = Date.parse(validTo) - Date.now();
  const name = [subject.CN].flat()[0] ?? 'no name';
  const words = `certificate of ${name}, until ${new Date(validTo).toISOString().slice(0, 10)}`;
  const renew = 'make another with "assay init-tls": the coordinator reads it without a restart';
  if (leftMs <= 0) return finding('tls', 'fault', `${words}: it has expired`, renew);
  if (leftMs < EXPIRES_SOON_MS) return finding('tls', 'warning', words, renew);
  return finding('tls', 'ok', authorized ? words : `${words}, of an authority that is not trusted here`);
}

/** What cannot be read the call itself complains of. */
function contentOf(file: string | undefined): Buffer | undefined {
  try {
    return file === undefined ? undefined : readFileSync(file);
  } catch {
    return undefined;
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
