import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createSampler,
  createSpace,
  History,
  type ParamSpec,
  type Params,
  type SamplerOptions,
  type Space,
} from '../../search/index.js';
import { scrambled } from '../../search/qmc.js';

const reals = (names: readonly string[]): ParamSpec[] =>
  names.map((name) => ({ name, kind: 'float', low: 0, high: 1, log: false }));

function proposed(space: Space, trials: number, seed = 1, options: SamplerOptions = { type: 'qmc' }): Params[] {
  const history = new History('maximize', 'best');
  const sampler = createSampler(options, space, 'maximize', seed);
  return Array.from({ length: trials }, (_, number) => {
    const { params } = sampler.suggest(history, number)!;
    history.propose(number, params, sampler.name);
    return params;
  });
}

describe('sampler qmc', () => {
  it('puts one of 2^n trials in each of 2^n equal parts of every parameter, scrambled or not', () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (seed, scramble) => {
        const space = createSpace(reals(['a', 'b', 'c', 'd', 'e', 'f', 'g']));
        const trials = proposed(space, 64, seed, { type: 'qmc', scramble });
        for (const { name } of space.params) {
          const parts = new Set(trials.map((params) => Math.floor(64 * Number(params[name]))));
          expect(parts.size).toBe(64);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('fills the squares of two parameters evenly, too', () => {
    const trials = proposed(createSpace(reals(['a', 'b'])), 64);
    const squares = new Set(trials.map(({ a, b }) => 8 * Math.floor(8 * Number(a)) + Math.floor(8 * Number(b))));
    expect(squares.size).toBe(64);
  });

  it('begins a plain sequence at the low ends, then in the middle', () => {
    const plain = proposed(createSpace(reals(['a', 'b'])), 4, 1, { type: 'qmc', scramble: false });
    expect(plain).toEqual([
      { a: 0, b: 0 },
      { a: 0.5, b: 0.5 },
      { a: 0.75, b: 0.25 },
      { a: 0.25, b: 0.75 },
    ]);
  });

  it('gives every seed a sequence of its own, and the plain one to all', () => {
    const space = createSpace(reals(['a', 'b']));
    expect(proposed(space, 8, 1)).not.toEqual(proposed(space, 8, 2));
    const plain: SamplerOptions = { type: 'qmc', scramble: false };
    expect(proposed(space, 8, 1, plain)).toEqual(proposed(space, 8, 2, plain));
  });

  it('spreads a logarithmic parameter over its orders of magnitude and choices over all of them', () => {
    const space = createSpace([
      { name: 'rate', kind: 'float', low: 1e-4, high: 1, log: true },
      { name: 'kind', kind: 'categorical', choices: ['a', 'b', 'c', 'd'] },
    ]);
    const trials = proposed(space, 16);
    const count = (holds: (params: Params) => boolean) => trials.filter(holds).length;
    for (const low of [1e-4, 1e-3, 1e-2, 1e-1]) {
      expect(count(({ rate }) => Number(rate) >= low && Number(rate) < 10 * low)).toBe(4);
    }
    for (const choice of ['a', 'b', 'c', 'd']) expect(count(({ kind }) => kind === choice)).toBe(4);
  });

  it('passes over points that a relation forbids and keeps the order of the others', () => {
    const free = proposed(createSpace(reals(['a', 'b'])), 40, 3);
    const bound = proposed(createSpace(reals(['a', 'b']), ['a < b']), 10, 3);
    expect(bound).toEqual(free.filter(({ a, b }) => Number(a) < Number(b)).slice(0, 10));
  });

  it('falls back on chance where relations leave next to no point of the sequence', () => {
    const space = createSpace(reals(['a', 'b', 'c']), ['abs(a - b) < 0.02', 'abs(b - c) < 0.05']);
    const trials = proposed(space, 5);
    expect(new Set(trials.map((params) => JSON.stringify(params))).size).toBe(5);
  });
});

describe('scrambled', () => {
  it('keeps points that share their first bits together', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 20), fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: 20 }), (n, seed, bits) => {
        const [unit, parts] = [n / 2 ** 21, 2 ** bits];
        const low = Math.floor(unit * parts) / parts;
        const [a, b] = [scrambled(unit, seed), scrambled(low, seed)];
        expect(Math.floor(a * parts)).toBe(Math.floor(b * parts));
        expect(a > 0 && a < 1).toBe(true);
      }),
    );
  });
});
