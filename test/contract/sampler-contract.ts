import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkParams,
  configKey,
  createSampler,
  createSpace,
  type Goal,
  History,
  type ParamSpec,
  type Params,
  Rng,
  type SamplerOptions,
  type Space,
} from '../../search/index.js';
import { mixedSpace, playTrials } from '../search/play.js';

export interface ContractOptions {
  /** Whether it never repeats a configuration while another is left, and then says that nothing is left. */
  readonly exhausts: boolean;
  /** Whether it can number or draw every space; the grid needs finite ones. */
  readonly infinite: boolean;
  /** Whether it keeps to relations between parameters; default true. */
  readonly relations?: boolean;
  /** Parameters it can take at most; default 1000, which is as many as a search file may have. */
  readonly mostParams?: number;
}

/** What every sampler promises. */
export function samplerContract(
  options: SamplerOptions,
  { exhausts, infinite, relations = true, mostParams = 1000 }: ContractOptions,
): void {
  const create = (space: Space, seed = 1, goal: Goal = 'maximize') => createSampler(options, space, goal, seed);

  describe(`sampler ${JSON.stringify(options)}`, () => {
    it('proposes complete and valid configurations, whatever the trials came to', () => {
      fc.assert(
        fc.property(fc.nat(), fc.constantFrom<Goal>('maximize', 'minimize'), (seed, goal) => {
          const space = infinite ? mixedSpace(relations) : finiteSpace();
          const history = new History(goal, seed % 2 === 0 ? 'best' : 'last');
          const sampler = create(space, seed, goal);
          playTrials(sampler, history, 30, seed, (params) => expect(checkParams(space, params)).toEqual([]));
        }),
        { numRuns: 15 },
      );
    });

    it('proposes the same to one that has just read the history as to one that has followed it', () => {
      fc.assert(
        fc.property(fc.nat(), (seed) => {
          const space = infinite ? mixedSpace(relations) : finiteSpace();
          const history = new History('maximize', 'best');
          const follower = create(space, seed);
          playTrials(follower, history, 35, seed, (params, number) => {
            if (number % 7 !== 0) return;
            expect(create(space, seed).suggest(history, number)?.params).toEqual(params);
          });
        }),
        { numRuns: 10 },
      );
    });

    it('has no memory of its own: late ends in a long history, and other histories in between, change nothing', () => {
      const space = infinite ? mixedSpace(relations) : longSpace();
      const [history, other] = [new History('minimize', 'best'), new History('minimize', 'best')];
      const sampler = create(space, 3, 'minimize');
      playTrials(sampler, other, 20, 8);
      const late: number[] = [];
      for (let number = 0; number < 150; number++) {
        const suggestion = sampler.suggest(history, number)!;
        const { params } = suggestion;
        const recomputed = number % 10 === 9 ? create(space, 3, 'minimize').suggest(history, number) : suggestion;
        expect(params).toEqual(recomputed?.params);
        if (number === 69) sampler.suggest(other, 20);
        history.propose(number, params, sampler.name, suggestion.draws);
        history.start(number);
        // What ends late is good, or nobody would notice.
        const isLate = number % 13 === 5;
        history.report(number, 1, new Rng(4, number).next() * (isLate ? 0.1 : 1));
        if (isLate) late.push(number);
        else history.end(number, 'complete');
        if (number % 50 === 49) while (late.length > 1) history.end(late.shift()!, 'complete');
      }
    });

    it('proposes the same whatever the order of the keys and the order in which trials ended', () => {
      const space = infinite ? mixedSpace(relations) : finiteSpace();
      const history = new History('minimize', 'best');
      playTrials(create(space, 5, 'minimize'), history, 30, 5);
      const copy = new History('minimize', 'best');
      for (const { number, params, origin, draws } of history.trials()) {
        copy.propose(number, Object.fromEntries(Object.entries(params).reverse()), origin, draws);
      }
      for (const trial of [...history.trials()].reverse()) {
        if (trial.status === 'waiting') continue;
        copy.start(trial.number);
        for (const { step, value } of trial.reports) copy.report(trial.number, step, value);
        if (trial.status !== 'running' && trial.status !== 'paused')
          copy.end(trial.number, trial.status, trial.seconds);
      }
      expect(create(space, 5, 'minimize').suggest(copy, 30)).toEqual(create(space, 5, 'minimize').suggest(history, 30));
    });

    it('does not repeat a configuration while others are open', ({ skip }) => {
      skip(!exhausts, 'it follows a peer that repeats configurations');
      const space = finiteSpace();
      const history = new History('maximize', 'best');
      const sampler = create(space);
      const keys = new Set<string>();
      for (let number = 0; number < 20; number++) {
        const { params } = sampler.suggest(history, number)!;
        history.propose(number, params, sampler.name);
        keys.add(configKey(space, params));
      }
      expect(keys.size).toBe(20);
    });

    it('finishes a finite space, each configuration once, and then has nothing left', ({ skip }) => {
      skip(!exhausts, 'it follows a peer that repeats configurations');
      const space = finiteSpace();
      const history = new History('maximize', 'best');
      const sampler = create(space);
      const keys = new Set<string>();
      let number = 0;
      for (;;) {
        const suggestion = sampler.suggest(history, number);
        if (suggestion === undefined) break;
        expect(checkParams(space, suggestion.params)).toEqual([]);
        keys.add(configKey(space, suggestion.params));
        finish(history, number++, suggestion.params, number % 5);
        expect(number).toBeLessThan(200);
      }
      expect(keys.size).toBe(number);
      expect(number).toBe(FINITE_SIZE);
    });

    it('copes with histories of nothing but failures, NaN and infinities', () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined]) {
        const space = infinite ? mixedSpace(relations) : finiteSpace();
        const history = new History('maximize', 'last');
        const sampler = create(space);
        for (let number = 0; number < 25; number++) {
          const { params } = sampler.suggest(history, number)!;
          expect(checkParams(space, params)).toEqual([]);
          history.propose(number, params, sampler.name);
          history.start(number);
          if (value !== undefined) history.report(number, 1, value);
          history.end(number, value === undefined ? 'failed' : number % 3 === 0 ? 'pruned' : 'complete');
        }
      }
    });

    it('copes with trials that came to their end without a report, rest, or wait for another attempt', () => {
      const space = infinite ? mixedSpace(relations) : finiteSpace();
      const history = new History('minimize', 'best');
      const sampler = create(space, 6, 'minimize');
      for (let number = 0; number < 25; number++) {
        const { params, draws } = sampler.suggest(history, number)!;
        expect(checkParams(space, params)).toEqual([]);
        history.propose(number, params, sampler.name, draws);
        if (number % 5 === 0) continue;
        history.start(number);
        if (number % 5 === 1) history.end(number, 'complete');
        if (number % 5 === 2) history.end(number, 'pruned');
        if (number % 5 >= 3) history.report(number, 1, number);
        if (number % 5 === 3) history.pause(number);
        if (number % 5 === 4) history.requeue(number);
      }
    });

    it('proposes the one configuration of a space that has one, with no parameters or with single values', () => {
      const single: ParamSpec[] = [
        { name: 'a', kind: 'categorical', choices: ['only'] },
        { name: 'b', kind: 'int', low: 3, high: 3, log: false, step: 1 },
        { name: 'c', kind: 'float', low: 0.5, high: 0.5, log: true },
      ];
      for (const [params, expected] of [
        [[], {}],
        [single, { a: 'only', b: 3, c: 0.5 }],
      ] as const) {
        const history = new History('maximize', 'best');
        const sampler = create(createSpace(params));
        expect(sampler.suggest(history, 0)?.params).toEqual(expected);
        finish(history, 0, expected, 1);
        expect(sampler.suggest(history, 1) === undefined).toBe(exhausts);
      }
    });

    it(`gets along with ${mostParams} parameters`, () => {
      const params: ParamSpec[] = Array.from({ length: mostParams }, (_, i) =>
        i < 20
          ? { name: `p${i}`, kind: 'int', low: 0, high: 1, log: false, step: 1 }
          : { name: `p${i}`, kind: 'categorical', choices: ['only'] },
      );
      const wide: ParamSpec[] = Array.from({ length: mostParams }, (_, i) => ({
        name: `p${i}`,
        kind: 'float',
        low: 0,
        high: 1,
        log: false,
      }));
      const space = createSpace(infinite ? wide : params);
      const history = new History('maximize', 'best');
      const sampler = create(space);
      playTrials(sampler, history, 13, 3, (given) => expect(checkParams(space, given)).toEqual([]));
    });

    it('gets along with a space of 10^9 points and more', () => {
      const params: ParamSpec[] = Array.from({ length: 9 }, (_, i) => ({
        name: `p${i}`,
        kind: 'int',
        low: 1,
        high: 10,
        log: i % 2 === 0,
        step: 1,
      }));
      const space = createSpace(params);
      const history = new History('minimize', 'best');
      playTrials(create(space, 2, 'minimize'), history, 20, 1, (given) =>
        expect(checkParams(space, given)).toEqual([]),
      );
      expect(new Set([...history.trials()].map((trial) => configKey(space, trial.params))).size).toBe(20);
    });
  });
}

