/** What an artifact is called: the SHA-256 of its content, 64 hexadecimal digits in lower case. */
export type ArtifactId = string;

/** One artifact as {@link ArtifactStore.list} shows it. */
export interface StoredArtifact {
  readonly id: ArtifactId;
  readonly bytes: number;
  /** When it was put, or put again, milliseconds since the epoch. */
  readonly storedAt: number;
}

/**
 * Content, addressed by its hash: weights, checkpoints, uploaded code, the ends of outputs. The event log refers to it, so
 * it is durable before an event may name it. All adapters pass one contract test. Its promises:
 *   A1  What `put` has returned survives the power cut; before that, and after a `put` that failed, there is nothing.
 *   A2  An artifact is whole: `get` ends in an error, never in silence, when the content does not have its hash.
 *   A3  Putting what is there already changes nothing but `storedAt`, and mends content that was damaged.
 */
export interface ArtifactStore {
  /**
   * Takes content to its end and keeps it.
   *
   * @param expected the hash that the content was announced with
   * @throws {ArtifactError} `mismatch` when the content has another hash, `full` when there is no room; also whatever
   *   `content` throws
   */
  put(content: AsyncIterable<Uint8Array>, expected?: ArtifactId): Promise<{ id: ArtifactId; bytes: number }>;
  /**
   * The content in pieces, verified while it is read. Who takes only a part of it has verified nothing.
   *
   * @throws {ArtifactError} `missing` before the first piece, `damaged` before or after the last one
   */
  get(id: ArtifactId): AsyncIterable<Uint8Array>;
  /** Its size in bytes; undefined when it is not there. */
  has(id: ArtifactId): Promise<number | undefined>;
  /** Sets `storedAt` to now. Returns whether it is there. */
  renew(id: ArtifactId): Promise<boolean>;
  /** Deleting what is not there is no error. */
  delete(id: ArtifactId): Promise<void>;
  /** All artifacts, in no order. What is put or deleted meanwhile may be among them or not. */
  list(): AsyncIterable<StoredArtifact>;
  /** Lets go of the store's resources. Nothing may be called afterwards. */
  close(): Promise<void>;
}

/** Why an artifact cannot be kept or had; the message is one line for people. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';
  readonly code: 'missing' | 'damaged' | 'mismatch' | 'full' | 'invalid';

  constructor(code: ArtifactError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether a text has the form of an artifact's name. Nothing else may become a part of a path. */
export function isArtifactId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** @throws {ArtifactError} `invalid` when it has not the form of an artifact's name */
export function checkArtifactId(id: string): ArtifactId {
  if (isArtifactId(id)) return id;
  const shown = JSON.stringify(id.length > 80 ? `${id.slice(0, 80)}…` : id);
  throw new ArtifactError('invalid', `${shown} names no artifact: it must be a SHA-256, 64 hexadecimal digits`);
}

export function missing(id: ArtifactId): ArtifactError {
  return new ArtifactError('missing', `artifact ${id.slice(0, 12)} is not in the store`);
}

export function damaged(id: ArtifactId): ArtifactError {
  return new ArtifactError('damaged', `artifact ${id.slice(0, 12)} is damaged: its content does not have its hash`);
}

export function mismatch(expected: ArtifactId, actual: ArtifactId): ArtifactError {
  const words = `was announced as ${expected.slice(0, 12)} and has the hash ${actual.slice(0, 12)}`;
  return new ArtifactError('mismatch', `the content ${words}: it was changed on its way`);
}
