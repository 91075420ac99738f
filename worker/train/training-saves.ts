import type { SavedCheckpoint, Saving, TrialContext } from '../objectives/trial.js';
import { CHECKPOINT_FILE, decodeCheckpoint, encodeCheckpoint, type TrainCheckpoint } from './checkpoint.js';
import type { Dataset } from './dataset/dataset.js';
import { KeptModel, type KeptWeights } from './kept-model.js';
import { layersModel, type ModelNotes } from './layers-model.js';
import { writeParameters } from './model/parameter.js';
import type { Trainer } from './trainer.js';

/** Time between two checkpoints where a study does not say how many epochs, milliseconds. */
const CHECKPOINT_INTERVAL_MS = 30_000;

/**
 * Goes on where an earlier attempt was. Returns the weights that it kept.
 *
 * @throws {RangeError} when the checkpoint is none of this training
 */
export function resumeTraining(trainer: Trainer, { step, files }: SavedCheckpoint): KeptWeights | undefined {
  const file = files.get(CHECKPOINT_FILE);
  if (file === undefined) throw new RangeError(`it has no file ${CHECKPOINT_FILE}`);
  const { trainer: state, kept } = decodeCheckpoint(file);
  if (state.progress.epochs !== step) throw new RangeError(`it is of epoch ${state.progress.epochs}, not of ${step}`);
  trainer.restore(state);
  return kept;
}

/**
 * What a training saves while it runs and at its end. After each epoch its state is copied, so that an attempt that is
 * stopped in the middle of the next one can still save the whole of the last.
 */
export class TrainingSaves {
  readonly #trial: Pick<TrialContext, 'save' | 'savesCheckpointAtStop' | 'signal'>;
  readonly #saving: Saving;
  readonly #trainer: Trainer;
  readonly #data: Dataset;
  readonly #model: KeptModel;
  #last: TrainCheckpoint | undefined;
  #savedStep = 0;
  #savedAt: number = performance.now();

  constructor(trial: TrialContext, trainer: Trainer, data: Dataset, kept: KeptWeights | undefined) {
    this.#trial = trial;
    this.#saving = trial.saving;
    this.#trainer = trainer;
    this.#data = data;
    this.#model = new KeptModel(trial.saving.metric, kept);
  }

  /** After the report of an epoch. @param goesOn whether another epoch follows */
  async epoch(step: number, metrics: Readonly<Record<string, number>>, goesOn: boolean): Promise<void> {
    await this.observe(step, metrics);
    if (!goesOn) return;
    this.#last = { trainer: await this.#trainer.state(), kept: this.#model.kept };
    const { checkpointEvery } = this.#saving;
    const now = performance.now();
    const due = checkpointEvery > 0 ? step % checkpointEvery === 0 : now - this.#savedAt >= CHECKPOINT_INTERVAL_MS;
    if (due) this.#saveCheckpoint();
  }

  /** After a report that is no epoch's. */
  async observe(step: number, metrics: Readonly<Record<string, number>>): Promise<void> {
    if (this.#saving.weights) await this.#model.observe(step, metrics, this.#trainer.weights);
  }

  /** The attempt was told to stop: it goes on later, or what it has come to is its end. */
  stopped(): void {
    if (this.#trial.savesCheckpointAtStop()) this.#saveCheckpoint();
    else this.#saveModel({});
  }

  /** The training has come to its end. The network gets the kept weights, and is measured on images it never saw. */
  async finished(): Promise<void> {
    const { kept } = this.#model;
    const { test } = this.#data;
    if (kept === undefined) return;
    if (test.length === 0 || kept.value === undefined) return this.#saveModel({});
    writeParameters(this.#trainer.weights, kept.weights);
    const measured = await this.#trainer.measure(test, this.#trial.signal);
    this.#saveModel(measured === undefined ? {} : { test_accuracy: measured.accuracy, test_loss: measured.loss });
  }

  #saveCheckpoint(): void {
    const last = this.#last;
    if (last === undefined || last.trainer.progress.epochs <= this.#savedStep) return;
    const step = last.trainer.progress.epochs;
    this.#savedStep = step;
    this.#savedAt = performance.now();
    this.#trial.save({ kind: 'checkpoint', step, files: new Map([[CHECKPOINT_FILE, encodeCheckpoint(last)]]) });
  }

  #saveModel(metrics: Readonly<Record<string, number>>): void {
    const { kept } = this.#model;
    if (kept === undefined) return;
    const { layers, outputs } = this.#trainer;
    const files = layersModel(layers, outputs, kept.weights, notesOf(this.#data));
    this.#trial.save({ kind: 'weights', step: kept.step, files: new Map(Object.entries(files)), metrics });
  }
}

function notesOf({ name, classNames, height, width, channels, type, normalization }: Dataset): ModelNotes {
  const { mean, deviation } = normalization;
  return {
    dataset: name,
    labels: [...classNames],
    input: { height, width, channels },
    type,
    normalization: { mean: [...mean], deviation: [...deviation] },
  };
}
