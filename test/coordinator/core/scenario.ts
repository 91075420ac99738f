import type { AttemptName } from '../../../coordinator/core/attempt-name.js';
import type { Command } from '../../../coordinator/core/commands.js';
import type { Event, ReportedEnd } from '../../../coordinator/core/events.js';
import { execute, executePlan, type Outcome, type Replies } from '../../../coordinator/core/execute.js';
import { Fleet, type WorkerProfile } from '../../../coordinator/core/fleet.js';
import type { SearchSpec } from '../../../coordinator/core/spec.js';
import { apply, emptyState, type State } from '../../../coordinator/core/state.js';
import type { Study } from '../../../coordinator/core/study.js';
import type { Core } from '../../../coordinator/core/transaction.js';

export const LEASE_MS = 60_000;

/** A study of the null objective over one float, random search, without a pruner. */
export function spec(overrides: Partial<SearchSpec> = {}): SearchSpec {
  return {
    name: 'digits',
    metric: { name: 'value', goal: 'maximize', value: 'last' },
    budget: { trials: 3 },
    seed: 7,
    sampler: { type: 'random' },
    pruner: { type: 'none' },
    objective: { kind: 'null', config: { steps: 10 } },
    params: [{ kind: 'float', name: 'x', low: 0, high: 1, log: false }],
    relations: [],
    enqueue: [],
    limits: { attempts: 3 },
    requires: { labels: {} },
    ...overrides,
  };
}

export function worker(id: string, overrides: Partial<WorkerProfile> = {}): WorkerProfile {
  return {
    id,
    name: id,
    slots: 1,
    labels: {},
    backend: 'wasm',
    backendReason: '',
    objectives: ['train', 'null'],
    datasets: ['digits'],
    gpus: [],
    codeSources: [],
    memoryBytes: 0,
    ...overrides,
  };
}

/** The core with a clock of its own. Every command is followed by the plan, as in the coordinator's loop. */
export class Scenario {
  readonly events: Event[] = [];
  readonly core: Core = { state: emptyState(), fleet: new Fleet(), leaseMs: LEASE_MS };
  at = 1000;

  /** Runs a command and returns its reply; what it decided, and what was planned after it, is in {@link recent}. */
  run<C extends Command>(command: C): Extract<Outcome<C['type']>, { ok: true }>['reply'] {
    const outcome = this.tryRun(command);
    if (!outcome.ok) throw new Error(`refused: ${outcome.refusal.message}`);
    return outcome.reply;
  }

  tryRun<C extends Command>(command: C): Outcome<C['type']> {
    this.#before = this.events.length;
    const outcome = execute(this.core, command, this.at);
    if (outcome.ok) this.events.push(...outcome.events);
    this.events.push(...executePlan(this.core, this.at));
    return outcome;
  }

  #before = 0;

  /** Events of the last command and the plan after it. */
  get recent(): readonly Event[] {
    return this.events.slice(this.#before);
  }

  create(overrides: Partial<SearchSpec> = {}, requestId = ''): string {
    return this.run({ type: 'CreateStudy', requestId, spec: spec(overrides), source: '', drawnSeed: 1 }).study;
  }

  attach(
    id: string,
    overrides: Partial<WorkerProfile> = {},
    holds: readonly AttemptName[] = [],
  ): Replies['AttachWorker'] {
    return this.run({ type: 'AttachWorker', profile: worker(id, overrides), holds });
  }

  report(attempt: AttemptName, step: number, value: number): Replies['RecordProgress'] {
    return this.progress({ reports: [{ ...attempt, step, metrics: { value } }] });
  }

  result(attempt: AttemptName, outcome: ReportedEnd, error = ''): Replies['RecordProgress'] {
    return this.progress({ results: [{ ...attempt, outcome, error }] });
  }

  started(attempt: AttemptName, datasetDigest: string): Replies['RecordProgress'] {
    return this.progress({ started: [{ ...attempt, datasetDigest }] });
  }

  progress(progress: Partial<Omit<Extract<Command, { type: 'RecordProgress' }>, 'type'>>): Replies['RecordProgress'] {
    return this.run({
      type: 'RecordProgress',
      worker: 'w1',
      started: [],
      reports: [],
      saved: [],
      results: [],
      ...progress,
    });
  }

  hear(id: string, holds: readonly AttemptName[]): Replies['HearWorker'] {
    return this.run({ type: 'HearWorker', worker: id, holds });
  }

  /** Lets time pass in steps of a second, with the checks that the coordinator makes every second. */
  pass(ms: number): void {
    const start = this.events.length;
    for (let passed = 0; passed < ms; passed += 1000) {
      this.at += Math.min(1000, ms - passed);
      this.run({ type: 'CheckDeadlines' });
    }
    this.#before = start;
  }

  study(id = 'digits'): Study {
    return this.core.state.studies.get(id)!;
  }

  /** Goes on as a coordinator that was restarted on the same log. */
  restarted(): Scenario {
    const next = new Scenario();
    for (const event of JSON.parse(JSON.stringify(this.events)) as Event[]) {
      apply(next.core.state, event);
      next.events.push(event);
    }
    next.at = this.at;
    next.core.fleet.restore(next.core.state, next.at);
    return next;
  }

  /** The state that a restarted coordinator would have. */
  replayed(): State {
    const state = emptyState();
    for (const event of JSON.parse(JSON.stringify(this.events)) as Event[]) apply(state, event);
    return state;
  }
}

export const attemptOf = (trial: number, attempt = 1, study = 'digits'): AttemptName => ({ study, trial, attempt });

/** Event types with what tells them apart, for short expectations. */
export function brief(events: readonly Event[]): string[] {
  return events.map((event) => {
    const trial = 'trial' in event ? ` ${event.trial}` : '';
    const attempt = 'attempt' in event ? `/${event.attempt}` : '';
    const rest =
      event.type === 'AttemptEnded'
        ? ` ${event.end} -> ${event.fate}`
        : event.type === 'StudyFinished' || event.type === 'StudyEnding' || event.type === 'StopRequested'
          ? ` ${event.why}`
          : '';
    return `${event.type}${trial}${attempt}${rest}`;
  });
}
