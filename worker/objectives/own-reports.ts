import { inspect } from 'node:util';
import { ObjectiveError } from './errors.js';

/** Most metrics in one report. */
const MOST_METRICS = 100;
const LONGEST_NAME = 200;

/** The reports of a study's own code: checked, with steps put in where it names none, and counted. */
export class OwnReports {
  readonly #tell: (step: number, metrics: Readonly<Record<string, number>>) => void;
  /** 1 for code that counts its steps from 0. */
  #shift: 0 | 1;
  /** Where an attempt that goes on from a checkpoint begins to count when its code names no steps. */
  readonly #begin: number;
  #lastStep = 0;
  #count = 0;
  readonly #names = new Set<string>();

  /**
   * @param begin the step after which the attempt goes on, 0 for a new one
   * @param shift 1 when an earlier attempt is known to have counted from 0
   */
  constructor(tell: (step: number, metrics: Readonly<Record<string, number>>) => void, begin = 0, shift: 0 | 1 = 0) {
    this.#tell = tell;
    this.#begin = begin;
    this.#shift = shift;
  }

  get countsFromZero(): boolean {
    return this.#shift === 1;
  }

  /** A step of the code's as everybody else counts it. */
  countedFromOne(step: number): number {
    return step + this.#shift;
  }

  /** The last step reported, as the code itself counts; undefined before the first. */
  get lastStep(): number | undefined {
    return this.#count === 0 ? undefined : this.#lastStep - this.#shift;
  }

  /**
   * One report. Code may count steps from 0 or from 1, as long as they rise.
   *
   * @throws {ObjectiveError} when it is no report
   */
  add(metrics: unknown, step?: unknown): void {
    const checked = checkMetrics(metrics);
    const next = (this.#lastStep || this.#begin) - this.#shift + 1;
    if (step !== undefined && (typeof step !== 'number' || !Number.isSafeInteger(step) || step < 0)) {
      throw new ObjectiveError(`a report's step must be a whole number from 0 or 1 on, not ${inWords(step)}`);
    }
    if (this.#count === 0 && step === 0) this.#shift = 1;
    const shifted = (step ?? next) + this.#shift;
    if (shifted <= this.#lastStep) {
      throw new ObjectiveError(`a report's step must be above the last one, ${next - 1}; it is ${step}`);
    }
    this.#tell(shifted, checked);
    this.#lastStep = shifted;
    this.#count += 1;
    for (const name of Object.keys(checked)) if (this.#names.size < MOST_METRICS) this.#names.add(name);
  }

  /**
   * To be called when the code has come to its end by itself. An attempt that goes on from a checkpoint may have nothing left
   * to report: earlier ones have.
   *
   * @param metric what makes the trial's value; '' for whatever comes
   * @param ended  how the code ended: begins what is said
   * @param hint   how it could report
   * @throws {ObjectiveError} when the trial would be left without a value by what was not reported
   */
  requireValue(metric: string, ended: string, hint: string): void {
    if (this.#begin > 0) return;
    if (this.#count === 0) throw new ObjectiveError(`${ended} and reported nothing: ${hint}`);
    if (metric === '' || this.#names.has(metric)) return;
    const names = [...this.#names].slice(0, 5).join(', ');
    throw new ObjectiveError(`${ended} and reported ${names}, but never ${metric}, which is the study's metric`);
  }

  /** Whether a report of this step would be above the last one. */
  isNew(step: number): boolean {
    return this.#count === 0 || step + this.#shift > this.#lastStep;
  }
}

function checkMetrics(metrics: unknown): Record<string, number> {
  if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics)) {
    throw new ObjectiveError(
      `a report must be an object of numbers, like {"val_accuracy": 0.9}, not ${inWords(metrics)}`,
    );
  }
  const entries = Object.entries(metrics);
  if (entries.length === 0)
    throw new ObjectiveError('a report must hold a metric, like {"val_accuracy": 0.9}; it is empty');
  if (entries.length > MOST_METRICS) {
    throw new ObjectiveError(`a report has ${entries.length} metrics, at most ${MOST_METRICS} are possible`);
  }
  for (const [name, value] of entries) {
    if (name.length === 0 || name.length > LONGEST_NAME) {
      throw new ObjectiveError(`a metric's name must have 1 to ${LONGEST_NAME} characters, not ${name.length}`);
    }
    if (typeof value !== 'number') {
      throw new ObjectiveError(`metric ${JSON.stringify(name)} must be a number, not ${inWords(value)}`);
    }
  }
  return Object.fromEntries(entries);
}

/** A value in a message: short, whatever it is. */
export function inWords(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
