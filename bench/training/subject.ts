// One measurement in a process of its own: node subject.js assay|bare|tfjs BACKEND MODEL BATCH SECONDS
// One side of a measurement in turn with another process: node subject.js trial|bare-steps BACKEND MODEL BATCH SECONDS FOLDER
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../../worker/train/backend/backend.js';
import { createTrainer } from '../../worker/train/create-trainer.js';
import { Batches } from '../../worker/train/dataset/batches.js';
import { createLoss } from '../../worker/train/loss/create-loss.js';
import { buildNetwork } from '../../worker/train/model/build-network.js';
import { createOptimizer } from '../../worker/train/optimizer/create-optimizer.js';
import { Random } from '../../worker/train/random.js';
import { configOf, type Model, noise } from './networks.js';
import { Turns } from './turns.js';

const [subject, backend, model, batchText, secondsText, turnsFolder = ''] = process.argv.slice(2) as [
  string,
  string,
  Model,
  string,
  string,
  string?,
];
const batch = Number(batchText);
const seconds = Number(secondsText);
/** Batches that the layers library goes round. */
const ROUND = 8;
/** Steps of an epoch, fewer where one takes long. */
const EPOCH_STEPS = model === 'mlp' ? 256 : 32;
/** Steps before it is the other process's turn. */
const BLOCK_STEPS = model === 'mlp' ? 1024 / batch : Math.max(2, 128 / batch);
/** Epochs that are not counted, of processes that work in turn. */
const WARM_EPOCHS = 1;
/** Steps after which the bare loop waits for its engine, which may compute elsewhere, as trials do. */
const SETTLED_STEPS = 64;
/** Steps that are not counted. */
const WARM_STEPS = 5;

const { reason } = await useBackend(backend);
process.stdout.write(`${JSON.stringify(await measured())}\n`);
process.exit(0);

async function measured(): Promise<object> {
  if (subject === 'trial') return { blocks: await trialInTurns() };
  if (subject === 'bare-steps') return { blocks: bareInTurns() };
  const { images, spent, processor } = await { assay, bare, tfjs }[subject]!();
  return { rate: images / spent, cpuRate: images / processor, what: reason };
}

interface Measured {
  readonly images: number;
  /** Seconds. */
  readonly spent: number;
  /** Seconds that the process computed: what is left of a rate when others use the machine too. */
  readonly processor: number;
}

/** What a trial does: epochs with their shuffling, batches, metrics and pauses. */
async function assay(): Promise<Measured> {
  const trainer = createTrainer(configOf(model, batch), noise(batch * EPOCH_STEPS), 1);
  const { signal } = new AbortController();
  await trainer.epoch(signal);
  const used = process.cpuUsage();
  let [images, spent] = [0, 0];
  while (spent < seconds) {
    const metrics = (await trainer.epoch(signal))!;
    images += batch * EPOCH_STEPS;
    spent += (batch * EPOCH_STEPS) / metrics.images_per_s;
  }
  return { images, spent, processor: since(used) };
}

/** The same layers, kernels and optimizer in a loop, and nothing else. */
function bare(): Promise<Measured> {
  const { step, settled } = bareStep();
  return loop(async (index) => {
    step();
    if (index % SETTLED_STEPS === 0) await settled();
  }, settled);
}

/**
 * Steps over as many pictures as an epoch has: in memory as floats, taken in another order each time round.
 *
 * @returns `settled` waits until the engine has done what it was told
 */
function bareStep(): { readonly step: () => void; readonly settled: () => Promise<unknown> } {
  const config = configOf(model, batch);
  const data = noise(batch * EPOCH_STEPS);
  const loss = createLoss(config, data.name, data.classes);
  const random = new Random(1);
  const network = buildNetwork(config.architecture, data, loss.outputs, { weights: random, dropout: random });
  const optimizer = createOptimizer(config.optimizer, config, network.parameters);
  const floats = new Batches(data).fill(data.train).slice();
  const order = Uint32Array.from(data.train.keys());
  const rows = new Float32Array(batch * 784);
  const labels = new Uint8Array(batch);
  let count = 0;
  const step = (): void => {
    const from = (count % EPOCH_STEPS) * batch;
    if (from === 0) random.shuffle(order);
    for (let row = 0; row < batch; row++) {
      const image = order[from + row]!;
      rows.set(floats.subarray(image * 784, (image + 1) * 784), row * 784);
      labels[row] = data.labels[data.train[image]!]!;
    }
    tf.tidy(() => {
      const targets = loss.targets(labels);
      const input = tf.tensor2d(rows, [batch, 784]);
      const gradients = network.gradients(input, (logits) => loss.measure(logits, targets).gradient());
      optimizer.step(gradients, config.optimizer.learning_rate, ++count);
    });
  };
  return { step, settled: () => network.parameters.at(-1)!.value.data() };
}

