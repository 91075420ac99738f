import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadObjective } from '../../../../worker/objectives/objective.js';
import { type Backend, useBackend } from '../../../../worker/train/backend/backend.js';

// Whatever engines the user's own cache holds.
process.env['XDG_CACHE_HOME'] = '/nowhere';

const broken: Backend = { name: 'broken', load: () => Promise.reject(new Error('no such device')) };
const sound: Backend = { name: 'sound', load: () => Promise.resolve('a thing that computes') };

describe('useBackend', () => {
  it('takes the first backend that loads', async () => {
    expect(await useBackend('auto', [broken, sound])).toEqual({
      name: 'sound',
      reason: 'a thing that computes; the fastest that runs here (broken: no such device)',
    });
  });

  it('does not fall back when one is asked for by name', async () => {
    await expect(useBackend('broken', [broken, sound])).rejects.toThrow(
      'backend broken does not run here: no such device',
    );
    await expect(useBackend('auto', [broken])).rejects.toThrow(
      'no training backend runs here (broken: no such device)',
    );
  });

  it.each(['tfjs-node-gpu', 'tfjs-node', 'webgpu'])('says how to install %s where it is missing', async (name) => {
    await expect(useBackend(name)).rejects.toThrow(
      new RegExp(`^backend ${name} does not run here: not installed: npm install .*@tensorflow/tfjs-`),
    );
  });

  it('says which backends there are when it knows no such one', async () => {
    await expect(loadObjective('train', 'abacus')).rejects.toThrow(
      'backend "abacus" is unknown; it must be one of auto, tfjs-node-gpu, tfjs-node, webgpu, wasm, cpu',
    );
  });

  it('takes wasm where nothing else is installed, and says so', async () => {
    const chosen = await useBackend('auto');
    expect(chosen).toEqual({
      name: 'wasm',
      reason:
        'WebAssembly with our own kernels; the fastest that runs here (tfjs-node-gpu: not installed; ' +
        'tfjs-node: not installed; webgpu: not installed)',
    });
    expect(tf.getBackend()).toBe('wasm');
  });
});
