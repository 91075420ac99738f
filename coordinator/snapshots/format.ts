import { createHash } from 'node:crypto';

/**
 * The format of snapshots: lines of JSON. The first says what it is, the last has the SHA-256 of all before it. Snapshots of
 * other versions are passed over: the log has everything that is in them.
 */
export const SNAPSHOT_FORMAT = 1;

export type SnapshotKind = 'state' | 'study';

/** A snapshot that is cut off, changed, of another format or of another log. */
export class SnapshotDamagedError extends Error {
  override readonly name: string = 'SnapshotDamagedError';
}

/** One that cannot be read now. It may be whole all the same. */
export class SnapshotUnreadableError extends SnapshotDamagedError {
  override readonly name = 'SnapshotUnreadableError';
}

/** @param breathe waited for between two lines, so that whatever else there is to do gets its turn */
export async function* encodeSnapshot(
  kind: SnapshotKind,
  lines: Iterable<string>,
  breathe: () => Promise<void>,
): AsyncIterable<string> {
  const hash = createHash('sha256');
  const first = `${JSON.stringify({ assay: kind, format: SNAPSHOT_FORMAT })}\n`;
  hash.update(first);
  yield first;
  for (const line of lines) {
    const text = `${line}\n`;
    hash.update(text);
    yield text;
    await breathe();
  }
  yield `${JSON.stringify({ sha256: hash.digest('hex') })}\n`;
}

/**
 * The values of a snapshot's lines, once all of them were found to be whole.
 *
 * @throws {SnapshotDamagedError}
 */
export async function decodeSnapshot(
  kind: SnapshotKind,
  bytes: AsyncIterable<Uint8Array>,
  breathe: () => Promise<void>,
): Promise<unknown[]> {
  const hash = createHash('sha256');
  const values: unknown[] = [];
  let before: string | undefined;
  for await (const line of linesOf(bytes)) {
    // The last line is of the others, and not of itself.
    if (before !== undefined) {
      hash.update(`${before}\n`);
      values.push(parse(before));
      await breathe();
    }
    before = line;
  }
  const [first, ...rest] = values;
  const { assay, format } = (first ?? {}) as { assay?: unknown; format?: unknown };
  if (assay !== kind || format !== SNAPSHOT_FORMAT) {
    const found = JSON.stringify(first)?.slice(0, 80) ?? 'nothing';
    throw new SnapshotDamagedError(`it begins with ${found}, not as a ${kind} of format ${SNAPSHOT_FORMAT}`);
  }
  const { sha256 } = parse(before ?? '') as { sha256?: unknown };
  if (sha256 !== hash.digest('hex')) throw new SnapshotDamagedError('it is not what its checksum says');
  return rest;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new SnapshotDamagedError(`a line of it is not JSON: ${line.slice(0, 80)}`, { cause });
  }
}

/** Without their ends. What comes after the last end is cut off, and no line. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of bytes) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}
