import type { TensorData, WebgpuBackend } from './engine.js';

/** Bits of a buffer's usage as WebGPU numbers them: what the engine's own tensors have. */
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const STORAGE = 0x80;

/**
 * Has numbers written into the queue. The engine makes a mapped buffer for every tensor that it uploads and takes it away
 * after the step, scalars too: on an NVIDIA H100 that was three quarters of a step's time. What is written comes before
 * the commands that are not submitted yet; none of them uses the buffer, since buffers are used again only when the
 * commands before have been submitted.
 */
export function writeUploads(backend: WebgpuBackend): void {
  const stock = backend.uploadToGPU.bind(backend);
  backend.uploadToGPU = (dataId) => {
    const data = backend.tensorMap.get(dataId);
    const numbers = numbersOf(data);
    if (numbers === undefined) {
      stock(dataId);
      return;
    }
    const buffer = backend.bufferManager.acquireBuffer(numbers.byteLength, STORAGE | COPY_SRC | COPY_DST);
    backend.queue.writeBuffer(buffer, 0, numbers.buffer, numbers.byteOffset, numbers.byteLength);
    data.resource = buffer;
    data.values = null;
  };
}

/** What there is to upload, as it lies in a buffer; undefined where there is nothing, or what only the engine knows. */
function numbersOf({ resource, values, dtype }: TensorData): Float32Array | Int32Array | undefined {
  if (resource != null || values == null || values.length === 0) return undefined;
  if (dtype === 'float32') return values instanceof Float32Array ? values : Float32Array.from(values);
  if (dtype === 'int32' || dtype === 'bool') return values instanceof Int32Array ? values : Int32Array.from(values);
  return undefined;
}
