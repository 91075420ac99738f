import { ObjectiveError } from '../../objectives/errors.js';

/** An engine that can train. Loading one costs time and memory, so only the one in use is. */
export interface Backend {
  readonly name: string;
  /** Registers and starts the engine. @throws when it cannot run on this machine */
  load(): Promise<void>;
}

/** Every backend, the preferred first: `auto` takes the first that loads. */
const BACKENDS: readonly Backend[] = [
  { name: 'wasm', load: async () => (await import('./wasm/load-wasm.js')).loadWasm() },
  { name: 'cpu', load: async () => (await import('./load-cpu.js')).loadCpu() },
];

export const BACKEND_NAMES: readonly string[] = ['auto', ...BACKENDS.map((backend) => backend.name)];

/**
 * Loads a backend and makes it the one TensorFlow.js computes on.
 *
 * @param wanted a backend's name, or `auto` for the best one that runs here
 * @returns the name of the one in use
 * @throws {ObjectiveError} when there is no such backend or it does not run here
 */
export async function useBackend(wanted: string, backends: readonly Backend[] = BACKENDS): Promise<string> {
  const candidates = wanted === 'auto' ? backends : backends.filter((backend) => backend.name === wanted);
  const faults: string[] = [];
  for (const backend of candidates) {
    try {
      await backend.load();
      return backend.name;
    } catch (error) {
      faults.push(`${backend.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (faults.length > 0) throw new ObjectiveError(`no training backend runs here (${faults.join('; ')})`);
  const names = ['auto', ...backends.map((backend) => backend.name)].join(', ');
  throw new ObjectiveError(`backend ${JSON.stringify(wanted)} is unknown; it must be one of ${names}`);
}
