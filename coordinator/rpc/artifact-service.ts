import { type ServerReadableStream, type ServerWritableStream, type ServiceError, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { CHUNK_BYTES, MAX_CHUNK_BYTES } from '../../proto/artifact-client.js';
import type {
  ArtifactServiceServer,
  DownloadArtifactRequest,
  DownloadArtifactResponse,
  UploadArtifactRequest,
} from '../../proto/index.js';
import { ArtifactError, type ArtifactStore, checkArtifactId } from '../artifacts/port.js';
import { LONGEST_UNREAD_MS, MOST_ASKED, MOST_UPLOADS } from '../limits.js';
import { roomIn, SlowReaderError } from './followed.js';
import { unexpected } from './status.js';

export interface ArtifactServiceOptions {
  readonly artifacts: ArtifactStore;
  /** Largest artifact taken, in bytes. */
  readonly maxArtifactBytes: number;
  readonly logger: Logger;
}

/** Moves artifacts in and out of the store. */
export function createArtifactService(options: ArtifactServiceOptions): ArtifactServiceServer {
  const { artifacts, logger } = options;
  let uploads = 0;
  return {
    findArtifacts({ request }, callback) {
      present(artifacts, request.sha256).then(
        (found) => callback(null, { present: found }),
        (error: unknown) => callback(statusFor(error, logger)),
      );
    },

    uploadArtifact(call, callback) {
      if (uploads >= MOST_UPLOADS) {
        callback({ code: status.UNAVAILABLE, details: `${MOST_UPLOADS} uploads are under way: come again` });
        return;
      }
      uploads += 1;
      take(call, options)
        .then(
          () => callback(null, {}),
          (error: unknown) => callback(statusFor(error, logger)),
        )
        .finally(() => {
          uploads -= 1;
        });
    },

    downloadArtifact(call) {
      give(call, artifacts).then(
        () => call.end(),
        (error: unknown) => {
          if (!call.cancelled) call.emit('error', statusFor(error, logger));
        },
      );
    },
  };
}

/** Broken by the caller: what it sent is not what it announced. */
class TransferFault extends Error {
  override readonly name = 'TransferFault';
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

async function present(artifacts: ArtifactStore, ids: readonly string[]): Promise<string[]> {
  if (ids.length > MOST_ASKED) {
    throw new TransferFault(status.INVALID_ARGUMENT, `${ids.length} names, at most ${MOST_ASKED} may be asked for`);
  }
  const found: string[] = [];
  for (const id of ids) if (await artifacts.renew(id)) found.push(id);
  return found;
}

async function take(
  call: ServerReadableStream<UploadArtifactRequest, unknown>,
  { artifacts, maxArtifactBytes }: ArtifactServiceOptions,
): Promise<void> {
  const messages = (call as AsyncIterable<UploadArtifactRequest>)[Symbol.asyncIterator]();
  const { value: first } = (await soon(messages.next())) as { value?: UploadArtifactRequest };
  if (first?.body?.$case !== 'header') {
    throw new TransferFault(status.INVALID_ARGUMENT, 'an upload begins with its header');
  }
  const { sha256, bytes } = first.body.value;
  checkArtifactId(sha256);
  if (bytes > maxArtifactBytes) {
    const words = `an artifact of ${bytes} bytes is too large: at most ${maxArtifactBytes} bytes are taken here`;
    throw new TransferFault(status.FAILED_PRECONDITION, `${words} (--max-artifact)`);
  }
  await artifacts.put(chunks(messages, bytes), sha256);
}

/** The content of an upload, checked against what its header announced. */
async function* chunks(messages: AsyncIterator<UploadArtifactRequest>, announced: number): AsyncIterable<Uint8Array> {
  const fault = (message: string): TransferFault => new TransferFault(status.INVALID_ARGUMENT, message);
  let received = 0;
  for (;;) {
    const { value, done } = await soon(messages.next());
    if (done === true) break;
    if (value.body?.$case !== 'chunk') throw fault('after the header an upload has chunks alone');
    const { offset, data } = value.body.value;
    if (offset !== received) throw fault(`a chunk is for offset ${offset}, ${received} bytes are here`);
    if (data.length > MAX_CHUNK_BYTES) throw fault(`a chunk has ${data.length} bytes, at most ${MAX_CHUNK_BYTES}`);
    received += data.length;
    if (received > announced) throw fault(`more than the announced ${announced} bytes came`);
    yield data;
  }
  if (received < announced) {
    throw new TransferFault(status.ABORTED, `the upload ended after ${received} of ${announced} bytes`);
  }
}

/** An upload that stands still takes the place of one that does not. */
async function soon<T>(next: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const words = `nothing of the upload came for ${LONGEST_UNREAD_MS / 1_000} s`;
    late = setTimeout(() => reject(new TransferFault(status.ABORTED, words)), LONGEST_UNREAD_MS);
  });
  try {
    return await Promise.race([next, tooLate]);
  } finally {
    clearTimeout(late);
  }
}

async function give(
  call: ServerWritableStream<DownloadArtifactRequest, DownloadArtifactResponse>,
  artifacts: ArtifactStore,
): Promise<void> {
  const { sha256, offset } = call.request;
  const bytes = await artifacts.has(sha256);
  if (bytes === undefined) {
    throw new TransferFault(status.NOT_FOUND, `artifact ${checkArtifactId(sha256).slice(0, 12)} is not here any more`);
  }
  if (offset > bytes) throw new TransferFault(status.OUT_OF_RANGE, `offset ${offset} is beyond its ${bytes} bytes`);
  let at = 0;
  if (bytes === 0) call.write({ bytes, chunk: { offset: 0, data: Buffer.alloc(0) } });
  for await (const piece of artifacts.get(sha256)) {
    const start = Math.max(0, offset - at);
    for (let from = start; from < piece.length; from += CHUNK_BYTES) {
      const data = Buffer.from(piece.subarray(from, from + CHUNK_BYTES));
      const goesOn = call.write({ bytes, chunk: { offset: at + from, data } });
      if (!goesOn) await roomIn(call);
      if (call.cancelled || call.destroyed) return;
    }
    at += piece.length;
  }
}

const CODES: Record<ArtifactError['code'], status> = {
  missing: status.NOT_FOUND,
  damaged: status.DATA_LOSS,
  mismatch: status.ABORTED,
  full: status.RESOURCE_EXHAUSTED,
  invalid: status.INVALID_ARGUMENT,
};

/** Whether a stream ended without its end: its client went away, or what it sent was no message. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function statusFor(error: unknown, logger: Logger): Pick<ServiceError, 'code' | 'details'> {
  if (error instanceof TransferFault) return { code: error.code, details: error.message };
  if (isBroken(error)) return { code: status.ABORTED, details: 'the stream broke before its end' };
  if (error instanceof SlowReaderError) return { code: status.UNAVAILABLE, details: error.message };
  if (error instanceof ArtifactError) {
    if (error.code === 'full' || error.code === 'damaged') logger.error({ err: error }, 'an artifact was not moved');
    return { code: CODES[error.code], details: error.message };
  }
  return unexpected(logger, error);
}
