import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { type ClientAccess, ClientAccessError, certificateFault, wayTo } from './client-access.js';
import { ArtifactServiceClient, type UploadArtifactRequest } from './gen/assay/v1/artifacts.js';
import { CoordinatorAddresses, leaderOf, splitAddresses } from './leader.js';

/** Bytes in one message: large enough for speed, small enough for heartbeats to get between. */
export const CHUNK_BYTES = 262_144;
/** Most bytes that a receiver takes in one message. */
export const MAX_CHUNK_BYTES = 1_048_576;

/** Content to upload. It is read again when an upload broke. */
export interface UploadContent {
  /** SHA-256 of the content, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly bytes: number;
  read(): AsyncIterable<Uint8Array>;
}

export interface TransferOptions {
  /** How long a coordinator that cannot be reached is tried again, milliseconds. */
  readonly patienceMs: number;
  /** Aborted: give up. */
  readonly signal?: AbortSignal | undefined;
}

/** Moves artifacts between this process and a coordinator. */
export interface ArtifactClient {
  /** Uploads what is not there yet; when it returns, the coordinator has it for good. @throws {TransferError} */
  upload(content: UploadContent, options: TransferOptions): Promise<void>;
  /** The content, verified: it is not to be used before the iteration has come to its end. @throws {TransferError} */
  download(sha256: string, options: TransferOptions): AsyncIterable<Uint8Array>;
  close(): void;
}

/** A transfer that did not succeed; the message is one line that says why. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
  /** The gRPC status. */
  readonly code: status;

  constructor(code: status, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Opens a client. Nothing is connected before the first transfer.
 *
 * @param coordinators HOST:PORT, or several of a cluster with commas between: whichever leads is found
 * @param access what is shown there
 */
export function openArtifactClient(coordinators: string, access: ClientAccess = {}): ArtifactClient {
  const connection = new Connection(coordinators, access);
  return {
    upload: (content, options) =>
      patiently(connection, options, async (stub) => {
        if (!(await isPresent(stub, content.sha256))) await uploadOnce(stub, content, options.signal);
      }),
    download: (sha256, options) => download(connection, sha256, options),
    close: () => connection.close(),
  };
}

/** The connection to the coordinator that leads, made anew after a failure: an old one may wait long before it tries. */
class Connection {
  readonly #addresses: CoordinatorAddresses;
  readonly #access: ClientAccess;
  #stub: ArtifactServiceClient | undefined;

  constructor(coordinators: string, access: ClientAccess) {
    this.#access = access;
    this.#addresses = new CoordinatorAddresses(splitAddresses(coordinators));
  }

  get stub(): ArtifactServiceClient {
    if (this.#stub === undefined) {
      const { current } = this.#addresses;
      // Of its own: a transfer never holds up what goes over the others.
      const way = wayTo(current, this.#access, { 'grpc.use_local_subchannel_pool': 1 });
      this.#stub = new ArtifactServiceClient(current, way.credentials, way.options);
    }
    return this.#stub;
  }

  /** @param stub the one that failed; another transfer may have replaced it already */
  failed(stub: ArtifactServiceClient, error: ServiceError): void {
    if (stub !== this.#stub) return;
    this.#addresses.failed(leaderOf(error));
    this.close();
  }

  close(): void {
    this.#stub?.close();
    this.#stub = undefined;
  }
}

function isPresent(stub: ArtifactServiceClient, sha256: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    stub.findArtifacts({ sha256: [sha256] }, (error, answer) => {
      if (error === null) resolve(answer.present.includes(sha256));
      else reject(error);
    });
  });
}

async function uploadOnce(stub: ArtifactServiceClient, content: UploadContent, signal?: AbortSignal): Promise<void> {
  const ended = new AbortController();
  let call: ReturnType<ArtifactServiceClient['uploadArtifact']>;
  const answered = new Promise<void>((resolve, reject) => {
    call = stub.uploadArtifact(new Metadata(), (error) => {
      ended.abort();
      if (error === null) resolve();
      else reject(error);
    });
  });
  answered.catch(() => {});
  const cancel = (): void => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const send = async (body: UploadArtifactRequest['body']): Promise<void> => {
      // The other side may end the call at any time: then nothing drains any more.
      if (!call.write({ body })) await once(call, 'drain', { signal: ended.signal }).catch(() => {});
    };
    await send({ $case: 'header', value: { sha256: content.sha256, bytes: content.bytes } });
    let offset = 0;
    for await (const data of cut(content.read())) {
      if (ended.signal.aborted) break;
      await send({ $case: 'chunk', value: { offset, data: Buffer.from(data) } });
      offset += data.length;
    }
    call!.end();
  } catch (error) {
    // What cannot be read is not uploaded.
    call!.cancel();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
  await answered;
}

/** Pieces of at most {@link CHUNK_BYTES}. */
async function* cut(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const piece of content) {
    for (let from = 0; from < piece.length; from += CHUNK_BYTES) yield piece.subarray(from, from + CHUNK_BYTES);
  }
}

