import type { Event } from '../../coordinator/core/events.js';
import type { SearchSpec } from '../../coordinator/core/spec.js';
import { apply, emptyState, type State } from '../../coordinator/core/state.js';
import type { Core } from '../../coordinator/core/transaction.js';
import type { Leaderboard, Progress, SessionRequest, SessionResponse } from '../../proto/index.js';
import type { Checker, Facts } from './checkers/checker.js';
import type { Run } from './sim-runner.js';
import type { Timeline } from './timeline.js';

/** A broken rule, with the moment in virtual time. */
export interface Violation {
  readonly invariant: string;
  readonly what: string;
  readonly atMs: number;
}

/** Sees everything from outside: the log, what is said and shown, and what really ran. Asks the checkers about each. */
export class Witness {
  readonly facts: Facts;
  violation: Violation | undefined;
  /** Fingerprint of all that became durable or was told. */
  digest = 0;
  readonly #checkers: readonly Checker[];
  readonly #timeline: Timeline;
  readonly #trace: (line: () => string) => void;

  constructor(
    checkers: readonly ((facts: Facts) => Checker)[],
    timeline: Timeline,
    trace: (line: () => string) => void,
  ) {
    this.#timeline = timeline;
    this.#trace = trace;
    this.facts = {
      state: emptyState(),
      events: [],
      runs: new Map(),
      submissions: new Map(),
      extensions: new Map(),
      answers: new Map(),
      progress: new Map(),
      presented: new Map(),
    };
    this.#checkers = checkers.map((create) => create(this.facts));
  }

  /** The one state that the log stands for. */
  get state(): State {
    return this.facts.state;
  }

  durable(events: readonly Event[], writer: string): void {
    for (const event of events) {
      this.#trace(() => `log ${this.facts.events.length} by ${writer}: ${JSON.stringify(event)}`);
      for (const checker of this.#checkers) this.#note(checker, checker.logged?.(event));
      if (this.violation !== undefined) return;
      this.#digest(event.type.length + event.at);
      try {
        apply(this.facts.state, event);
      } catch (error) {
        this.broken('replay', String(error));
        return;
      }
      this.facts.events.push(event);
    }
  }

  said(worker: string, { body }: SessionRequest): void {
    if (body?.$case === 'attach') this.facts.presented.set(worker, body.value.running);
    if (body?.$case === 'heartbeat') {
      for (const checker of this.#checkers) this.#note(checker, checker.held?.(worker, body.value.running));
    }
    if (body?.$case === 'progress') {
      const before = this.facts.progress.get(worker);
      if (before === undefined) this.facts.progress.set(worker, [body.value]);
      else if (body.value.sequence > (before.at(-1) as Progress).sequence) before.push(body.value);
    }
  }

  told(_host: string, worker: string, response: SessionResponse): void {
    this.#digest(response.body?.$case.length ?? 0);
    for (const checker of this.#checkers) this.#note(checker, checker.told?.(worker, response));
  }

  shown(_to: string, board: Leaderboard): void {
    for (const checker of this.#checkers) this.#note(checker, checker.shown?.(board));
  }

  submitted(requestId: string, spec: SearchSpec): void {
    this.facts.submissions.set(requestId, spec);
  }

  answered(requestId: string, study: string, trial: number | undefined): void {
    for (const checker of this.#checkers) this.#note(checker, checker.answered?.(requestId, study, trial));
    this.facts.answers.set(requestId, study);
  }

  ran(key: string, run: Run): void {
    if (this.facts.runs.has(key)) this.broken('no attempt runs twice (P14)', `attempt ${key} was started twice`);
    this.facts.runs.set(key, run);
  }

  live(host: string, core: Core): void {
    for (const checker of this.#checkers) this.#note(checker, checker.live?.(host, core));
  }

  /** A coordinator has failed. What the log did to it is no fault of its own; anything else is. */
  failed(host: string, error: unknown): void {
    const words = String(error);
    this.#trace(() => `${host} failed: ${words}`);
    const expected =
      /^(LogConflictError|Error: (no space left on device|the log did not answer in time|input\/output error))/;
    if (!expected.test(words))
      this.broken('no coordinator fails of itself', `${host}: ${(error as Error).stack ?? words}`);
  }

  /** Everything is mended and had its time. */
  ended(): void {
    for (const checker of this.#checkers) this.#note(checker, checker.ended?.());
  }

  broken(invariant: string, what: string): void {
    this.violation ??= { invariant, what, atMs: this.#timeline.now };
  }

  #note(checker: Checker, fault: string | undefined): void {
    if (fault !== undefined) this.broken(checker.invariant, fault);
  }

  #digest(value: number): void {
    this.digest = (Math.imul(this.digest, 31) + Math.round(value + this.#timeline.now * 1000)) | 0;
  }
}
