import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toParams } from '../../search/configuration.js';
import {
  createSampler,
  createSpace,
  gridOf,
  History,
  type ParamSpec,
  type Params,
  SpaceError,
} from '../../search/index.js';

/** All configurations the slow way: every parent's value with every child's. */
function enumerate(params: readonly ParamSpec[]): Params[] {
  const space = createSpace(params);
  let partial: Params[] = [{}];
  for (const index of space.order) {
    const param = space.params[index]!;
    partial = partial.flatMap((chosen) => {
      const active = (param.when ?? []).every(({ param: parent, test }) => {
        const value = chosen[parent];
        if (value === undefined) return false;
        return 'in' in test ? test.in.includes(value) : test.op === '>=' && Number(value) >= test.value;
      });
      if (!active) return [chosen];
      const values = param.kind === 'categorical' ? param.choices : range(Number(param.low), Number(param.high));
      return values.map((value) => ({ ...chosen, [param.name]: value }));
    });
  }
  return partial;
}

const range = (low: number, high: number) => Array.from({ length: high - low + 1 }, (_, i) => low + i);

/** Small spaces in which any parameter may depend on earlier ones. */
const spaces = fc
  .array(
    fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 4 }), fc.array(fc.tuple(fc.nat(9), fc.nat(3)), { maxLength: 2 })),
    {
      maxLength: 6,
    },
  )
  .map((shapes) =>
    shapes.map(([categorical, count, parents], i): ParamSpec => {
      const when = parents
        .filter(([parent]) => parent < i)
        .map(([parent, value]) => ({
          param: `p${parent}`,
          test: shapes[parent]![0] ? { in: [value, value + 1] } : ({ op: '>=', value } as const),
        }));
      const base = { name: `p${i}`, when };
      return categorical
        ? { ...base, kind: 'categorical', choices: range(0, count - 1) }
        : { ...base, kind: 'int', low: 0, high: count - 1, log: false, step: 1 };
    }),
  );

describe('the grid', () => {
  it('numbers exactly the configurations there are', () => {
    fc.assert(
      fc.property(spaces, (params) => {
        const space = createSpace(params);
        const grid = gridOf(space, 10);
        const listed = range(0, grid.size - 1).map((index) => grid.at(index));
        expect(listed.map((values) => toParams(space, values))).toEqual(enumerate(params));
        for (const [index, values] of listed.entries()) expect(grid.indexOf(values)).toBe(index);
      }),
      { numRuns: 300 },
    );
  });

  it('passes over what the relations exclude', () => {
    const params: ParamSpec[] = ['a', 'b', 'c'].map((name) => ({
      name,
      kind: 'int',
      low: 0,
      high: 3,
      log: false,
      step: 1,
    }));
    const history = new History('maximize', 'best');
    const sampler = createSampler({ type: 'grid' }, createSpace(params, ['a > b', 'b + c == 3']), 'maximize', 0);
    const seen: Params[] = [];
    for (let number = 0; ; number++) {
      const suggestion = sampler.suggest(history, number);
      if (suggestion === undefined) break;
      seen.push(suggestion.params);
      history.propose(number, suggestion.params, 'grid');
    }
    expect(seen).toEqual(enumerate(params).filter(({ a, b, c }) => a! > b! && Number(b) + Number(c) === 3));
  });

  it('finds what a relation leaves of a billion points at once', () => {
    const params: ParamSpec[] = range(0, 8).map((i) => ({
      name: `p${i}`,
      kind: 'int',
      low: 0,
      high: 9,
      log: false,
      step: 1,
    }));
    const space = createSpace(params, ['p0 == 9', 'p1 + p2 == 18']);
    const { params: first } = createSampler({ type: 'grid' }, space, 'maximize', 0).suggest(
      new History('maximize', 'best'),
      0,
    )!;
    expect(first).toEqual({ p0: 9, p1: 9, p2: 9, p3: 0, p4: 0, p5: 0, p6: 0, p7: 0, p8: 0 });
  });

  it('spaces a real number evenly on its own scale, both ends included', () => {
    const space = createSpace([{ name: 'lr', kind: 'float', low: 1e-4, high: 1, log: true }]);
    const values = range(0, 4).map((index) => Number(gridOf(space, 5).at(index)[0]));
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(10 ** (i - 4), 10);
    expect([values[0], values[4]]).toEqual([1e-4, 1]);
  });

  it('does not repeat a point that was run for another reason', () => {
    const space = createSpace([{ name: 'a', kind: 'categorical', choices: ['x', 'y', 'z'] }]);
    const history = new History('maximize', 'best');
    history.propose(0, { a: 'y' }, 'enqueued');
    const sampler = createSampler({ type: 'grid' }, space, 'maximize', 0);
    expect(sampler.suggest(history, 1)?.params).toEqual({ a: 'x' });
    history.propose(1, { a: 'x' }, 'grid');
    expect(sampler.suggest(history, 2)?.params).toEqual({ a: 'z' });
  });

  it('says when a space has too many points to number', () => {
    const params: ParamSpec[] = range(0, 19).map((i) => ({
      name: `p${i}`,
      kind: 'int',
      low: 0,
      high: 9,
      log: false,
      step: 1,
    }));
    expect(() => gridOf(createSpace(params), 10)).toThrow(SpaceError);
  });
});
