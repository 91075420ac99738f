import type {
  AttemptRef,
  AttemptReport,
  AttemptResult,
  AttemptSaved,
  AttemptStarted,
  Progress,
} from '../proto/index.js';

/** Most reports in one message. Beyond it, larger batches gain nothing and delay what follows. */
const REPORTS_PER_MESSAGE = 100;
/** Most messages sent and not acknowledged. What comes meanwhile gathers, so that a slow coordinator gets larger batches. */
const MESSAGES_IN_FLIGHT = 64;

/**
 * What the attempts have to tell, until it is durable on the other side. Its rules:
 *   O1  What is added is sent in order: what an attempt saved after the reports that were there, a result after all else.
 *   O2  Messages are numbered from 1 as they are first sent; a resent one keeps its number and its place.
 *   O3  Nothing is forgotten but what is acknowledged, or belongs to an attempt that does not count any more.
 *
 * An attempt is named by the one `AttemptRef` object that its entries share, so that nothing is compared by value.
 */
export class Outbox {
  #started: AttemptStarted[] = [];
  #reports: AttemptReport[] = [];
  #saved: AttemptSaved[] = [];
  #results: AttemptResult[] = [];
  #unacknowledged: Progress[] = [];
  #sequence = 0;

  /** True when everything that was added is acknowledged or forgotten. */
  get empty(): boolean {
    return this.#unacknowledged.length === 0 && !this.#pending;
  }

  /** What was sent and is not acknowledged, oldest first: to be sent again in a new session. */
  get unacknowledged(): readonly Progress[] {
    return this.#unacknowledged;
  }

  addStarted(started: AttemptStarted): void {
    this.#started.push(started);
  }

  addReport(report: AttemptReport): void {
    this.#reports.push(report);
  }

  addSaved(saved: AttemptSaved): void {
    this.#saved.push(saved);
  }

  /** Nothing may be added for the attempt after it. */
  addResult(result: AttemptResult): void {
    this.#results.push(result);
  }

  /** The next message to send, from what was added since the last; undefined when there is none, or too many are out. */
  next(): Progress | undefined {
    if (!this.#pending || this.#unacknowledged.length >= MESSAGES_IN_FLIGHT) return undefined;
    const reports = this.#takeReports();
    const last = this.#reports.length === 0;
    const message: Progress = {
      sequence: ++this.#sequence,
      started: this.#started,
      reports,
      saved: last ? this.#saved : [],
      results: last ? this.#results : [],
    };
    this.#started = [];
    if (last) {
      this.#saved = [];
      this.#results = [];
    }
    this.#unacknowledged.push(message);
    return message;
  }

  /** Forgets all messages up to `sequence`, which are durable now; returns the attempts whose results were among them. */
  acknowledge(sequence: number): AttemptRef[] {
    let count = 0;
    const done: AttemptRef[] = [];
    for (const message of this.#unacknowledged) {
      if (message.sequence > sequence) break;
      for (const result of message.results) done.push(result.attempt!);
      count += 1;
    }
    if (count > 0) this.#unacknowledged = this.#unacknowledged.slice(count);
    return done;
  }

  /** Drops whatever there is of attempts that do not count any more. */
  forget(attempts: ReadonlySet<AttemptRef>): void {
    const counts = (entry: { readonly attempt: AttemptRef | undefined }): boolean => !attempts.has(entry.attempt!);
    this.#started = this.#started.filter(counts);
    this.#reports = this.#reports.filter(counts);
    this.#saved = this.#saved.filter(counts);
    this.#results = this.#results.filter(counts);
    this.#unacknowledged = this.#unacknowledged
      .map(({ sequence, started, reports, saved, results }) => ({
        sequence,
        started: started.filter(counts),
        reports: reports.filter(counts),
        saved: saved.filter(counts),
        results: results.filter(counts),
      }))
      .filter((message) =>
        [message.started, message.reports, message.saved, message.results].some(({ length }) => length > 0),
      );
  }

  get #pending(): boolean {
    return this.#started.length + this.#reports.length + this.#saved.length + this.#results.length > 0;
  }

  #takeReports(): AttemptReport[] {
    const all = this.#reports;
    if (all.length <= REPORTS_PER_MESSAGE) {
      this.#reports = [];
      return all;
    }
    this.#reports = all.slice(REPORTS_PER_MESSAGE);
    return all.slice(0, REPORTS_PER_MESSAGE);
  }
}
