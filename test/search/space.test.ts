import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toValues } from '../../search/configuration.js';
import {
  checkParams,
  configKey,
  createSpace,
  fillParams,
  type ParamSpec,
  Rng,
  SpaceError,
} from '../../search/index.js';
import { mixedSpace } from './play.js';

const float = (name: string, when?: ParamSpec['when']): ParamSpec => ({
  name,
  kind: 'float',
  low: 0,
  high: 1,
  log: false,
  ...(when === undefined ? {} : { when }),
});
const above = (param: string) => [{ param, test: { op: '>', value: 0.5 } as const }];

function faultOf(create: () => unknown): SpaceError {
  try {
    create();
  } catch (error) {
    if (error instanceof SpaceError) return error;
    throw error;
  }
  throw new Error('the space was accepted');
}

describe('createSpace', () => {
  it('puts parents before children and otherwise keeps the order of the file', () => {
    const space = createSpace([float('c', above('b')), float('a'), float('b', above('a')), float('d')]);
    expect(space.order.map((index) => space.params[index]!.name)).toEqual(['a', 'b', 'd', 'c']);
  });

  it('names the parameter whose parent does not exist', () => {
    const fault = faultOf(() => createSpace([float('a'), float('b', above('depht'))]));
    expect(fault.param).toBe('b');
    expect(fault.message).toContain('depht');
  });

  it('shows the cycle that conditions form', () => {
    const fault = faultOf(() =>
      createSpace([float('x', above('c')), float('a', above('b')), float('b', above('c')), float('c', above('a'))]),
    );
    expect(fault.message).toMatch(/a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c/);
    expect(['a', 'b', 'c']).toContain(fault.param);
  });

  it.each<[string, ParamSpec]>([
    ['low 2 must be <= high 1', { name: 'p', kind: 'float', low: 2, high: 1, log: false }],
    ['must be > 0 on a logarithmic scale', { name: 'p', kind: 'float', low: 0, high: 1, log: true }],
    ['must be an integer', { name: 'p', kind: 'int', low: 0.5, high: 1, log: false, step: 1 }],
    ['step 0 must be > 0', { name: 'p', kind: 'int', low: 0, high: 1, log: false, step: 0 }],
    ['must be finite', { name: 'p', kind: 'float', low: 0, high: Number.POSITIVE_INFINITY, log: false }],
    ['must not be empty', { name: 'p', kind: 'categorical', choices: [] }],
    ['choice "a" is listed twice', { name: 'p', kind: 'categorical', choices: ['a', 'b', 'a'] }],
  ])('says that %s', (message, param) => {
    const fault = faultOf(() => createSpace([param]));
    expect(fault.message).toContain(message);
    expect(fault.param).toBe('p');
  });

  it('refuses the same name twice', () => {
    expect(faultOf(() => createSpace([float('a'), float('a')])).message).toContain('defined twice');
  });
});

