// One measurement in a process of its own: node subject.js assay|bare|tfjs|overhead BACKEND MODEL BATCH SECONDS
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../../worker/train/backend/backend.js';
import { createTrainer } from '../../worker/train/create-trainer.js';
import { Batches } from '../../worker/train/dataset/batches.js';
import { createLoss } from '../../worker/train/loss/create-loss.js';
import { buildNetwork } from '../../worker/train/model/build-network.js';
import { createOptimizer } from '../../worker/train/optimizer/create-optimizer.js';
import { Random } from '../../worker/train/random.js';
import { configOf, type Model, noise } from './networks.js';

const [subject, backend, model, batchText, secondsText] = process.argv.slice(2) as [
  string,
  string,
  Model,
  string,
  string,
];
const batch = Number(batchText);
const seconds = Number(secondsText);
/** Batches that bare loops go round. */
const ROUND = 8;
/** Steps of an epoch, fewer where one takes long: pairs of epochs are to be short. */
const EPOCH_STEPS = model === 'mlp' ? 64 : 16;
/** Pairs of epochs that are not counted. */
const WARM_PAIRS = 2;
/** Steps that are not counted. */
const WARM_STEPS = 5;

const { reason } = await useBackend(backend);
if (subject === 'overhead') process.stdout.write(`${JSON.stringify({ ratios: await overhead() })}\n`);
else {
  const { images, spent, processor } = await { assay, bare, tfjs }[subject]!();
  process.stdout.write(`${JSON.stringify({ rate: images / spent, cpuRate: images / processor, what: reason })}\n`);
}
process.exit(0);

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

/** The same layers, kernels and optimizer in a loop, and nothing else: batches lie ready as floats. */
function bare(): Promise<Measured> {
  return loop(bareStep());
}

function bareStep(): (index: number) => void {
  const config = configOf(model, batch);
  const data = noise(batch * ROUND);
  const loss = createLoss(config, data.name, data.classes);
  const random = new Random(1);
  const network = buildNetwork(config.architecture, data, loss.outputs, { weights: random, dropout: random });
  const optimizer = createOptimizer(config.optimizer, config, network.parameters);
  const floats = floatBatches();
  let count = 0;
  return (index) => {
    tf.tidy(() => {
      const targets = loss.targets(data.labels.subarray(index * batch, (index + 1) * batch));
      const input = tf.tensor2d(floats[index]!, [batch, 784]);
      const gradients = network.gradients(input, (logits) => loss.measure(logits, targets).gradient());
      optimizer.step(gradients, config.optimizer.learning_rate, ++count);
    });
  };
}

/**
 * Processor time of an epoch over that of as many bare steps, pair by pair: what else the machine does meanwhile, and a
 * processor that changes its pace, meets both of a pair alike.
 */
async function overhead(): Promise<number[]> {
  const trainer = createTrainer(configOf(model, batch), noise(batch * EPOCH_STEPS), 1);
  const { signal } = new AbortController();
  const step = bareStep();
  const epoch = async (): Promise<number> => {
    const used = process.cpuUsage();
    await trainer.epoch(signal);
    return since(used);
  };
  const steps = (): number => {
    const used = process.cpuUsage();
    for (let index = 0; index < EPOCH_STEPS; index++) step(index % ROUND);
    return since(used);
  };
  const pairs: number[] = [];
  let end = Number.POSITIVE_INFINITY;
  for (let pair = 0; performance.now() < end; pair++) {
    if (pair === WARM_PAIRS) end = performance.now() + 1000 * seconds;
    // Each goes first as often as the other.
    const [first, second] = pair % 2 === 0 ? [await epoch(), steps()] : [steps(), await epoch()];
    if (pair >= WARM_PAIRS) pairs.push(pair % 2 === 0 ? first / second : second / first);
  }
  return pairs;
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
  return loop(async (index) => {
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

async function loop(step: (index: number) => void | Promise<void>): Promise<Measured> {
  for (let warm = 0; warm < WARM_STEPS; warm++) await step(warm % ROUND);
  const used = process.cpuUsage();
  const begin = performance.now();
  let steps = 0;
  while (performance.now() - begin < seconds * 1000) await step(steps++ % ROUND);
  return { images: steps * batch, spent: (performance.now() - begin) / 1000, processor: since(used) };
}

function since(used: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(used);
  return (user + system) / 1e6;
}
