import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Consumer,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  JetStreamError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { errors, headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type { Event } from '../core/events.js';
import type { ClusterNames } from '../nats/names.js';
import { decodeBatch, encodeBatch } from './codec.js';
import { type Batch, type ClusterLog, type Extent, LogConflictError, LogFormatError, type Seq } from './port.js';

/** Names the try to append that a message came by: its writer and a count. */
const NONCE = 'Assay-Nonce';
/** "2/5": the second of five messages that are one batch. Absent where a batch is one message, as nearly all are. */
const PART = 'Assay-Part';

/** Room in a message for its headers, and the largest part of a record however large messages may be, bytes. */
const HEADER_BYTES = 4096;
const LARGEST_PART_BYTES = 1 << 20;

/** How long one try to append or one question may take, and the pause between two, milliseconds. */
const TRY_MS = 1_500;
const RETRY_PAUSE_MS = 50;
/** A server that has not let an append through for this long may be cut off from the others: another one is tried. */
const CHANGE_SERVER_MS = 3_000;

/** So few messages are read without a reader on the server. */
const SINGLE_READS = 64;
/** A reader that has sent nothing for so long, though there is something, is given up, milliseconds. */
const SILENCE_MS = 2_000;
/** So long a message may be missing that was there before it is believed that somebody deleted it, milliseconds. */
const BELIEVED_MS = 10_000;

const WRONG_LAST_SEQUENCE: readonly number[] = [10071, 10164];
const MESSAGE_NOT_FOUND = 10037;
/** Answers of a cluster that has no leader at the moment. */
const NO_LEADER: readonly number[] = [10008, 10009, 10118];

/**
 * The log in a JetStream stream, which exists already. The stream's sequence numbers are the batches' numbers, and
 * `Nats-Expected-Last-Sequence` is the fence. Its rules:
 *
 *   J1  A batch is one message, and counts from the moment that its message is acknowledged. Where a record is larger
 *       than a message may be, it is cut into parts that follow each other without a gap; the batch is there with its
 *       last part and has that one's number. Parts that were cut off by another writer are void: they are passed over
 *       by all readers alike.
 *   J2  An append that was answered by a time-out or a broken connection is not known to have failed: a copy of it may
 *       be in the log, or on its way. So the same append is tried again with the same expected head; whatever copy comes
 *       late meets the fence. When a wrong sequence is the answer, the log itself decides: what stands behind the expected
 *       head is this very append (its nonce), or another's (a conflict), or nothing that can be seen yet, and it is tried
 *       once more. Nothing is asked before: a stream without a leader leaves questions unanswered until they time out,
 *       and says at once that nobody takes appends.
 *   J3  No `Nats-Msg-Id` beside the expected sequence: NATS 2.10 answers the repetition of a refused append `duplicate`
 *       and stores nothing.
 *   J4  An append is tried until it is decided or the log is closed; it is not for the log to say when to give up.
 *
 * @param connection stays open when the log is closed
 */
export async function openJetStreamLog(connection: NatsConnection, names: ClusterNames): Promise<ClusterLog> {
  // Without the check, which asks for the account's limits and fails while JetStream has no leader.
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: TRY_MS });
  return new JetStreamLog(connection, names, manager);
}

class JetStreamLog implements ClusterLog {
  readonly #connection: NatsConnection;
  readonly #names: ClusterNames;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #writer = randomUUID();
  readonly #closed = new AbortController();
  #appends = 0;
  /** As the servers said last; before they have, what they say where nobody has changed it. */
  #maxPayload = 1 << 20;
  /** Where the newest append began to wait, by the process's clock. */
  #waitingSince: number | undefined;
  /** Void parts behind the last batch that was read: an append at `head` goes behind `end`. */
  #void: { readonly head: Seq; readonly end: Seq } | undefined;

  constructor(connection: NatsConnection, names: ClusterNames, manager: JetStreamManager) {
    this.#connection = connection;
    this.#names = names;
    this.#client = jetstream(connection, { timeout: TRY_MS });
    this.#manager = manager;
  }