/** Eight parents' values with and without a child, and a relation that takes a few away. */
function finiteSpace(): Space {
  return createSpace(
    [
      {
        name: 'child',
        kind: 'int',
        low: 1,
        high: 3,
        log: false,
        step: 1,
        when: [{ param: 'kind', test: { in: ['b'] } }],
      },
      { name: 'kind', kind: 'categorical', choices: ['a', 'b'] },
      { name: 'width', kind: 'int', low: 2, high: 8, log: true, step: 2 },
      { name: 'rate', kind: 'float', low: 0.1, high: 0.3, log: false, step: 0.1 },
    ],
    ['width >= 3 * child'],
  );
}

/** Finite, and long enough for a long history. */
function longSpace(): Space {
  return createSpace(
    ['a', 'b', 'c'].map((name) => ({ name, kind: 'int', low: 0, high: 9, log: false, step: 1 })),
    ['a + b > c'],
  );
}

/** kind a: 4 widths * 3 rates; kind b: children 1, 2, 3 leave 3, 2 and 0 widths... of 2, 4, 6, 8 those >= 3, 6, 9. */
const FINITE_SIZE: number = 12 + (3 + 2 + 0) * 3;

function finish(history: History, number: number, params: Params, value: number): void {
  history.propose(number, params, 'test');
  history.start(number);
  history.report(number, 1, value + new Rng(1, number).next());
  history.end(number, 'complete');
}
