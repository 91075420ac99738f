import type { History } from '../../search/index.js';
import type { Study, StudyBody } from './study.js';
import { isFinal } from './trial.js';

interface Ended {
  history: History;
  /** Changes of the history that have been looked at. */
  seen: number;
  readonly numbers: number[];
  readonly known: Set<number>;
}

const ends = new WeakMap<StudyBody, Ended>();

/**
 * Numbers of the trials that have ended, in the order in which they did, re-runs left out. It only grows at its end, as long as
 * the study is in memory: whoever remembers how far it was knows what is new.
 */
export function endedOf(study: Study): readonly number[] {
  const { history, trials } = study;
  let ended = ends.get(study.body!);
  if (ended === undefined) {
    ended = { history, seen: 0, numbers: [], known: new Set() };
    ends.set(study.body!, ended);
  }
  // Without a trial that was invalidated it is another history, and begins anew.
  if (ended.history !== history) Object.assign(ended, { history, seen: 0 });
  for (; ended.seen < history.revision; ended.seen += 1) {
    const number = history.changed(ended.seen);
    if (ended.known.has(number) || !isFinal(trials[number]!)) continue;
    ended.known.add(number);
    ended.numbers.push(number);
  }
  return ended.numbers;
}
