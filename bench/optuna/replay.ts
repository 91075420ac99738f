import { type Distribution, type External, toExternal, toInternal } from '../../search/optuna/distribution.js';
import { OptunaGrid } from '../../search/optuna/grid-sampler.js';
import type { StudyPruner } from '../../search/optuna/pruners/pruner.js';
import { Study, type Trial } from '../../search/optuna/study.js';
import type { TellEvent, Trace, TraceEvent } from './trace.js';
import { prunerOf, samplerOf, type TracedSampler } from './trace-study.js';

export interface Tally {
  /** Suggestions equal to the last digit. */
  exact: number;
  /** Floats that differ by no more than 1e-9 of themselves. */
  close: number;
  /** Another candidate that the trace lists as equally good. */
  tied: number;
  wrong: number;
  prunesRight: number;
  prunesWrong: number;
  /** Generator positions, and whether a grid asks to stop, after each trial. */
  positionsRight: number;
  positionsWrong: number;
  /** The first fault, in words. */
  first: string | undefined;
}

export function emptyTally(): Tally {
  return {
    exact: 0,
    close: 0,
    tied: 0,
    wrong: 0,
    prunesRight: 0,
    prunesWrong: 0,
    positionsRight: 0,
    positionsWrong: 0,
    first: undefined,
  };
}

export function faultsOf({ wrong, prunesWrong, positionsWrong }: Tally): number {
  return wrong + prunesWrong + positionsWrong;
}

/** Replays a trace: every suggestion is compared and then replaced by the trace's own, so that faults do not spread. */
export function replayTrace(trace: Trace): Tally {
  const replay = new Replay(trace);
  for (const event of trace.events) replay.apply(event);
  return replay.tally;
}

class Replay {
  readonly tally: Tally = emptyTally();
  readonly #study: Study;
  readonly #sampler: TracedSampler;
  readonly #pruner: StudyPruner;
  readonly #distributions: readonly Distribution[];
  readonly #ties = new Map<string, number[]>();
  #told = 0;

  constructor(trace: Trace) {
    this.#study = new Study(trace.study_name, trace.direction === 'maximize');
    this.#sampler = samplerOf(trace);
    this.#pruner = prunerOf(trace);
    this.#distributions = trace.distributions;
    for (const [number, names, , candidates] of trace.near_ties) {
      for (const [i, name] of names.entries()) {
        const key = `${number} ${name}`;
        this.#ties.set(key, [...(this.#ties.get(key) ?? []), ...candidates.map((values) => values[i]!)]);
      }
    }
  }

  apply(event: TraceEvent): void {
    switch (event[0]) {
      case 'enqueue':
        this.#study.enqueue(new Map(Object.entries(event[1])));
        break;
      case 'ask':
        this.#ask(event[1]);
        break;
      case 'suggest':
        this.#suggest(this.#trial(event[1]), event[2], this.#distributions[event[3]]!, event[4]);
        break;
      case 'report':
        this.#study.report(this.#trial(event[1]), event[2], event[3]);
        break;
      case 'should_prune':
        this.#shouldPrune(this.#trial(event[1]), event[2]);
        break;
      case 'constraint':
        this.#constrain(this.#trial(event[1]), event[2], event[3]);
        break;
      case 'tell':
        this.#tell(event);
        break;
    }
  }

  #ask(want: number): void {
    const { number } = this.#study.ask(this.#sampler.sampler);
    if (number !== want) this.#fault('wrong', `asked for trial ${want}, got ${number}`);
  }

  #constrain(trial: Trial, key: string, value: number): void {
    trial.constraints ??= new Map();
    trial.constraints.set(key, value);
  }

  #trial(number: number): Trial {
    return this.#study.trials[number]!;
  }

  #suggest(trial: Trial, name: string, distribution: Distribution, value: External): void {
    const got = this.#study.suggest(this.#sampler.sampler, trial, name, distribution);
    const want = toInternal(distribution, value);
    if (got === want) {
      this.tally.exact++;
      return;
    }
    const ties = this.#ties.get(`${trial.number} ${name}`) ?? [];
    if (distribution.type === 'float' && isClose(got, want)) this.tally.close++;
    else if (ties.some((tie) => isClose(got, tie))) this.tally.tied++;
    else {
      const shown = String(toExternal(distribution, got));
      this.#fault('wrong', `trial ${trial.number}: ${name} is ${shown}, should be ${String(value)}`);
    }
    trial.params.set(name, want);
    for (const joint of [trial.relative, trial.shared]) if (joint?.has(name) === true) joint.set(name, want);
    this.#study.changed(trial);
  }

  #shouldPrune(trial: Trial, want: boolean): void {
    const reason = this.#pruner.prune(this.#study, trial, this.#study.trials);
    if ((reason !== undefined) === want) this.tally.prunesRight++;
    else this.#fault('prunesWrong', `trial ${trial.number} at step ${trial.steps.at(-1)}: ${reason ?? 'goes on'}`);
  }

  #tell([, number, state, stored, told, fingerprints, ...rest]: TellEvent): void {
    const trial = this.#trial(number);
    const { sampler, generators } = this.#sampler;
    const stops = sampler instanceof OptunaGrid && sampler.isLast(this.#study, trial);
    trial.told = this.#told++;
    if (told === null) this.#study.tell(trial, state);
    else this.#study.tell(trial, 'COMPLETE', told);
    const got = [
      trial.state,
      trial.value ?? null,
      generators.map((generator) => generator.fingerprint),
      stops ? 'stop' : undefined,
    ];
    const want = [state, stored, fingerprints, rest[0]];
    if (isDeepEqual(got, want)) this.tally.positionsRight++;
    else
      this.#fault('positionsWrong', `trial ${number}: told ${JSON.stringify(got)}, should be ${JSON.stringify(want)}`);
  }

  #fault(kind: 'wrong' | 'prunesWrong' | 'positionsWrong', what: string): void {
    this.tally[kind]++;
    this.tally.first ??= what;
  }
}

function isClose(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => isDeepEqual(x, b[i]));
  return Object.is(a, b);
}
