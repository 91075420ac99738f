import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../../../../worker/train/backend/backend.js';
import { Random } from '../../../../../worker/train/random.js';

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const side = fc.integer({ min: 1, max: 9 });
const shapes = fc
  .record({
    images: fc.integer({ min: 1, max: 3 }),
    height: side,
    width: side,
    inputs: fc.integer({ min: 1, max: 5 }),
    outputs: fc.integer({ min: 1, max: 18 }),
    filter: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.constantFrom('same' as const, 'valid' as const),
  })
  .filter(({ height, width, filter }) => height >= filter && width >= filter);

/** What `compute` makes of the same random numbers on a backend. */
async function on(
  backend: string,
  compute: (numbers: (shape: number[]) => tf.Tensor) => tf.Tensor[],
): Promise<number[][]> {
  await useBackend(backend);
  const random = new Random(6);
  const numbers = (shape: number[]): tf.Tensor => {
    const size = shape.reduce((product, length) => product * length, 1);
    return tf.tensor(
      Float32Array.from({ length: size }, () => random.bell()),
      shape,
    );
  };
  return tf.tidy(() => compute(numbers).map((tensor) => [...tensor.dataSync()]));
}

async function expectSame(compute: (numbers: (shape: number[]) => tf.Tensor) => tf.Tensor[]): Promise<void> {
  const [wanted, actual] = [await on('cpu', compute), await on('wasm', compute)];
  expect(actual.map(({ length }) => length)).toEqual(wanted.map(({ length }) => length));
  for (const [index, values] of actual.entries()) {
    // Sums of hundreds of products in another order: what rounding makes of them goes by their size.
    const tolerance = 1e-5 * wanted[index]!.reduce((most, value) => Math.max(most, Math.abs(value)), 2);
    for (const [i, value] of values.entries()) expect(Math.abs(value - wanted[index]![i]!)).toBeLessThan(tolerance);
  }
}

describe('on wasm as on cpu', () => {
  it('convolutions of every shape, with bias and relu, and their gradients', () =>
    fc.assert(
      fc.asyncProperty(shapes, ({ images, height, width, inputs, outputs, filter, stride, pad }) =>
        expectSame((numbers) => {
          const x = numbers([images, height, width, inputs]) as tf.Tensor4D;
          const kernel = numbers([filter, filter, inputs, outputs]) as tf.Tensor4D;
          const bias = numbers([outputs]);
          const way = { strides: stride, pad } as const;
          const out = tf.conv2d(x, kernel, stride, pad);
          const fused = tf.fused.conv2d({ x, filter: kernel, bias, activation: 'relu', ...way });
          const dy = numbers(out.shape);
          const attrs = { ...way, dataFormat: 'NHWC' } as const;
          const byFilter = tf
            .engine()
            .runKernel<tf.Tensor>(tf.Conv2DBackpropFilter, { x, dy }, { ...attrs, filterShape: kernel.shape });
          const byInput = tf
            .engine()
            .runKernel<tf.Tensor>(tf.Conv2DBackpropInput, { dy, filter: kernel }, { ...attrs, inputShape: x.shape });
          return [out, fused, byFilter, byInput];
        }),
      ),
      { numRuns: 60 },
    ));

  it('max pooling of every shape and its gradient, below zero too', () =>
    fc.assert(
      fc.asyncProperty(shapes, ({ images, height, width, inputs, outputs, filter, stride }) =>
        expectSame((numbers) => {
          const channels = outputs > 9 ? 4 * inputs : inputs;
          const input = tf.sub(numbers([images, height, width, channels]), 1) as tf.Tensor4D;
          const output = tf.maxPool(input, filter, stride, 'valid');
          const window = { filterSize: filter, strides: stride, pad: 'valid' } as const;
          const dy = numbers(output.shape);
          return [output, tf.engine().runKernel<tf.Tensor>(tf.MaxPoolGrad, { dy, input, output }, window)];
        }),
      ),
      { numRuns: 60 },
    ));

  it('the gradient of windows of 2 by 2 goes to the first of equal maxima', () =>
    expectSame((numbers) => {
      const input = tf.round(numbers([2, 4, 6, 8])) as tf.Tensor4D;
      const output = tf.maxPool(input, 2, 2, 'valid');
      const dy = numbers(output.shape);
      const window = { filterSize: 2, strides: 2, pad: 'valid' } as const;
      return [output, tf.engine().runKernel<tf.Tensor>(tf.MaxPoolGrad, { dy, input, output }, window)];
    }));
});
