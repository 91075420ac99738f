import { describe, expect, it } from 'vitest';
import { parseSearchFile } from '../../../coordinator/spec/index.js';
import type { ParamSpec } from '../../../search/index.js';
import { faultsOf, fileWith, warningsOf } from './faults-of.js';

/** A file that searches `space`, written in flow style, with an objective that uses nothing. */
const searching = (space: string) => fileWith({ name: 'name: x', train: 'null:', space: `space: ${space}` });

function paramsOf(space: string): readonly ParamSpec[] {
  const result = parseSearchFile(searching(space), 'f');
  if (!result.ok) throw new Error(faultsOf(searching(space)).join('\n'));
  return result.spec.params;
}

describe('a parameter', () => {
  it.each([
    ['{a: {float: [0, 1]}}', { kind: 'float', low: 0, high: 1, log: false }],
    ['{a: {float: [0, 1], step: 0.1}}', { kind: 'float', low: 0, high: 1, log: false, step: 0.1 }],
    ['{a: {log: [1e-3, 1]}}', { kind: 'float', low: 1e-3, high: 1, log: true }],
    ['{a: {float: [1e-3, 1], log: true}}', { kind: 'float', low: 1e-3, high: 1, log: true }],
    ['{a: {int: [1, 9]}}', { kind: 'int', low: 1, high: 9, log: false, step: 1 }],
    ['{a: {int: [1, 9], log: true}}', { kind: 'int', low: 1, high: 9, log: true, step: 1 }],
    ['{a: {int: [1, 9], log: false, step: 2}}', { kind: 'int', low: 1, high: 9, log: false, step: 2 }],
    ['{a: [sgd, 1, true]}', { kind: 'categorical', choices: ['sgd', 1, true] }],
    ['{a: {choice: [x, y]}}', { kind: 'categorical', choices: ['x', 'y'] }],
    ['{a: {choices: [x, y]}}', { kind: 'categorical', choices: ['x', 'y'] }],
    ['{a: 0.5}', { kind: 'categorical', choices: [0.5] }],
    ['{a: {int: [3, 3]}}', { kind: 'int', low: 3, high: 3, log: false, step: 1 }],
  ])('is read from %s', (space, param) => {
    expect(paramsOf(space)).toEqual([{ name: 'a', ...param }]);
  });

  it.each([
    ['{a: {float: [2, 1]}}', 'f:4:20 space.a.float: low 2 is greater than high 1; write [1, 2]'],
    ['{a: {log: [0, 1]}}', 'f:4:19 space.a.log[0]: low is 0, must be greater than 0 on a logarithmic scale'],
    [
      '{a: {int: [-1, 1], log: true}}',
      'f:4:19 space.a.int[0]: low is -1, must be greater than 0 on a logarithmic scale',
    ],
    ['{a: {int: [1, 2.5]}}', 'f:4:22 space.a.int[1]: must be an integer, not 2.5; use float for real numbers'],
    ['{a: {int: [1, 1e300]}}', 'f:4:22 space.a.int[1]: is 1e+300, must be within 2^53'],
    ['{a: {float: [0, .inf]}}', 'f:4:24 space.a.float[1]: must be a number, not the number Infinity'],
    [
      '{a: {float: [-1e308, 1e308]}}',
      'f:4:20 space.a.float: the range is too wide for double precision; bring low and high closer together',
    ],
    [
      '{a: {float: ["1e-4", 1]}}',
      'f:4:21 space.a.float[0]: must be a number, not the text "1e-4"; write it without quotes',
    ],
    ['{a: {float: [1, 1_000]}}', 'f:4:24 space.a.float[1]: must be a number, not the text "1_000"; write it as 1000'],
    ['{a: {float: [1]}}', 'f:4:20 space.a.float: must be a range [low, high], not a list of 1'],
    ['{a: {float: 1}}', 'f:4:20 space.a.float: must be a range [low, high], not the number 1'],
    ['{a: {float: [0, 1], step: 0}}', 'f:4:34 space.a.step: is 0, must be greater than 0'],
    [
      '{a: {log: [0.1, 1], step: 0.1}}',
      'f:4:28 space.a.step: a logarithmic range has no step; leave out one of the two',
    ],
    [
      '{a: {int: [0, 9], log: yes}}',
      'f:4:31 space.a.log: must be true or false, not the text "yes"; YAML 1.2 has no other spellings',
    ],
    [
      '{a: {float: [0, 1], int: [0, 1]}}',
      'f:4:12 space.a: float and int exclude each other; give one of float: [low, high], log: [low, high], int: [low, high] or choice: [a, b]',
    ],
    [
      '{a: {step: 1}}',
      'f:4:12 space.a: says no kind of parameter; give one of float: [low, high], log: [low, high], int: [low, high] or choice: [a, b]',
    ],
    ['{a: {flaot: [0, 1]}}', 'f:4:13 space.a.flaot: unknown key "flaot" (did you mean "float"?)'],
    [
      '{a: {choice: [1, 2], step: 1}}',
      'f:4:29 space.a.step: a choice has no step; leave it out, or give a range with float or int',
    ],
    ['{a: []}', 'f:4:12 space.a: has no choices; list at least one'],
    ['{a: [x, x]}', 'f:4:16 space.a[1]: the choice "x" is listed twice; keep one'],
    ['{a: [1, 1.0]}', 'f:4:16 space.a[1]: the choice 1 is listed twice; keep one'],
    [
      '{a: [x, null]}',
      'f:4:16 space.a[1]: must be a number, a text, true or false, not nothing; a text like null or ~ needs quotes',
    ],
    [
      '{a: }',
      'f:4:12 space.a: must be a number, a text, true or false, not nothing; a text like null or ~ needs quotes',
    ],
    ['{a: [1], a: [2]}', 'f:4:17 space.a: the key "a" is written twice; keep one of them'],
    [
      '{1a: [1]}',
      'f:4:9 space.1a: a parameter name must begin with a letter or _ and go on with at most 62 letters, digits, _ . or -',
    ],
    ['{__proto__: [1], b: 1}', 'f:4:9 space: __proto__ cannot be a key; rename it'],
    ['{}', 'f:4:8 space: has no parameters; write at least one, like "lr: {log: [1e-4, 1e-1]}"'],
    ['[a, b]', 'f:4:8 space: must be a mapping like {lr: {log: [1e-4, 1e-1]}}, not a list'],
  ])('is refused as %s', (space, fault) => {
    expect(faultsOf(searching(space))).toEqual([fault]);
  });

  it('may be called like a property of every object', () => {
    expect(
      paramsOf('{constructor: [1, 2], toString: {int: [1, 2], when: {constructor: 1}}}').map(({ name }) => name),
    ).toEqual(['constructor', 'toString']);
  });

  it('is lowered to what its step reaches, with a warning', () => {
    expect(paramsOf('{a: {int: [1, 10], step: 4}}')).toMatchObject([{ low: 1, high: 9, step: 4 }]);
    expect(warningsOf(searching('{a: {float: [0, 1], step: 0.3}}'))).toEqual([
      'f:4:20 space.a.float: steps of 0.3 from 0 do not end at 1; the largest value is 0.9',
    ]);
  });

  it('keeps an end that decimal steps reach up to rounding', () => {
    expect(paramsOf('{a: {float: [0, 0.3], step: 0.1}, b: {float: [0.1, 0.7], step: 0.1}}')).toMatchObject([
      { high: 0.3 },
      { high: 0.7 },
    ]);
    expect(warningsOf(searching('{a: {float: [0, 0.3], step: 0.1}}'))).toEqual([]);
  });

  it('draws attention to a number in quotes among numbers', () => {
    expect(warningsOf(searching('{a: [32, "64"]}'))).toEqual([
      'f:4:17 space.a[1]: "64" is a text among numbers; without quotes it would be a number',
    ]);
  });

  it('counts to a thousand', () => {
    const space = `{${Array.from({ length: 1001 }, (_, i) => `p${i}: 1`).join(', ')}}`;
    expect(faultsOf(searching(space))).toEqual(['f:4:8 space: has 1001 parameters, at most 1000 are possible']);
  });
});

