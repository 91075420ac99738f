import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { ObjectiveError } from '../../objectives/errors.js';
import { withFile } from './byte-reader.js';
import { checkSize, type Decoded, MOST_CLASSES, MOST_SAMPLES, type SampleSink, type Source } from './source.js';

export interface CsvOptions {
  /** The column with the class: its name in the first row, or its number from 1 where there are no names. */
  readonly label: string | number;
  /** Columns to take, by name or number; undefined: all but the label. */
  readonly columns: readonly (string | number)[] | undefined;
  /** Columns to leave out. */
  readonly ignore: readonly (string | number)[];
  /** Whether the first row names the columns. */
  readonly header: boolean;
  readonly delimiter: string;
  /** Height, width and, beyond grey, channels of the image that a row is; undefined: a row is a row of numbers. */
  readonly shape: readonly number[] | undefined;
}

const MOST_COLUMNS = 1_000_000;
const MOST_ROW_BYTES = 1 << 26;
/** Rows that are written at a time have about so many numbers. */
const CHUNK_NUMBERS = 1 << 16;

/**
 * Comma-separated values, gzipped or not: a column of classes, whose names may be anything, and columns of numbers. Classes
 * stand in the order of their names, numbers among them by size.
 */
export function csvSource(name: string, train: string, test: string | undefined, options: CsvOptions): Source {
  const files = test === undefined ? [train] : [train, test];
  return { name, recipe: ['csv', options, files.length], files, decode: (sink) => decodeCsv(files, options, sink) };
}

async function decodeCsv(files: readonly string[], options: CsvOptions, sink: SampleSink): Promise<Decoded> {
  const classes = new ClassNames();
  const counts: number[] = [];
  let columns: readonly string[] | undefined;
  for (const path of files) {
    const table = await readTable(path, options, columns, classes, sink);
    columns = table.columns;
    counts.push(table.count);
    if (counts.length === 1) classes.close();
  }
  const shape = options.shape ?? [1, 1, columns!.length];
  const [height, width, channels = 1] = shape as [number, number, number?];
  const { labels, classNames } = classes.sorted();
  return {
    height,
    width,
    channels,
    type: 'f32',
    labels,
    classNames,
    parts: { train: counts[0]!, validation: 0, test: counts[1] ?? 0 },
  };
}

interface Table {
  /** Names of the columns that were taken, or their numbers. */
  readonly columns: readonly string[];
  readonly count: number;
}

function readTable(
  path: string,
  options: CsvOptions,
  like: readonly string[] | undefined,
  classes: ClassNames,
  sink: SampleSink,
): Promise<Table> {
  return withFile(path, async (file) => {
    const rows = Readable.from(file.upTo(Number.POSITIVE_INFINITY)).pipe(
      parse({
        bom: true,
        delimiter: options.delimiter,
        skip_empty_lines: true,
        max_record_size: MOST_ROW_BYTES,
        info: true,
      }),
    );
    let choice: Choice | undefined;
    let writer: RowWriter | undefined;
    let count = 0;
    try {
      for await (const { record, info } of rows as AsyncIterable<Row>) {
        if (choice === undefined) {
          choice = chooseColumns(path, record, options, like);
          checkSize(path, 1, options.shape ?? [choice.numbers.length], 4);
          writer = new RowWriter(path, choice, sink);
          if (options.header) continue;
        }
        if (++count > MOST_SAMPLES) throw new ObjectiveError(`${path} has more than ${MOST_SAMPLES} rows`);
        classes.add(path, info.lines, record[choice.label]!);
        await writer!.add(info.lines, record);
      }
    } catch (cause) {
      if (cause instanceof ObjectiveError || sink.signal.aborted || !(cause instanceof CsvError)) throw cause;
      throw new ObjectiveError(`${path}: ${cause.message}`, { cause });
    }
    if (choice === undefined || count === 0)
      throw new ObjectiveError(`${path} has no rows; it must have one for each sample`);
    await writer!.flush();
    return { columns: choice.names, count };
  });
}

interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

interface Choice {
  readonly label: number;
  /** Where in a row the numbers are. */
  readonly numbers: readonly number[];
  readonly names: readonly string[];
}