  async *read(after: Seq): AsyncIterable<Batch> {
    const end = (await this.#ask((manager) => manager.streams.info(this.#names.logStream))).state.last_seq;
    let head = after;
    if (end > after) {
      for await (const batch of assemble(this.#messages(after, end, this.#closed.signal))) {
        head = batch.seq;
        yield batch;
      }
    }
    this.#closed.signal.throwIfAborted();
    this.#void = end > head ? { head, end } : undefined;
  }

  follow(after: Seq, signal: AbortSignal): AsyncIterable<Batch> {
    const until = AbortSignal.any([signal, this.#closed.signal]);
    return assemble(this.#messages(after, Number.POSITIVE_INFINITY, until));
  }

  async append(events: readonly Event[], head: Seq): Promise<Seq> {
    const parts = this.#cut(new TextEncoder().encode(encodeBatch(events)));
    this.#appends += 1;
    const nonce = `${this.#writer}:${this.#appends}`;
    let end = this.#void?.head === head ? this.#void.end : head;
    this.#waitingSince = performance.now();
    try {
      for (const [i, data] of parts.entries()) {
        const part = parts.length === 1 ? undefined : `${i + 1}/${parts.length}`;
        await this.#appendMessage({ data, nonce, part, end, head });
        end += 1;
      }
    } finally {
      this.#waitingSince = undefined;
    }
    this.#void = undefined;
    return end;
  }

  async extent(): Promise<Extent> {
    const { state } = await this.#manager.streams.info(this.#names.logStream);
    return { head: state.last_seq, bytes: state.bytes };
  }

  async answers(patienceMs: number): Promise<boolean> {
    if (this.#waitingSince !== undefined && performance.now() - this.#waitingSince > patienceMs) return false;
    try {
      await this.#manager.streams.info(this.#names.logStream);
      return true;
    } catch {
      return false;
    }
  }

  get reached(): boolean {
    // While the connection is being made again, the client has forgotten whom it spoke to.
    return this.#connection.info !== undefined;
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the event log was closed'));
  }

  /** A record in pieces that fit into messages. */
  #cut(record: Uint8Array): Uint8Array[] {
    // While the connection is being made again, the client does not know it.
    this.#maxPayload = this.#connection.info?.max_payload ?? this.#maxPayload;
    const largest = Math.min(this.#maxPayload - HEADER_BYTES, LARGEST_PART_BYTES);
    if (largest < HEADER_BYTES) {
      throw new RangeError(`the NATS server's max_payload of ${largest + HEADER_BYTES} bytes must be 8 KiB or more`);
    }
    const parts: Uint8Array[] = [];
    for (let from = 0; from < record.length; from += largest) parts.push(record.subarray(from, from + largest));
    return parts;
  }

  /** One message behind `end`, tried until it is decided (J2). */
  async #appendMessage({ data, nonce, part, end, head }: Message): Promise<void> {
    let changeAt = performance.now() + CHANGE_SERVER_MS;
    for (;;) {
      this.#closed.signal.throwIfAborted();
      try {
        const { seq, duplicate } = await this.#client.publish(this.#names.logSubject, data, {
          headers: headersOf(nonce, part),
          expect: { streamName: this.#names.logStream, lastSequence: end },
          retries: 1,
        });
        if (seq === end + 1 && !duplicate) return;
        throw new LogFormatError(`the log answered an append behind ${end} with ${seq}, duplicate: ${duplicate}`);
      } catch (error) {
        if (isRefusal(error)) {
          const found = await this.#nonceAt(end + 1);
          if (found === keyOf(nonce, part)) return;
          if (found !== undefined || (await this.#isAhead(end))) throw new LogConflictError(head);
        } else if (!isPassing(error)) throw error;
      }
      if (performance.now() > changeAt) {
        changeAt = performance.now() + CHANGE_SERVER_MS;
        await this.#connection.reconnect();
      }
      await pause(RETRY_PAUSE_MS);
    }
  }

  /** Which append the message at a place in the log came by; undefined when there is none, or nobody can say now. */
  async #nonceAt(seq: Seq): Promise<string | undefined> {
    try {
      const message = await this.#messageAt(seq);
      return message && keyOf(message.header.get(NONCE), message.header.get(PART));
    } catch (error) {
      if (isPassing(error)) return undefined;
      throw error;
    }
  }

  async #messageAt(seq: Seq): Promise<StoredMsg | undefined> {
    try {
      return (await this.#manager.streams.getMessage(this.#names.logStream, { seq })) ?? undefined;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === MESSAGE_NOT_FOUND) return undefined;
      throw error;
    }
  }

  /** Whether the log is shorter than `end`: whoever expects that head has another log in mind. */
  async #isAhead(end: Seq): Promise<boolean> {
    const { state } = await this.#ask((manager) => manager.streams.info(this.#names.logStream));
    return state.last_seq < end;
  }

  /** An answer of JetStream's, waited for while it has no leader. */
  async #ask<T>(question: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    for (;;) {
      this.#closed.signal.throwIfAborted();
      try {
        return await question(this.#manager);
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
      await pause(RETRY_PAUSE_MS);
    }
  }

  /** Messages with `seq > after` to `end`, in order and without a gap. */
  async *#messages(after: Seq, end: Seq, signal: AbortSignal): AsyncIterable<Stored> {
    let seq = after;
    while (seq < end && !signal.aborted) {
      // One by one, because a reader on the server takes its time to be made, above all while servers are missing.
      const source = end - seq <= SINGLE_READS ? this.#oneByOne(seq, end) : this.#consume(seq, end, signal);
      for await (const message of source) {
        if (message.seq !== seq + 1) throw deleted(seq + 1);
        seq = message.seq;
        yield message;
      }
    }
  }

  async *#oneByOne(after: Seq, end: Seq): AsyncIterable<Stored> {
    for (let seq = after + 1; seq <= end; seq += 1) {
      const since = performance.now();
      for (;;) {
        const found = await this.#ask(() => this.#messageAt(seq));
        if (found !== undefined) {
          yield { seq, data: found.data, headers: found.header };
          break;
        }
        // A leader of the stream that is new may still be putting its own copy in order.
        if (performance.now() - since > BELIEVED_MS) throw deleted(seq);
        await pause(RETRY_PAUSE_MS);
      }
    }
  }

  /** Messages as a reader on the server sends them; ends at `end`, and when that reader has fallen silent. */
  async *#consume(after: Seq, end: Seq, signal: AbortSignal): AsyncIterable<Stored> {
    const consumer = await this.#consumer(after + 1, signal);
    if (consumer === undefined) return;
    const messages = await consumer.consume({ max_messages: 500, idle_heartbeat: 1_000, expires: 5_000 });
    let seq = after;
    let heardAt = performance.now();
    const stop = (): void => void messages.close();
    // The client repairs its reader after a server's death, but takes up to a quarter of a minute.
    const watchdog = setInterval(() => {
      if (performance.now() - heardAt < SILENCE_MS) return;
      this.#hasBeyond(seq).then(
        (beyond) => {
          if (beyond && performance.now() - heardAt >= SILENCE_MS) stop();
        },
        () => {},
      );
    }, SILENCE_MS / 2);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      for await (const { seq: next, data, headers: hdrs } of messages) {
        yield { seq: next, data, headers: hdrs };
        seq = next;
        heardAt = performance.now();
        if (seq >= end) break;
      }
    } finally {
      clearInterval(watchdog);
      signal.removeEventListener('abort', stop);
      stop();
      // It would be forgotten by itself, in half a minute.
      consumer.delete().catch(() => {});
    }
  }

  async #hasBeyond(seq: Seq): Promise<boolean> {
    return (await this.#manager.streams.info(this.#names.logStream)).state.last_seq > seq;
  }

  /** A reader that begins at `seq`; it lives on the server only as long as it is used. Undefined when aborted. */
  async #consumer(seq: Seq, signal: AbortSignal): Promise<Consumer | undefined> {
    while (!signal.aborted) {
      try {
        return await this.#client.consumers.get(this.#names.logStream, {
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: seq,
          inactive_threshold: 30_000,
        });
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
      await pause(RETRY_PAUSE_MS);
    }
    return undefined;
  }
}

