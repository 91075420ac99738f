import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadObjective } from '../../../../worker/objectives/objective.js';
import { type Backend, useBackend } from '../../../../worker/train/backend/backend.js';

const broken: Backend = { name: 'broken', load: () => Promise.reject(new Error('no such device')) };
const sound: Backend = { name: 'sound', load: () => Promise.resolve() };

describe('useBackend', () => {
  it('takes the first backend that loads', async () => {
    expect(await useBackend('auto', [broken, sound])).toBe('sound');
  });

  it('does not fall back when one is asked for by name', async () => {
    await expect(useBackend('broken', [broken, sound])).rejects.toThrow(
      'no training backend runs here (broken: no such device)',
    );
  });

  it('says which backends there are when it knows no such one', async () => {
    await expect(loadObjective('train', 'abacus')).rejects.toThrow(
      'backend "abacus" is unknown; it must be one of auto, wasm, cpu',
    );
  });

  it('prefers wasm', async () => {
    expect(await useBackend('auto')).toBe('wasm');
    expect(tf.getBackend()).toBe('wasm');
  });
});

describe('the matrix product on wasm', () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('is right with operands transposed: %s, %s', async (transposeA, transposeB) => {
    await useBackend('wasm');
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const a = [
        [1, 2, 3],
        [4, 5, 6],
      ];
      const b = [
        [1, 0],
        [2, -1],
        [0, 3],
      ];
      const flip = (rows: number[][]): number[][] => rows[0]!.map((_, column) => rows.map((row) => row[column]!));
      const left = tf.tensor2d(transposeA ? flip(a) : a);
      const right = tf.tensor2d(transposeB ? flip(b) : b);
      const wanted = [5, 7, 14, 13];
      expect([...tf.matMul(left, right, transposeA, transposeB).dataSync()]).toEqual(wanted);
      const fused = tf.fused.matMul({
        a: left,
        b: right,
        transposeA,
        transposeB,
        bias: tf.tensor1d([1, -20]),
        activation: 'relu',
      });
      expect([...fused.dataSync()]).toEqual([6, 0, 15, 0]);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is right for stacks of matrices', async () => {
    await useBackend('wasm');
    const stack = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const product = tf.matMul(stack, stack, true, false);
    expect([...product.dataSync()]).toEqual([10, 14, 14, 20, 74, 86, 86, 100]);
    tf.dispose([stack, product]);
  });

  it('leaves no block of memory behind', async () => {
    await useBackend('wasm');
    const backend = tf.backend();
    const a = tf.ones([8, 8]);
    const before = backend.numDataIds();
    tf.matMul(a, a, true, true).dispose();
    expect(backend.numDataIds()).toBe(before);
    a.dispose();
  });
});
