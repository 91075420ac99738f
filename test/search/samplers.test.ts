import { describe, expect, it } from 'vitest';
import {
  createSampler,
  createSpace,
  History,
  type Params,
  type SamplerOptions,
  SpaceError,
  samplerFaults,
} from '../../search/index.js';
import { mixedSpace } from './play.js';

/** A valley in six dimensions with a conditional branch; 0 is its lowest point. */
function loss(params: Params): number {
  const lr = Math.log10(Number(params['lr'])) + 2.3;
  const depth = Number(params['depth']) - 2;
  const width = Math.log2(Number(params['width']) / 300);
  const branch = params['optimizer'] === 'sgd' ? 5 * (Number(params['momentum']) - 0.9) ** 2 : 0.5;
  return lr * lr + 0.2 * depth * depth + 0.3 * width * width + branch + 4 * (Number(params['dropout']) - 0.2) ** 2;
}

function bestOf(options: SamplerOptions, seed: number, trials: number, parallel: number): number {
  const space = mixedSpace();
  const history = new History('minimize', 'best');
  const sampler = createSampler(options, space, 'minimize', seed);
  let best = Number.POSITIVE_INFINITY;
  for (let number = 0; number < trials; number += parallel) {
    const batch = Array.from({ length: parallel }, (_, i) => {
      const { params } = sampler.suggest(history, number + i)!;
      history.propose(number + i, params, sampler.name);
      return params;
    });
    for (const [i, params] of batch.entries()) {
      history.start(number + i);
      history.report(number + i, 1, loss(params));
      history.end(number + i, 'complete');
      best = Math.min(best, loss(params));
    }
  }
  return best;
}

describe('samplers that learn', () => {
  const seeds = Array.from({ length: 12 }, (_, seed) => seed);

  it.each([
    ['auto', 1, 0.25],
    ['auto', 8, 0.4],
    ['tpe', 1, 0.6],
    ['tpe', 8, 0.7],
  ] as const)('%s with %d in parallel comes much closer than random search in 60 trials', (type, parallel, share) => {
    const mean = (options: SamplerOptions) =>
      seeds.reduce((sum, seed) => sum + bestOf(options, seed, 60, parallel), 0) / seeds.length;
    expect(mean({ type })).toBeLessThan(share * mean({ type: 'random' }));
  });

  it('send workers that ask together to different places', () => {
    const space = mixedSpace();
    const history = new History('minimize', 'best');
    const sampler = createSampler({ type: 'auto' }, space, 'minimize', 1);
    for (let number = 0; number < 20; number++) {
      const { params } = sampler.suggest(history, number)!;
      history.propose(number, params, 'auto');
      history.start(number);
      history.report(number, 1, loss(params));
      history.end(number, 'complete');
    }
    const rates = new Set<unknown>();
    for (let number = 20; number < 28; number++) {
      const { params } = sampler.suggest(history, number)!;
      history.propose(number, params, 'auto');
      rates.add(JSON.stringify(params));
    }
    expect(rates.size).toBe(8);
  });
});

describe('createSampler', () => {
  it.each([
    [{ type: 'nope' }, 'sampler nope does not exist; known: auto, tpe, random, grid'],
    [{ type: 'auto', startup: 3 }, 'has no setting startup; known: startupTrials'],
    [{ type: 'grid', points: 0 }, 'points 0 must be an integer in [1, 1000000]'],
    [{ type: 'tpe', candidates: 1.5 }, 'candidates 1.5 must be an integer'],
  ])('refuses %j and says why', (options, message) => {
    expect(samplerFaults(options).join()).toContain(message);
    expect(() => createSampler(options as SamplerOptions, mixedSpace(), 'maximize', 1)).toThrow(RangeError);
  });

  it('refuses relations that leave nothing to search', () => {
    const param = { kind: 'float', low: 0, high: 1, log: false } as const;
    const space = createSpace(
      [
        { name: 'a', ...param },
        { name: 'b', ...param },
      ],
      ['a + b == 1'],
    );
    expect(() => createSampler({ type: 'auto' }, space, 'maximize', 1)).toThrow(SpaceError);
  });

  it('finds the few configurations that relations leave of a large finite space', () => {
    const param = { kind: 'int', low: 1, high: 1000, log: false, step: 1 } as const;
    const space = createSpace(
      [
        { name: 'a', ...param },
        { name: 'b', ...param },
      ],
      ['a * b == 7', 'a < b'],
    );
    const sampler = createSampler({ type: 'auto' }, space, 'maximize', 1);
    expect(sampler.suggest(new History('maximize', 'best'), 0)?.params).toEqual({ a: 1, b: 7 });
  });
});
