import { describe, expect, it } from 'vitest';
import { importance } from '../../../search/importance/importance.js';
import { createSpace, type History, type Params, type Space } from '../../../search/index.js';
import { at, conditionalSpace, played, real } from './study.js';

const space = createSpace(['a', 'b', 'c', 'd'].map((name) => real(name)));

/** Independent terms have variances of 16, 4, 1 and 0 twelfths. */
function additive(params: Params): number {
  return 4 * at(params, 'a') + 2 * at(params, 'b') + at(params, 'c');
}

function sharesOf(of: Space, history: History): Record<string, number> {
  return Object.fromEntries(importance(of, history, history.goal).map(({ param, share }) => [param, share]));
}

function interactionsOf(of: Space, history: History): Record<string, number> {
  const all = importance(of, history, history.goal);
  return Object.fromEntries(all.map(({ param, interactionShare }) => [param, interactionShare]));
}

describe('importance', () => {
  it('finds the shares of independent terms, to 0.04 with 500 trials', () => {
    const shares = sharesOf(space, played(space, 500, additive));
    for (const [name, share] of Object.entries({ a: 16 / 21, b: 4 / 21, c: 1 / 21, d: 0 })) {
      expect(Math.abs(shares[name]! - share)).toBeLessThan(0.04);
    }
  });

  it('puts the most important first and calls one without influence unimportant', () => {
    const found = importance(space, played(space, 200, additive), 'minimize');
    expect(found.map(({ param }) => param)).toEqual(['a', 'b', 'c', 'd']);
    expect(found[3]!.share + found[3]!.interactionShare).toBeLessThan(0.02);
  });

  it('tells what two do together from what each does alone: a product is 3/7, 3/7 and 1/7 of both, to 0.05', () => {
    const history = played(space, 600, (params) => at(params, 'a') * at(params, 'b'));
    const shares = sharesOf(space, history);
    const together = interactionsOf(space, history);
    for (const name of ['a', 'b']) {
      expect(Math.abs(shares[name]! - 3 / 7)).toBeLessThan(0.05);
      expect(Math.abs(together[name]! - 1 / 7)).toBeLessThan(0.05);
      expect(shares[name === 'a' ? 'c' : 'd']! + together[name === 'a' ? 'c' : 'd']!).toBeLessThan(0.03);
    }
  });

  it('sees a pure interaction, of which no parameter has anything alone', () => {
    const history = played(space, 500, (params) => (at(params, 'a') - 0.5) * (at(params, 'b') - 0.5));
    expect(sharesOf(space, history)['a']).toBeLessThan(0.08);
    expect(interactionsOf(space, history)['a']).toBeGreaterThan(0.85);
    expect(interactionsOf(space, history)['c']).toBeLessThan(0.1);
  });

  it('measures on the scale of the parameter: the logarithm of a rate and a plain number share evenly, to 0.05', () => {
    const mixed = createSpace([real('rate', { low: 1e-4, high: 1, log: true }), real('plain'), real('idle')]);
    const history = played(mixed, 500, (params) => Math.log10(at(params, 'rate')) / 4 + at(params, 'plain'));
    const shares = sharesOf(mixed, history);
    expect(Math.abs(shares['rate']! - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(shares['plain']! - 0.5)).toBeLessThan(0.05);
  });

  it('divides choices and whole numbers exactly: 2/3 and 5/4 of variance, to 0.02', () => {
    const discrete = createSpace([
      { name: 'kind', kind: 'categorical', choices: ['x', 'y', 'z'] },
      { name: 'depth', kind: 'int', low: 1, high: 4, log: false, step: 1 },
    ]);
    const worth: Readonly<Record<string, number>> = { x: 1, y: 3, z: 2 };
    const history = played(discrete, 400, (params) => worth[String(params['kind'])]! + at(params, 'depth'));
    const shares = sharesOf(discrete, history);
    expect(Math.abs(shares['kind']! - 2 / 3 / (2 / 3 + 5 / 4))).toBeLessThan(0.02);
    expect(Math.abs(shares['depth']! - 5 / 4 / (2 / 3 + 5 / 4))).toBeLessThan(0.02);
  });

  it('gives a conditional parameter what it does where it is active, half alone and half with its parent, to 0.04', () => {
    const conditional = conditionalSpace();
    for (const [child, parent] of [
      ['momentum', 'optimizer'],
      ['skip', 'depth'],
    ] as const) {
      const history = played(conditional, 500, (params) => Number(params[child] ?? 0.5));
      const shares = sharesOf(conditional, history);
      const together = interactionsOf(conditional, history);
      expect(Math.abs(shares[child]! - 0.5)).toBeLessThan(0.04);
      expect(Math.abs(together[child]! - 0.5)).toBeLessThan(0.04);
      expect(Math.abs(together[parent]! - 0.5)).toBeLessThan(0.04);
      expect(shares['rate']! + together['rate']!).toBeLessThan(0.02);
    }
  });

  it('gives what being active does to the parent', () => {
    const conditional = conditionalSpace();
    const history = played(conditional, 300, (params) => (params['momentum'] === undefined ? 1 : 0));
    expect(importance(conditional, history, 'minimize')[0]).toMatchObject({ param: 'optimizer', share: 1 });
  });

  it('says 0 of everything when all trials came to the same, and of a parameter with one value always', () => {
    expect(
      Object.values(
        sharesOf(
          space,
          played(space, 50, () => 0.1),
        ),
      ),
    ).toEqual([0, 0, 0, 0]);
    const fixed = createSpace([real('a'), { name: 'one', kind: 'categorical', choices: ['x'] }]);
    const history = played(fixed, 50, (params) => at(params, 'a'));
    expect(sharesOf(fixed, history)).toEqual({ a: 1, one: 0 });
    const none = createSpace([{ name: 'one', kind: 'categorical', choices: ['x'] }]);
    expect(
      sharesOf(
        none,
        played(none, 20, (_params) => 1),
      ),
    ).toEqual({ one: 0 });
  });

  it('says nothing of fewer than eight trials that are of use', () => {
    expect(importance(space, played(space, 7, additive), 'minimize')).toEqual([]);
    expect(importance(space, played(space, 8, additive), 'minimize')).toHaveLength(4);
    expect(
      importance(
        space,
        played(space, 20, () => Number.NaN),
        'minimize',
      ),
    ).toEqual([]);
  });

  it('leaves out what failed, was pruned, runs, or came to no finite number', () => {
    const history = played(space, 100, additive);
    const before = importance(space, history, 'minimize');
    for (const [i, end] of (['failed', 'pruned', 'complete', 'complete', undefined] as const).entries()) {
      history.propose(100 + i, { a: 0, b: 0, c: 0, d: 1 }, 'test');
      history.start(100 + i);
      history.report(100 + i, 1, i === 2 ? Number.NaN : i === 3 ? Number.POSITIVE_INFINITY : 1000);
      if (end !== undefined) history.end(100 + i, end);
    }
    expect(importance(space, history, 'minimize')).toEqual(before);
  });

  it('does not let a few diverging trials hide what the others tell', () => {
    const history = played(space, 300, (params) => (at(params, 'd') > 0.97 ? 1e12 : additive(params)));
    expect(sharesOf(space, history)['a']).toBeGreaterThan(0.25);
  });

  it('is a function of the history and the seed', () => {
    const shares = importance(space, played(space, 60, additive), 'minimize', { seed: 7 });
    expect(importance(space, played(space, 60, additive), 'minimize', { seed: 7 })).toEqual(shares);
    expect(importance(space, played(space, 60, additive), 'minimize', { seed: 8 })).not.toEqual(shares);
  });

  it('looks at no more trials than it is told, drawn from all of them', () => {
    const history = played(space, 2000, (params) => additive(params));
    const [first] = importance(space, history, 'minimize', { trials: 50, trees: 8 });
    expect(first?.param).toBe('a');
  });
});
