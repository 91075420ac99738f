import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { KERNELS_BASE64 } from './kernels-binary.js';

/** The functions of assembly/; addresses are bytes into the engine's memory, flags are 0 or 1. */
export interface Kernels {
  matmul(
    a: number,
    aTransposed: number,
    b: number,
    bTransposed: number,
    bias: number,
    relu: number,
    out: number,
    m: number,
    k: number,
    n: number,
    scratch: number,
  ): void;
  columnSums(x: number, out: number, rows: number, columns: number): void;
  crossentropy(
    logits: number,
    classes: number,
    gradient: number,
    sums: number,
    rows: number,
    columns: number,
    smoothing: number,
  ): void;
  normalize(x: number, out: number, n: number, mean: number, scale: number): void;
  reluGradient(gradient: number, output: number, out: number, n: number): void;
  sgdStep(w: number, g: number, out: number, n: number, rate: number, decay: number): void;
  momentumStep(
    w: number,
    g: number,
    v: number,
    out: number,
    n: number,
    rate: number,
    momentum: number,
    nesterov: number,
    decay: number,
  ): void;
  adamStep(
    w: number,
    g: number,
    m: number,
    s: number,
    out: number,
    n: number,
    rate: number,
    correction: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    decay: number,
  ): void;
  convolve(
    x: number,
    filter: number,
    bias: number,
    relu: number,
    out: number,
    n: number,
    height: number,
    width: number,
    inputs: number,
    top: number,
    bottom: number,
    left: number,
    right: number,
    outHeight: number,
    outWidth: number,
    outputs: number,
    filterHeight: number,
    filterWidth: number,
    strideHeight: number,
    strideWidth: number,
    scratch: number,
  ): void;
  pad(
    x: number,
    out: number,
    n: number,
    height: number,
    width: number,
    channels: number,
    top: number,
    bottom: number,
    left: number,
    right: number,
  ): void;
  resizeRows(x: number, from: number, out: number, to: number, rows: number): void;
  flipFilter(filter: number, out: number, taps: number, inputs: number, outputs: number): void;
  filterGradient(
    x: number,
    dy: number,
    dw: number,
    n: number,
    height: number,
    width: number,
    inputs: number,
    outHeight: number,
    outWidth: number,
    outputs: number,
    filterHeight: number,
    filterWidth: number,
    strideHeight: number,
    strideWidth: number,
  ): void;
  maxPool(
    x: number,
    out: number,
    n: number,
    height: number,
    width: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    windowHeight: number,
    windowWidth: number,
    strideHeight: number,
    strideWidth: number,
  ): void;
  maxPoolGradient(
    x: number,
    dy: number,
    dx: number,
    n: number,
    height: number,
    width: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    windowHeight: number,
    windowWidth: number,
    strideHeight: number,
    strideWidth: number,
    padTop: number,
    padLeft: number,
  ): void;
}

/** What is needed of the platform's WebAssembly, which only the typings of browsers describe. */
interface WebAssemblyApi {
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** Memory that kernels work on. */
export interface Memory {
  /** Another one after each `grow`. */
  readonly buffer: ArrayBuffer;
  /** By pages of 64 KiB. */
  grow(pages: number): void;
}

const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

const loaded = new WeakMap<BackendWasm, Kernels>();

/** Our own kernels, working on the engine's memory without a copy. */
export function kernelsOf(backend: BackendWasm): Kernels {
  let kernels = loaded.get(backend);
  if (kernels === undefined) {
    // The engine's own module, whose typings leave out what it exports beside functions.
    const { asm } = backend.wasm as unknown as { readonly asm: { readonly memory: Memory } };
    kernels = kernelsOn(asm.memory);
    loaded.set(backend, kernels);
  }
  return kernels;
}

/** Our own kernels on memory that nobody else uses. */
export function kernelsAlone(): { readonly kernels: Kernels; readonly memory: Memory } {
  const memory = new wasm.Memory({ initial: 1 });
  return { kernels: kernelsOn(memory), memory };
}

function kernelsOn(memory: Memory): Kernels {
  const module = new wasm.Module(Buffer.from(KERNELS_BASE64, 'base64'));
  return new wasm.Instance(module, { env: { memory } }).exports as Kernels;
}

/** Some bytes of the engine's memory, as they are. They hold until the engine makes its next tensor. */
export function bytesOf(backend: BackendWasm, address: number, count: number): Uint8Array {
  const { HEAPU8 } = backend.wasm as unknown as { readonly HEAPU8: Uint8Array };
  return HEAPU8.subarray(address, address + count);
}

/** Where a tensor's numbers begin, in bytes into the engine's memory. Valid as long as the tensor lives. */
export function addressOf(backend: BackendWasm, tensor: TensorInfo): number {
  return backend.getMemoryOffset(tensor.dataId);
}
