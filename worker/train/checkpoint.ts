import { z } from 'zod';
import type { KeptWeights } from './kept-model.js';
import type { NamedArray } from './model/parameter.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import type { TrainerState } from './trainer-state.js';

/** What a training saves to go on later. */
export interface TrainCheckpoint {
  readonly trainer: TrainerState;
  /** The weights of the trial's value so far, where they are kept. */
  readonly kept: KeptWeights | undefined;
}

/** The one file of a checkpoint. */
export const CHECKPOINT_FILE = 'training.safetensors';

const FORMAT = 'assay-training-1';

/** JSON has no NaN and no infinities; nothing else in a state is one of these words. */
const WORDS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

export function encodeCheckpoint({ trainer, kept }: TrainCheckpoint): Uint8Array {
  const { weights, memory, best, progress } = trainer;
  const notes = {
    progress,
    best: best && { metrics: best.metrics },
    kept: kept && { step: kept.step, value: kept.value },
  };
  return encodeSafetensors({
    arrays: [
      ...under('weights', weights),
      ...under('memory', memory),
      ...under('best', best?.weights ?? []),
      ...under('kept', kept?.weights ?? []),
    ],
    texts: { format: FORMAT, training: JSON.stringify(notes, (_, value) => toWord(value)) },
  });
}

/** @throws {RangeError} when it is no checkpoint of this program */
export function decodeCheckpoint(file: Uint8Array): TrainCheckpoint {
  const { arrays, texts } = decodeSafetensors(file);
  if (texts['format'] !== FORMAT) throw new RangeError(`it is no checkpoint of a training (${FORMAT})`);
  const notes = notesSchema.safeParse(JSON.parse(texts['training'] ?? 'null', (_, value) => fromWord(value)));
  if (!notes.success) throw new RangeError(`its notes are damaged: ${z.prettifyError(notes.error)}`);
  const { progress, best, kept } = notes.data;
  const of = (group: string): NamedArray[] => groupOf(group, arrays);
  return {
    trainer: {
      weights: of('weights'),
      memory: of('memory'),
      best: best && {
        weights: of('best'),
        metrics: best.metrics as unknown as NonNullable<TrainerState['best']>['metrics'],
      },
      progress: progress as unknown as TrainerState['progress'],
    },
    kept: kept && { step: kept.step, value: kept.value, weights: of('kept') },
  };
}

const anyNumber = z.custom<number>((value) => typeof value === 'number');

/** The parts that are looked into here; the trainer checks what it is given itself. */
const notesSchema = z.object({
  progress: z.looseObject({ epochs: z.int().min(1), steps: z.int().min(0), seconds: z.number() }),
  best: z.object({ metrics: z.record(z.string(), anyNumber) }).optional(),
  kept: z.object({ step: z.int().min(1), value: anyNumber.optional() }).optional(),
});

function under(group: string, arrays: readonly NamedArray[]): NamedArray[] {
  return arrays.map((array) => ({ ...array, name: `${group}:${array.name}` }));
}

function groupOf(group: string, arrays: readonly NamedArray[]): NamedArray[] {
  const prefix = `${group}:`;
  return arrays
    .filter(({ name }) => name.startsWith(prefix))
    .map((array) => ({ ...array, name: array.name.slice(prefix.length) }));
}

function toWord(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function fromWord(value: unknown): unknown {
  return typeof value === 'string' ? (WORDS.get(value) ?? value) : value;
}