/**
 * Processor time of blocks of a trial's steps, in turn with another process that makes as many bare ones. The epoch is
 * held up after each block, where it looks whether it has been aborted; what it does before its first step and after its
 * last belongs to its last block.
 */
async function trialInTurns(): Promise<number[]> {
  const trainer = createTrainer(configOf(model, batch), noise(batch * EPOCH_STEPS), 1);
  const { signal } = new AbortController();
  const turns = new Turns(turnsFolder, 'trial');
  let used = process.cpuUsage();
  const blocks: number[] = [];
  const swap = (): void => {
    blocks.push(since(used));
    turns.pass();
    turns.wait();
    used = process.cpuUsage();
  };
  let steps = 0;
  Object.defineProperty(signal, 'aborted', {
    get: () => {
      if (++steps % BLOCK_STEPS === 0 && steps < EPOCH_STEPS) swap();
      return false;
    },
  });
  const epoch = async (): Promise<void> => {
    steps = 0;
    await trainer.epoch(signal);
    swap();
  };
  for (let warm = 0; warm < WARM_EPOCHS; warm++) await epoch();
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) await epoch();
  turns.end();
  return blocks.slice((WARM_EPOCHS * EPOCH_STEPS) / BLOCK_STEPS);
}

/** The other side of {@link trialInTurns}. */
function bareInTurns(): number[] {
  const { step } = bareStep();
  const turns = new Turns(turnsFolder, 'bare');
  const blocks: number[] = [];
  while (turns.wait()) {
    const used = process.cpuUsage();
    for (let steps = 0; steps < BLOCK_STEPS; steps++) step();
    blocks.push(since(used));
    turns.pass();
  }
  return blocks.slice((WARM_EPOCHS * EPOCH_STEPS) / BLOCK_STEPS);
}

/** The layers library of TensorFlow.js on the same backend. */
async function tfjs(): Promise<Measured> {
  const { layers, sequential } = await import('@tensorflow/tfjs-layers');
  const relu = { activation: 'relu' } as const;
  const same = { kernelSize: 3, padding: 'same', ...relu } as const;
  const hidden =
    model === 'mlp'
      ? [
          layers.flatten({ inputShape: [28, 28, 1] }),
          layers.dense({ units: 256, ...relu }),
          layers.dense({ units: 128, ...relu }),
        ]
      : [
          layers.conv2d({ inputShape: [28, 28, 1], filters: 16, ...same }),
          layers.maxPooling2d({ poolSize: 2 }),
          layers.conv2d({ filters: 32, ...same }),
          layers.maxPooling2d({ poolSize: 2 }),
          layers.flatten(),
          layers.dense({ units: 64, ...relu }),
        ];
  const network = sequential({ layers: [...hidden, layers.dense({ units: 10, activation: 'softmax' })] });
  network.compile({ optimizer: tf.train.sgd(0.05), loss: 'categoricalCrossentropy' });
  const { labels } = noise(batch * ROUND);
  const floats = floatBatches();
  return loop(async (count) => {
    const index = count % ROUND;
    const x = tf.tensor4d(floats[index]!, [batch, 28, 28, 1]);
    const y = tf.oneHot(tf.tensor1d(Int32Array.from(labels.subarray(index * batch, (index + 1) * batch)), 'int32'), 10);
    await network.trainOnBatch(x, y);
    x.dispose();
    y.dispose();
  });
}

function floatBatches(): Float32Array[] {
  const batches = new Batches(noise(batch * ROUND));
  return Array.from({ length: ROUND }, (_, index) => {
    const indices = Uint32Array.from({ length: batch }, (_, image) => index * batch + image);
    const rows = batches.rows(indices);
    const values = rows.dataSync<'float32'>().slice();
    rows.dispose();
    return values;
  });
}

async function loop(
  step: (index: number) => void | Promise<void>,
  settled: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Measured> {
  for (let warm = 0; warm < WARM_STEPS; warm++) await step(warm);
  await settled();
  const used = process.cpuUsage();
  const begin = performance.now();
  let steps = 0;
  while (performance.now() - begin < seconds * 1000) await step(steps++);
  await settled();
  return { images: steps * batch, spent: (performance.now() - begin) / 1000, processor: since(used) };
}

function since(used: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(used);
  return (user + system) / 1e6;
}