function chooseColumns(
  path: string,
  first: readonly string[],
  options: CsvOptions,
  like: readonly string[] | undefined,
): Choice {
  if (first.length > MOST_COLUMNS)
    throw new ObjectiveError(`${path} has ${first.length} columns; at most ${MOST_COLUMNS} may be`);
  const names = options.header ? first.map((name) => name.trim()) : first.map((_, i) => String(i + 1));
  const find = (column: string | number): number => {
    const at = names.indexOf(String(column));
    if (at !== -1 && names.indexOf(String(column), at + 1) === -1) return at;
    const shown = names.slice(0, 12).map(shorten).join(', ') + (names.length > 12 ? ', ...' : '');
    const why = at === -1 ? `has no column ${JSON.stringify(column)}` : `has two columns ${JSON.stringify(column)}`;
    throw new ObjectiveError(`${path} ${why}; its columns are ${shown}`);
  };
  const label = find(options.label);
  const ignored = new Set(options.ignore.map(find));
  const wanted = like ?? options.columns;
  const numbers = wanted?.map(find) ?? [...names.keys()].filter((at) => at !== label && !ignored.has(at));
  if (numbers.includes(label))
    throw new ObjectiveError(`${path}: ${names[label]} is the label; it cannot be learned from`);
  const expected = options.shape?.reduce((product, length) => product * length, 1);
  if (numbers.length === 0) throw new ObjectiveError(`${path} has no column of numbers beside ${names[label]}`);
  if (expected !== undefined && expected !== numbers.length) {
    throw new ObjectiveError(
      `${path} has ${numbers.length} columns of numbers; shape ${options.shape!.join(' x ')} must have ${expected}`,
    );
  }
  return { label, numbers, names: numbers.map((at) => names[at]!) };
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

class RowWriter {
  readonly #path: string;
  readonly #choice: Choice;
  readonly #sink: SampleSink;
  readonly #chunk: Float32Array<ArrayBuffer>;
  #filled = 0;

  constructor(path: string, choice: Choice, sink: SampleSink) {
    this.#path = path;
    this.#choice = choice;
    this.#sink = sink;
    const { length } = choice.numbers;
    this.#chunk = new Float32Array(length * Math.max(1, Math.floor(CHUNK_NUMBERS / length)));
  }

  async add(line: number, record: readonly string[]): Promise<void> {
    const { numbers, names } = this.#choice;
    for (const [i, at] of numbers.entries()) {
      const text = record[at]!.trim();
      const number = Math.fround(text === '' ? Number.NaN : Number(text));
      if (!Number.isFinite(number)) {
        const said = text === '' ? 'empty' : JSON.stringify(shorten(text));
        throw new ObjectiveError(
          `${this.#path}, line ${line}: ${names[i]} is ${said}; it must be a number, or the column be left out with ignore`,
        );
      }
      this.#chunk[this.#filled++] = number;
    }
    if (this.#filled === this.#chunk.length) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = new Uint8Array(this.#chunk.buffer, 0, this.#filled * 4);
    this.#filled = 0;
    await this.#sink.write(bytes);
  }
}

/** Numbers the classes as they come, and in the end in the order of their names. */
class ClassNames {
  readonly #seen = new Map<string, number>();
  #labels = new Uint16Array(1024);
  #count = 0;
  #closed = false;

  /** From here on a class that was not there is a fault: nothing could have learned it. */
  close(): void {
    this.#closed = true;
  }

  add(path: string, line: number, text: string): void {
    const name = text.trim();
    let label = this.#seen.get(name);
    if (label === undefined) {
      if (name === '') throw new ObjectiveError(`${path}, line ${line}: the label is empty`);
      if (this.#closed) {
        throw new ObjectiveError(
          `${path}, line ${line}: the class ${JSON.stringify(shorten(name))} is in no row to train on`,
        );
      }
      if (this.#seen.size === MOST_CLASSES) {
        throw new ObjectiveError(
          `${path} has more than ${MOST_CLASSES} classes; is the label a number to be predicted?`,
        );
      }
      label = this.#seen.size;
      this.#seen.set(name, label);
    }
    if (this.#count === this.#labels.length) {
      const more = new Uint16Array(2 * this.#count);
      more.set(this.#labels);
      this.#labels = more;
    }
    this.#labels[this.#count++] = label;
  }

  sorted(): { readonly labels: Uint16Array; readonly classNames: readonly string[] } {
    const names = [...this.#seen.keys()];
    const areNumbers = names.every((name) => Number.isFinite(Number(name)));
    const classNames = names.toSorted((a, b) => (areNumbers ? Number(a) - Number(b) : 0) || (a < b ? -1 : 1));
    const rank = new Map(classNames.map((name, i) => [name, i]));
    const ranks = names.map((name) => rank.get(name)!);
    return { labels: this.#labels.subarray(0, this.#count).map((label) => ranks[label]!), classNames };
  }
}
