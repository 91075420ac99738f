import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { addressOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

type Shape4D = [number, number, number, number];
type ConvInfo = backend_util.Conv2DInfo;

interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dilations?: number | [number, number];
  readonly activation?: string;
}

/** A convolution. The engine's own turns the weights into an order of its own first, at every step of a training. */
export const conv2d: WasmKernel = (backend, inputs, attrs) => convolve(backend, inputs, attrs as unknown as Attributes);

/** The same with a bias and relu within. Other activations are the engine's. */
export const fusedConv2d: WasmKernel = (backend, inputs, attrs) => {
  const { activation } = attrs as unknown as Attributes;
  if (activation !== 'linear' && activation !== 'relu') return undefined;
  return convolve(backend, inputs, attrs as unknown as Attributes);
};

function convolve(
  backend: BackendWasm,
  inputs: Readonly<Record<string, TensorInfo>>,
  attrs: Attributes,
): TensorInfo | undefined {
  const { x, filter, bias } = inputs as { readonly [name in 'x' | 'filter']: TensorInfo } & { bias?: TensorInfo };
  const isDilated = util.sizeFromShape([attrs.dilations ?? 1].flat()) !== 1;
  if (attrs.dataFormat !== 'NHWC' || isDilated || x.dtype !== 'float32') return undefined;
  const info = convolution(x.shape as Shape4D, filter.shape as Shape4D, attrs);
  if (bias !== undefined && util.sizeFromShape(bias.shape) !== info.outChannels) return undefined;
  const out = backend.makeOutput(info.outShape, 'float32');
  const { top, bottom, left, right } = info.padInfo;
  const steps = info.filterHeight * info.filterWidth * info.inChannels;
  const groups = Math.ceil(info.outChannels / 8);
  const places = info.outHeight * info.outWidth;
  const padded = (info.inHeight + top + bottom) * (info.inWidth + left + right) * info.inChannels;
  const scratch = backend.makeOutput([40 + 8 * groups * (1 + steps) + steps + places + padded], 'float32');
  kernelsOf(backend).convolve(
    addressOf(backend, x),
    addressOf(backend, filter),
    bias === undefined ? 0 : addressOf(backend, bias),
    Number(attrs.activation === 'relu'),
    addressOf(backend, out),
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    top,
    bottom,
    left,
    right,
    info.outHeight,
    info.outWidth,
    info.outChannels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    addressOf(backend, scratch),
  );
  backend.disposeData(scratch.dataId);
  return out;
}

/** The gradient of a convolution by its filter, which the engine has no kernel for. */
export const filterGradient: WasmKernel = (backend, inputs, attrs) => {
  const x = inputs['x']!;
  const { filterShape } = attrs as unknown as { readonly filterShape: Shape4D };
  const info = convolution(x.shape as Shape4D, filterShape, attrs as unknown as Attributes);
  const [filterHeight, filterWidth, inputChannels, outputChannels] = filterShape;
  const outputs = Math.ceil(outputChannels / 8) * 8;
  const rows = Math.ceil((filterWidth * inputChannels) / 4) * 4;
  const padded = padInput(backend, x, info);
  const dy = widened(backend, inputs['dy']!, outputChannels, outputs);
  const wide = backend.makeOutput([filterHeight, rows, outputs], 'float32');
  const kernels = kernelsOf(backend);
  kernels.filterGradient(
    addressOf(backend, padded.tensor),
    addressOf(backend, dy),
    addressOf(backend, wide),
    info.batchSize,
    padded.height,
    padded.width,
    inputChannels,
    info.outHeight,
    info.outWidth,
    outputs,
    filterHeight,
    filterWidth,
    info.strideHeight,
    info.strideWidth,
  );
  const out = backend.makeOutput(filterShape, 'float32');
  // First the columns that are too many, then the rows: rows that belong together lie in one piece.
  const narrow = backend.makeOutput([filterHeight, rows, outputChannels], 'float32');
  kernels.resizeRows(
    addressOf(backend, wide),
    outputs,
    addressOf(backend, narrow),
    outputChannels,
    filterHeight * rows,
  );
  kernels.resizeRows(
    addressOf(backend, narrow),
    rows * outputChannels,
    addressOf(backend, out),
    filterWidth * inputChannels * outputChannels,
    filterHeight,
  );
  for (const tensor of [padded.tensor, wide, narrow]) backend.disposeData(tensor.dataId);
  if (dy !== inputs['dy']) backend.disposeData(dy.dataId);
  return out;
};

/**
 * The gradient of a convolution by its input: the convolution of the output's gradient with the filter turned round,
 * which is ten times as quick as the engine's own kernel for this. Undefined for strides other than 1.
 */
export const inputGradient: WasmKernel = (backend, inputs, attrs) => {
  const { dy, filter } = inputs as { readonly dy: TensorInfo; readonly filter: TensorInfo };
  const [height, width, inputChannels, outputChannels] = filter.shape as Shape4D;
  const { inputShape } = attrs as unknown as { readonly inputShape: Shape4D };
  const info = convolution(inputShape, filter.shape as Shape4D, attrs as unknown as Attributes);
  if (info.strideHeight !== 1 || info.strideWidth !== 1) return undefined;
  const flipped = backend.makeOutput([height, width, outputChannels, inputChannels], 'float32');
  kernelsOf(backend).flipFilter(
    addressOf(backend, filter),
    addressOf(backend, flipped),
    height * width,
    inputChannels,
    outputChannels,
  );
  const { top, bottom, left, right } = info.padInfo;
  const pad: backend_util.ExplicitPadding = [
    [0, 0],
    [height - 1 - top, height - 1 - bottom],
    [width - 1 - left, width - 1 - right],
    [0, 0],
  ];
  const out = convolve(backend, { x: dy, filter: flipped }, { strides: 1, pad, dataFormat: 'NHWC' });
  backend.disposeData(flipped.dataId);
  return out;
};

function convolution(inputShape: Shape4D, filterShape: Shape4D, attrs: Attributes): ConvInfo {
  if (attrs.dataFormat !== 'NHWC') throw new Error(`convolutions of ${attrs.dataFormat} data have no gradient on wasm`);
  const { strides, pad, dimRoundingMode } = attrs;
  return backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode, false);
}

/** The input with its border of zeros, and some room behind it, which the kernel reads. */
function padInput(
  backend: BackendWasm,
  x: TensorInfo,
  info: ConvInfo,
): { readonly tensor: TensorInfo; readonly height: number; readonly width: number } {
  const { top, bottom, left, right } = info.padInfo;
  const height = info.inHeight + top + bottom;
  const width = info.inWidth + left + right;
  const tensor = backend.makeOutput([info.batchSize * height * width * info.inChannels + 4], 'float32');
  kernelsOf(backend).pad(
    addressOf(backend, x),
    addressOf(backend, tensor),
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    top,
    bottom,
    left,
    right,
  );
  return { tensor, height, width };
}

/** The tensor with more numbers in its last axis, the new ones zero; itself when it has them already. */
function widened(backend: BackendWasm, tensor: TensorInfo, from: number, to: number): TensorInfo {
  if (from === to) return tensor;
  const rows = util.sizeFromShape(tensor.shape) / from;
  const out = backend.makeOutput([rows, to], 'float32');
  kernelsOf(backend).resizeRows(addressOf(backend, tensor), from, addressOf(backend, out), to, rows);
  return out;
}