function deleted(seq: Seq): LogFormatError {
  return new LogFormatError(`message ${seq} of the log was deleted`);
}

/** A message of the log, however it was read. */
interface Stored {
  readonly seq: Seq;
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs | undefined;
}

interface Message {
  readonly data: Uint8Array;
  readonly nonce: string;
  readonly part: string | undefined;
  /** The stream's last sequence that it expects. */
  readonly end: Seq;
  /** The head that its append named. */
  readonly head: Seq;
}

/** Puts batches together from their messages (J1). */
async function* assemble(messages: AsyncIterable<Stored>): AsyncIterable<Batch> {
  let nonce = '';
  let parts: Uint8Array[] = [];
  for await (const message of messages) {
    const [number, count] = partOf(message.headers, message.seq);
    const own = message.headers?.get(NONCE) ?? '';
    if (number === 1) {
      nonce = own;
      parts = [];
    }
    // The writer's fence lets nothing come between two parts of a batch.
    if (own !== nonce || number !== parts.length + 1) {
      throw new LogFormatError(
        `message ${message.seq} of the log is part ${number} of a batch whose others are missing`,
      );
    }
    parts.push(message.data);
    if (number < count) continue;
    const record = new TextDecoder().decode(count === 1 ? message.data : Buffer.concat(parts));
    parts = [];
    yield { seq: message.seq, events: decodeBatch(record, message.seq) };
  }
}

function partOf(hdrs: MsgHdrs | undefined, seq: Seq): [number: number, count: number] {
  const text = hdrs?.get(PART) ?? '';
  if (text === '') return [1, 1];
  const [number = 0, count = 0] = text.split('/').map(Number);
  if (number >= 1 && number <= count) return [number, count];
  throw new LogFormatError(`message ${seq} of the log calls itself part ${JSON.stringify(text)}`);
}

function headersOf(nonce: string, part: string | undefined): MsgHdrs {
  const hdrs = headers();
  hdrs.set(NONCE, nonce);
  if (part !== undefined) hdrs.set(PART, part);
  return hdrs;
}

function keyOf(nonce: string, part: string | undefined): string {
  return `${nonce} ${part ?? ''}`;
}

function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(error.code);
}

/** Whether a failure says nothing of the append itself, but that nobody could answer. */
function isPassing(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return NO_LEADER.includes(error.code);
  return (
    error instanceof JetStreamError ||
    error instanceof errors.TimeoutError ||
    error instanceof errors.RequestError ||
    error instanceof errors.ConnectionError ||
    // Nobody listened: a stream without a leader, too. The client does not export the class.
    (error instanceof Error && error.name === 'JetStreamNotEnabled')
  );
}
