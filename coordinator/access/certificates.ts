import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import { ConfigError } from '../errors.js';

/** Files of a coordinator's certificate, in PEM. */
export interface CertificateFiles {
  /** The certificate, and those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** Authorities of clients' certificates: whoever has none of theirs is not let in. Absent: none is asked for. */
  readonly clientCa?: string | undefined;
}

/** How often the files are looked at, milliseconds. */
const LOOK_MS = 1_000;
/** A certificate that ends so soon is spoken of, milliseconds. */
const SOON_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;

/**
 * The certificates that a coordinator shows. Files that change are read again, and at once when the process is told so
 * (SIGHUP): connections that are made from then on see the new ones, those that are open go on. Files that do not fit
 * together - a certificate that was replaced a moment before its key - change nothing until they do.
 */
export class Certificates {
  readonly #files: CertificateFiles;
  readonly logger: Logger;
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  readonly #onHangUp = (): void => this.#reload();
  #context: SecureContextOptions;
  #leaf: X509Certificate;

  /** @throws {ConfigError} when the files cannot be read or do not fit together */
  constructor(files: CertificateFiles, logger: Logger) {
    this.#files = files;
    this.logger = logger;
    const { context, leaf } = load(files);
    this.#context = context;
    this.#leaf = leaf;
    for (const file of this.#names()) watchFile(file, { interval: LOOK_MS, persistent: false }, this.#onHangUp);
    process.on('SIGHUP', this.#onHangUp);
    this.#timer = setInterval(() => this.#warn(), DAY_MS);
    this.#timer.unref();
    this.#warn();
  }

  get context(): SecureContextOptions {
    return this.#context;
  }

  /** What a client that does not trust it is to be asked about. */
  get facts(): { readonly names: string; readonly issuer: string; readonly expires: string } {
    const { subjectAltName = '', issuer, validTo } = this.#leaf;
    const names = subjectAltName.replaceAll(/(DNS|IP Address):/g, '');
    return { names, issuer: issuer.replaceAll('\n', ', '), expires: new Date(validTo).toISOString() };
  }

  get asksForCertificates(): boolean {
    return this.#files.clientCa !== undefined;
  }

  follow(listener: () => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    for (const file of this.#names()) unwatchFile(file, this.#onHangUp);
    process.off('SIGHUP', this.#onHangUp);
    clearInterval(this.#timer);
  }

  #names(): string[] {
    const { cert, key, clientCa } = this.#files;
    return [cert, key, ...(clientCa === undefined ? [] : [clientCa])];
  }

  #reload(): void {
    try {
      const { context, leaf } = load(this.#files);
      this.#context = context;
      this.#leaf = leaf;
    } catch (error) {
      this.logger.error({ reason: (error as Error).message }, 'certificates are not taken over; the old ones stay');
      return;
    }
    this.logger.info(this.facts, 'certificates are read anew');
    this.#warn();
    for (const listener of this.#listeners) listener();
  }

  #warn(): void {
    const left = Date.parse(this.#leaf.validTo) - Date.now();
    if (left <= 0) this.logger.error(this.facts, 'the certificate has expired: clients do not accept it');
    else if (left < SOON_MS) this.logger.warn(this.facts, 'the certificate expires soon');
  }
}

function load(files: CertificateFiles): { readonly context: SecureContextOptions; readonly leaf: X509Certificate } {
  const cert = read(files.cert, 'certificate', '--tls-cert');
  const key = read(files.key, 'key', '--tls-key');
  const ca = files.clientCa === undefined ? {} : { ca: read(files.clientCa, 'authorities', '--tls-client-ca') };
  const leaf = parse(() => new X509Certificate(cert), files.cert, 'holds no certificate in PEM');
  const privateKey = parse(() => createPrivateKey(key), files.key, 'holds no private key in PEM (without a password)');
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new ConfigError(`the key in ${files.key} is not that of the certificate in ${files.cert}`);
  }
  const context = { cert, key, ...ca, minVersion: 'TLSv1.2' as const };
  parse(() => createSecureContext(context), files.clientCa ?? files.cert, 'cannot be used for TLS');
  return { context, leaf };
}

function read(file: string, what: string, option: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? String(cause);
    throw new ConfigError(`the ${what} in ${file} (${option}) cannot be read (${code})`, { cause });
  }
}

function parse<T>(make: () => T, file: string, fault: string): T {
  try {
    return make();
  } catch (cause) {
    throw new ConfigError(`${file} ${fault}: ${(cause as Error).message}`, { cause });
  }
}
