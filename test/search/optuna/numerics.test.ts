import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsAbove, wholeSteps } from '../../../search/optuna/decimal.js';
import { erf, erfc } from '../../../search/optuna/erf.js';
import { fastExp } from '../../../search/optuna/fast-exp.js';
import { gaussMass } from '../../../search/optuna/gauss-mass.js';
import { GaussTransform } from '../../../search/optuna/gauss-transform.js';
import { goodCount, kernelWeights } from '../../../search/optuna/kernel-weights.js';
import { haltonPoint, sobolPoint } from '../../../search/optuna/low-discrepancy.js';
import { MersenneTwister } from '../../../search/optuna/mersenne-twister.js';
import { logGaussMass, logNdtr, ndtriExp, Truncations, truncatedQuantiles } from '../../../search/optuna/normal.js';
import { pairwiseSum } from '../../../search/optuna/pairwise-sum.js';
import { roundedLog } from '../../../search/optuna/rounded-log.js';
import { nextBelow, roundEven } from '../../../search/optuna/rounding.js';
import { setOrder } from '../../../search/optuna/set-order.js';
import { columns, readUnits } from './units.js';

const units = readUnits('scalar');

function expectClose(actual: number, expected: number, relative = 1e-12): void {
  if (Object.is(actual, expected) || actual === expected) return;
  expect(Math.abs(actual - expected), `${actual} should be ${expected}`).toBeLessThanOrEqual(
    relative * Math.abs(expected),
  );
}

describe("the parts of Optuna's estimators", () => {
  it('adds in pairs as numpy does', () => {
    for (const { seed, n, sum } of units.pairwise_sum) {
      const generator = new MersenneTwister(seed);
      const values = Float64Array.from({ length: n }, () => generator.random() ** 5);
      expectClose(pairwiseSum(values), sum, 1e-15);
    }
    // Of these the sum from the left is another number.
    const values = Array.from({ length: 1000 }, (_, i) => 1 / (i + 1));
    expect(pairwiseSum(values)).toBe(7.485470860550345);
    expect(pairwiseSum([9, ...values, 9], 1, 1000)).toBe(pairwiseSum(values));
  });

  it('weighs trials and counts good ones as Optuna does', () => {
    for (const [n, good] of units.gamma) expect(goodCount(n)).toBe(good);
    for (const [n, expected] of units.weights) {
      const weights = new Float64Array(n + 1);
      kernelWeights(n, weights);
      expect([...weights]).toEqual([...expected, 1]);
    }
  });

  it('has the normal distribution of scipy, tails included', () => {
    const [x, logs] = columns(units.log_ndtr);
    for (const [i, value] of x!.entries()) expectClose(logNdtr(value), logs![i]!);
    const [a, b, masses] = columns(units.log_gauss_mass);
    // Between -2 and -1.9999999, what is subtracted agrees in seven digits.
    for (const [i, mass] of masses!.entries()) expectClose(logGaussMass(a![i]!, b![i]!), mass, 1e-9);
  });

  it('inverts it', () => {
    const [y, x] = columns(units.ndtri_exp);
    const inverted = Float64Array.from(y!);
    ndtriExp(inverted, inverted.length);
    for (const [i, value] of x!.entries())
      expect(Math.abs(inverted[i]! - value)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(value)));
    const [q, a, b, expected] = columns(units.ppf);
    const quantiles = Float64Array.from(q!);
    const truncations = new Truncations();
    truncations.reserve(quantiles.length);
    // What was known of other intervals is of no use any more.
    for (const i of quantiles.keys()) truncations.set(i, -1 - i, 1);
    for (const i of quantiles.keys()) truncations.set(i, a![i]!, b![i]!);
    truncatedQuantiles(quantiles, truncations, Int32Array.from(quantiles.keys()), quantiles.length);
    for (const [i, value] of expected!.entries()) expectClose(quantiles[i]!, value, 1e-11);
  });

  it('has the error function to the last place or two', () => {
    const known: [x: number, erf: number, erfc: number][] = [
      [0, 0, 1],
      [1e-10, 1.1283791670955126e-10, 0.999999999887162],
      [0.5, 0.5204998778130465, 0.4795001221869535],
      [1, 0.8427007929497149, 0.15729920705028513],
      [2, 0.9953222650189527, 0.004677734981047265],
      [5, 0.9999999999984626, 1.5374597944280351e-12],
      [10, 1, 2.088487583762545e-45],
      [30, 1, 0],
      [-1, -0.8427007929497149, 1.842700792949715],
      [-7, -1, 2],
    ];
    for (const [x, value, complement] of known) {
      expectClose(erf(x), value, 3e-16);
      expectClose(erfc(x), complement, 3e-16);
    }
  });
});

