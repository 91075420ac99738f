import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Distribution } from '../../../search/optuna/distribution.js';
import { intDistribution } from '../../../search/optuna/distribution.js';
import type { KernelOptions } from '../../../search/optuna/kernels.js';
import { MersenneTwister } from '../../../search/optuna/mersenne-twister.js';
import { LOG_SQRT_2PI, logGaussMass } from '../../../search/optuna/normal.js';
import { ObservationTable } from '../../../search/optuna/observations.js';
import { pairwiseSum } from '../../../search/optuna/pairwise-sum.js';
import { ParzenEstimator } from '../../../search/optuna/parzen.js';
import { newTrial, Study } from '../../../search/optuna/study.js';
import { type ParzenUnit, readUnits } from './units.js';

type Space = ReadonlyMap<string, Distribution>;

function fitted(
  space: Space,
  observations: readonly (readonly number[])[],
  options: Partial<KernelOptions> = {},
): ParzenEstimator {
  const study = new Study('', false);
  const n = observations[0]!.length;
  for (let number = 0; number < n; number++) {
    const trial = newTrial(number, 'RUNNING');
    for (const [d, name] of [...space.keys()].entries()) trial.params.set(name, observations[d]![number]!);
    study.trials.push(trial);
    study.tell(trial, 'COMPLETE', 0);
  }
  const table = new ObservationTable(space, (trial) => trial.params);
  table.follow(study);
  const ranks = new Int32Array(table.rows.length);
  for (let i = 0; i < n; i++) ranks[table.rows[i]!] = i;
  const estimator = new ParzenEstimator(space, {
    argsort: 'scalar',
    scottDimensions: undefined,
    dimensions: space.size,
    ...options,
  });
  estimator.fit(table, { slots: table.rows, n, ranks, numbers: table.numbers, count: n });
  return estimator;
}

function logDensities(estimator: ParzenEstimator, points: readonly Float64Array[]): Float64Array {
  return points[0]!.map((_, i) => estimator.logDensity(points, i));
}

/** Kernels written out: as many probabilities or (centre, width) as there are observations, and the prior. */
function expectKernels(estimator: ParzenEstimator, unit: ParzenUnit, n: number): void {
  for (const [d, name] of Object.keys(unit.space).entries()) {
    const kernel = estimator.kernels[d]!;
    const { mu, sigma } = unit.kernels[name]!;
    if (kernel.kind !== 'numeric' || mu === undefined || sigma === undefined) continue;
    expectAllClose(kernel.centres.subarray(0, n + 1), mu, 1e-14);
    expectAllClose(kernel.widths.subarray(0, n + 1), sigma, 1e-12);
  }
}

function expectAllClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    expect(difference, `${actual[i]} should be ${expected[i]}`).toBeLessThanOrEqual(
      tolerance * (1 + Math.abs(expected[i]!)),
    );
  }
}

describe.each(['scalar', 'simd'] as const)("a Parzen estimator with numpy's %s argsort", (argsort) => {
  it.each(readUnits(argsort).parzen.map((unit, i) => [i, unit] as const))('is that of Optuna: vector %i', (_, unit) => {
    const space = new Map(Object.entries(unit.space));
    const names = [...space.keys()];
    const estimator = fitted(
      space,
      names.map((name) => unit.observations[name]!),
      { argsort },
    );
    const n = unit.weights.length - 1;
    const total = pairwiseSum(estimator.weights, 0, n + 1);
    expect([...estimator.weights.subarray(0, n + 1)].map((weight) => weight / total)).toEqual(unit.weights);
    expectKernels(estimator, unit, n);
    const samples = estimator.sample(new MersenneTwister(unit.sample_seed), unit.log_pdf.length);
    for (const [d, name] of names.entries()) expectAllClose(samples[d]!, unit.samples[name]!, 1e-12);
    expectAllClose(logDensities(estimator, samples), unit.log_pdf, 1e-11);
  });
});

/** The density as Optuna adds it up: logarithms over all kernels, nothing left out. */
function plainLogDensity(estimator: ParzenEstimator, n: number, point: readonly number[]): number {
  const total = pairwiseSum(estimator.weights, 0, n + 1);
  const logs = Array.from({ length: n + 1 }, (_, k) => {
    let sum = Math.log(estimator.weights[k]! / total);
    for (const [d, kernel] of estimator.kernels.entries()) {
      if (kernel.kind === 'categorical') {
        const mine = kernel.choices[k] === point[d] ? kernel.own : kernel.other;
        sum += Math.log(k === n ? kernel.any : mine);
        continue;
      }
      const { low, high, distribution } = kernel;
      const [mu, sigma] = [kernel.centres[k]!, kernel.widths[k]!];
      const share = logGaussMass((low - mu) / sigma, (high - mu) / sigma);
      const scale = (x: number): number => ((distribution.log ? Math.log(x) : x) - mu) / sigma;
      const half = (distribution.step ?? 0) / 2;
      const z = scale(point[d]!);
      const own =
        half > 0
          ? logGaussMass(scale(point[d]! - half), scale(point[d]! + half))
          : -0.5 * z * z - LOG_SQRT_2PI - Math.log(sigma);
      sum += own - share;
    }
    return sum;
  });
  const max = Math.max(...logs);
  return Math.log(logs.reduce((a, log) => a + Math.exp(log - max), 0)) + max;
}

