import { type Kernels, kernelsAlone, type Memory } from '../backend/wasm/kernels.js';

const PAGE = 65_536;

/**
 * Makes numbers of bytes of one channel, four at a time, in memory of its own. The same in JavaScript cost up to a tenth of a
 * small network's step on the fastest engines, and several times that where its loop was not compiled in time.
 */
export class GreyRows {
  readonly mean: number;
  readonly deviation: number;
  /** Loaded by who needs them: not every engine does. */
  #alone: { readonly kernels: Kernels; readonly memory: Memory } | undefined;

  constructor(mean: number, deviation: number) {
    this.mean = mean;
    this.deviation = deviation;
  }

  /**
   * (byte - mean) / deviation of as many bytes as are said.
   *
   * @param read puts the bytes where they are taken from
   * @returns the numbers; they hold until the next call
   */
  fill(count: number, read: (to: Uint8Array) => void): Float32Array {
    this.#alone ??= kernelsAlone();
    const { kernels, memory } = this.#alone;
    const missing = 4 * count - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    const { buffer } = memory;
    // In the last quarter of the room for the numbers: none is written before the byte that lies there has been read.
    read(new Uint8Array(buffer, 3 * count, count));
    kernels.normalize(3 * count, 0, count, this.mean, 1 / this.deviation);
    return new Float32Array(buffer, 0, count);
  }
}
