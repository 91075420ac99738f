/** Something wrong in a search file, or worth a warning; line and column count from 1. */
export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the file's structure, like `space.lr.log[1]`; empty for faults of the YAML itself. */
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** `file:line:column path: message`, which editors and terminals turn into a link. */
export function formatFault(fault: Fault): string {
  const path = fault.path === '' ? '' : ` ${fault.path}`;
  return `${fault.file}:${fault.line}:${fault.column}${path}: ${fault.message}`;
}

/** A place in the text and in the structure it describes. */
export interface Place {
  /** UTF-16 code units from the beginning of the text. */
  readonly offset: number;
  readonly path: string;
}

/** More faults than these help nobody, and a hostile file could have a hundred thousand. */
const MOST_FAULTS = 200;
/** After so many nobody reads on. */
const TOO_MANY_FAULTS = 1000;

/** There are more faults than are worth looking for. */
export class TooManyFaults extends Error {
  override readonly name = 'TooManyFaults';
}

/** Collects the faults and warnings of one file. */
export class FaultList {
  readonly #file: string;
  readonly #lineStarts: readonly number[];
  readonly #faults: (Place & { message: string })[] = [];
  readonly #warnings: (Place & { message: string })[] = [];
  readonly #seen = new Set<string>();

  constructor(file: string, text: string) {
    this.#file = file;
    this.#lineStarts = lineStarts(text);
  }

  /**
   * Repetitions of the same words at the same place are dropped.
   *
   * @throws {TooManyFaults} when there are so many that the rest is not worth reading
   */
  add(place: Place, message: string): void {
    this.#collect(this.#faults, place, message);
    if (this.#faults.length >= TOO_MANY_FAULTS) throw new TooManyFaults();
  }

  warn(place: Place, message: string): void {
    this.#collect(this.#warnings, place, message);
  }

  get count(): number {
    return this.#faults.length;
  }

  faults(): Fault[] {
    return this.#sorted(this.#faults, 'faults');
  }

  warnings(): Fault[] {
    return this.#sorted(this.#warnings, 'warnings');
  }

  #collect(list: (Place & { message: string })[], place: Place, message: string): void {
    const key = `${place.offset} ${place.path} ${message}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    list.push({ offset: place.offset, path: place.path, message });
  }

  #sorted(list: readonly (Place & { message: string })[], what: string): Fault[] {
    const sorted = [...list].sort((a, b) => a.offset - b.offset);
    const shown = sorted.slice(0, MOST_FAULTS).map((fault) => this.#locate(fault, fault.message));
    const next = sorted[MOST_FAULTS];
    if (next !== undefined) {
      const more =
        sorted.length < TOO_MANY_FAULTS ? sorted.length - MOST_FAULTS : `at least ${sorted.length - MOST_FAULTS}`;
      shown.push(this.#locate({ ...next, path: '' }, `and ${more} more ${what} from here on`));
    }
    return shown;
  }

  #locate({ offset, path }: Place, message: string): Fault {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const column = offset - this.#lineStarts[low]! + 1;
    return { file: this.#file, line: low + 1, column, path: shorten(path, 200), message };
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** A text cut to at most `longest` characters, on one line. */
export function shorten(text: string, longest: number): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
  return line.length <= longest ? line : `${line.slice(0, longest - 3)}...`;
}
