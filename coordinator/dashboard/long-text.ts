import type { Work } from '../portions.js';

/** Characters that are put together into one piece of a long text. */
const PIECE = 65_536;

/** A text in pieces: nothing ever has to be done with all of it at once. */
export type Pieces = readonly Buffer<ArrayBuffer>[];

/** Puts a long text together as it is made. */
class Text {
  readonly pieces: Buffer<ArrayBuffer>[] = [];
  #parts: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length >= PIECE) this.finish();
  }

  finish(): Pieces {
    if (this.#length > 0) this.pieces.push(Buffer.from(this.#parts.join('')));
    this.#parts = [];
    this.#length = 0;
    return this.pieces;
  }
}

/**
 * JSON of an object whose last members are long lists.
 *
 * @param head  its other members
 * @param lists made one by one; each may yield what it has cost
 */
export function* jsonWork(
  head: Readonly<Record<string, unknown>>,
  lists: Readonly<Record<string, Iterable<Made<unknown>>>>,
): Work<Pieces> {
  const text = new Text();
  text.add(JSON.stringify(head).slice(0, -1));
  let separator = Object.keys(head).length > 0 ? ',' : '';
  for (const [name, list] of Object.entries(lists)) {
    text.add(`${separator}${JSON.stringify(name)}:[`);
    separator = ',';
    let comma = '';
    for (const { value, cost } of list) {
      text.add(comma + JSON.stringify(value));
      comma = ',';
      yield cost;
    }
    text.add(']');
  }
  text.add('}');
  return text.finish();
}

/** Lines that are made one by one. */
export function* linesWork(lines: Iterable<Made<string>>): Work<Pieces> {
  const text = new Text();
  for (const { value, cost } of lines) {
    text.add(value);
    yield cost;
  }
  return text.finish();
}

/** One of many, and what it has cost to make it. */
export interface Made<T> {
  readonly value: T;
  /** As in {@link Work}. */
  readonly cost: number;
}
