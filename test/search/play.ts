import { createSpace, type History, type Params, Rng, type Sampler, type Space } from '../../search/index.js';

/** All kinds of parameters, conditions in conditions, and a relation unless there are to be none. */
export function mixedSpace(relations = true): Space {
  return createSpace(
    [
      { name: 'lr', kind: 'float', low: 1e-5, high: 1, log: true },
      { name: 'dropout', kind: 'float', low: 0, high: 0.5, log: false, step: 0.05 },
      { name: 'depth', kind: 'int', low: 1, high: 4, log: false, step: 1 },
      { name: 'width', kind: 'int', low: 16, high: 1000, log: true, step: 1 },
      { name: 'optimizer', kind: 'categorical', choices: ['sgd', 'adam', 'rmsprop'] },
      {
        name: 'momentum',
        kind: 'float',
        low: 0.1,
        high: 0.99,
        log: false,
        when: [{ param: 'optimizer', test: { in: ['sgd', 'rmsprop'] } }],
      },
      {
        name: 'nesterov',
        kind: 'categorical',
        choices: [true, false],
        when: [{ param: 'momentum', test: { op: '>=', value: 0.5 } }],
      },
      {
        name: 'skip',
        kind: 'int',
        low: 0,
        high: 40,
        log: false,
        step: 10,
        when: [{ param: 'depth', test: { op: '>', value: 2 } }],
      },
    ],
    relations ? ['width >= 16 * depth'] : [],
  );
}

/**
 * Plays trials to a sampler as a study would, up to four at a time, with reports, pruned, failed and diverging ones, all
 * chosen by the seed.
 */
export function playTrials(
  sampler: Sampler,
  history: History,
  trials: number,
  seed: number,
  look: (params: Params, number: number) => void = () => {},
): void {
  const rng = new Rng(seed, 999);
  const open: number[] = [];
  for (let number = 0; number < trials; number++) {
    const suggestion = sampler.suggest(history, number);
    if (suggestion === undefined) return;
    look(suggestion.params, number);
    history.propose(number, suggestion.params, sampler.name, suggestion.draws);
    history.start(number);
    open.push(number);
    const reports = rng.below(4);
    for (let step = 1; step <= reports; step++) history.report(number, step, scoreOf(suggestion.params, rng));
    while (open.length > rng.below(4)) endOne(history, open.splice(rng.below(open.length), 1)[0]!, rng);
  }
}

function scoreOf(params: Params, rng: Rng): number {
  const chance = rng.next();
  if (chance < 0.03) return Number.NaN;
  if (chance < 0.05) return Number.POSITIVE_INFINITY;
  const sum = Object.values(params).reduce<number>(
    (total, value) => total + (typeof value === 'number' ? value : 0.3),
    0,
  );
  return Math.sin(sum) + 0.1 * rng.normal();
}

function endOne(history: History, number: number, rng: Rng): void {
  const chance = rng.next();
  if (chance < 0.08) {
    // A lost attempt: the trial begins again.
    history.requeue(number);
    history.start(number);
  }
  const seconds = chance > 0.9 ? undefined : 10 * chance;
  history.end(number, chance < 0.15 ? 'failed' : chance < 0.35 ? 'pruned' : 'complete', seconds);
}

/**
 * Plays reports of a dozen trials, a few at a time, to a judge that says whether the one that has just reported is to be
 * stopped. Every seventh report or so is NaN.
 */
export function playReports(
  history: History,
  seed: number,
  judge: (number: number) => boolean,
  ended: (number: number, status: 'complete' | 'pruned' | 'failed') => void = () => {},
): void {
  const rng = new Rng(seed, 998);
  const open = new Map<number, number>();
  const end = (number: number, status: 'complete' | 'pruned' | 'failed') => {
    open.delete(number);
    history.end(number, status);
    ended(number, status);
  };
  for (let next = 0; next < 12 || open.size > 0; ) {
    if (next < 12 && (open.size === 0 || rng.next() < 0.3)) {
      history.propose(next, {}, 'test');
      history.start(next);
      open.set(next++, 0);
    }
    const [number, step] = [...open][rng.below(open.size)]!;
    open.set(number, step + 1);
    history.report(number, step + 1, rng.next() < 0.15 ? Number.NaN : rng.normal() + step / 5);
    if (judge(number)) end(number, 'pruned');
    else if (step === 9) end(number, 'complete');
    else if (rng.next() < 0.02) end(number, 'failed');
  }
}
