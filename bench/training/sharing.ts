import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { Assignment, type Gpu } from '../../proto/index.js';
import { packagePath } from '../../proto/package-path.js';
import { chooseGpus } from '../../worker/gpu/gpus.js';
import { askNvidiaSmi } from '../../worker/gpu/nvidia-smi.js';
import { Resources } from '../../worker/gpu/resources.js';
import { createOwnCode } from '../../worker/own-code/prepare.js';
import { openScratch } from '../../worker/own-code/scratch.js';
import { createSlots, type Slots } from '../../worker/slots.js';
import { LAYERS, type Model } from './networks.js';

const CHILD = fileURLToPath(new URL('../../worker/child.js', import.meta.url));

/** Images of an epoch: the trials tell after each that it is over. */
const EPOCH_IMAGES = 4096;

/** How long at most it takes until nothing goes on but the trials, milliseconds. */
const SETTLING_MS = 3000;

/** What each of the trials that run at once does. */
export type Sharer =
  | { readonly type: 'train'; readonly backend: string }
  /** A program of PyTorch's, on a GPU where there is one. */
  | { readonly type: 'command'; readonly python: string };

/** The GPUs that a worker on this machine would give to its attempts, `sharers` to each. */
export async function gpusHere(sharers: number): Promise<Gpu[]> {
  const { gpus } = await askNvidiaSmi();
  const choice = { gpus: 'auto', slotsPerGpu: sharers, slots: undefined } as const;
  return chooseGpus(gpus, choice, process.env['CUDA_VISIBLE_DEVICES']);
}

/**
 * Images per second in all, of trials that share a worker's first GPU, or its cores where it has none. Counted are whole
 * epochs, with their validation and reports, from when every trial has trained one.
 *
 * @param seconds how long at least, once all of them train
 */
export async function shareOut(
  sharer: Sharer,
  model: Model,
  batch: number,
  trials: number,
  seconds: number,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-sharing-'));
  const slots = await open(sharer, trials, folder);
  try {
    const assigned = assignmentOf(sharer, model, batch);
    const from = performance.now();
    const all = await Promise.all(Array.from({ length: trials }, (_, trial) => begin(slots, assigned, trial)));
    // The worker gets processes ready for the next attempts meanwhile, about as long.
    await setTimeout(Math.min(performance.now() - from, SETTLING_MS));
    for (const { epochs } of all) epochs.length = 0;
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end || all.some(({ epochs }) => epochs.length < 2)) await setTimeout(100);
    return all.reduce((sum, { epochs }) => sum + rateOf(epochs), 0);
  } finally {
    await slots.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function open(sharer: Sharer, trials: number, folder: string): Promise<Slots> {
  const gpus = (await gpusHere(trials)).slice(0, 1);
  const code = packagePath('bench', 'training');
  mkdirSync(join(folder, 'scratch'));
  const slots = createSlots({
    slots: trials,
    backend: sharer.type === 'train' ? sharer.backend : 'auto',
    data: { offline: true, cacheDir: join(folder, 'cache') },
    stopGraceMs: 10_000,
    outputLimitBytes: 1 << 20,
    ownCode: createOwnCode({
      permissions: { modules: [], command: true, commandFolders: [code], upload: false, git: [], environment: [] },
      scratch: openScratch(join(folder, 'scratch')),
      cache: { copy: () => Promise.reject(new Error('nothing is uploaded')) },
      cwd: code,
    }),
    resources: new Resources(gpus, trials, availableParallelism(), {}),
    logger: pino({ level: 'silent' }),
    childPath: CHILD,
  });
  const found = await slots.probe();
  if (!found.ok) throw new Error(found.fault);
  return slots;
}

type Assigned = Pick<Assignment, 'objective' | 'configJson'>;

function assignmentOf(sharer: Sharer, model: Model, batch: number): Assigned {
  if (sharer.type === 'command') {
    const argv = [sharer.python, 'pytorch_trial.py', model, batch, EPOCH_IMAGES];
    return { objective: 'command', configJson: JSON.stringify({ argv }) };
  }
  const config = {
    dataset: { name: 'digits', train: EPOCH_IMAGES, validation: 20 },
    architecture: { layers: LAYERS[model] },
    optimizer: { type: 'sgd', learning_rate: 0.01 },
    batch_size: batch,
    epochs: 100_000,
  };
  return { objective: 'train', configJson: JSON.stringify(config) };
}

interface Epochs {
  /** When each ended, milliseconds. */
  readonly epochs: number[];
}

/** Resolves when the trial has trained its first epoch. */
function begin(slots: Slots, assigned: Assigned, trial: number): Promise<Epochs> {
  const epochs: number[] = [];
  return new Promise((resolve, reject) => {
    const attempt = { study: 'bench', trial, attempt: 1 };
    slots.start(Assignment.create({ ...assigned, attempt, paramsJson: '{}', seed: trial }), {
      started: () => {},
      report: () => {
        epochs.push(performance.now());
        resolve({ epochs });
      },
      made: () => {},
      ended: ({ outcome, error }) => reject(new Error(`a trial ended as ${outcome}: ${error}`)),
    });
  });
}

function rateOf(epochs: readonly number[]): number {
  return (EPOCH_IMAGES * (epochs.length - 1)) / ((epochs.at(-1)! - epochs[0]!) / 1000);
}
