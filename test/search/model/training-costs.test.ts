import { describe, expect, it } from 'vitest';
import { createSampler, createSpace, History, type Params, Rng, type TrialRecord } from '../../../search/index.js';
import { Codec } from '../../../search/model/codec.js';
import { TrainingCosts } from '../../../search/model/training-costs.js';

const SPACE = createSpace([
  { name: 'width', kind: 'int', low: 16, high: 1024, log: true, step: 1 },
  { name: 'optimizer', kind: 'categorical', choices: ['sgd', 'adam', 'lion'] },
  { name: 'x', kind: 'float', low: 0, high: 1, log: false },
  {
    name: 'momentum',
    kind: 'float',
    low: 0,
    high: 1,
    log: false,
    when: [{ param: 'optimizer', test: { in: ['sgd'] } }],
  },
]);
const CODEC = new Codec(SPACE);

/** Seconds an epoch; `x` and `momentum` cost nothing. */
function pace({ width, optimizer }: Params): number {
  return Number(width) * (optimizer === 'adam' ? 3 : 1);
}

/** Trials of ten epochs, some of them stopped early; to begin takes as long as some epochs. */
function played(count: number, stopped: (number: number) => boolean, beginning = 0): TrialRecord[] {
  const history = new History('maximize', 'best');
  const sampler = createSampler({ type: 'random' }, SPACE, 'maximize', 1);
  for (let number = 0; number < count; number++) {
    const { params } = sampler.suggest(history, number)!;
    const end = stopped(number) ? 3 : 10;
    history.propose(number, params, 'test');
    history.start(number);
    for (let step = 1; step <= end; step++) history.report(number, step, 0);
    history.end(number, end === 10 ? 'complete' : 'pruned', (beginning + end) * pace(params));
  }
  return [...history.trials()];
}

describe('what training costs', () => {
  const mostly = (number: number): boolean => number % 3 > 0;
  it.each([
    ['complete trials', () => false, 0],
    ['trials of which most were stopped', mostly, 0],
    ['trials of which most were stopped when they had hardly begun', mostly, 6],
  ])('is learnt from %s', (_, stopped, beginning) => {
    const costs = TrainingCosts.of(CODEC, played(40, stopped, beginning))!;
    const at = (params: Params) => costs.logOf(CODEC.encode({ x: 0.5, width: 128, ...params }));
    const span = at({ optimizer: 'lion', width: 1024 }) - at({ optimizer: 'lion', width: 16 });
    expect(span / Math.log(1024 / 16)).toBeCloseTo(1, 1);
    expect(at({ optimizer: 'adam' }) - at({ optimizer: 'lion' })).toBeCloseTo(Math.log(3), 1);
    expect(at({ optimizer: 'lion', x: 1 }) - at({ optimizer: 'lion', x: 0 })).toBeCloseTo(0, 1);
    expect(at({ optimizer: 'sgd', momentum: 1 }) - at({ optimizer: 'lion' })).toBeCloseTo(0, 1);
  });

  it('is not guessed from a few trials, nor from trials whose times are not known', () => {
    expect(
      TrainingCosts.of(
        CODEC,
        played(5, () => false),
      ),
    ).toBeUndefined();
    const timeless = played(40, () => false).map(({ number, params, origin, status, value, reports }) => ({
      number,
      params,
      origin,
      status,
      value,
      reports,
    }));
    expect(TrainingCosts.of(CODEC, timeless)).toBeUndefined();
  });

  it('lets the default sampler take the cheaper of equally good configurations, when it is told that time counts', () => {
    const middle = (costWeight: number): number => {
      const widths = [1, 2, 3, 4, 5, 6].flatMap((seed) => widthsProposed(costWeight, seed));
      return widths.sort((a, b) => a - b)[widths.length >> 1]!;
    };
    expect(middle(0.5)).toBeLessThan(0.5 * middle(0));
  });
});

/** Of the later trials of a study whose value depends on `x` alone. */
function widthsProposed(costWeight: number, seed: number): number[] {
  const sampler = createSampler({ type: 'auto', costWeight }, SPACE, 'minimize', seed);
  const history = new History('minimize', 'best');
  const widths: number[] = [];
  for (let number = 0; number < 50; number++) {
    const { params } = sampler.suggest(history, number)!;
    history.propose(number, params, 'auto');
    history.start(number);
    history.report(number, 1, (Number(params['x']) - 0.3) ** 2 + 0.001 * new Rng(seed, number, 7).normal());
    history.end(number, 'complete', pace(params));
    if (number >= 20) widths.push(Number(params['width']));
  }
  return widths;
}
