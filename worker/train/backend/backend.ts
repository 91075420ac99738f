import { ObjectiveError } from '../../objectives/errors.js';
import { NotInstalledError } from './engines-folder.js';

/** An engine that can train. Loading one costs time and memory, so only the one in use is. */
export interface Backend {
  readonly name: string;
  /** How to get it where it is not installed; undefined for those that come along. */
  readonly remedy?: string | undefined;
  /** Whether it is of use only where there is a GPU. */
  readonly needsGpu?: boolean;
  /**
   * Registers and starts the engine.
   *
   * @param asked whether it was asked for by name
   * @returns what it computes on, in a few words
   * @throws {NotInstalledError} when it is not installed
   * @throws when it cannot run on this machine
   */
  load(asked: boolean): Promise<string>;
}

/** The backend in use, and why that one. */
export interface ChosenBackend {
  readonly name: string;
  /** One line for people. */
  readonly reason: string;
}

/** Every backend, the fastest first: `auto` takes the first that loads. */
const BACKENDS: readonly Backend[] = [
  {
    name: 'tfjs-node-gpu',
    needsGpu: true,
    remedy: 'npm install @tensorflow/tfjs-node-gpu@4.22.0, or node deploy/install-tfjs-node.mjs --gpu',
    load: async () => (await import('./load-tfjs-node.js')).loadTfjsNodeGpu(),
  },
  {
    name: 'tfjs-node',
    remedy: 'npm install @tensorflow/tfjs-node@4.22.0, or node deploy/install-tfjs-node.mjs',
    load: async () => (await import('./load-tfjs-node.js')).loadTfjsNode(),
  },
  {
    name: 'webgpu',
    needsGpu: true,
    remedy: 'npm install webgpu@0.6 @tensorflow/tfjs-backend-webgpu@4.22.0',
    load: async (asked) => (await import('./webgpu/load-webgpu.js')).loadWebgpu(asked),
  },
  { name: 'wasm', load: async () => (await import('./wasm/load-wasm.js')).loadWasm() },
  { name: 'cpu', load: async () => (await import('./load-cpu.js')).loadCpu() },
];

export const BACKEND_NAMES: readonly string[] = ['auto', ...BACKENDS.map((backend) => backend.name)];

/** A backend that one has to install. */
export interface InstallableBackend {
  readonly name: string;
  readonly remedy: string;
  readonly needsGpu: boolean;
}

/** Backends that are faster than one, the fastest first. */
export function fasterBackends(than: string): readonly InstallableBackend[] {
  const place = BACKENDS.findIndex(({ name }) => name === than);
  return BACKENDS.slice(0, Math.max(0, place)).flatMap(({ name, remedy, needsGpu = false }) =>
    remedy === undefined ? [] : [{ name, remedy, needsGpu }],
  );
}

/**
 * Loads a backend and makes it the one TensorFlow.js computes on.
 *
 * @param wanted a backend's name, or `auto` for the fastest that runs here
 * @throws {ObjectiveError} when there is no such backend or it does not run here
 */
export async function useBackend(wanted: string, backends: readonly Backend[] = BACKENDS): Promise<ChosenBackend> {
  if (wanted === 'auto') return chooseBackend(backends);
  const backend = backends.find(({ name }) => name === wanted);
  if (backend === undefined) {
    const names = ['auto', ...backends.map(({ name }) => name)].join(', ');
    throw new ObjectiveError(`backend ${JSON.stringify(wanted)} is unknown; it must be one of ${names}`);
  }
  try {
    return { name: backend.name, reason: `asked for; ${await backend.load(true)}` };
  } catch (error) {
    const remedy = error instanceof NotInstalledError && backend.remedy !== undefined ? `: ${backend.remedy}` : '';
    throw new ObjectiveError(`backend ${backend.name} does not run here: ${messageOf(error)}${remedy}`, {
      cause: error,
    });
  }
}

async function chooseBackend(backends: readonly Backend[]): Promise<ChosenBackend> {
  const passed: string[] = [];
  for (const backend of backends) {
    try {
      const device = await backend.load(false);
      const why = passed.length === 0 ? 'the fastest there is' : `the fastest that runs here (${passed.join('; ')})`;
      return { name: backend.name, reason: `${device}; ${why}` };
    } catch (error) {
      passed.push(`${backend.name}: ${messageOf(error)}`);
    }
  }
  throw new ObjectiveError(`no training backend runs here (${passed.join('; ')})`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
