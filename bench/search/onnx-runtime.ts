import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';

/** The parts of onnxruntime-node that the bench uses. */
export interface OnnxRuntime {
  readonly Tensor: new (type: string, data: Int32Array | Float32Array, dimensions: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(file: string, options: Readonly<Record<string, number>>): Promise<OnnxSession>;
  };
}

export interface OnnxSession {
  run(inputs: Readonly<Record<string, unknown>>): Promise<Record<string, { readonly data: Float32Array }>>;
}

const PACKAGE = 'onnxruntime-node@1.30.0';

/**
 * ONNX Runtime, installed once into a folder of its own. It is no dependency of the project, because its install script
 * downloads from elsewhere than the npm registry and fails without that; what the surrogate needs comes with the package.
 *
 * @returns the runtime, or the reason why it cannot be had
 */
export async function loadOnnxRuntime(): Promise<OnnxRuntime | string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  const folder = path.join(cache, 'assay-bench');
  const require = createRequire(path.join(folder, 'package.json'));
  try {
    return require('onnxruntime-node') as OnnxRuntime;
  } catch {
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', PACKAGE];
    const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8', timeout: 300_000 });
    if (status !== 0) return `${PACKAGE} cannot be installed: ${String(stderr).trim().split('\n').at(-1)}`;
  }
  try {
    return require('onnxruntime-node') as OnnxRuntime;
  } catch (error) {
    return `${PACKAGE} does not load: ${error instanceof Error ? error.message : String(error)}`;
  }
}
