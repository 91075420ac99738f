import type { Assignment, Gpu } from '../../proto/index.js';

/** Which GPUs attempts use, and how the cores are shared. */
export class Resources {
  readonly #gpus: readonly Gpu[];
  readonly #threads: number;
  readonly #own: NodeJS.ProcessEnv;
  readonly #attempts = new Map<string, number>();

  /** @param own the worker's environment, whose numbers of threads are kept where its operator has set them */
  constructor(gpus: readonly Gpu[], slots: number, cores: number, own: NodeJS.ProcessEnv) {
    this.#gpus = gpus;
    this.#threads = Math.max(1, Math.floor(cores / slots));
    this.#own = own;
  }

  /** The GPUs that an attempt is given: those that it names, or the one that the fewest share. To be freed again. */
  take({ gpus }: Pick<Assignment, 'gpus'>): readonly string[] {
    const taken = gpus.length > 0 ? gpus : this.#leastUsed();
    for (const id of taken) this.#attempts.set(id, (this.#attempts.get(id) ?? 0) + 1);
    return taken;
  }

  /** What {@link take} would give to an attempt that names none. */
  next(): readonly string[] {
    return this.#leastUsed();
  }

  free(gpus: readonly string[]): void {
    for (const id of gpus) this.#attempts.set(id, this.#attempts.get(id)! - 1);
  }

  /** The variables that say so to whatever runs. Without GPUs, none are hidden: there are none to share. */
  environment(gpus: readonly string[]): Record<string, string> {
    const devices = {
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: gpus.join(','),
      ASSAY_GPUS: gpus.join(','),
    };
    const threads = THREAD_VARIABLES.map((name) => [name, this.#own[name] ?? String(this.#threads)]);
    return {
      ...Object.fromEntries(threads),
      ASSAY_THREADS: String(this.#threads),
      ...(this.#gpus.length === 0 ? {} : devices),
    };
  }

  #leastUsed(): string[] {
    let best: Gpu | undefined;
    for (const gpu of this.#gpus) {
      if (best === undefined || this.#share(gpu) < this.#share(best)) best = gpu;
    }
    return best === undefined ? [] : [best.id];
  }

  #share({ id, slots }: Gpu): number {
    return (this.#attempts.get(id) ?? 0) / Math.max(1, slots);
  }
}

/** What libraries that compute in threads of their own go by. */
const THREAD_VARIABLES = [
  'OMP_NUM_THREADS',
  'MKL_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
  'RAYON_NUM_THREADS',
];