/** Goes on where the connection broke. */
async function* download(
  connection: Connection,
  sha256: string,
  { patienceMs, signal }: TransferOptions,
): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256');
  let offset = 0;
  let triedSince = Date.now();
  for (let failures = 0; ; failures++) {
    const stub = stubOf(connection);
    const call = stub.downloadArtifact({ sha256, offset });
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      for await (const message of call) {
        const { chunk } = message as { chunk?: { offset: number; data: Buffer } };
        if (chunk === undefined || chunk.offset !== offset) throw wrong(sha256, 'came in pieces out of order');
        offset += chunk.data.length;
        hash.update(chunk.data);
        failures = 0;
        triedSince = Date.now();
        if (chunk.data.length > 0) yield chunk.data;
      }
      break;
    } catch (error) {
      if (!isPassing(error) || Date.now() - triedSince > patienceMs || signal?.aborted === true) throw inWords(error);
      connection.failed(stub, error);
    } finally {
      signal?.removeEventListener('abort', cancel);
      call.cancel();
    }
    await backOff(failures, signal);
  }
  if (hash.digest('hex') !== sha256) throw wrong(sha256, 'came with another content: it was changed on its way');
}

async function patiently<T>(
  connection: Connection,
  { patienceMs, signal }: TransferOptions,
  act: (stub: ArtifactServiceClient) => Promise<T>,
): Promise<T> {
  const giveUpAt = Date.now() + patienceMs;
  for (let failures = 0; ; failures++) {
    const stub = stubOf(connection);
    try {
      return await act(stub);
    } catch (error) {
      if (!isPassing(error) || Date.now() > giveUpAt || signal?.aborted === true) throw inWords(error);
      connection.failed(stub, error);
    }
    await backOff(failures, signal);
  }
}

/** @throws {TransferError} when what is to be shown there cannot be read */
function stubOf(connection: Connection): ArtifactServiceClient {
  try {
    return connection.stub;
  } catch (error) {
    throw inWords(error);
  }
}

/** Half to full pause, so that many do not come back at the same moment. */
async function backOff(failures: number, signal: AbortSignal | undefined): Promise<void> {
  const longestMs = Math.min(100 * 2 ** failures, 5_000);
  await pause(longestMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
}

/** Whether trying again may help: the coordinator is away, or what came was damaged on its way. */
function isPassing(error: unknown): error is ServiceError {
  return isServiceError(error) && (error.code === status.UNAVAILABLE || error.code === status.ABORTED);
}

function inWords(error: unknown): unknown {
  if (error instanceof ClientAccessError) {
    return new TransferError(status.UNAUTHENTICATED, error.message, { cause: error });
  }
  if (!isServiceError(error)) return error;
  const fault = certificateFault(error.details);
  if (fault !== undefined) return new TransferError(error.code, fault, { cause: error });
  return new TransferError(error.code, error.details === '' ? status[error.code] : error.details, { cause: error });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

function wrong(sha256: string, why: string): TransferError {
  return new TransferError(status.DATA_LOSS, `artifact ${sha256.slice(0, 12)} ${why}`);
}
