import { fillParams, type Params, Rng, trialSeed } from '../../search/index.js';
import type { Worker } from './fleet.js';
import { endStudy, settle } from './lifecycle.js';
import { whyNot } from './requirements.js';
import type { Study } from './state.js';
import type { Transaction } from './transaction.js';
import { attemptNumber } from './trial.js';

/**
 * Fills free slots. A sampler is asked only when a slot is there for its answer, so every suggestion has seen all there
 * was to see. Workers are served in turn, one attempt a round, so that work spreads; each slot goes to the study with
 * the fewest running attempts of those that its worker can run, the older one of equals.
 */
export function plan(tx: Transaction): void {
  const { state, fleet } = tx.core;
  let demanding = [...state.studies.values()].filter(wants);
  while (demanding.length > 0 && fleet.free.size > 0) {
    let started = 0;
    for (const worker of [...fleet.free]) {
      const study = choose(demanding, worker);
      if (study === undefined) continue;
      if (start(tx, study, worker)) started += 1;
      if (!wants(study)) demanding = demanding.filter((other) => other !== study);
    }
    if (started === 0) return;
  }
}

/** Whether a study would start another attempt now, were there a slot. */
export function wants(study: Study): boolean {
  const { parallel } = study.spec;
  if (parallel !== undefined && study.running.size >= parallel) return false;
  if (study.status === 'paused' || study.status === 'ending') return false;
  return study.waiting.size > 0 || mayPropose(study);
}

function mayPropose(study: Study): boolean {
  const { trials } = study.spec.budget;
  return study.status === 'running' && !study.exhausted && (trials === undefined || study.proposed < trials);
}

function choose(studies: readonly Study[], worker: Worker): Study | undefined {
  let best: Study | undefined;
  for (const study of studies) {
    if (best !== undefined && best.running.size <= study.running.size) continue;
    if (whyNot(study, worker.profile!) === undefined) best = study;
  }
  return best;
}

/** Starts an attempt: of the longest waiting trial, or of a new one. False when nothing was left to propose. */
function start(tx: Transaction, study: Study, worker: Worker): boolean {
  const [waiting] = study.waiting;
  const number = waiting ?? propose(tx, study);
  if (number === undefined) return false;
  const trial = study.trials[number]!;
  tx.emit({
    type: 'AttemptStarted',
    study: study.id,
    trial: number,
    attempt: attemptNumber(trial) + 1,
    at: tx.at,
    worker: worker.id,
    workerName: worker.profile!.name,
    ...(trial.checkpoint === undefined ? {} : { knownStep: trial.checkpoint.step }),
  });
  return true;
}

/**
 * A new trial. Seeds and streams follow the count of proposals, not the trial's number, so that a re-run in between
 * changes nothing that comes after it.
 */
function propose(tx: Transaction, study: Study): number | undefined {
  const number = study.trials.length;
  const basedOn = tx.core.state.events;
  const ordinal = study.proposed;
  const proposal = nextProposal(study, ordinal);
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
  tx.emit({ type: 'TrialProposed', study: study.id, trial: number, at: tx.at, ...proposal, seed, basedOn });
  return number;
}

/** What a new trial is to be, but for its seed. */
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
  const enqueued = study.spec.enqueue[study.enqueued];
  if (enqueued !== undefined) {
    const params = fillParams(study.space, enqueued, new Rng(study.spec.seed, ordinal));
    return params === undefined ? 'impossible' : { params, origin: 'enqueued' };
  }
  const seen = study.repeats?.configurations(study.history) ?? study.history;
  const suggestion = study.sampler.suggest(seen, ordinal);
  if (suggestion !== undefined) return { ...suggestion, origin: study.sampler.name };
  // Where there are no more configurations, there is nothing that repeats could wait for.
  return nextRepeat(study, 0) ?? 'exhausted';
}

function nextRepeat(study: Study, left: number): Proposal | undefined {
  const repeatOf = study.repeats?.due(study.history, left);
  return repeatOf === undefined ? undefined : { params: study.trials[repeatOf]!.params, origin: 'repeat', repeatOf };
}