describe('the quick forms', () => {
  it('agree with the exponential', () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 0, noNaN: true }), (x) => expectClose(fastExp(x), Math.exp(x), 2e-13)),
    );
    expect(fastExp(-800)).toBe(0);
    expect(fastExp(0)).toBe(1);
  });

  it('agree with the mass of an interval', () => {
    const end = fc.double({ min: -12, max: 12, noNaN: true });
    const width = fc.double({ min: 1e-3, max: 5, noNaN: true });
    fc.assert(
      fc.property(end, width, (l, w) => {
        expectClose(Math.log(gaussMass(l, l + w)), logGaussMass(l, l + w), 1e-9);
      }),
    );
  });

  it('agree with a sum over kernels, however they lie', () => {
    const position = fc.double({ min: 0, max: 1, noNaN: true });
    const kernel = fc.record({ centre: position, height: fc.double({ min: 0.001, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(kernel, { minLength: 1, maxLength: 50 }), position, (kernels, x) => {
        const transform = new GaussTransform();
        transform.begin(0, 1, 0.01);
        for (const { centre, height } of kernels) transform.add(centre, height);
        const terms = kernels.map(({ centre, height }) => height * Math.exp(-0.5 * ((x - centre) / 0.01) ** 2));
        const sum = terms.reduce((a, b) => a + b, 0);
        expect(Math.abs(transform.sumAt(x) - sum)).toBeLessThan(1e-13 * sum + 1e-16);
      }),
    );
  });
});

describe('small arithmetic', () => {
  it('rounds half to even', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 1e300].map(roundEven)).toEqual(
      [0, 2, 2, -0, -2, 2, 1e300].map((x) => x + 0),
    );
  });

  it('finds the double below', () => {
    expect(nextBelow(1)).toBe(1 - 2 ** -53);
    expect(nextBelow(-1)).toBe(-1 - 2 ** -52);
    expect(nextBelow(0)).toBe(-Number.MIN_VALUE);
  });

  it('counts steps as decimals', () => {
    expect(wholeSteps(0, 0.3, 0.1)).toBe(3);
    expect(wholeSteps(-1, 1, 0.3)).toBe(6);
    expect(stepsAbove(-1, 6, 0.3)).toBe(0.8);
    expect(stepsAbove(1e-7, 3, 1e-8)).toBe(1.3e-7);
    expect(wholeSteps(0, 1e21, 1e20)).toBe(10);
  });

  it('takes logarithms whose quotient falls to the side where it does in C', () => {
    expect(Math.floor(roundedLog(243) / roundedLog(3))).toBe(4);
    expect(Math.floor(roundedLog(81) / roundedLog(3))).toBe(4);
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (x) =>
        expectClose(roundedLog(x), Math.log(x), 1e-15),
      ),
    );
  });
});

describe('sequences', () => {
  it('of Sobol are known points', () => {
    expect([0, 1, 2, 3, 4].map((i) => sobolPoint(i, 3))).toEqual([
      [0, 0, 0],
      [0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25],
      [0.25, 0.75, 0.75],
      [0.375, 0.375, 0.625],
    ]);
    expect(() => sobolPoint(1, 65)).toThrow('dimensions 65 must be <= 64');
  });

  it('of Halton are radical inverses', () => {
    const points = [1, 2, 3].map((i) => haltonPoint(i, 3));
    const expected = [
      [1 / 2, 1 / 3, 1 / 5],
      [1 / 4, 2 / 3, 2 / 5],
      [3 / 4, 1 / 9, 3 / 5],
    ];
    for (const [i, point] of points.entries())
      for (const [d, x] of point.entries()) expectClose(x, expected[i]![d]!, 1e-15);
  });

  it('of a set in CPython are by hash and probing', () => {
    expect(setOrder([5, 3, 9])).toEqual([9, 3, 5]);
    expect(setOrder([8, 16, 0])).toEqual([8, 16, 0]);
    expect(setOrder(Array.from({ length: 40 }, (_, i) => 39 - i))).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });
});
