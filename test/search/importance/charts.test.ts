import { describe, expect, it } from 'vitest';
import { contour, slice } from '../../../search/importance/charts.js';
import { createSpace } from '../../../search/index.js';
import { at, conditionalSpace, played, real } from './study.js';

describe('slice', () => {
  it('follows the mean over the other parameters, to 0.1 of a range of 1', () => {
    const space = createSpace([real('a'), real('b')]);
    const points = slice(
      space,
      played(space, 500, (params) => at(params, 'a') ** 2 + at(params, 'b')),
      'a',
    );
    expect(points.map((point) => point.at).slice(0, 2)).toEqual([0, 0.02]);
    expect(points.at(-1)?.at).toBe(1);
    for (const point of points) expect(Math.abs(point.mean - Number(point.at) ** 2 - 0.5)).toBeLessThan(0.1);
  });

  it('has a point for each choice and each whole number, spaced on a logarithmic scale where they are many', () => {
    const space = createSpace([
      { name: 'kind', kind: 'categorical', choices: ['x', 'y'] },
      { name: 'depth', kind: 'int', low: 1, high: 4, log: false, step: 1 },
      { name: 'width', kind: 'int', low: 1, high: 10_000, log: true, step: 1 },
    ]);
    const history = played(space, 200, (params) => (params['kind'] === 'x' ? 0 : 10) + at(params, 'depth'));
    const kinds = slice(space, history, 'kind');
    expect(kinds.map((point) => point.at)).toEqual(['x', 'y']);
    expect(kinds[1]!.mean - kinds[0]!.mean).toBeCloseTo(10, 0);
    expect(slice(space, history, 'depth').map((point) => point.at)).toEqual([1, 2, 3, 4]);
    const widths = slice(space, history, 'width').map((point) => Number(point.at));
    expect([widths[0], widths.at(-1)]).toEqual([1, 10_000]);
    expect(widths[Math.floor(widths.length / 2)]).toBeLessThan(1000);
  });

  it('looks at a conditional parameter only where it is active', () => {
    const space = conditionalSpace();
    const history = played(space, 500, (params) => Number(params['momentum'] ?? 100));
    for (const point of slice(space, history, 'momentum')) {
      expect(Math.abs(point.mean - Number(point.at))).toBeLessThan(0.1);
    }
  });

  it('is empty before there are trials, and refuses a parameter that does not exist', () => {
    const space = createSpace([real('a')]);
    expect(
      slice(
        space,
        played(space, 3, () => 1),
        'a',
      ),
    ).toEqual([]);
    expect(() =>
      slice(
        space,
        played(space, 3, () => 1),
        'b',
      ),
    ).toThrow('b is no parameter of this space; known: a');
  });
});

describe('contour', () => {
  it('follows two parameters together, to 0.15 of a range of 1', () => {
    const space = createSpace([real('a'), real('b'), real('c')]);
    const history = played(space, 800, (params) => at(params, 'a') * at(params, 'b') + at(params, 'c') / 10);
    const chart = contour(space, history, 'a', 'b', 5)!;
    expect(chart.a).toEqual([0, 0.25, 0.5, 0.75, 1]);
    for (const [i, a] of chart.a.entries()) {
      for (const [j, b] of chart.b.entries()) {
        expect(Math.abs(chart.mean[i]![j]! - Number(a) * Number(b) - 0.05)).toBeLessThan(0.15);
      }
    }
  });

  it('is empty where the two are never active together', () => {
    const space = conditionalSpace();
    const history = played(space, 300, (params) => Number(params['skip'] ?? 10));
    const chart = contour(space, history, 'depth', 'skip', 3)!;
    expect(chart.a).toEqual([1, 2.5, 4].map(Math.round));
    expect(chart.mean[0]).toEqual([null, null, null]);
    expect(chart.mean.at(-1)!.every((value) => value !== null && value < 2)).toBe(true);
    const kinds = contour(space, history, 'momentum', 'optimizer', 3)!;
    expect(kinds.mean.every(([sgd, adam]) => sgd !== null && adam === null)).toBe(true);
  });

  it('refuses one parameter twice', () => {
    const space = createSpace([real('a')]);
    expect(() =>
      contour(
        space,
        played(space, 20, () => 1),
        'a',
        'a',
      ),
    ).toThrow('two parameters, not a twice');
  });
});