describe('a condition', () => {
  it.each([
    ['{o: sgd}', [{ param: 'o', test: { in: ['sgd'] } }]],
    ['{o: [sgd, adam]}', [{ param: 'o', test: { in: ['sgd', 'adam'] } }]],
    ['{d: {">=": 2}}', [{ param: 'd', test: { op: '>=', value: 2 } }]],
    [
      '{d: {">": 1, "<": 4}, o: sgd}',
      [
        { param: 'd', test: { op: '>', value: 1 } },
        { param: 'd', test: { op: '<', value: 4 } },
        { param: 'o', test: { in: ['sgd'] } },
      ],
    ],
    ['{o: {"!=": sgd}}', [{ param: 'o', test: { in: ['adam'] } }]],
  ])('is read from %s', (when, conditions) => {
    expect(paramsOf(`{o: [sgd, adam], d: {int: [1, 4]}, a: {float: [0, 1], when: ${when}}}`)[2]!.when).toEqual(
      conditions,
    );
  });

  it('may be on a parameter that stands further down', () => {
    expect(paramsOf('{a: {float: [0, 1], when: {o: x}}, o: [x, y]}')[0]!.when).toEqual([
      { param: 'o', test: { in: ['x'] } },
    ]);
  });

  it.each([
    ['{oo: sgd}', 'space.a.when.oo: there is no parameter "oo" in space (did you mean "o"?)'],
    ['{o: sgdd}', 'space.a.when.o: o is never "sgdd" (did you mean "sgd"?); it is "sgd" or "adam"'],
    ['{d: 5}', 'space.a.when.d: d is never 5; it is an integer in [1, 4]'],
    ['{d: ">= 2"}', 'space.a.when.d: d is never ">= 2"; it is an integer in [1, 4]; a comparison is written {">=": 2}'],
    ['{d: {">": 4}}', 'space.a.when.d[">"]: never holds; d is in [1, 4]'],
    [
      '{d: {"=>": 4}}',
      'space.a.when.d["=>"]: unknown comparison "=>"; known: < <= > >= !=, and for equality write "d: value"',
    ],
    ['{d: {}}', 'space.a.when.d: compares with nothing; write it like {">=": 2}'],
    ['{d: {">=": x}}', 'space.a.when.d[">="]: must be a number, not the text "x"'],
    [
      '{o: {">=": 2}}',
      'space.a.when.o[">="]: the choices of o are no numbers; name those that make the condition hold',
    ],
    ['{o: []}', 'space.a.when.o: has no values; list those that make the condition hold'],
    [
      '{}',
      'space.a.when: must say which values of which parameters it depends on, like {optimizer: sgd}, not a mapping',
    ],
    [
      'sgd',
      'space.a.when: must say which values of which parameters it depends on, like {optimizer: sgd}, not the text "sgd"',
    ],
    ['{a: 1}', 'space.a.when: the conditions form a cycle: a -> a; remove one of them'],
  ])('is refused as %s', (when, fault) => {
    const faults = faultsOf(searching(`{o: [sgd, adam], d: {int: [1, 4]}, a: {int: [0, 1], when: ${when}}}`));
    expect(faults.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([fault]);
  });

  it('is refused when it depends on itself through others', () => {
    const space =
      '{a: {int: [0, 1], when: {c: 1}}, b: {int: [0, 1], when: {a: 1}}, c: {int: [0, 1], when: {b: 1}}, d: {int: [0, 1], when: {a: 1}}}';
    expect(faultsOf(searching(space))).toEqual([
      'f:4:32 space.a.when: the conditions form a cycle: a -> c -> b -> a; remove one of them',
    ]);
  });

  it('on a parameter with a fault of its own is no second fault', () => {
    expect(faultsOf(searching('{o: [], a: {int: [0, 1], when: {o: x}}}'))).toHaveLength(1);
  });
});

describe('a relation', () => {
  const relating = (relation: string) =>
    `${searching('{a: {int: [1, 9]}, b: {int: [1, 9]}, o: [x, y]}')}relations: [${relation}]\n`;

  it.each([
    ['"a <= c"', 'relations[0]: relation "a <= c": c at column 6 is no parameter; known: a, b, o'],
    ['"a <= "', 'relations[0]: relation "a <= " expected a number'],
    ['"a + b"', 'relations[0]: relation "a + b" expected a comparison'],
    ['"a <= o"', 'relations[0]: relation "a <= o": the choices of o must all be numbers to be compared'],
    ['3', 'relations[0]: must be a relation like "width >= 16 * depth", not the number 3; put it in quotes'],
  ])('is refused as %s', (relation, fault) => {
    const faults = faultsOf(relating(relation));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`f:5:13 ${fault}`);
  });

  it('that no configuration satisfies is refused', () => {
    expect(faultsOf(relating('"a > 10 * b"'))).toEqual([
      'f:5:12 relations: no configuration satisfies all relations, or hardly any: none of 1000 drawn did; loosen them',
    ]);
  });

  it('may name a parameter with a fault of its own', () => {
    const text = `${searching('{a: {int: [9, 1]}}')}relations: ["a > 2"]\n`;
    expect(faultsOf(text)).toHaveLength(1);
  });
});

