import { type SpanContext, spanIdOf, toTraceparent, traceIdOf } from '../../telemetry/trace-context.js';
import { epochOf, type SpanAttributes, type Tracing } from '../../telemetry/tracing.js';
import type { CommitTimes, Coordinator, Follower } from '../coordinator.js';
import type { AttemptName } from '../core/attempt-name.js';
import { keyOf } from '../core/attempt-name.js';
import type { AttemptEnded, AttemptStarted, Event, TrialProposed } from '../core/events.js';
import { fromLogged } from '../core/events.js';
import type { Study } from '../core/study.js';
import type { Core } from '../core/transaction.js';
import { isFinal, type Trial } from '../core/trial.js';
import { ranksOf, trialSummary } from '../core/views.js';

/** Moments of an attempt that its span tells, and no more: a curve of a million steps is not for traces. */
const MOST_MOMENTS = 128;
/** Ranking costs more the more trials there are: a trial's rank is told as long as there are not too many. */
const MOST_RANKED = 1_000;

interface Moment {
  readonly name: string;
  readonly at: number;
  readonly attributes: SpanAttributes;
}

/**
 * Tells a trial's way as one trace: `trial` above all, below it `propose`, and `assign`, `attempt` and `record` for each
 * attempt, and `rank` at its end. A study's `submit` is a trace of its own, to which its trials are linked. The names of all
 * of them are derived from the log, so a coordinator that takes over goes on telling the same traces; only what it did
 * not see itself is missing.
 */
export class TrialTracer implements Follower {
  readonly #tracing: Tracing;
  /** What running attempts have told so far. */
  readonly #moments = new Map<string, Moment[]>();
  #events: readonly Event[] = [];
  #core: Core | undefined;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** To be called when everybody else follows already, because spans end when all has left. @returns stops it */
  begin(coordinator: Pick<Coordinator, 'follow'>): () => void {
    const stop = coordinator.follow(this);
    return () => {
      stop();
      this.#moments.clear();
    };
  }

  /** The context of an attempt; '' for a trial that is not traced. */
  traceparent(study: Study, { trial, attempt }: Pick<AttemptName, 'trial' | 'attempt'>): string {
    const traceId = trialTrace(study, trial);
    if (!this.#tracing.isSampled(traceId)) return '';
    return toTraceparent({ traceId, spanId: spanIdOf(traceId, 'attempt', attempt) });
  }

  events(events: readonly Event[], core: Core): void {
    this.#events = events;
    this.#core = core;
  }

  committed(times: CommitTimes): void {
    const events = this.#events;
    const core = this.#core;
    this.#events = [];
    this.#core = undefined;
    if (core === undefined) return;
    for (const event of events) {
      const study = core.state.studies.get(event.study);
      if (study !== undefined) this.#tell(event, study, times);
    }
  }

  #tell(event: Event, study: Study, times: CommitTimes): void {
    if (event.type === 'StudyCreated') {
      this.#submitted(study, times);
      return;
    }
    if (!('trial' in event) || !this.#tracing.isSampled(trialTrace(study, event.trial))) return;
    const trial = study.trials[event.trial]!;
    switch (event.type) {
      case 'TrialProposed':
        this.#proposed(event, study, times);
        break;
      case 'AttemptStarted':
        this.#assigned(event, study, times);
        break;
      case 'TrialReported': {
        const value = event.metrics[study.spec.metric.name];
        const attributes = { 'assay.step': event.step, 'assay.value': value === undefined ? value : fromLogged(value) };
        this.#note(event, { name: 'report', at: event.at, attributes });
        break;
      }
      case 'StopRequested':
        this.#note(event, { name: 'told to stop', at: event.at, attributes: { 'assay.reason': event.reason } });
        break;
      case 'CheckpointSaved':
      case 'WeightsSaved':
      case 'OutputSaved': {
        const attributes = { 'assay.kind': event.type, 'assay.step': event.step };
        this.#note(event, { name: 'saved', at: event.at, attributes });
        break;
      }
      case 'AttemptEnded':
        this.#ended(event, study, trial, times);
        break;
      case 'TrialWithdrawn':
        this.#finished(study, trial, times);
        break;
      default:
        break;
    }
  }

  #note(name: AttemptName, moment: Moment): void {
    const key = keyOf(name);
    const moments = this.#moments.get(key);
    if (moments === undefined) this.#moments.set(key, [moment]);
    else if (moments.length < MOST_MOMENTS) moments.push(moment);
  }

