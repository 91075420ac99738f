import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';

/** A server that says nothing for so long is given up. */
const SILENCE_MS = 30_000;

/** One file to fetch. */
export interface Download {
  /** Without a slash at the end; the file's name follows. Asked one after the other. */
  readonly mirrors: readonly string[];
  readonly file: string;
  /** Bytes that the file has as it is published; another server may have packed it otherwise. */
  readonly bytes: number;
  /** Most bytes that are taken. */
  readonly mostBytes: number;
  /** Where it is written while it is not whole; what is there already is gone on from. */
  readonly part: string;
}

export interface DownloadContext {
  readonly signal: AbortSignal;
  /** Told now and then how much is there. */
  onProgress(bytes: number, of: number | undefined): void;
  /**
   * Whether this is the file that is wanted.
   *
   * @returns what is wrong with it; undefined when it is right
   */
  check(path: string): Promise<string | undefined>;
  /** How long a server may say nothing, milliseconds. */
  readonly silenceMs?: number;
}

/**
 * Fetches a file from the first mirror that has it whole and right. What an earlier try has left is gone on from where the
 * server can do that; a file that turns out to be wrong is fetched once more from its beginning.
 *
 * @returns the address it came from
 * @throws {DownloadError} what was wrong at each mirror, in one line
 */
export async function download(what: Download, context: DownloadContext): Promise<string> {
  const faults: string[] = [];
  for (const mirror of what.mirrors) {
    const url = `${mirror}/${what.file}`;
    const fault = await fromOne(url, what, context);
    if (fault === undefined) return url;
    faults.push(`${url}: ${fault}`);
  }
  throw new DownloadError(faults.join('; '));
}

/** No mirror gave the file. The message is one line that says why. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
}

/** As often is a server asked that breaks off, as long as each time brings more. */
const MOST_BREAKS = 10;
/** One that falls silent holds up everybody who waits, so it is not asked as often. */
const MOST_SILENCES = 1;

/** What was wrong; undefined when the file is there and right. */
async function fromOne(url: string, what: Download, context: DownloadContext): Promise<string | undefined> {
  let isFresh = (await sizeOf(what.part)) === 0;
  for (let [breaks, silences] = [0, 0]; ; ) {
    const before = await sizeOf(what.part);
    const end = await fetchOnce(url, what, context);
    if (end.type === 'refused') return end.fault;
    if (end.type === 'broken') {
      const hasMore = (await sizeOf(what.part)) > before;
      if (end.isSilent) silences++;
      if (!hasMore || ++breaks > MOST_BREAKS || silences > MOST_SILENCES) return end.fault;
      continue;
    }
    const fault = await context.check(what.part);
    if (fault === undefined) return undefined;
    await rm(what.part, { force: true });
    // What was there before may have been another file's beginning.
    if (isFresh) return fault;
    isFresh = true;
  }
}

type FetchEnd =
  | { readonly type: 'whole' }
  /** This server does not have it. */
  | { readonly type: 'refused'; readonly fault: string }
  /** It broke off; what came is kept. */
  | { readonly type: 'broken'; readonly isSilent: boolean; readonly fault: string };

async function fetchOnce(url: string, what: Download, context: DownloadContext): Promise<FetchEnd> {
  const { part, mostBytes } = what;
  const { silenceMs = SILENCE_MS } = context;
  const silence = new AbortController();
  const wake = (): NodeJS.Timeout =>
    setTimeout(() => silence.abort(new Error(`nothing came for ${silenceMs / 1000} s`)), silenceMs);
  let timer = wake();
  const signal = AbortSignal.any([context.signal, silence.signal]);
  try {
    const have = await sizeOf(part);
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (have > 0) headers['range'] = `bytes=${have}-`;
    const response = await fetch(url, { headers, signal, redirect: 'follow' });
    // All is there already, or what is there is longer than the file: its check will tell.
    if (response.status === 416 && have > 0) return { type: 'whole' };
    if (response.status !== 200 && response.status !== 206) {
      await response.body?.cancel();
      return { type: 'refused', fault: `the server answers ${response.status} ${response.statusText}`.trim() };
    }
    const start = response.status === 206 ? rangeStart(response, have) : 0;
    if (start !== have && start !== 0)
      return { type: 'refused', fault: 'the server sends another part than was asked for' };
    const length = lengthOf(response);
    const total = length === undefined ? undefined : start + length;
    if (total !== undefined && total > mostBytes) {
      await response.body?.cancel();
      return { type: 'refused', fault: `the server sends ${total} bytes; the file has ${what.bytes}` };
    }
    const file = await open(part, start === 0 ? 'w' : 'a');
    try {
      let position = start;
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = wake();
        position += (chunk as Uint8Array).length;
        if (position > mostBytes) {
          return {
            type: 'refused',
            fault: `the server sends more than ${mostBytes} bytes; the file has ${what.bytes}`,
          };
        }
        await file.write(chunk as Uint8Array);
        context.onProgress(position, total);
      }
      if (total !== undefined && position < total) {
        return { type: 'broken', isSilent: false, fault: `the server broke off after ${position} of ${total} bytes` };
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return { type: 'whole' };
  } catch (error) {
    context.signal.throwIfAborted();
    if (isOurs(error)) throw error;
    const isSilent = silence.signal.aborted;
    return { type: 'broken', isSilent, fault: wordsOf(isSilent ? silence.signal.reason : error) };
  } finally {
    clearTimeout(timer);
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function rangeStart(response: Response, asked: number): number {
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  return start === undefined ? asked : Number(start);
}

/** Undefined where the server does not say, or packs what it sends, so that its number is not the file's. */
function lengthOf(response: Response): number | undefined {
  const length = Number(response.headers.get('content-length') ?? 'none');
  const isPacked = (response.headers.get('content-encoding') ?? 'identity') !== 'identity';
  return Number.isInteger(length) && !isPacked ? length : undefined;
}

/** The disk is full or may not be written to: no other server will help. */
function isOurs(error: unknown): boolean {
  return (
    typeof (error as NodeJS.ErrnoException).syscall === 'string' &&
    /^(write|open|fsync)$/.test((error as NodeJS.ErrnoException).syscall!)
  );
}

/** `fetch failed` says nothing; its cause does. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return wordsOf(cause.errors[0]);
  if (cause instanceof Error) return wordsOf(cause);
  const { code } = error as NodeJS.ErrnoException;
  return error.message === '' ? String(code) : error.message;
}

/** SHA-256 of a file, in hex. */
export async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
