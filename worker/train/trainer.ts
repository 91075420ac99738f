import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Batches } from './dataset/batches.js';
import type { Split } from './dataset/dataset.js';
import type { Loss } from './loss/loss.js';
import { Tally } from './loss/tally.js';
import type { Network } from './model/network.js';
import type { Optimizer } from './optimizer/optimizer.js';
import type { Schedule } from './optimizer/schedule.js';
import type { Random } from './random.js';

/** What a training is put together from. The trainer owns network and optimizer and disposes them. */
export interface TrainerParts {
  readonly batches: Batches;
  readonly split: Split;
  readonly network: Network;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** The learning rate by step. */
  readonly schedule: Schedule;
  /** Images per step, at least 1; the last step of an epoch takes what is left. */
  readonly batchSize: number;
  readonly shuffle: Random;
}

/**
 * Metrics of one epoch: means over the images, accuracies in [0, 1]. The losses are the cross-entropy alone, without
 * the penalty on weights, so that trainings with different penalties compare. The training metrics are those of the
 * batches as they passed, the validation metrics those of the weights at the epoch's end.
 */
export interface EpochMetrics {
  readonly train_loss: number;
  readonly train_accuracy: number;
  readonly val_loss: number;
  readonly val_accuracy: number;
  /** Training speed, validation not counted. */
  readonly images_per_s: number;
}

/** Images per validation step: large enough for speed, small enough for an abort to wait no longer than in training. */
const VALIDATION_BATCH = 500;

/** Steps between two looks at whether the loss is still a number: a look waits for the engine to catch up. */
const DIVERGENCE_CHECK_STEPS = 64;

/** Trains a network epoch by epoch. Between two steps it gives way to the event loop, where an abort comes from. */
export class Trainer {
  readonly #parts: TrainerParts;
  readonly #order: Uint32Array;
  #steps = 0;

  constructor(parts: TrainerParts) {
    this.#parts = parts;
    this.#order = parts.split.train.slice();
  }

  /** One pass over the training images, then the validation images; undefined when it was aborted. */
  async epoch(signal: AbortSignal): Promise<EpochMetrics | undefined> {
    const begin = performance.now();
    const train = await this.#train(signal);
    if (train === undefined) return undefined;
    const seconds = (performance.now() - begin) / 1000;
    const images_per_s = train.count / seconds;
    const diverged = Number.isNaN(train.loss);
    const validation = diverged ? { loss: Number.NaN, accuracy: Number.NaN } : await this.#validate(signal);
    if (validation === undefined) return undefined;
    return {
      train_loss: train.loss,
      train_accuracy: diverged ? Number.NaN : train.accuracy,
      val_loss: validation.loss,
      val_accuracy: validation.accuracy,
      images_per_s,
    };
  }

  dispose(): void {
    this.#parts.network.dispose();
    this.#parts.optimizer.dispose();
  }

  async #train(signal: AbortSignal): Promise<Summary | undefined> {
    this.#parts.shuffle.shuffle(this.#order);
    return this.#pass(this.#order, this.#parts.batchSize, signal, (indices, tally) => this.#step(indices, tally));
  }

  async #validate(signal: AbortSignal): Promise<Summary | undefined> {
    const { batches, loss, network, split } = this.#parts;
    return this.#pass(split.validation, VALIDATION_BATCH, signal, (indices, tally) => {
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
    try {
      for (let from = 0, steps = 1; from < indices.length; from += batchSize, steps++) {
        const batch = indices.subarray(from, from + batchSize);
        tf.tidy(() => step(batch, tally));
        tally.count += batch.length;
        await setImmediate();
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
    const gradients = network.gradients(batches.rows(indices), (logits) => {
      const measured = loss.measure(logits, targets);
      tally.add(measured);
      return measured.gradient();
    });
    optimizer.step(gradients, this.#parts.schedule(this.#steps++));
  }
}

interface Summary {
  readonly loss: number;
  readonly accuracy: number;
  readonly count: number;
}
