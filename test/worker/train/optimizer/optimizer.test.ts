import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../../../worker/train/backend/backend.js';
import { Parameter } from '../../../../worker/train/model/parameter.js';
import { createOptimizer } from '../../../../worker/train/optimizer/create-optimizer.js';

type Settings = Parameters<typeof createOptimizer>[0];

const GRADIENTS = [
  [0.5, -1],
  [0.25, -2],
  [-1, 0],
  [0.125, 3],
] as const;

/** Where the parameter [1, 2] is after the gradients above. */
function walk(settings: Settings): number[] {
  const parameter = new Parameter('w', tf.tensor1d([1, 2]), true);
  const optimizer = createOptimizer(settings, [parameter]);
  for (const gradient of GRADIENTS) tf.tidy(() => optimizer.step([tf.tensor1d([...gradient])]));
  const values = [...parameter.value.dataSync()];
  optimizer.dispose();
  parameter.dispose();
  return values;
}

/** The same walk, one number at a time, in double precision. */
function expected(update: (gradient: number, step: number, memory: number[]) => number): number[] {
  return [1, 2].map((start, axis) => {
    const memory = [0, 0];
    return GRADIENTS.reduce((value, gradient, step) => value - update(gradient[axis]!, step + 1, memory), start);
  });
}

function expectClose(actual: readonly number[], wanted: readonly number[]): void {
  for (const [index, value] of actual.entries()) expect(value).toBeCloseTo(wanted[index]!, 5);
}

describe.each(['cpu', 'wasm'])('the optimizers on %s', (backend) => {
  beforeEach(async () => {
    await useBackend(backend);
  });

  it.each(['sgd', 'adam'] as const)('leave no tensor behind (%s)', (type) => {
    const before = tf.memory().numTensors;
    walk({ type, learning_rate: 0.1, momentum: 0.9, nesterov: true });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('move by the gradient (sgd)', () => {
    expectClose(
      walk({ type: 'sgd', learning_rate: 0.1 }),
      expected((gradient) => 0.1 * gradient),
    );
  });

  it('gather velocity (sgd with momentum)', () => {
    const wanted = expected((gradient, _, memory) => {
      memory[0] = 0.9 * memory[0]! + gradient;
      return 0.1 * memory[0];
    });
    expectClose(walk({ type: 'sgd', learning_rate: 0.1, momentum: 0.9 }), wanted);
  });

  it("look ahead (sgd with Nesterov's momentum)", () => {
    const wanted = expected((gradient, _, memory) => {
      memory[0] = 0.9 * memory[0]! + gradient;
      return 0.1 * (gradient + 0.9 * memory[0]);
    });
    expectClose(walk({ type: 'sgd', learning_rate: 0.1, momentum: 0.9, nesterov: true }), wanted);
  });

  it('scale by the moments of the gradient (adam)', () => {
    const wanted = expected((gradient, step, memory) => {
      memory[0] = 0.9 * memory[0]! + 0.1 * gradient;
      memory[1] = 0.999 * memory[1]! + 0.001 * gradient ** 2;
      const mean = memory[0] / (1 - 0.9 ** step);
      return (0.1 * mean) / (Math.sqrt(memory[1] / (1 - 0.999 ** step)) + 1e-8);
    });
    expectClose(walk({ type: 'adam', learning_rate: 0.1 }), wanted);
  });
});
