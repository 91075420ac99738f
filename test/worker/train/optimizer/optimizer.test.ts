import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../../../worker/train/backend/backend.js';
import { Parameter } from '../../../../worker/train/model/parameter.js';
import { createOptimizer } from '../../../../worker/train/optimizer/create-optimizer.js';

type Settings = Parameters<typeof createOptimizer>[0];

/** Seven numbers: some are worked on four at a time, the rest one by one. */
const START = [1, 2, -3, 0.5, -0.25, 4, -1.5];
const RATE = 0.1;
const GRADIENTS = [0, 1, 2, 3].map((step) => START.map((_, axis) => Math.sin(3 * step + 7 * axis)));

/** Where the parameter is after the gradients above. */
function walk(settings: Settings, l2 = 0, decays = true, gradients = GRADIENTS, l1 = 0): number[] {
  const parameter = new Parameter('w', tf.tensor1d(START), decays);
  const optimizer = createOptimizer(settings, { l1, l2 }, [parameter]);
  for (const [index, gradient] of gradients.entries())
    tf.tidy(() => optimizer.step([tf.tensor1d(gradient)], RATE, index + 1));
  const values = [...parameter.value.dataSync()];
  optimizer.dispose();
  parameter.dispose();
  return values;
}

/** The same walk, one number at a time, in double precision. `memory` is what the update keeps from step to step. */
function expected(update: (gradient: number, step: number, memory: [number, number]) => number, l2 = 0): number[] {
  return START.map((start, axis) => {
    const memory: [number, number] = [0, 0];
    return GRADIENTS.reduce(
      (value, gradient, step) => value - update(gradient[axis]! + 2 * l2 * value, step + 1, memory),
      start,
    );
  });
}

function withMomentum(nesterov: boolean): (gradient: number, step: number, memory: [number, number]) => number {
  return (gradient, _step, memory) => {
    memory[0] = 0.9 * memory[0] + gradient;
    return 0.1 * (nesterov ? gradient + 0.9 * memory[0] : memory[0]);
  };
}

function expectClose(actual: readonly number[], wanted: readonly number[]): void {
  expect(actual).toHaveLength(wanted.length);
  for (const [index, value] of actual.entries()) expect(value).toBeCloseTo(wanted[index]!, 5);
}

const TYPES = ['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad', 'adadelta'] as const;
const SGD = { type: 'sgd' } as const;

describe.each(['cpu', 'wasm'])('the optimizers on %s', (backend) => {
  beforeEach(async () => {
    await useBackend(backend);
  });

  it('move by the gradient (sgd)', () => {
    expectClose(
      walk(SGD),
      expected((gradient) => 0.1 * gradient),
    );
  });

  it('gather velocity (sgd with momentum)', () => {
    expectClose(walk({ ...SGD, momentum: 0.9 }), expected(withMomentum(false)));
  });

  it("look ahead (sgd with Nesterov's momentum)", () => {
    expectClose(walk({ ...SGD, momentum: 0.9, nesterov: true }), expected(withMomentum(true)));
  });

  it('scale by the moments of the gradient (adam)', () => {
    const wanted = expected((gradient, step, memory) => {
      memory[0] = 0.9 * memory[0] + 0.1 * gradient;
      memory[1] = 0.999 * memory[1] + 0.001 * gradient ** 2;
      const mean = memory[0] / (1 - 0.9 ** step);
      return (0.1 * mean) / (Math.sqrt(memory[1] / (1 - 0.999 ** step)) + 1e-8);
    });
    expectClose(walk({ type: 'adam' }), wanted);
  });

  it('shrink kernels past all scaling (adamw)', () => {
    const plain = expected(() => 0);
    const still = GRADIENTS.map((gradient) => gradient.map(() => 0));
    expect(plain).toEqual(START);
    const shrunk = walk({ type: 'adamw', weight_decay: 0.2 }, 0, true, still);
    expectClose(
      shrunk,
      START.map((value) => value * (1 - RATE * 0.2) ** still.length),
    );
    expect(walk({ type: 'adamw', weight_decay: 0.2 }, 0, false, still)).toEqual(START);
    expect(walk({ type: 'adamw', weight_decay: 0 })).toEqual(walk({ type: 'adam' }));
  });

  it('scale by the running mean of squares (rmsprop)', () => {
    const wanted = expected((gradient, _step, memory) => {
      memory[0] = 0.8 * memory[0] + 0.2 * gradient ** 2;
      return (0.1 * gradient) / (Math.sqrt(memory[0]) + 1e-7);
    });
    expectClose(walk({ type: 'rmsprop', rho: 0.8 }), wanted);
  });

  it('scale by the sum of squares (adagrad)', () => {
    const wanted = expected((gradient, _step, memory) => {
      memory[0] += gradient ** 2;
      return (0.1 * gradient) / (Math.sqrt(memory[0]) + 1e-7);
    });
    expectClose(walk({ type: 'adagrad' }), wanted);
  });

  it('take steps in the unit of the parameter (adadelta)', () => {
    const wanted = expected((gradient, _step, memory) => {
      memory[0] = 0.95 * memory[0] + 0.05 * gradient ** 2;
      const step = gradient * Math.sqrt((memory[1] + 1e-7) / (memory[0] + 1e-7));
      memory[1] = 0.95 * memory[1] + 0.05 * step ** 2;
      return 0.1 * step;
    });
    expectClose(walk({ type: 'adadelta' }), wanted);
  });

  it('draw kernels towards zero by the derivative of l2 * w^2, and leave biases alone', () => {
    expectClose(
      walk(SGD, 0.25),
      expected((gradient) => 0.1 * gradient, 0.25),
    );
    expectClose(walk({ ...SGD, momentum: 0.9 }, 0.25), expected(withMomentum(false), 0.25));
    for (const settings of [SGD, { ...SGD, momentum: 0.9 }, ...TYPES.map((type) => ({ type, weight_decay: 0 }))]) {
      expect(walk(settings, 0.25, false)).toEqual(walk(settings));
      expect(walk(settings, 0.25)).not.toEqual(walk(settings));
    }
  });

  it.each(TYPES)('leave no tensor behind (%s)', (type) => {
    const before = tf.memory().numTensors;
    walk({ type, momentum: 0.9, nesterov: true });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keep NaN as NaN', () => {
    const parameter = new Parameter('w', tf.tensor1d(START), true);
    const optimizer = createOptimizer({ ...SGD, momentum: 0.9 }, { l1: 0, l2: 0 }, [parameter]);
    tf.tidy(() => optimizer.step([tf.fill([START.length], Number.NaN)], RATE, 1));
    for (const value of parameter.value.dataSync()) expect(value).toBeNaN();
    optimizer.dispose();
    parameter.dispose();
  });
});
