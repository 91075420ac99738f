import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certificates } from './certificates.js';
import { createTeller } from './teller.js';

/** How a port answers handshakes, and who takes what comes of them. */
export interface HandshakeOptions {
  readonly certificates: Certificates;
  /** What is spoken over TLS. */
  readonly protocol: 'h2' | 'http/1.1';
  /** Takes a connection whose handshake is over. */
  readonly secure: (socket: TLSSocket) => void;
  /** Takes a connection that speaks plain text, to tell it so. */
  readonly plain: (socket: Socket) => void;
  /** Takes a connection that has not shown the certificate that is asked for. Absent: none is asked for. */
  readonly stranger?: (socket: TLSSocket) => void;
}

/** The first byte of every TLS handshake. */
const HANDSHAKE = 0x16;
/** How long a client may take from its first word to the end of its handshake, milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Answers the handshakes of connections that a listener takes. Whoever speaks plain text is told so in its own protocol,
 * instead of bytes that it cannot read; and whoever is not let in, or leaves because it does not trust this side, is in the
 * log with the reason, once a minute.
 */
export function createHandshakes(options: HandshakeOptions): (socket: Socket) => void {
  const { certificates, protocol, secure, plain, stranger } = options;
  const tell = createTeller(certificates.logger);
  const asksClients = stranger !== undefined && certificates.asksForCertificates;
  const tls = createServer({
    ...certificates.context,
    ALPNProtocols: [protocol],
    handshakeTimeout: PATIENCE_MS,
    requestCert: asksClients,
    // In TLS 1.3 a client that is refused in the handshake believes that it is connected, and learns nothing.
    rejectUnauthorized: false,
  });
  certificates.follow(() => tls.setSecureContext(certificates.context));
  tls.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    if (!asksClients || socket.authorized) secure(socket);
    else {
      tell(socket.remoteAddress ?? 'unknown', clientFault(socket));
      stranger(socket);
    }
  });
  tls.on('tlsClientError', (error, socket) => {
    // Its own address is gone with its handle; that of the connection under it was looked at before.
    const peer = (socket as unknown as { readonly _parent?: Socket })._parent?.remoteAddress ?? 'unknown';
    const { reason, ours } = inWords(error);
    tell(peer, reason, ours ? certificates.facts : {});
  });
  return (socket) => {
    const peer = socket.remoteAddress ?? 'unknown';
    socket.once('data', (first) => {
      socket.pause();
      socket.unshift(first);
      if (first[0] === HANDSHAKE) tls.emit('connection', socket);
      else {
        tell(peer, 'it speaks plain text, and this port TLS');
        plain(socket);
      }
      process.nextTick(() => socket.resume());
    });
  };
}

/** What is wrong with the certificate of a client. */
function clientFault(socket: TLSSocket): string {
  const code = String(socket.authorizationError);
  if (Object.keys(socket.getPeerCertificate()).length === 0)
    return 'it showed no certificate, and --tls-client-ca asks for one';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  return `its certificate is of none of the authorities in --tls-client-ca (${code})`;
}

/** A handshake's end in words. `ours`: the client has looked at our certificate, so its facts belong to the reason. */
function inWords(error: NodeJS.ErrnoException): { readonly reason: string; readonly ours: boolean } {
  const code = error.code ?? '';
  const known = REASONS.find(([pattern]) => pattern.test(`${code} ${error.message}`));
  if (known !== undefined) return { reason: known[1], ours: known[2] };
  return { reason: `the TLS handshake failed: ${error.message.split('\n')[0]}`, ours: false };
}

const DISTRUST = 'it does not accept this certificate: its authority, its names or its date';

const REASONS: readonly (readonly [RegExp, string, boolean])[] = [
  [/ALERT_UNKNOWN_CA|UNKNOWN_CA/, 'it does not know the authority of this certificate', true],
  [/ALERT_CERTIFICATE_EXPIRED/, 'this certificate has expired', true],
  [/ALERT_BAD_CERTIFICATE|ALERT_CERTIFICATE_UNKNOWN|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN/, DISTRUST, true],
  [/ECONNRESET|socket hang up|EPIPE/, `it left during the handshake: ${DISTRUST}`, true],
  [/HANDSHAKE_TIMEOUT/, `the handshake was not over after ${PATIENCE_MS / 1000} s`, false],
  [/NO_APPLICATION_PROTOCOL/, 'it speaks neither gRPC nor what this port speaks', false],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|WRONG_VERSION_NUMBER/, 'it speaks no TLS of version 1.2 or newer', false],
];