describe('an enqueued row', () => {
  const space =
    '{lr: {float: [0, 1]}, o: [sgd, adam], m: {float: [0, 1], when: {o: sgd}}, w: {int: [32, 512], step: 32}}';
  const enqueueing = (rows: string) => `${searching(space)}relations: ["w >= 100 * lr"]\nenqueue: [${rows}]\n`;

  it.each([
    ['{lrr: 1}', 'enqueue[0].lrr: there is no parameter "lrr" in space (did you mean "lr"?)'],
    ['{lr: 2}', 'enqueue[0].lr: 2 must be in [0, 1]'],
    ['{lr: "1"}', 'enqueue[0].lr: "1" must be a number'],
    ['{w: 33}', 'enqueue[0].w: 33 must be 32 plus a multiple of 32, for example 32'],
    ['{o: adm}', 'enqueue[0].o: "adm" must be one of "sgd", "adam"'],
    ['{o: adam, m: 0.5}', 'enqueue[0].m: m is used only when o is "sgd", and here it is "adam"; leave m out'],
    ['{m: 0.5}', 'enqueue[0].m: m is used only when o is "sgd"; say in this row what o is'],
    ['{lr: 1, w: 64}', 'enqueue[0]: the relation w >= 100 * lr does not hold'],
    ['3', 'enqueue[0]: must be a configuration like {lr: 0.01, depth: 2}, not the number 3'],
  ])('is refused as %s', (row, fault) => {
    const faults = faultsOf(enqueueing(row));
    expect(faults.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([fault]);
  });

  it('need not say what has only one value', () => {
    const text = `${searching('{o: sgd, m: {float: [0, 1], when: {o: sgd}}}')}enqueue: [{m: 0.5}]\n`;
    expect(faultsOf(text)).toEqual([]);
  });

  it('may leave out what is to be drawn', () => {
    expect(faultsOf(enqueueing('{o: sgd, m: 0.5}, {w: 64}, {}'))).toEqual([]);
  });

  it('is warned of when it repeats another or comes after the budget', () => {
    const warnings = warningsOf(enqueueing('{w: 64}, {w: 64}, {w: 96}, {w: 128}'));
    expect(warnings).toEqual([
      'f:6:10 enqueue: has 4 configurations, but the budget ends after 3 trials',
      'f:6:20 enqueue[1]: is the same as enqueue[0]',
    ]);
  });
});
