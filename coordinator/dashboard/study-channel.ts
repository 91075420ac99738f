import type { Event } from '../core/events.js';
import type { Fleet } from '../core/fleet.js';
import type { State } from '../core/state.js';
import type { Study } from '../core/study.js';
import type { StepReport } from '../core/trial.js';
import { trialsTouched } from './changes.js';
import { type EventStream, frame } from './event-stream.js';
import { curveRow, studyRow, trialRow } from './rows.js';
import type { CurveRow, StudyChange } from './wire.js';

/** What a trial's curve has gained since the last message, or that it began anew. */
type Gain = 'whole' | StepReport[];

/**
 * The readers of one study. What happened since the last message is gathered and sent to all of them as one text, made
 * once: fifty readers cost fifty writes, not fifty answers.
 */
export class StudyChannel {
  readonly streams: Set<EventStream> = new Set();
  readonly #id: string;
  #gains = new Map<number, Gain>();
  #dirty = false;

  constructor(study: string) {
    this.#id = study;
  }

  /** True when there is something to tell. */
  get dirty(): boolean {
    return this.#dirty;
  }

  take(event: Event, state: State): void {
    this.#dirty = true;
    if (!('trial' in event)) return;
    for (const trial of trialsTouched(event, state)) if (!this.#gains.has(trial)) this.#gains.set(trial, []);
    const gain = this.#gains.get(event.trial);
    if (event.type === 'TrialReported') {
      if (gain !== 'whole') gain!.push(event);
    } else if (event.type === 'AttemptStarted' || event.type === 'AttemptResumed') {
      this.#gains.set(event.trial, 'whole');
    }
  }

  /** Tells the readers that keep up; those that are behind are told by whoever sees them ready again. */
  flush(state: State, fleet: Fleet, nowMs: number): void {
    this.#dirty = false;
    const gains = this.#gains;
    this.#gains = new Map();
    const readers = [...this.streams].filter(({ ready }) => ready);
    const study = state.studies.get(this.#id);
    if (readers.length === 0 || study === undefined) return;
    const text = frame('change', state.events, change(study, gains, { position: state.events, fleet, nowMs }));
    for (const stream of readers) stream.send(text, state.events);
  }
}

/** Everything that is different since a reader was last told, with whole curves. */
export function catchUp(
  study: Study,
  trials: readonly number[],
  at: { readonly position: number; readonly fleet: Fleet; readonly nowMs: number },
): StudyChange {
  return change(study, new Map(trials.map((number) => [number, 'whole'])), at);
}

function change(
  study: Study,
  gains: ReadonlyMap<number, Gain>,
  { position, fleet, nowMs }: { readonly position: number; readonly fleet: Fleet; readonly nowMs: number },
): StudyChange {
  const added: CurveRow[] = [];
  const whole: CurveRow[] = [];
  const rows = [...gains].flatMap(([number, gain]) => {
    const trial = study.trials[number];
    if (trial === undefined) return [];
    if (gain === 'whole') whole.push(curveRow(study, trial) ?? [number, [], []]);
    else {
      const row = curveRow(study, trial, gain);
      if (row !== undefined) added.push(row);
    }
    return [trialRow(study, trial)];
  });
  return { study: studyRow(study, fleet), rows, added, whole, position, nowMs };
}
