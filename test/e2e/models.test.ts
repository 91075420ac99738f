import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataset } from '../../worker/train/dataset/catalog.js';
import { World, waitFor } from './processes.js';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const DATA = { name: 'digits', train: 2000, validation: 500, test: 300 };
const SEARCH = {
  name: 'small',
  budget: { trials: 3 },
  seed: 7,
  sampler: 'random',
  pruner: 'none',
  keep: { artifacts: 'top 1' },
  train: {
    dataset: DATA,
    architecture: { type: 'mlp', depth: 1, width: 64 },
    optimizer: { type: 'adam', learning_rate: '$lr' },
    batch_size: 32,
    epochs: 4,
  },
  space: { lr: { log: [0.0005, 0.01] } },
};

interface TrialJson {
  readonly number: number;
  readonly value: number;
  readonly weights: { metrics: Record<string, number> } | null;
}

/** Runs the search to its end. */
async function searched(): Promise<void> {
  await world.coordinator();
  const file = path.join(world.folder, 'search.yaml');
  writeFileSync(file, JSON.stringify(SEARCH));
  expect((await world.run('submit', file)).code).toBe(0);
  world.worker('trainer', '--slots', '2');
  await waitFor(
    'the study to finish',
    async () => (await world.json<{ study: { state: string } }>('leaderboard', '--json')).study.state === 'finished',
    120_000,
  );
}

/** Test images as PNG files, with their classes. */
async function pictures(count: number): Promise<{ file: string; label: string }[]> {
  const folder = path.join(world.folder, 'images');
  mkdirSync(folder);
  const data = await openDataset(DATA, {
    places: { offline: true },
    signal: AbortSignal.timeout(60_000),
    note: () => {},
  });
  const { height, width, channels } = data;
  return Promise.all(
    Array.from(data.test.subarray(0, count), async (index) => {
      const pixels = new Uint8Array(height * width * channels);
      data.pixels.read(Uint32Array.of(index), pixels);
      const file = path.join(folder, `${index}.png`);
      await sharp(pixels, { raw: { height, width, channels: channels as 1 } })
        .png()
        .toFile(file);
      return { file, label: data.classNames[data.labels[index]!]! };
    }),
  );
}

describe('the best model of a study', () => {
  it('is exported, and says of images what it said of them in training', { timeout: 240_000 }, async () => {
    await searched();
    const { trial } = await world.json<{ trial: TrialJson }>('best', 'small', '--export', 'model', '--json');
    const accuracy = trial.weights!.metrics['test_accuracy']!;
    expect(accuracy).toBeGreaterThan(0.6);
    const said = await world.run('best', 'small');
    expect(said.stdout).toMatch(
      /^small trial \d+ {2}val_accuracy 0\.\d{4} at step \d\ntest accuracy 0\.\d{4}, on images set apart/,
    );
    // Only the best one's model is kept.
    const { trials } = await world.json<{ trials: TrialJson[] }>('trials', 'small', '--json');
    expect(trials.filter(({ weights }) => weights !== null).map(({ number }) => number)).toEqual([trial.number]);

    // Without a coordinator from here on, and from elsewhere.
    await world.stop();
    expect((await world.run('best', 'small', '--state', 'state')).stdout).toBe(
      said.stdout.replace(/(--export DIR).*/, '$1 --state state'),
    );
    const images = await pictures(DATA.test);
    const predicted = await world.json<{ image: string; classes: { label: string; probability: number }[] }[]>(
      'predict',
      'model',
      ...images.map(({ file }) => file),
      '--json',
    );
    const right = predicted.filter(({ classes }, index) => classes[0]!.label === images[index]!.label).length;
    expect(right / images.length).toBeCloseTo(accuracy, 6);
    for (const { classes } of predicted) expect(classes).toHaveLength(3);

    const [first] = images;
    const large = path.join(world.folder, 'large.jpg');
    await sharp(first!.file).resize(200, 100, { fit: 'fill' }).toColourspace('srgb').jpeg().toFile(large);
    expect((await world.run('predict', 'model', large)).stdout).toMatch(
      / %.*\(brought from 200 x 100 to \d+ x \d+ pixels\)\n$/,
    );
    writeFileSync(path.join(world.folder, 'text.png'), 'no image');
    expect(await world.run('predict', 'model', 'text.png')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^assay: text\.png is no PNG/),
    });
    expect(await world.run('predict', 'model', 'gone.png')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/gone\.png cannot be read/),
    });
    expect(await world.run('predict', '.', first!.file)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/has no readable model\.json/),
    });
    const weights = path.join(world.folder, 'model', 'weights.bin');
    writeFileSync(weights, readFileSync(weights).subarray(8));
    expect(await world.run('predict', 'model', first!.file)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/weights\.bin has \d+ bytes, the model needs \d+/),
    });
  });

  it('is confirmed with fresh seeds, beside budget and ranking, once', { timeout: 240_000 }, async () => {
    await searched();
    const confirm = () => world.run('confirm', 'small', '--top', '2', '--seeds', '2');
    const first = await confirm();
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/trial \d is (ahead of|behind) trial \d by .*the order/s),
    });
    const count = async (): Promise<number> =>
      (await world.json<{ trials: TrialJson[] }>('trials', 'small', '--json')).trials.length;
    expect(await count()).toBe(3 + 4);
    // A repetition finds what there is.
    expect((await confirm()).stdout).toBe(first.stdout);
    expect(await count()).toBe(3 + 4);
    const { rows } = await world.json<{ rows: object[] }>('leaderboard', '--json');
    expect(rows).toHaveLength(3);
  });

  it('is missed with one clear line where there is none', { timeout: 60_000 }, async () => {
    await world.coordinator();
    expect(await world.run('best')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^assay: there is no study yet/),
    });
    const file = path.join(world.folder, 'search.yaml');
    writeFileSync(file, JSON.stringify({ ...SEARCH }));
    await world.run('submit', file);
    expect(await world.run('best')).toMatchObject({
      code: 2,
      stderr: 'assay: study small has no trial with a value yet\n',
    });
    expect(await world.run('confirm')).toMatchObject({ code: 2, stderr: expect.stringMatching(/nothing to confirm/) });
  });
});
