// The library looks for its metadata when it is loaded.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type GeneralNameType,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Clocks of a fleet do not agree to the minute: a certificate is good for a little before it is made. */
const BACKDATED_MS = 3_600_000;
const DAY_MS = 86_400_000;

cryptoProvider.set(webcrypto);

/** A certificate and its key, both in PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** What can sign certificates. */
export interface Authority {
  readonly pair: Pair;
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** Makes an authority of one's own, whose certificates sign others and no authorities. */
export async function makeAuthority(name: string, days: number): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validFor(days),
    serialNumber: drawSerial(),
    name: `CN=${name}`,
    keys: keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { pair: await pairOf(certificate, keys.privateKey), certificate, key: keys.privateKey };
}

/** Takes an authority up again. @throws when the key or the certificate is none, or they do not belong together */
export async function readAuthority(pair: Pair): Promise<Authority> {
  const certificate = new X509Certificate(pair.cert);
  const [der] = PemConverter.decode(pair.key);
  if (der === undefined) throw new Error('the key is not in PEM');
  const key = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  return { pair, certificate, key };
}

export interface LeafOptions {
  readonly name: string;
  /** Host names and IP addresses of a server; none for a client. */
  readonly hosts: readonly string[];
  readonly days: number;
}

/** Makes a certificate for a server or, without hosts, for a client. */
export async function makeLeaf(authority: Authority, { name, hosts, days }: LeafOptions): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const isServer = hosts.length > 0;
  const names = hosts.map((host): { type: GeneralNameType; value: string } => ({
    type: isIP(host) === 0 ? 'dns' : 'ip',
    value: host,
  }));
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([isServer ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(authority.certificate),
    ...(isServer ? [new SubjectAlternativeNameExtension(names)] : []),
  ];
  const certificate = await X509CertificateGenerator.create({
    ...validFor(days),
    serialNumber: drawSerial(),
    subject: `CN=${name}`,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  return pairOf(certificate, keys.privateKey);
}

function validFor(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + days * DAY_MS) };
}

/** A positive number of 127 bits. */
function drawSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function pairOf(certificate: X509Certificate, key: webcrypto.CryptoKey): Promise<Pair> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: `${PemConverter.encode(der, 'PRIVATE KEY')}\n`,
  };
}
