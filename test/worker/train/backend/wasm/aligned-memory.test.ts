import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../../../../../worker/train/backend/backend.js';

beforeAll(async () => {
  await useBackend('wasm');
});

const engine = (): BackendWasm => tf.backend() as BackendWasm;
const heapBytes = (): number => (engine().wasm as unknown as { readonly HEAPU8: Uint8Array }).HEAPU8.length;

it('lets every tensor begin where a cache line does', () => {
  const tensors = Array.from({ length: 200 }, (_, i) => tf.ones([1 + ((i * 37) % 501)]));
  tf.dispose(tensors.filter((_, i) => i % 3 === 0));
  const later = Array.from({ length: 100 }, (_, i) => tf.mul(tensors[1]!, i));
  const alive = [...tensors.filter((_, i) => i % 3 !== 0), ...later];
  expect(new Set(alive.map(({ dataId }) => engine().getMemoryOffset(dataId) % 64))).toEqual(new Set([0]));
  // None lies on another: each still has its own numbers.
  expect(later.map((tensor) => tensor.dataSync()[0])).toEqual(Array.from({ length: 100 }, (_, i) => i));
  tf.dispose(alive);
});

it('gives the room back: the heap does not grow with tensors that come and go', () => {
  const round = (): void => tf.dispose(Array.from({ length: 10 }, (_, i) => tf.zeros([250_000 + i])));
  round();
  const before = heapBytes();
  for (let i = 0; i < 10; i++) round();
  expect(heapBytes()).toBe(before);
});

it('is put in once, however often the engine is asked for', async () => {
  const tensor = tf.ones([10]);
  await useBackend('wasm');
  tf.dispose(tensor);
  const again = tf.ones([10]);
  expect(engine().getMemoryOffset(again.dataId) % 64).toBe(0);
  tf.dispose(again);
});
