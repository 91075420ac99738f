import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../../../worker/train/backend/backend.js';
import { createLoss } from '../../../../worker/train/loss/create-loss.js';
import type { Loss } from '../../../../worker/train/loss/loss.js';
import { sumsOf } from './sums.js';

const USUAL = { loss: undefined, label_smoothing: 0 };

const measured = (
  loss: Loss,
  logits: readonly number[][],
  labels: readonly number[],
): { loss: number; correct: number } => {
  const result = loss.measure(tf.tensor2d(logits as number[][]), loss.targets(Uint8Array.from(labels)));
  const sums = sumsOf(result);
  return { loss: sums[0]!, correct: sums[1]! };
};

describe.each(['cpu', 'wasm'])('the losses on %s', (backend) => {
  beforeEach(async () => {
    await useBackend(backend);
    tf.engine().startScope();
  });
  afterEach(() => tf.engine().endScope());

  it('are -log of the probability of the right class, summed over the batch', () => {
    const { loss, correct } = measured(
      createLoss(USUAL, 'x', 3),
      [
        [1, 2, 3],
        [0, 0, -5],
      ],
      [2, 2],
    );
    const total = Math.exp(1) + Math.exp(2) + Math.exp(3);
    expect(loss).toBeCloseTo(-Math.log(Math.exp(3) / total) - Math.log(Math.exp(-5) / (2 + Math.exp(-5))), 5);
    expect(correct).toBe(1);
  });

  it('are the same for two classes, whether told apart by one logit or by two', () => {
    const binary = measured(createLoss(USUAL, 'x', 2), [[1.5], [-0.3]], [1, 1]);
    const categorical = measured(
      createLoss({ loss: 'categorical_crossentropy', label_smoothing: 0 }, 'x', 2),
      [
        [0, 1.5],
        [0, -0.3],
      ],
      [1, 1],
    );
    expect(binary.loss).toBeCloseTo(categorical.loss, 5);
    expect([binary.correct, categorical.correct]).toEqual([1, 1]);
  });

  it('stay finite for logits far from zero', () => {
    expect(measured(createLoss(USUAL, 'x', 3), [[1000, 0, -1000]], [2]).loss).toBeCloseTo(2000, 2);
    expect(measured(createLoss(USUAL, 'x', 2), [[-1000]], [1]).loss).toBeCloseTo(1000, 2);
  });

  it('are NaN when a logit is', () => {
    expect(measured(createLoss(USUAL, 'x', 3), [[1, Number.NaN, 2]], [0]).loss).toBeNaN();
    expect(measured(createLoss(USUAL, 'x', 2), [[Number.NaN]], [0]).loss).toBeNaN();
  });

  it('count an image as right for one class only when all logits are equal', () => {
    const loss = createLoss(USUAL, 'x', 3);
    const rows = [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ];
    expect(measured(loss, rows, [0, 1, 2]).correct).toBe(1);
  });
});

describe('createLoss', () => {
  it('refuses the binary loss for more than two classes', () => {
    expect(() => createLoss({ loss: 'binary_crossentropy', label_smoothing: 0 }, 'digits', 10)).toThrow(
      'train.loss: binary_crossentropy is for 2 classes, data set digits has 10; it must be categorical_crossentropy',
    );
  });
});
