import * as tf from '@tensorflow/tfjs-core';
import { NotInstalledError, requireEngine } from '../engines-folder.js';
import { registerKernels } from '../register-kernels.js';
import { startEngine } from '../start-engine.js';
import type { WebgpuBackend } from './engine.js';
import { OWN_KERNELS } from './own-kernels.js';
import { writeUploads } from './uploads.js';

interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
}

interface Gpu {
  requestAdapter(): Promise<Adapter | null>;
}

/** The package `webgpu`: Dawn, which reaches GPUs through Vulkan, Metal or Direct3D. */
interface Dawn {
  readonly globals: object;
  create(options: readonly string[]): Gpu;
}

/** Kept as long as the process lives: what Dawn made must not be collected while the engine computes on it. */
let kept: Gpu | undefined;

/** The engine that has been set up. */
let started: WebgpuBackend | undefined;

/**
 * @param asked whether it was asked for by name: then a driver that computes on the processor will do
 * @throws when there is no adapter
 */
export async function loadWebgpu(asked: boolean): Promise<string> {
  kept ??= openGpu();
  const gpu = kept;
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('no adapter: is there a GPU with a Vulkan driver, and libvulkan.so.1?');
  const { info } = adapter;
  const device = info.description || info.device || info.vendor;
  const isSoftware = info.isFallbackAdapter === true || /llvmpipe|lavapipe|swiftshader/i.test(device);
  if (isSoftware && !asked) throw new Error(`${device} computes on the processor`);
  // The engine registers itself when it is loaded, if there is a GPU by then.
  offerToBrowserCode(gpu);
  requireEngine('@tensorflow/tfjs-backend-webgpu');
  registerKernels('webgpu', OWN_KERNELS);
  await startEngine('webgpu');
  const backend = tf.backend() as unknown as WebgpuBackend;
  if (backend !== started) {
    started = backend;
    writeUploads(backend);
    failOnErrors(backend);
  }
  return isSoftware ? `${device}, in software` : device;
}

/** A GPU tells of errors later and computes on, with zeros: a full memory or a card that is gone ends the process. */
function failOnErrors({ device }: WebgpuBackend): void {
  const fail = (what: string): void => {
    setImmediate(() => {
      throw new Error(`the GPU failed: ${what.trim().split('\n')[0]}`);
    });
  };
  device.addEventListener('uncapturederror', ({ error }) => fail(error.message));
  void device.lost.then(({ reason, message }) => {
    if (reason !== 'destroyed') fail(`it was lost: ${message}`);
  });
}

function openGpu(): Gpu {
  try {
    const [dawn] = requireEngine('webgpu') as [Dawn];
    Object.assign(globalThis, dawn.globals);
    return dawn.create([]);
  } catch (error) {
    if (error instanceof NotInstalledError) throw error;
    throw new Error(`Dawn does not load: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** The engine looks for a GPU where browsers have it. Node 20 has no navigator, later ones have one without a setter. */
function offerToBrowserCode(gpu: Gpu): void {
  const whole = globalThis as { navigator?: object };
  const navigator = whole.navigator ?? {};
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  if (whole.navigator === undefined)
    Object.defineProperty(whole, 'navigator', { value: navigator, configurable: true });
}
