import { fillParams, type Params, Rng, trialSeed } from '../../search/index.js';
import type { AttemptStarted, TrialProposed } from './events.js';
import { endStudy, settle } from './lifecycle.js';
import { Needs } from './needs.js';
import { findRoom, type Room } from './placement.js';
import type { Study } from './study.js';
import type { Transaction } from './transaction.js';
import { attemptNumber, isFailure, type Trial } from './trial.js';

/** Trials to look at that failed and wait for another worker than those they failed on, before others get their turn. */
const MOST_PASSED_OVER = 8;

/**
 * Fills free slots. A sampler is asked only when a slot is there for its answer, so every suggestion has seen all there
 * was to see. Slots go, one at a time, to the study of the highest priority, and of equals to the one that has the fewest;
 * to the older one where that is the same. What it costs depends on the slots that are filled and on the studies that
 * want some, not on how many workers or trials there are.
 */
export function plan(tx: Transaction): void {
  const { state, fleet } = tx.core;
  if (fleet.free.size === 0) return;
  const needs = new Needs([...state.active].filter((study) => wants(study, tx.at)));
  while (fleet.free.size > 0) {
    const study = needs.neediest;
    if (study === undefined) break;
    if (startNext(tx, study) && wants(study, tx.at)) needs.served();
    else needs.dismiss();
  }
}

/** Whether a study would start another attempt now, were there a slot. */
export function wants(study: Study, at: number): boolean {
  const { parallel } = study.spec;
  if (parallel !== undefined && study.running.size >= parallel) return false;
  if (study.status === 'paused' || study.status === 'ending') return false;
  return study.waiting.size > 0 || study.delayed.isDue(at) || promoted(study) !== undefined || mayPropose(study);
}

/** Whether it may have another new trial: no more than its budget says (P9). */
export function mayPropose(study: Study): boolean {
  const { trials } = study.spec.budget;
  const has = !study.exhausted || study.enqueued < study.queue.length;
  return study.status === 'running' && has && (trials === undefined || study.proposed < trials);
}

/** The paused trial that goes on next. */
function promoted(study: Study): number | undefined {
  return study.status === 'running' && study.paused.size > 0 ? study.promoter?.next(study.history) : undefined;
}

/**
 * Starts one attempt: of a trial that waits, or that is worth going on with, or of a new one. False when no worker has
 * room for it.
 */
function startNext(tx: Transaction, study: Study): boolean {
  const again = nextAgain(tx, study);
  if (again !== undefined) {
    start(tx, study, again.trial, again.room);
    return true;
  }
  const [waiting] = study.waiting;
  const known = waiting ?? promoted(study);
  if (known === undefined && !mayPropose(study)) return false;
  const room = findRoom(tx.core.fleet, study);
  if (room === undefined) return false;
  const number = known ?? propose(tx, study);
  if (number !== undefined) start(tx, study, study.trials[number]!, room);
  return true;
}

/**
 * The next trial that failed before and whose time has come. It goes to another worker than those it failed on, as long
 * as there is one that could take it, even if that one is busy now.
 */
function nextAgain({ core: { fleet }, at }: Transaction, study: Study): { trial: Trial; room: Room } | undefined {
  let passedOver = 0;
  for (const number of study.delayed.due(at)) {
    const trial = study.trials[number]!;
    const room = findRoom(fleet, study, failedOn(trial));
    if (room !== undefined) return { trial, room };
    passedOver += 1;
    if (passedOver >= MOST_PASSED_OVER) return undefined;
  }
  return undefined;
}

function failedOn(trial: Trial): ReadonlySet<string> {
  return new Set(trial.attempts.filter(isFailure).map(({ worker }) => worker));
}

/**
 * An attempt goes on from its trial's checkpoint. Where trials rest, all that was reported stays known whether there is a
 * checkpoint or not: a rung that was reached is not reached again.
 */
function start(tx: Transaction, study: Study, trial: Trial, { worker, gpus }: Room): void {
  const reported = study.promoter === undefined ? 0 : (trial.reports.at(-1)?.step ?? 0);
  const knownStep = Math.max(reported, trial.checkpoint?.step ?? 0);
  const event: AttemptStarted = {
    type: 'AttemptStarted',
    study: study.id,
    trial: trial.number,
    attempt: attemptNumber(trial) + 1,
    at: tx.at,
    worker: worker.id,
    workerName: worker.profile!.name,
  };
  const withGpus = gpus.length === 0 ? event : { ...event, gpus };
  tx.emit(knownStep === 0 ? withGpus : { ...withGpus, knownStep });
}

/**
 * A new trial. Seeds and streams follow the count of proposals, not the trial's number, so that a re-run in between
 * changes nothing that comes after it.
 */
function propose(tx: Transaction, study: Study): number | undefined {
  const number = study.trials.length;
  const basedOn = tx.core.state.events;
  const ordinal = study.proposed;
  const ask = (): Proposal | 'exhausted' | 'impossible' => nextProposal(study, ordinal);
  const proposal = tx.core.suggesting === undefined ? ask() : tx.core.suggesting(study.id, number, ask);
  if (proposal === 'exhausted') {
    tx.emit({ type: 'StudyExhausted', study: study.id, at: tx.at });
    settle(tx, study);
    return undefined;
  }
  if (proposal === 'impossible') {
    const row = `row ${study.enqueued} of enqueue`;
    endStudy(
      tx,
      study,
      'failing',
      `${row} cannot be completed: no draw of the other parameters satisfies the relations`,
    );
    return undefined;
  }
  const seed = trialSeed(study.spec.seed, ordinal);
  const { params, origin, draws, repeatOf } = proposal;
  const event: TrialProposed = {
    type: 'TrialProposed',
    study: study.id,
    trial: number,
    at: tx.at,
    params,
    origin,
    seed,
    basedOn,
  };
  const drawn = draws === undefined ? event : { ...event, draws };
  tx.emit(repeatOf === undefined ? drawn : { ...drawn, repeatOf });
  return number;
}

/** What a new trial is to be, but for its seed, which all of its attempts have (P12). */
export interface Proposal {
  readonly params: Params;
  readonly origin: string;
  readonly draws?: readonly number[];
  readonly repeatOf?: number;
}

/** What a study would propose now: a function of the log alone. */
export function nextProposal(study: Study, ordinal: number): Proposal | 'exhausted' | 'impossible' {
  const left = (study.spec.budget.trials ?? Number.POSITIVE_INFINITY) - study.proposed;
  const repeat = nextRepeat(study, left);
  if (repeat !== undefined) return repeat;
  const enqueued = study.queue[study.enqueued];
  if (enqueued !== undefined) {
    const params = fillParams(study.space, enqueued, new Rng(study.spec.seed, ordinal));
    return params === undefined ? 'impossible' : { params, origin: 'enqueued' };
  }
  const seen = study.repeats?.configurations(study.history) ?? study.history;
  const suggestion = study.sampler.suggest(seen, ordinal);
  if (suggestion !== undefined) {
    const { params, draws } = suggestion;
    const origin = study.sampler.name;
    return draws === undefined ? { params, origin } : { params, origin, draws };
  }
  // Where there are no more configurations, there is nothing that repeats could wait for.
  return nextRepeat(study, 0) ?? 'exhausted';
}

function nextRepeat(study: Study, left: number): Proposal | undefined {
  const repeatOf = study.repeats?.due(study.history, left);
  return repeatOf === undefined ? undefined : { params: study.trials[repeatOf]!.params, origin: 'repeat', repeatOf };
}
