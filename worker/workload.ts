import type { Logger } from 'pino';
import {
  type Assignment,
  type AttemptOutput,
  type AttemptRef,
  type Dispatch,
  Outcome,
  type Progress,
  SavedKind,
} from '../proto/index.js';
import { type AttemptListener, HeldAttempt, keyOf, outcomeOf } from './attempt.js';
import type { Clock } from './clock.js';
import { Outbox } from './outbox.js';
import { RecentKeys } from './recent-keys.js';
import type { AttemptEnd, AttemptRunner, SavedArtifacts } from './runner.js';

/** An assignment can only be repeated by a message of the recent past. */
const REMEMBERED_ATTEMPTS = 65_536;

/** Ends whose words are worth telling. */
const TELLING: ReadonlySet<Outcome> = new Set([
  Outcome.OUTCOME_COMPLETED,
  Outcome.OUTCOME_FAILED,
  Outcome.OUTCOME_REFUSED,
  Outcome.OUTCOME_TIMED_OUT,
]);

const SAVED_KINDS = {
  checkpoint: SavedKind.SAVED_KIND_CHECKPOINT,
  weights: SavedKind.SAVED_KIND_WEIGHTS,
  output: SavedKind.SAVED_KIND_OUTPUT,
} as const;

export interface WorkloadOptions {
  readonly runner: AttemptRunner;
  /** Objectives that the worker's operator allows. */
  readonly objectives: readonly string[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called when there is something new to send, or an attempt has ended. */
  readonly onChange: () => void;
}

/**
 * The attempts that this worker answers for, whatever happens to its stream. It keeps these rules of ARCHITECTURE.md:
 *   P5   An attempt is held from its assignment until its result is acknowledged or it is abandoned. What is held is
 *        presented in every attach and every heartbeat.
 *   P14  An attempt that was ever held is not started again.
 *   P15  An abandoned attempt is ended at once, and nothing of it is told any more.
 *   P16  A draining workload starts nothing: what is assigned all the same is handed back.
 */
export class Workload implements AttemptListener {
  readonly #options: WorkloadOptions;
  readonly #logger: Logger;
  readonly #outbox = new Outbox();
  readonly #held = new Map<string, HeldAttempt>();
  readonly #released = new RecentKeys(REMEMBERED_ATTEMPTS);
  #running = 0;
  #draining = false;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#logger = options.logger;
  }

  /** How many attempts run. */
  get running(): number {
    return this.#running;
  }

  /** True when nothing runs and nothing is left to tell. */
  get idle(): boolean {
    return this.#running === 0 && this.#outbox.empty;
  }

  /** What is held (P5), as attach and heartbeat present it. */
  present(): AttemptRef[] {
    return Array.from(this.#held.values(), ({ ref }) => ref);
  }

  /** Messages that a new session is to send again before any other. */
  get unacknowledged(): readonly Progress[] {
    return this.#outbox.unacknowledged;
  }

  /** The next message to send, if there is one. */
  nextProgress(): Progress | undefined {
    return this.#outbox.next();
  }

  /** After an attach that presented all that is held: whatever does not continue is abandoned. */
  reconcile(continued: readonly AttemptRef[]): void {
    const kept = new Set(continued.map(keyOf));
    this.#abandon([...this.#held.values()].filter(({ key }) => !kept.has(key)));
  }

  /** What a running attempt has printed so far; undefined for one that does not run here. */
  output(ref: AttemptRef): AttemptOutput | undefined {
    const held = this.#held.get(keyOf(ref));
    if (held?.running !== true || held.run === undefined) return undefined;
    return { attempt: ref, ...held.run.output() };
  }

  /** Does what a dispatch says. Abandoned attempts go first: they free slots for the assignments. */
  take({ assignments, stops, abandoned, acknowledged }: Dispatch): void {
    if (acknowledged > 0) for (const ref of this.#outbox.acknowledge(acknowledged)) this.#release(keyOf(ref));
    if (abandoned.length > 0) this.#abandon(abandoned.flatMap((ref) => this.#held.get(keyOf(ref)) ?? []));
    for (const assignment of assignments) this.#assign(assignment);
    for (const { attempt, reason, saveCheckpoint } of stops) {
      const held = this.#held.get(keyOf(attempt!));
      if (held === undefined || !held.running) continue;
      this.#logger.info({ ...held.ref, reason }, 'attempt is to stop');
      held.stop('requested', saveCheckpoint);
    }
  }

  /** Starts nothing any more. @param handBack whether what runs is ended, to be handed back, or brought to its end */
  drain(handBack: boolean): void {
    this.#draining = true;
    if (handBack) for (const held of this.#held.values()) held.stop('draining', true);
  }

  attemptStarted(held: HeldAttempt, datasetDigest: string): void {
    if (!held.running) return;
    this.#outbox.addStarted({ attempt: held.ref, datasetDigest });
    this.#options.onChange();
  }

  attemptReported(held: HeldAttempt, step: number, metrics: Readonly<Record<string, number>>): void {
    if (!held.running) return;
    this.#outbox.addReport({ attempt: held.ref, report: { step, metrics } });
    this.#options.onChange();
  }

  attemptSaved(held: HeldAttempt, { kind, step, files, metrics }: SavedArtifacts): void {
    if (!held.running) return;
    this.#outbox.addSaved({ attempt: held.ref, kind: SAVED_KINDS[kind], step, files, metrics });
    this.#options.onChange();
  }

  attemptEnded(held: HeldAttempt, end: AttemptEnd): void {
    if (!held.running) return;
    held.running = false;
    this.#running -= 1;
    const outcome = outcomeOf(end, held.stopping);
    const error = TELLING.has(outcome) ? end.error : '';
    const durationMs = held.ageMs;
    this.#outbox.addResult({ attempt: held.ref, outcome, error, durationMs });
    if (error === '') this.#logger.info({ ...held.ref, outcome, durationMs }, 'attempt ended');
    else this.#logger.warn({ ...held.ref, outcome, durationMs, error }, 'attempt ended');
    this.#options.onChange();
  }

  #assign(assignment: Assignment): void {
    const ref = assignment.attempt!;
    const key = keyOf(ref);
    if (this.#held.has(key) || this.#released.has(key)) return;
    const held = new HeldAttempt(ref, key, this, this.#options.clock);
    this.#held.set(key, held);
    this.#running += 1;
    const { objectives, runner } = this.#options;
    const { objective } = assignment;
    if (this.#draining) {
      held.stop('draining', true);
      held.ended({ outcome: 'stopped', error: '' });
    } else if (objectives.includes(objective)) {
      this.#logger.info({ ...ref, objective }, 'attempt assigned');
      held.run = runner.start(assignment, held);
    } else {
      const error = `objective ${JSON.stringify(objective)} is not allowed on this worker; it allows ${objectives.join(', ')}`;
      held.ended({ outcome: 'refused', error });
    }
  }

  #abandon(attempts: readonly HeldAttempt[]): void {
    if (attempts.length === 0) return;
    for (const held of attempts) {
      this.#logger.warn({ ...held.ref }, 'attempt abandoned: it does not count any more');
      if (held.running) {
        held.running = false;
        this.#running -= 1;
        held.run?.kill();
      }
      this.#release(held.key);
    }
    this.#outbox.forget(new Set(attempts.map(({ ref }) => ref)));
    this.#options.onChange();
  }

  #release(key: string): void {
    this.#held.delete(key);
    this.#released.add(key);
  }
}
