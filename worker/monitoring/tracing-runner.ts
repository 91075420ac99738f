import type { Assignment } from '../../proto/index.js';
import { fromTraceparent, type SpanContext, spanIdOf } from '../../telemetry/trace-context.js';
import type { SpanAttributes, Tracing } from '../../telemetry/tracing.js';
import type { AttemptEnd, AttemptEvents, AttemptRunner } from '../runner.js';

/** Moments that a span tells, and no more. */
const MOST_MOMENTS = 128;

/**
 * Tells of attempts below the span that the coordinator has of each: `run`, the worker's whole part, and in it `prepare`
 * (code, checkpoint, process, data) and `train`. An attempt whose trial is not traced runs as it is.
 */
export function createTracingRunner(runner: AttemptRunner, tracing: Tracing, worker: string): AttemptRunner {
  return {
    start(assignment, events) {
      const context = fromTraceparent(assignment.traceparent);
      if (context === undefined) return runner.start(assignment, events);
      const traced = new TracedAttempt(assignment, events, { context, tracing, worker });
      const running = runner.start(assignment, traced);
      return {
        stop: (saveCheckpoint) => running.stop(saveCheckpoint),
        output: () => running.output(),
        kill: () => {
          traced.over('abandoned', '');
          running.kill();
        },
      };
    },
  };
}

interface TracedAttemptOptions {
  /** Of the coordinator's span. */
  readonly context: SpanContext;
  readonly tracing: Tracing;
  readonly worker: string;
}

class TracedAttempt implements AttemptEvents {
  readonly #events: AttemptEvents;
  readonly #options: TracedAttemptOptions;
  readonly #names: SpanAttributes;
  readonly #assignedAt = Date.now();
  readonly #moments: { readonly name: string; readonly at: number; readonly attributes: SpanAttributes }[] = [];
  #startedAt: number | undefined;
  #over = false;

  constructor({ attempt, objective }: Assignment, events: AttemptEvents, options: TracedAttemptOptions) {
    this.#events = events;
    this.#options = options;
    const { study, trial, attempt: number } = attempt!;
    this.#names = {
      'assay.study': study,
      'assay.trial': trial,
      'assay.attempt': number,
      'assay.worker': options.worker,
      'assay.objective': objective,
    };
  }

  started(datasetDigest: string): void {
    this.#startedAt = Date.now();
    this.#events.started(datasetDigest);
  }

  report(step: number, metrics: Readonly<Record<string, number>>): void {
    this.#note('report', { 'assay.step': step });
    this.#events.report(step, metrics);
  }

  saved(saved: Parameters<AttemptEvents['saved']>[0]): void {
    this.#note('uploaded', { 'assay.kind': saved.kind, 'assay.step': saved.step });
    this.#events.saved(saved);
  }

  ended(end: AttemptEnd): void {
    this.over(end.outcome, end.error);
    this.#events.ended(end);
  }

  /** Writes its spans, the first time. */
  over(outcome: AttemptEnd['outcome'] | 'abandoned', error: string): void {
    if (this.#over) return;
    this.#over = true;
    const { context, tracing } = this.#options;
    const endedAt = Date.now();
    const startedAt = this.#startedAt ?? endedAt;
    const { traceId, spanId: parent } = context;
    const run = spanIdOf(traceId, parent, 'run');
    const attributes = { ...this.#names, 'assay.outcome': outcome };
    const failure = outcome === 'failed' || outcome === 'timed_out' ? error || outcome : undefined;
    const below = { traceId, parent: run, attributes };
    const preparation = { ...below, spanId: spanIdOf(traceId, parent, 'prepare'), name: 'prepare' };
    tracing.write({ ...preparation, beganAt: this.#assignedAt, endedAt: startedAt });
    if (this.#startedAt !== undefined) {
      const training = { ...below, spanId: spanIdOf(traceId, parent, 'train'), name: 'train' };
      tracing.write({ ...training, beganAt: startedAt, endedAt, events: this.#moments, error: failure });
    }
    tracing.write({
      traceId,
      spanId: run,
      parent,
      name: 'run',
      beganAt: this.#assignedAt,
      endedAt,
      attributes,
      error: failure,
    });
  }

  #note(name: string, attributes: SpanAttributes): void {
    if (this.#moments.length < MOST_MOMENTS) this.#moments.push({ name, at: Date.now(), attributes });
  }
}
