import type { ServiceDefinition } from '@grpc/grpc-js';

/** A message M that has been written already: a long one, in portions. */
export class Encoded<M extends object> {
  /** M is what whoever reads it gets; nothing here has it. */
  declare protected readonly message: M;
  readonly bytes: Buffer;
  /** Trials, studies and workers in it. */
  readonly rows: number;

  constructor(bytes: Buffer, rows: number) {
    this.bytes = bytes;
    this.rows = rows;
  }
}

/** A service whose handlers may answer with messages that are {@link Encoded}. */
export function takesEncoded(definition: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => {
      const { responseSerialize } = method;
      const serialize = (answer: object): Buffer =>
        answer instanceof Encoded ? answer.bytes : responseSerialize(answer);
      return [name, { ...method, responseSerialize: serialize }];
    }),
  );
}

/** The bytes of a message as they come. Fields that repeat may be written one after another, and so may messages in pieces. */
export class Bytes {
  readonly #whole: Uint8Array[] = [];
  #pieces: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#pieces.length < TOGETHER) return;
    this.#whole.push(Buffer.concat(this.#pieces));
    this.#pieces = [];
  }

  /** A field that holds a message. */
  addField(number: number, message: Bytes): void {
    this.add(lengthOf(number, message.length));
    for (const piece of [...message.#whole, ...message.#pieces]) this.add(piece);
  }

  finish(): Buffer {
    return Buffer.concat([...this.#whole, ...this.#pieces]);
  }
}

/** Pieces that are put together once, so that the end has not all of them to do. */
const TOGETHER = 128;

/** What stands before a field that holds a message. */
function lengthOf(field: number, length: number): Uint8Array {
  return Uint8Array.from([...varint((field << 3) | 2), ...varint(length)]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
