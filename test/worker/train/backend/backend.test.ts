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
