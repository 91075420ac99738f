import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { backend_util, util } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../../worker/train/backend/backend.js';
import { Random } from '../../../worker/train/random.js';
import { loadTrain } from '../../../worker/train/train.js';
import { recordTrial } from '../objectives/recorded-trial.js';
import { expectReference, reference } from './reference.js';

/** Where scripts/setup-engines.sh puts what it can get. */
const engines = resolve('.engines');
process.env['XDG_CACHE_HOME'] = engines;

const has = (path: string): boolean => existsSync(resolve(engines, path));
const MISSING: Readonly<Record<string, string | undefined>> = {
  'tfjs-node': has('assay/engines/node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node')
    ? undefined
    : 'not installed; run npm run test:engines',
  webgpu: !has('assay/engines/node_modules/webgpu/package.json')
    ? 'not installed; run npm run test:engines'
    : (process.env['VK_DRIVER_FILES'] ?? '').includes('.engines') || existsSync('/dev/nvidiactl')
      ? undefined
      : 'no GPU and no Vulkan driver in software here; run npm run test:engines',
};

const CONFIG = {
  dataset: { name: 'digits', train: 400, validation: 100 },
  architecture: { type: 'cnn', depth: 1, width: 4, dense: 8, batch_norm: true, dropout: 0.1 },
  optimizer: { type: 'adam', learning_rate: 0.01 },
  batch_size: 40,
  epochs: 3,
};

async function curve(backend: string): Promise<number[]> {
  const trial = recordTrial(CONFIG);
  await (await loadTrain(backend)).run(trial.context);
  return trial.reports.map(({ metrics }) => metrics['train_loss']!);
}

describe.each(['tfjs-node', 'webgpu'])('on %s', (backend) => {
  const missing = MISSING[backend];

  beforeAll(async () => {
    if (missing === undefined) await useBackend(backend);
  }, 120_000);

  it.for(Object.entries(reference.trainings))(
    `a training follows ${reference.source}: %s`,
    { timeout: 120_000 },
    async ([, training], { skip }) => {
      skip(missing !== undefined, missing);
      await expectReference(training);
    },
  );

  it('a trial learns, the same with the same seed, and as on wasm', { timeout: 240_000 }, async ({ skip }) => {
    skip(missing !== undefined, missing);
    const first = await curve(backend);
    expect(await curve(backend)).toEqual(first);
    const reference = await curve('wasm');
    for (const [epoch, loss] of first.entries()) expect(loss).toBeCloseTo(reference[epoch]!, 2);
    expect(first.at(-1)!).toBeLessThan(first[0]!);
    await useBackend(backend);
  });
});

it('the gradient of a convolution by its filter is on webgpu what it is on cpu', { timeout: 120_000 }, async ({
  skip,
}) => {
  skip(MISSING['webgpu'] !== undefined, MISSING['webgpu']);
  const random = new Random(3);
  const numbers = (shape: number[]): Float32Array =>
    Float32Array.from({ length: util.sizeFromShape(shape) }, () => random.between(-0.5, 0.5));
  const side = fc.integer({ min: 1, max: 19 });
  const convolution = fc.record({
    batch: side,
    height: side,
    width: side,
    channels: fc.integer({ min: 1, max: 5 }),
    filters: fc.integer({ min: 1, max: 9 }),
    down: fc.integer({ min: 1, max: 5 }),
    along: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.constantFrom('same' as const, 'valid' as const),
  });
  const manyWeights = {
    batch: 20,
    height: 4,
    width: 3,
    channels: 350,
    filters: 350,
    down: 3,
    along: 3,
    stride: 1,
    pad: 'same' as const,
  };
  await fc.assert(
    fc.asyncProperty(convolution, async (c) => {
      fc.pre(c.pad === 'same' || (c.down <= c.height && c.along <= c.width));
      const filterShape: [number, number, number, number] = [c.down, c.along, c.channels, c.filters];
      const inShape: [number, number, number, number] = [c.batch, c.height, c.width, c.channels];
      const { outShape } = backend_util.computeConv2DInfo(inShape, filterShape, c.stride, 1, c.pad);
      const gradients: Float32Array[] = [];
      const [images, slopes] = [numbers(inShape), numbers(outShape)];
      for (const engine of ['cpu', 'webgpu']) {
        await useBackend(engine);
        const inputs = { x: tf.tensor(images, inShape), dy: tf.tensor(slopes, outShape) };
        const attrs = { strides: c.stride, pad: c.pad, dataFormat: 'NHWC', filterShape };
        const gradient = tf.engine().runKernel<tf.Tensor>(tf.Conv2DBackpropFilter, inputs, attrs);
        gradients.push(await gradient.data<'float32'>());
        tf.dispose([gradient, ...Object.values(inputs)]);
      }
      for (const [i, value] of gradients[1]!.entries()) expect(value).toBeCloseTo(gradients[0]![i]!, 4);
    }),
    // Beside small ones, one with more weights than may have all the shares that they would like.
    { numRuns: 30, examples: [[manyWeights]] },
  );
});