describe('relations', () => {
  const space = (relation: string) =>
    createSpace(
      [float('a'), float('b'), float('odd-name'), { name: 'kind', kind: 'categorical', choices: ['x'] }],
      [relation],
    );
  const holds = (relation: string, a: number, b: number) => {
    const made = space(relation);
    return made.relations[0]!.holds(toValues(made, { a, b, 'odd-name': 3 }));
  };

  it.each<[string, number, number, boolean]>([
    ['a >= 16 * b', 32, 2, true],
    ['a >= 16 * b', 31, 2, false],
    ['1 < a < b', 2, 3, true],
    ['1 < a < b', 2, 2, false],
    ['a - b - 1 == 0', 3, 2, true],
    ['a / b / 2 == 1', 8, 4, true],
    ['-a ** 2 == -9', 3, 0, true],
    ['2 ** 3 ** a == 512', 2, 0, true],
    ['(a + b) * 2 != 10', 2, 3, false],
    ['max(a, b, 2.5e0) == 2.5', 1, 2, true],
    ['sqrt(a) + abs(-b) <= 5', 9, 2, true],
    ['a % 2 == 1', 5, 0, true],
    ['`odd-name` == 3', 0, 0, true],
  ])('reads %s with a = %d and b = %d as %s', (relation, a, b, expected) => {
    expect(holds(relation, a, b)).toBe(expected);
  });

  it('holds where one of its parameters is inactive', () => {
    const made = space('a > b');
    expect(made.relations[0]!.holds(toValues(made, { a: 1 }))).toBe(true);
  });

  it.each([
    ['a >', 'expected a number, a parameter or ( at column 4, found the end'],
    ['a + b', 'expected a comparison'],
    ['a < b c', 'expected the end at column 7, found c'],
    ['a < nope', 'nope at column 5 is no parameter'],
    ['a < $', 'unexpected "$" at column 5'],
    ['1 < 2', 'names no parameter'],
    ['kind < 2', 'must all be numbers'],
    ['log(a, b) < 1', 'takes 1 value, not 2'],
    ['(a < b', 'expected ) at column 4'],
    [`${'('.repeat(60)}a${')'.repeat(60)} < 1`, 'nested deeper'],
    ['constructor < 1', 'is no parameter'],
  ])('says what is wrong with %s', (relation, message) => {
    expect(faultOf(() => space(relation)).message).toContain(message);
  });

  it('throws nothing but SpaceError, whatever the text', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '<',
      '>=',
      '+',
      '-',
      '**',
      '(',
      ')',
      'min',
      ',',
      '1',
      '2.5',
      '`',
      ' ',
      '=',
      '%',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        // Anything else that is thrown fails the test.
        faultOf(() => {
          space(pieces.join(' '));
          throw new SpaceError('accepted');
        });
      }),
    );
  });
});

describe('configurations', () => {
  const space = mixedSpace();

  it('are filled up around fixed values so that nothing is wrong with them', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const params = fillParams(space, { depth: 3, optimizer: 'sgd' }, new Rng(seed, 0))!;
        expect(checkParams(space, params)).toEqual([]);
        expect(params).toMatchObject({ depth: 3, optimizer: 'sgd' });
        expect(Object.keys(params)).toEqual(space.params.map(({ name }) => name).filter((name) => name in params));
      }),
    );
  });

  it('cannot be filled up where the relations leave nothing', () => {
    expect(fillParams(space, { depth: 4, width: 63 }, new Rng(1, 0))).toBeUndefined();
  });

  it('have equal keys exactly when they are equal', () => {
    const params = fillParams(space, {}, new Rng(1, 0))!;
    const reversed = Object.fromEntries(Object.entries(params).reverse());
    expect(configKey(space, reversed)).toBe(configKey(space, params));
    const kinds = createSpace([{ name: 'p', kind: 'categorical', choices: [1, '1', true, 'true', ';', '";"', -0.5] }]);
    const keys = [1, '1', true, 'true', ';', '";"', -0.5].map((p) => configKey(kinds, { p }));
    expect(new Set(keys).size).toBe(7);
    expect(configKey(kinds, { p: -0 })).toBe(configKey(kinds, { p: 0 }));
  });

  it.each([
    [{ depth: 5 }, 'depth 5 must be in [1, 4]'],
    [{ depth: 1.5 }, 'depth 1.5 must be an integer'],
    [{ depth: '2' }, 'depth "2" must be a number'],
    [{ dropout: 0.12 }, 'dropout 0.12 must be 0 plus a multiple of 0.05'],
    [{ optimizer: 'lion' }, 'optimizer "lion" must be one of "sgd", "adam", "rmsprop"'],
    [{ momentum: 0.9 }, 'momentum must be left out'],
    [{ lrr: 1 }, 'lrr is no parameter'],
    [{ lr: Number.NaN }, 'lr NaN must be in'],
    [{ width: 31 }, 'the relation width >= 16 * depth does not hold'],
  ])('are checked: %j', (change, fault) => {
    const valid = { lr: 0.1, dropout: 0.15, depth: 2, width: 64, optimizer: 'adam' };
    expect(checkParams(space, valid)).toEqual([]);
    expect(checkParams(space, { ...valid, ...change }).join('; ')).toContain(fault);
  });

  it('lack what is missing', () => {
    expect(checkParams(space, { lr: 0.1, dropout: 0, depth: 2, optimizer: 'adam' })).toEqual(['width is missing']);
  });
});
