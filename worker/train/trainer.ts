import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Batches } from './dataset/batches.js';
import type { EarlyStopping } from './early-stopping.js';
import type { Loss } from './loss/loss.js';
import { Tally } from './loss/tally.js';
import type { EpochMetrics } from './metrics.js';
import type { KerasLayer } from './model/keras-layer.js';
import type { Network } from './model/network.js';
import { type Parameter, readArray, readParameters, tensorsFor, writeParameters } from './model/parameter.js';
import type { Optimizer } from './optimizer/optimizer.js';
import type { Schedule } from './optimizer/schedule.js';
import type { Random } from './random.js';
import type { TrainerState } from './trainer-state.js';

/** What a training is put together from. The trainer owns network and optimizer and disposes them. */
export interface TrainerParts {
  readonly batches: Batches;
  /** Indices of images: trained on, validated on, and tested on where that is wanted. */
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array | undefined;
  readonly network: Network;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly stopping: EarlyStopping | undefined;
  /** Images per step, at least 1; the last step of an epoch takes what is left. */
  readonly batchSize: number;
  /** The order of the images. */
  readonly shuffle: Random;
  /** Whatever else draws, by name: `shuffle` and these are part of the trainer's state. */
  readonly random: Readonly<Record<string, Random>>;
}

/** Images per validation step: large enough for speed, small enough for an abort to wait no longer than in training. */
const VALIDATION_BATCH = 500;

/** How long steps follow each other before the event loop has its turn, milliseconds; after a pass's first it always has. */
const TURN_MS = 10;

/** Steps between two looks at whether the loss is still a number: a look waits for the engine to catch up. */
const DIVERGENCE_CHECK_STEPS = 64;

/** Trains a network epoch by epoch. Between steps it gives way to the event loop, where an abort comes from. */
export class Trainer {
  readonly #parts: TrainerParts;
  readonly #streams: Readonly<Record<string, Random>>;
  readonly #order: Uint32Array;
  readonly #parameters: number;
  #epochs = 0;
  #steps = 0;
  #seconds = 0;
  /** The best epoch so far, where its weights are to be restored at the end. */
  #best: { readonly weights: readonly tf.Tensor[]; readonly metrics: EpochMetrics } | undefined;

  constructor(parts: TrainerParts) {
    this.#parts = parts;
    this.#streams = { shuffle: parts.shuffle, ...parts.random };
    this.#order = parts.train.slice();
    this.#parameters = parts.network.parameters.reduce((sum, { value }) => sum + value.size, 0);
  }

  /** Epochs that are done. */
  get epochs(): number {
    return this.#epochs;
  }

  /** The network as it is now: everything that a copy of it needs. */
  get weights(): readonly Parameter[] {
    return this.#parts.network.weights;
  }

  /** How TensorFlow.js writes the network down. */
  get layers(): readonly KerasLayer[] {
    return this.#parts.network.keras();
  }

  /** Logits per image. */
  get outputs(): number {
    return this.#parts.loss.outputs;
  }

  /** Whether more epochs are not worth their while. */
  get exhausted(): boolean {
    return this.#parts.stopping?.exhausted ?? false;
  }

  /** One pass over the training images, then the others; undefined when it was aborted. */
  async epoch(signal: AbortSignal): Promise<EpochMetrics | undefined> {
    const begin = performance.now();
    const train = await this.#train(signal);
    if (train === undefined) return undefined;
    const trainSeconds = (performance.now() - begin) / 1000;
    const diverged = Number.isNaN(train.loss);
    const { validation, test } = this.#parts;
    const validated = diverged ? DIVERGED : await this.#measure(validation, signal);
    const tested = test === undefined || diverged ? DIVERGED : await this.#measure(test, signal);
    if (validated === undefined || tested === undefined) return undefined;
    this.#epochs++;
    this.#seconds += (performance.now() - begin) / 1000;
    const metrics: EpochMetrics = {
      train_loss: train.loss,
      train_accuracy: diverged ? Number.NaN : train.accuracy,
      val_loss: validated.loss,
      val_accuracy: validated.accuracy,
      ...(test === undefined ? {} : { test_loss: tested.loss, test_accuracy: tested.accuracy }),
      images_per_s: train.count / trainSeconds,
      learning_rate: this.#parts.schedule.rate(this.#steps - 1),
      parameters: this.#parameters,
      time: this.#seconds,
    };
    this.#observe(metrics);
    return metrics;
  }

