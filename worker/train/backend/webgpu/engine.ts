import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';

/*
 * The parts of @tensorflow/tfjs-backend-webgpu 4.22 that we build on. It is an optional package, so its own types are
 * not at hand.
 */

/** A program for the GPU: one thread for each element of its output. */
export interface Program {
  /** The inputs' names in the code: arrays of numbers, as their tensors lie in memory. */
  readonly variableNames: readonly string[];
  readonly outputShape: number[];
  /** Members of the struct `uniforms`, behind those that the engine puts there itself. */
  readonly uniforms?: string;
  /** Names the code: programs of the same name are compiled once. */
  readonly shaderKey: string;
  readonly workgroupSize: readonly [number, number, number];
  readonly dispatchLayout: { readonly x: readonly number[] };
  /** Workgroups. */
  readonly dispatch: readonly [number, number, number];
  /** The number of elements is a member of `uniforms`. */
  readonly size: true;
  getUserCode(): string;
}

/** Numbers for members of `uniforms`. */
export interface UniformData {
  readonly type: 'int32' | 'float32';
  readonly data: readonly number[];
}

/** Where a tensor's numbers are: `values` until the GPU needs them, from then on in the buffer. */
export interface TensorData {
  readonly dtype: DataType;
  values: ArrayLike<number> | null | undefined;
  resource: object | null | undefined;
}

/** The engine. */
export interface WebgpuBackend {
  readonly device: {
    addEventListener(type: 'uncapturederror', listener: (event: { readonly error: Error }) => void): void;
    readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  };
  readonly tensorMap: { get(dataId: object): TensorData };
  readonly bufferManager: { acquireBuffer(size: number, usage: number): object };
  readonly queue: {
    writeBuffer(buffer: object, at: number, data: ArrayBufferLike, from: number, bytes: number): void;
  };
  /** Puts a tensor's numbers into a buffer, unless they are in one. */
  uploadToGPU(dataId: object): void;
  disposeData(dataId: object): boolean;
  runWebGPUProgram(
    program: Program,
    inputs: readonly TensorInfo[],
    dtype: DataType,
    uniforms: readonly UniformData[],
  ): TensorInfo;
}

/** Threads of a workgroup. */
const WORKGROUP = 64;

/**
 * Runs a program with one thread for each element of what it makes.
 *
 * @param name of the code, which is to be the same whenever the name is
 * @param body what a thread does for its `index`, below `uniforms.size`: it writes `result[index]`
 * @param uniforms numbers by name that the body finds in `uniforms`
 */
export function runElementwise(
  backend: WebgpuBackend,
  name: string,
  body: string,
  inputs: Readonly<Record<string, TensorInfo>>,
  outputShape: number[],
  uniforms: Readonly<Record<string, UniformData>>,
): TensorInfo {
  const size = outputShape.reduce((product, length) => product * length, 1);
  const members = Object.entries(uniforms).map(
    ([member, { type }]) => `${member} : ${type === 'int32' ? 'i32' : 'f32'},`,
  );
  const program: Program = {
    variableNames: Object.keys(inputs),
    outputShape,
    uniforms: members.join(' '),
    shaderKey: `assay_${name}`,
    workgroupSize: [WORKGROUP, 1, 1],
    dispatchLayout: { x: outputShape.map((_, axis) => axis) },
    dispatch: [Math.ceil(size / WORKGROUP), 1, 1],
    size: true,
    getUserCode: () => `fn main(index : i32) { if (index < uniforms.size) { ${body} } }`,
  };
  return backend.runWebGPUProgram(program, Object.values(inputs), 'float32', Object.values(uniforms));
}

export function int(value: number): UniformData {
  return { type: 'int32', data: [value] };
}

export function float(value: number): UniformData {
  return { type: 'float32', data: [value] };
}
