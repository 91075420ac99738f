import { RE2JS } from 're2js';
import type { OwnReports } from './own-reports.js';

/**
 * Finds reports in what an unchanged program prints. What the patterns' groups find belongs together as long as no group
 * finds a second value and the step stays the same; it is reported when every group has found one, or else when what
 * comes next belongs to the next step. Without a group called `step`, steps are counted.
 */
export class Scraper {
  readonly #patterns: readonly { readonly pattern: RE2JS; readonly groups: readonly string[] }[];
  readonly #wanted: number;
  readonly #reports: OwnReports;
  #found = new Map<string, number>();
  #step: number | undefined;

  /** @param patterns regular expressions in RE2's syntax, checked when the study was submitted */
  constructor(patterns: readonly string[], reports: OwnReports) {
    this.#patterns = patterns.map((text) => {
      const pattern = RE2JS.compile(text);
      return { pattern, groups: Object.keys(pattern.namedGroups()) };
    });
    const names = new Set(this.#patterns.flatMap(({ groups }) => groups));
    names.delete('step');
    this.#wanted = names.size;
    this.#reports = reports;
  }

  line(line: string): void {
    for (const { pattern, groups } of this.#patterns) {
      const match = pattern.matcher(line);
      if (!match.find()) continue;
      for (const group of [...groups].sort(stepFirst)) this.#take(group, match.group(group));
    }
    if (this.#found.size === this.#wanted) this.#report();
  }

  end(): void {
    this.#report();
  }

  #take(group: string, text: string | null): void {
    // A group that took no part in the match, or found no number: progress bars print "loss: -" at first.
    const value = text === null || text.trim() === '' ? undefined : numberOf(text);
    if (value === undefined) return;
    if (group === 'step') {
      if (this.#step !== value) this.#report();
      this.#step = value;
      return;
    }
    if (this.#found.has(group)) this.#report();
    this.#found.set(group, value);
  }

  #report(): void {
    const metrics = Object.fromEntries(this.#found);
    const step = this.#step;
    if (this.#found.size === 0) return;
    this.#found.clear();
    if (step === undefined) this.#reports.add(metrics);
    // A step that is printed again and again, once for each batch, counts the first time.
    else if (Number.isSafeInteger(step) && step >= 0 && this.#reports.isNew(step)) this.#reports.add(metrics, step);
  }
}

function stepFirst(a: string, b: string): number {
  return Number(b === 'step') - Number(a === 'step');
}

function numberOf(text: string): number | undefined {
  const plain = text.trim().replace(/^\+/, '');
  if (/^-?inf(inity)?$/i.test(plain))
    return plain.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^-?nan$/i.test(plain)) return Number.NaN;
  const value = Number(plain);
  return Number.isNaN(value) ? undefined : value;
}