const float: Distribution = { type: 'float', low: 0, high: 1, step: null, log: false };
const spaces: readonly [string, Space][] = [
  ['one float', new Map([['x', float]])],
  ['one logarithmic float', new Map([['x', { type: 'float', low: 1e-4, high: 10, step: null, log: true }]])],
  ['one int', new Map([['k', intDistribution(0, 40, false, 1)]])],
  ['one logarithmic int', new Map([['k', intDistribution(1, 300, true, 1)]])],
  ['one choice', new Map([['c', { type: 'categorical', choices: ['a', 'b', 'c'] }]])],
  [
    'all together',
    new Map<string, Distribution>([
      ['c', { type: 'categorical', choices: ['a', 'b', 'c'] }],
      ['k', intDistribution(0, 12, false, 3)],
      ['u', intDistribution(1, 64, true, 1)],
      ['x', float],
      ['z', { type: 'float', low: 1e-3, high: 1, step: null, log: true }],
    ]),
  ],
];

describe('the quick density', () => {
  it.each(spaces)('is the plain one: %s', (_, space) => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0, 1, 2, 9, 60, 130, 400), fc.boolean(), (seed, n, concentrated) => {
        const generator = new MersenneTwister(seed);
        const draw = (distribution: Distribution): number => {
          if (distribution.type === 'categorical') return generator.bounded(distribution.choices.length - 1);
          const { low, high, step } = distribution;
          const u = concentrated ? 0.3 + generator.random() / 50 : generator.random();
          return step === null ? low + u * (high - low) : low + Math.floor(u * ((high - low) / step + 1)) * step;
        };
        const observations = [...space.values()].map((distribution) =>
          Array.from({ length: n }, () => draw(distribution)),
        );
        const estimator = fitted(space, observations, { argsort: 'simd' });
        const points = [...space.values()].map((distribution) =>
          Float64Array.from({ length: 5 }, () => draw(distribution)),
        );
        const quick = logDensities(estimator, points);
        const plain = quick.map((_density, i) =>
          plainLogDensity(
            estimator,
            n,
            points.map((values) => values[i]!),
          ),
        );
        expectAllClose(quick, plain, 1e-10);
      }),
      { numRuns: 40 },
    );
  });

  it('is the plain one for so many trials that kernels become series', () => {
    const generator = new MersenneTwister(11);
    const values = Array.from({ length: 4000 }, (_, i) =>
      i % 3 === 0 ? generator.random() : 0.4 + 0.05 * generator.random(),
    );
    const estimator = fitted(new Map([['x', float]]), [values]);
    const points = Float64Array.from({ length: 50 }, (_, i) => i / 49);
    const plain = points.map((x) => plainLogDensity(estimator, values.length, [x]));
    expectAllClose(logDensities(estimator, [points]), plain, 1e-11);
  });

  it('is the plain one where observations lie outside the range', () => {
    const estimator = fitted(new Map([['x', float]]), [[-3, 0.2, 0.5, 40, 0.9]]);
    const points = Float64Array.from([0, 0.3, 1]);
    expectAllClose(
      logDensities(estimator, [points]),
      points.map((x) => plainLogDensity(estimator, 5, [x])),
      1e-10,
    );
    const steps = fitted(new Map([['k', intDistribution(0, 9, false, 1)]]), [[-30, 2, 2, 80, 9]]);
    const ks = Float64Array.from([0, 4, 9]);
    expectAllClose(
      logDensities(steps, [ks]),
      ks.map((k) => plainLogDensity(steps, 5, [k])),
      1e-10,
    );
  });

  it('is nothing just outside the range', () => {
    const estimator = fitted(new Map([['x', float]]), [[0.2, 0.5]]);
    const [outside, far] = logDensities(estimator, [Float64Array.from([1 + 2 ** -52, 2])]);
    expect(far).toBe(Number.NEGATIVE_INFINITY);
    expect(outside).toBeLessThan(logDensities(estimator, [Float64Array.of(1)])[0]!);
  });
});
