import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levels, valueAt } from '../../../search/domain.js';
import { createSpace, History, type ParamSpec, type Sampler, type Space } from '../../../search/index.js';
import { OptunaGrid } from '../../../search/optuna/grid-sampler.js';
import { createOptunaSampler, type OptunaSamplerOptions } from '../../../search/optuna/index.js';
import { distributionsOf } from '../../../search/optuna/params.js';
import { OptunaQmc } from '../../../search/optuna/qmc-sampler.js';
import { OptunaRandom } from '../../../search/optuna/random-sampler.js';
import type { StudySampler } from '../../../search/optuna/study.js';
import { OptunaTpe } from '../../../search/optuna/tpe-sampler.js';
import { finiteSpace, optunaSpace, SideBySide } from './side-by-side.js';

const ALL: readonly OptunaSamplerOptions[] = [
  { type: 'optuna-tpe' },
  { type: 'optuna-tpe', multivariate: false },
  { type: 'optuna-tpe', group: true, startupTrials: 4 },
  { type: 'optuna-tpe', constantLiar: false, argsort: 'scalar', candidates: 7 },
  { type: 'optuna-tpe', profile: '4.9' },
  { type: 'optuna-tpe', profile: '4.9', multivariate: true, constantLiar: true },
  { type: 'optuna-random', seed: 4 },
  { type: 'optuna-grid' },
  { type: 'optuna-qmc' },
  { type: 'optuna-qmc', sequence: 'halton', profile: '4.9' },
];

const spaceFor = ({ type }: OptunaSamplerOptions): Space => (type === 'optuna-grid' ? finiteSpace() : optunaSpace());

/** The same sampler as Optuna's users have it. */
function plainSampler(options: OptunaSamplerOptions, space: Space, seed: number): StudySampler {
  switch (options.type) {
    case 'optuna-tpe': {
      const { type: _type, seed: own = seed, ...rest } = options;
      return new OptunaTpe(own, rest);
    }
    case 'optuna-random':
      return new OptunaRandom(options.seed ?? seed, options.profile);
    case 'optuna-grid': {
      const values = (param: ParamSpec) => Array.from({ length: levels(param) }, (_, level) => valueAt(param, level));
      return new OptunaGrid(Object.fromEntries(space.params.map((param) => [param.name, values(param)])), seed);
    }
    case 'optuna-qmc':
      return new OptunaQmc(options.seed ?? seed, options.sequence, options.profile);
  }
}

describe.each(ALL.map((options) => [JSON.stringify(options), options] as const))('sampler %s', (_, options) => {
  const play = (seed: number, count: number, each: (sampler: Sampler, game: SideBySide) => void): void => {
    const space = spaceFor(options);
    const game = new SideBySide(space, distributionsOf(options.type, space), seed);
    const sampler = createOptunaSampler(options, space, seed);
    const plain = plainSampler(options, space, seed);
    for (let i = 0; i < count; i++) {
      each(sampler, game);
      if (!game.next(sampler, plain, (ours, theirs) => expect(ours).toEqual(theirs))) break;
    }
  };

  it('suggests what Optuna would, asked in the same order', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => play(seed, 40, () => undefined)),
      { numRuns: 6 },
    );
  });

  it('suggests the same to one that has just read the history, and when it is asked again', () => {
    play(3, 45, (sampler, { history, study }) => {
      const number = study.trials.length;
      if (number % 4 !== 0) return;
      const suggestion = sampler.suggest(history, number);
      expect(createOptunaSampler(options, spaceFor(options), 3).suggest(history, number)).toEqual(suggestion);
      expect(sampler.suggest(history, number)).toEqual(suggestion);
    });
  });

  it('goes on after trials whose numbers are missing, and enqueued ones', () => {
    const space = spaceFor(options);
    const history = new History('maximize', 'best');
    const sampler = createOptunaSampler(options, space, 1);
    const { params } = createOptunaSampler({ type: 'optuna-random' }, space, 8).suggest(history, 0)!;
    for (let number = 0; number < 30; number++) {
      if (number % 5 === 2) continue;
      const suggestion = number % 7 === 3 ? { params } : sampler.suggest(history, number);
      if (suggestion === undefined) break;
      history.propose(number, suggestion.params, number % 7 === 3 ? 'enqueued' : sampler.name, suggestion.draws);
      if (number % 9 === 8) continue;
      history.start(number);
      history.report(number, 1, number % 3);
      history.end(number, 'complete');
    }
    expect(createOptunaSampler(options, space, 1).suggest(history, 30)).toEqual(sampler.suggest(history, 30));
  });
});

describe('the samplers that follow Optuna', () => {
  const one = (param: ParamSpec): Space => createSpace([param]);

  it('refuse what Optuna does not have, and say so', () => {
    const space = createSpace([{ name: 'a', kind: 'int', low: 1, high: 9, log: false, step: 1 }], ['a >= 2']);
    expect(() => createOptunaSampler({ type: 'optuna-tpe' }, space, 1)).toThrow(
      'sampler optuna-tpe follows Optuna, which has no relations between parameters; remove relations or use sampler auto',
    );
    const stepped = one({ name: 'a', kind: 'int', low: 2, high: 8, log: true, step: 2 });
    expect(() => createOptunaSampler({ type: 'optuna-tpe' }, stepped, 1)).toThrow(
      'parameter a: step 2 on a logarithmic',
    );
    const real = one({ name: 'a', kind: 'float', low: 2, high: 8, log: false });
    expect(() => createOptunaSampler({ type: 'optuna-grid' }, real, 1)).toThrow('parameter a needs a step');
  });

  it('finish a grid, each point once, and then have nothing left', () => {
    const space = finiteSpace();
    const history = new History('maximize', 'best');
    const sampler = createOptunaSampler({ type: 'optuna-grid' }, space, 1);
    const seen = new Set<string>();
    let number = 0;
    for (;;) {
      const suggestion = sampler.suggest(history, number);
      if (suggestion === undefined) break;
      seen.add(JSON.stringify(suggestion.params));
      history.propose(number++, suggestion.params, sampler.name, suggestion.draws);
    }
    expect([number, seen.size]).toEqual([18, 18]);
  });

  it('take the lower 32 bits of a long seed', () => {
    const suggest = (seed: number) =>
      createOptunaSampler({ type: 'optuna-tpe' }, optunaSpace(), seed).suggest(new History('maximize', 'best'), 0);
    expect(suggest(2 ** 40 + 9)).toEqual(suggest(9));
  });
});
