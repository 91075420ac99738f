import util from 'node:util';
import { requireEngine } from './engines-folder.js';
import { quieten, startEngine } from './start-engine.js';

/** What is used of a package that need not be installed. */
interface TfjsNode {
  readonly version: { readonly 'tfjs-node'?: string };
  backend(): { readonly isUsingGpuDevice?: boolean; readonly binding?: { readonly TF_Version?: string } };
}

/** TensorFlow's own library. One thread: two trials in two processes train more than one on two threads. */
export async function loadTfjsNode(): Promise<string> {
  return load('@tensorflow/tfjs-node', ({ threads }) => `TensorFlow ${threads}, on the processor`);
}

/** @throws when there is no GPU that it can use: on the processor the smaller package does the same */
export async function loadTfjsNodeGpu(): Promise<string> {
  return load('@tensorflow/tfjs-node-gpu', ({ threads, usesGpu }) => {
    if (!usesGpu) throw new Error('TensorFlow finds no GPU that it can use');
    return `TensorFlow ${threads}, on a GPU`;
  });
}

async function load(
  name: string,
  describe: (found: { readonly threads: string; readonly usesGpu: boolean }) => string,
): Promise<string> {
  for (const setting of ['TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS', 'OMP_NUM_THREADS']) {
    process.env[setting] ??= '1';
  }
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  quieten();
  restoreUtil();
  const [tfjsNode] = requireEngine(name) as [TfjsNode];
  await startEngine('tensorflow');
  const backend = tfjsNode.backend();
  return describe({
    threads: backend.binding?.TF_Version ?? tfjsNode.version['tfjs-node'] ?? '',
    usesGpu: backend.isUsingGpuDevice === true,
  });
}

/** Node 23 took away what tfjs-node 4.22 asks at its first operation; it is mended there, but not released. */
function restoreUtil(): void {
  const old = util as { isNullOrUndefined?: unknown; isArray?: unknown };
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
}
