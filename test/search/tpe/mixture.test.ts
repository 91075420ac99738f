import { describe, expect, it } from 'vitest';
import { createSpace, Rng } from '../../../search/index.js';
import { Codec } from '../../../search/model/codec.js';
import { Mixture } from '../../../search/tpe/mixture.js';

const codec = new Codec(
  createSpace([
    { name: 'x', kind: 'float', low: -1, high: 1, log: false },
    { name: 'kind', kind: 'categorical', choices: ['a', 'b', 'c'] },
  ]),
);
const observed = [Float64Array.of(0.02, 0), Float64Array.of(0.9, 2), Float64Array.of(0.85, 2)];

describe('Mixture', () => {
  it('is a density: one on average over the space', () => {
    const mixture = new Mixture(codec, observed);
    let sum = 0;
    const steps = 2000;
    for (let i = 0; i < steps; i++) {
      for (let choice = 0; choice < 3; choice++) sum += mixture.density(Float64Array.of((i + 0.5) / steps, choice));
    }
    expect(sum / steps / 3).toBeCloseTo(1, 3);
  });

  it('draws as often as its density says', () => {
    const mixture = new Mixture(codec, observed);
    const code = new Float64Array(2);
    const rng = new Rng(1, 0);
    const draws = 20_000;
    let near = 0;
    for (let i = 0; i < draws; i++) {
      mixture.draw(code, rng);
      if (code[0]! > 0.8 && code[1] === 2) near++;
    }
    let expected = 0;
    for (let i = 0; i < 500; i++) expected += mixture.density(Float64Array.of(0.8 + (0.2 * (i + 0.5)) / 500, 2)) / 500;
    expect(near / draws).toBeCloseTo((0.2 / 3) * expected, 1);
    expect(Math.abs(near / draws - (0.2 / 3) * expected)).toBeLessThan(0.015);
  });

  it('is uniform before anything has been observed', () => {
    expect(new Mixture(codec, []).density(Float64Array.of(0.3, 1))).toBe(1);
  });
});