  #submitted(study: Study, { askedAt, durableAt }: CommitTimes): void {
    const { traceId, spanId } = submission(study);
    if (!this.#tracing.isSampled(traceId)) return;
    const { budget, sampler } = study.spec;
    this.#tracing.write({
      traceId,
      spanId,
      name: 'submit',
      beganAt: epochOf(askedAt),
      endedAt: epochOf(durableAt),
      attributes: { 'assay.study': study.id, 'assay.sampler': sampler.type, 'assay.budget.trials': budget.trials },
    });
  }

  #proposed({ trial, at, origin, basedOn }: TrialProposed, study: Study, { suggestions }: CommitTimes): void {
    const traceId = trialTrace(study, trial);
    const asked = suggestions.find((one) => one.study === study.id && one.trial === trial);
    this.#tracing.write({
      traceId,
      spanId: spanIdOf(traceId, 'propose'),
      parent: rootOf(traceId),
      name: 'propose',
      beganAt: asked === undefined ? at : epochOf(asked.beganAt),
      endedAt: asked === undefined ? at : epochOf(asked.endedAt),
      attributes: { ...namesOf(study, trial), 'assay.origin': origin, 'assay.based_on': basedOn },
    });
  }

  #assigned(event: AttemptStarted, study: Study, { askedAt, decidedAt, durableAt }: CommitTimes): void {
    const traceId = trialTrace(study, event.trial);
    this.#tracing.write({
      traceId,
      spanId: spanIdOf(traceId, 'assign', event.attempt),
      parent: rootOf(traceId),
      name: 'assign',
      beganAt: epochOf(askedAt),
      endedAt: epochOf(performance.now()),
      attributes: { ...namesOf(study, event.trial, event.attempt), 'assay.worker': event.workerName },
      events: [
        { name: 'decided', at: epochOf(decidedAt) },
        { name: 'durable', at: epochOf(durableAt) },
      ],
    });
  }

  #ended(event: AttemptEnded, study: Study, trial: Trial, times: CommitTimes): void {
    const traceId = trialTrace(study, event.trial);
    const { startedAt, workerName } = trial.attempts[event.attempt - 1]!;
    const key = keyOf(event);
    const failed = event.end === 'failed' || event.end === 'timed_out' || event.end === 'lost';
    const names = { ...namesOf(study, event.trial, event.attempt), 'assay.worker': workerName };
    this.#tracing.write({
      traceId,
      spanId: spanIdOf(traceId, 'attempt', event.attempt),
      parent: rootOf(traceId),
      name: 'attempt',
      beganAt: startedAt,
      endedAt: event.at,
      attributes: { ...names, 'assay.end': event.end, 'assay.reason': event.reason || undefined },
      events: this.#moments.get(key) ?? [],
      error: failed ? event.reason || event.end : undefined,
    });
    this.#moments.delete(key);
    this.#tracing.write({
      traceId,
      spanId: spanIdOf(traceId, 'record', event.attempt),
      parent: rootOf(traceId),
      name: 'record',
      beganAt: epochOf(times.askedAt),
      endedAt: epochOf(times.durableAt),
      attributes: { ...names, 'assay.end': event.end },
    });
    if (event.fate !== 'waiting' && event.fate !== 'paused') this.#finished(study, trial, times);
  }

  #finished(study: Study, trial: Trial, times: CommitTimes): void {
    if (!isFinal(trial)) return;
    const traceId = trialTrace(study, trial.number);
    const beganAt = performance.now();
    const rank = study.trials.length > MOST_RANKED ? undefined : ranksOf(study).get(trial.number);
    const names = namesOf(study, trial.number);
    if (rank !== undefined) {
      this.#tracing.write({
        traceId,
        spanId: spanIdOf(traceId, 'rank'),
        parent: rootOf(traceId),
        name: 'rank',
        beganAt: epochOf(beganAt),
        endedAt: epochOf(performance.now()),
        attributes: { ...names, 'assay.rank': rank },
      });
    }
    this.#tracing.write({
      traceId,
      spanId: rootOf(traceId),
      name: 'trial',
      beganAt: trial.proposedAt,
      endedAt: Math.max(trial.endedAt, epochOf(times.durableAt)),
      attributes: {
        ...names,
        'assay.state': trial.status,
        'assay.value': trialSummary(study, trial).value?.value,
        'assay.rank': rank,
        'assay.attempts': trial.attempts.length,
        'assay.reason': trial.reason || undefined,
      },
      link: submission(study),
      error: trial.status === 'failed' ? trial.reason : undefined,
    });
  }
}

/** Ids of studies are given once in a log; their time tells logs apart. */
function trialTrace(study: Study, trial: number): string {
  return traceIdOf('trial', study.id, study.createdAt, trial);
}

function rootOf(traceId: string): string {
  return spanIdOf(traceId, 'trial');
}

function submission(study: Study): SpanContext {
  const traceId = traceIdOf('study', study.id, study.createdAt);
  return { traceId, spanId: spanIdOf(traceId, 'submit') };
}

function namesOf(study: Study, trial: number, attempt?: number): SpanAttributes {
  return { 'assay.study': study.id, 'assay.trial': trial, 'assay.attempt': attempt };
}
