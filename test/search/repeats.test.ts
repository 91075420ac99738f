import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History, Repeats, Rng } from '../../search/index.js';

/** A study of one parameter that proposes 0, 1, 2, ... and repeats what is due. */
class RepeatedStudy {
  readonly history = new History('maximize', 'last');
  readonly repeats: Repeats;
  #trials = 0;
  #configurations = 0;

  constructor(wanted: number) {
    this.repeats = new Repeats(wanted);
  }

  /** @returns the new trial's number */
  propose(left = Number.POSITIVE_INFINITY): number {
    const repeatOf = this.repeats.due(this.history, left);
    const params = repeatOf === undefined ? { x: this.#configurations++ } : this.history.get(repeatOf)!.params;
    this.history.propose(this.#trials, params, 'test', undefined, repeatOf);
    this.history.start(this.#trials);
    return this.#trials++;
  }

  end(number: number, value: number, status: 'complete' | 'pruned' | 'failed' = 'complete'): void {
    this.history.report(number, 1, value);
    this.history.end(number, status);
  }

  get configurations() {
    return [...this.repeats.configurations(this.history).trials()].map(({ params, status, value }) => ({
      x: params['x'],
      status,
      value,
    }));
  }
}

describe('repeats', () => {
  it('train a configuration so many times, one after the other, before another is proposed', () => {
    const study = new RepeatedStudy(3);
    for (const value of [1, 2, 6]) study.end(study.propose(), value);
    expect(study.history.get(2)).toMatchObject({ params: { x: 0 }, repeatOf: 0 });
    expect(study.history.get(study.propose())).toMatchObject({ params: { x: 1 } });
  });

  it('show the sampler one configuration with the mean of its trials, open until the last has ended', () => {
    const study = new RepeatedStudy(3);
    study.end(study.propose(), 1);
    study.end(study.propose(), 2);
    expect(study.configurations).toEqual([{ x: 0, status: 'running', value: 1 }]);
    study.end(study.propose(), 6);
    expect(study.configurations).toEqual([{ x: 0, status: 'complete', value: 3 }]);
  });

  it('wait for the first trial: several workers begin with as many configurations', () => {
    const study = new RepeatedStudy(2);
    expect([0, 1, 2].map(() => study.history.get(study.propose())!.params['x'])).toEqual([0, 1, 2]);
    study.end(1, 5);
    expect(study.history.get(study.propose())).toMatchObject({ params: { x: 1 }, repeatOf: 1 });
  });

  it.each(['pruned', 'failed'] as const)('end with a first trial that is %s', (status) => {
    const study = new RepeatedStudy(3);
    study.end(study.propose(), 4, status);
    expect(study.configurations).toMatchObject([{ status }]);
    expect(study.history.get(study.propose())!.params['x']).toBe(1);
  });

  it('of which one was pruned make a pruned configuration of all of them', () => {
    const study = new RepeatedStudy(2);
    study.end(study.propose(), 4);
    study.end(study.propose(), 2, 'pruned');
    expect(study.configurations).toEqual([{ x: 0, status: 'pruned', value: 3 }]);
  });

  it('have no mean where one trial came to no number', () => {
    const study = new RepeatedStudy(2);
    study.end(study.propose(), 4);
    study.end(study.propose(), Number.NaN);
    expect(study.configurations).toEqual([{ x: 0, status: 'complete', value: undefined }]);
    expect(study.repeats.standing(study.history, 1)).toEqual({ of: 0, complete: 2, wanted: 2, mean: undefined });
  });

  it('wait for nothing when the budget is needed for those that are missing', () => {
    const study = new RepeatedStudy(3);
    study.propose(6);
    study.propose(5);
    expect([4, 3, 2, 1].map((left) => study.history.get(study.propose(left))!.repeatOf)).toEqual([0, 0, 1, 1]);
  });

  it('forget what a first trial reported to an attempt that was lost', () => {
    const study = new RepeatedStudy(2);
    const number = study.propose();
    study.history.report(number, 1, 99);
    expect(study.configurations).toMatchObject([{ value: 99 }]);
    study.history.requeue(number);
    study.history.start(number);
    study.history.report(number, 1, 5);
    expect(study.configurations).toMatchObject([{ status: 'running', value: 5 }]);
  });

  it('lead to the same configurations and the same choice whether followed along or read at once', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const rng = new Rng(seed, 1);
        const study = new RepeatedStudy(3);
        const open: number[] = [];
        for (let left = 40; left > 0; left--) {
          open.push(study.propose(left));
          while (open.length > rng.below(5)) {
            const number = open.splice(rng.below(open.length), 1)[0]!;
            if (rng.next() < 0.2) {
              study.history.report(number, 1, 99);
              study.history.requeue(number);
              study.history.start(number);
            }
            const fate = rng.next();
            study.end(number, rng.next(), fate < 0.1 ? 'failed' : fate < 0.3 ? 'pruned' : 'complete');
          }
          const reader = new Repeats(3);
          const read = [...reader.configurations(study.history).trials()];
          expect(read).toEqual([...study.repeats.configurations(study.history).trials()]);
          expect(reader.due(study.history, left)).toBe(study.repeats.due(study.history, left));
        }
      }),
      { numRuns: 30 },
    );
  });
});

it('what a first trial reported in an attempt that nobody saw begin takes the place of what it had reported before', () => {
  const history = new History('maximize', 'best');
  const followed = new Repeats(2);
  history.propose(0, { x: 1 }, 'random');
  history.start(0);
  history.report(0, 1, 5);
  followed.configurations(history);
  history.requeue(0);
  history.start(0);
  history.report(0, 1, 7);
  history.requeue(0);
  const expected = [...new Repeats(2).configurations(history).trials()];
  expect(expected[0]!.reports).toEqual([{ step: 1, value: 7 }]);
  expect([...followed.configurations(history).trials()]).toEqual(expected);
});
