import type { Logger } from 'pino';
import type { Gpu, GpuUse } from '../../proto/index.js';
import { askNvidiaSmi, type FoundGpu } from './nvidia-smi.js';

/** How often a worker asks how busy its GPUs are, milliseconds. */
const INTERVAL_MS = 10_000;

export interface GpuChoice {
  /** `auto`: all that are visible. `none`. Or ids as `CUDA_VISIBLE_DEVICES` has them. */
  readonly gpus: 'auto' | 'none' | readonly string[];
  /** Attempts that share each; undefined: one, or what `slots` says. */
  readonly slotsPerGpu: number | undefined;
  /** Attempts at a time in all; undefined: as many as the GPUs take. */
  readonly slots: number | undefined;
}

/**
 * The GPUs that attempts may use, of those found. A worker that was itself given some by `CUDA_VISIBLE_DEVICES`, as Slurm
 * does, has no others.
 */
export function chooseGpus(found: readonly FoundGpu[], choice: GpuChoice, visible: string | undefined): Gpu[] {
  if (choice.gpus === 'none') return [];
  const offered = visible === undefined ? found : visible.split(',').flatMap((id) => named(found, id.trim()));
  const chosen = choice.gpus === 'auto' ? offered : choice.gpus.flatMap((id) => named(offered, id));
  const count = choice.slots === undefined ? chosen.length : Math.min(chosen.length, choice.slots);
  return chosen.slice(0, count).map((gpu, i) => ({
    id: gpu.id,
    name: gpu.name,
    memoryBytes: gpu.memoryBytes ?? 0,
    driver: gpu.driver,
    slots: choice.slotsPerGpu ?? shareOf(choice.slots ?? count, count, i),
  }));
}

/** Slots are dealt out in turn. */
function shareOf(slots: number, gpus: number, index: number): number {
  return Math.floor(slots / gpus) + (index < slots % gpus ? 1 : 0);
}

function named(found: readonly FoundGpu[], id: string): FoundGpu[] {
  const gpu = found.find((one) => one.id === id || (id !== '' && one.uuid.startsWith(id) && id.length > 4));
  return gpu === undefined ? [] : [gpu];
}

/** Watches how busy GPUs are. */
export interface GpuWatch {
  /** What was found out last. */
  readonly use: readonly GpuUse[];
  close(): void;
}

/** @param first what was found when they were chosen */
export function watchGpus(gpus: readonly Gpu[], first: readonly FoundGpu[], logger: Logger): GpuWatch {
  let use = useOf(gpus, first);
  let asking = false;
  let lastFault = '';
  const timer = setInterval(() => {
    if (asking || gpus.length === 0) return;
    asking = true;
    void askNvidiaSmi().then((answer) => {
      asking = false;
      use = useOf(gpus, answer.gpus);
      if (answer.fault !== '' && answer.fault !== lastFault)
        logger.warn({ fault: answer.fault }, 'GPUs cannot be asked');
      lastFault = answer.fault;
    });
  }, INTERVAL_MS);
  timer.unref();
  return {
    get use() {
      return use;
    },
    close: () => clearInterval(timer),
  };
}

function useOf(gpus: readonly Gpu[], found: readonly FoundGpu[]): GpuUse[] {
  return gpus.map(({ id }) => {
    const gpu = found.find((one) => one.id === id);
    return { id, memoryUsedBytes: gpu?.memoryUsedBytes, utilization: gpu?.utilization };
  });
}