  /**
   * Ends the training: where the best epoch's weights are to be restored and it was not the last, the network gets them.
   *
   * @returns that epoch's metrics, when its weights have been restored
   */
  finish(): EpochMetrics | undefined {
    const best = this.#best;
    if (best === undefined || this.#parts.stopping?.state.waited === 0) return undefined;
    for (const [index, weight] of this.weights.entries()) weight.assign(best.weights[index]!);
    this.#best = undefined;
    return best.metrics;
  }

  /** What the network is worth on images as it is now; undefined when it was aborted. */
  measure(images: Uint32Array, signal: AbortSignal): Promise<Summary | undefined> {
    return this.#measure(images, signal);
  }

  /** Where the training is. To be called between epochs. */
  async state(): Promise<TrainerState> {
    const { network, optimizer, schedule, stopping } = this.#parts;
    const best = this.#best;
    return {
      weights: await readParameters(network.weights),
      memory: await readParameters(optimizer.memory),
      best: best && {
        weights: await Promise.all(network.weights.map(({ name }, index) => readArray(name, best.weights[index]!))),
        metrics: best.metrics,
      },
      progress: {
        epochs: this.#epochs,
        steps: this.#steps,
        seconds: this.#seconds,
        random: Object.fromEntries(Object.entries(this.#streams).map(([name, { state }]) => [name, state])),
        schedule: schedule.state,
        stopping: stopping?.state,
      },
    };
  }

  /**
   * Goes on from where a training of the same configuration was.
   *
   * @throws {RangeError} when the state is of another configuration
   */
  restore({ weights, memory, best, progress }: TrainerState): void {
    const { network, optimizer, schedule, stopping } = this.#parts;
    writeParameters(network.weights, weights);
    writeParameters(optimizer.memory, memory);
    this.#forgetBest();
    if (best !== undefined) this.#best = { weights: tensorsFor(network.weights, best.weights), metrics: best.metrics };
    this.#epochs = progress.epochs;
    this.#steps = progress.steps;
    this.#seconds = progress.seconds;
    for (const [name, stream] of Object.entries(this.#streams)) {
      const state = progress.random[name];
      if (state === undefined) throw new RangeError(`the state has no random stream ${name}`);
      stream.state = state;
    }
    schedule.state = progress.schedule;
    if (stopping !== undefined && progress.stopping !== undefined) stopping.state = progress.stopping;
  }

  dispose(): void {
    this.#forgetBest();
    this.#parts.network.dispose();
    this.#parts.optimizer.dispose();
  }

  #observe(metrics: EpochMetrics): void {
    this.#parts.schedule.observe(metrics.val_loss);
    const { stopping } = this.#parts;
    if (stopping === undefined) return;
    const isBest = stopping.observe(metrics);
    if (!stopping.restoresBest || !isBest) return;
    this.#forgetBest();
    this.#best = { weights: this.weights.map((weight) => weight.copy()), metrics };
  }

  #forgetBest(): void {
    for (const weight of this.#best?.weights ?? []) weight.dispose();
    this.#best = undefined;
  }

  /** The order of an epoch depends on nothing but where its stream of random numbers is. */
  async #train(signal: AbortSignal): Promise<Summary | undefined> {
    const { train, shuffle, batchSize } = this.#parts;
    this.#order.set(train);
    shuffle.shuffle(this.#order);
    return this.#pass(this.#order, batchSize, signal, (indices, tally) => this.#step(indices, tally));
  }

  async #measure(images: Uint32Array, signal: AbortSignal): Promise<Summary | undefined> {
    const { batches, loss, network } = this.#parts;
    return this.#pass(images, VALIDATION_BATCH, signal, (indices, tally) => {
      tally.add(loss.measure(network.infer(batches.rows(indices)), loss.targets(batches.labels(indices))));
    });
  }

  /** Takes the images batch by batch; ends early when aborted, and when the loss is not a number any more. */
  async #pass(
    indices: Uint32Array,
    batchSize: number,
    signal: AbortSignal,
    step: (batch: Uint32Array, tally: Tally) => void,
  ): Promise<Summary | undefined> {
    const tally = new Tally();
    this.#parts.batches.expect(indices);
    let turn = Number.NEGATIVE_INFINITY;
    try {
      for (let from = 0, steps = 1; from < indices.length; from += batchSize, steps++) {
        const batch = indices.subarray(from, from + batchSize);
        tf.tidy(() => step(batch, tally));
        tally.count += batch.length;
        if (performance.now() - turn > TURN_MS) {
          await setImmediate();
          turn = performance.now();
        }
        if (signal.aborted) return undefined;
        if (steps % DIVERGENCE_CHECK_STEPS === 0 && Number.isNaN((await tally.summary()).loss)) break;
      }
      return { ...(await tally.summary()), count: tally.count };
    } finally {
      tally.dispose();
    }
  }

  #step(indices: Uint32Array, tally: Tally): void {
    const { batches, loss, network, optimizer } = this.#parts;
    const targets = loss.targets(batches.labels(indices));
    const gradients = network.gradients(batches.trainingRows(indices, this.#steps), (logits) => {
      const measured = loss.measure(logits, targets);
      tally.add(measured);
      return measured.gradient();
    });
    const rate = this.#parts.schedule.rate(this.#steps);
    this.#steps++;
    optimizer.step(gradients, rate, this.#steps);
  }
}

/** Means over images. */
export interface Summary {
  readonly loss: number;
  readonly accuracy: number;
  readonly count: number;
}

const DIVERGED: Summary = { loss: Number.NaN, accuracy: Number.NaN, count: 0 };
