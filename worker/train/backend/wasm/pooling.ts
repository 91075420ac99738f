import { backend_util } from '@tensorflow/tfjs-core';
import { addressOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

type Shape4D = [number, number, number, number];

interface Attributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Max pooling without a border. The engine's own makes an index for each window first. */
export const maxPool: WasmKernel = (backend, inputs, attrs) => {
  const x = inputs['x']!;
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
  if (pad !== 'valid' || x.dtype !== 'float32') return undefined;
  const info = backend_util.computePool2DInfo(x.shape as Shape4D, filterSize, strides, 1, pad, dimRoundingMode);
  const out = backend.makeOutput(info.outShape, 'float32');
  kernelsOf(backend).maxPool(
    addressOf(backend, x),
    addressOf(backend, out),
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
  );
  return out;
};

/**
 * The gradient of max pooling. The engine's own is wrong for windows without a number above zero: it looks for the
 * maximum from the smallest positive number upwards.
 */
export const maxPoolGradient: WasmKernel = (backend, inputs, attrs) => {
  const input = inputs['input']!;
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
  const shape = input.shape as Shape4D;
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const out = backend.makeOutput(input.shape, 'float32');
  kernelsOf(backend).maxPoolGradient(
    addressOf(backend, input),
    addressOf(backend, inputs['dy']!),
    addressOf(backend, out),
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
  );
  return out;
};
