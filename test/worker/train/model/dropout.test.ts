import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../../../worker/train/backend/backend.js';
import { Dropout } from '../../../../worker/train/model/dropout.js';
import { Random } from '../../../../worker/train/random.js';

beforeEach(async () => {
  await useBackend('cpu');
  tf.engine().startScope();
});
afterEach(() => tf.engine().endScope());

describe('Dropout', () => {
  it('drops the fraction it is told to and scales the rest so that the mean stays', () => {
    const output = new Dropout(0.3, new Random(1)).forward(tf.ones([100, 101])).output.dataSync<'float32'>();
    const dropped = output.filter((value) => value === 0).length / output.length;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(0.02);
    for (const value of output)
      expect([0, Math.fround(0x10000 / (0x10000 - Math.round(0.3 * 0x10000)))]).toContain(value);
  });

  it('lets the gradient through where it let the signal through', () => {
    const forward = new Dropout(0.5, new Random(2)).forward(tf.ones([3, 5]));
    const gradient = forward.backward(tf.ones([3, 5]), true).input;
    expect(gradient?.dataSync()).toEqual(forward.output.dataSync());
  });

  it('draws another mask at every step', () => {
    const layer = new Dropout(0.5, new Random(2));
    const masks = [0, 1, 2].map(() =>
      layer
        .forward(tf.ones([4, 16]))
        .output.dataSync()
        .join(),
    );
    expect(new Set(masks).size).toBe(3);
  });

  it('drops nothing outside of training', () => {
    const input = tf.ones([3, 5]);
    expect(new Dropout(0.5, new Random(2)).infer(input)).toBe(input);
  });
});
