import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batches } from '../../../../worker/train/dataset/batches.js';
import type { Dataset, NumberType } from '../../../../worker/train/dataset/dataset.js';
import { measureChannels, type NormalizeMode, normalization } from '../../../../worker/train/dataset/normalization.js';
import { pixelsInMemory } from '../../../../worker/train/dataset/pixels.js';
import { Random } from '../../../../worker/train/random.js';

/** A data set of random numbers, the first `trained` of its samples to train on. */
function dataset(type: NumberType, count: number, trained: number, channels: number, mode: NormalizeMode): Dataset {
  const random = new Random(3);
  const [height, width] = [4, 5];
  const size = height * width * channels;
  const numbers = Array.from({ length: count * size }, (_, i) =>
    type === 'u8' ? random.below(200) + (i % channels) * 20 : 1e6 * (i % channels) + random.bell(),
  );
  const stored = type === 'u8' ? Uint8Array.from(numbers) : new Uint8Array(Float32Array.from(numbers).buffer);
  const samples = {
    height,
    width,
    channels,
    type,
    pixels: pixelsInMemory(stored, size * (type === 'u8' ? 1 : 4)),
    labels: Uint16Array.from({ length: count }, (_, i) => i % 2),
    classNames: ['a', 'b'],
    parts: { train: count, validation: 0, test: 0 },
    content: '',
  };
  const train = Uint32Array.from({ length: trained }, (_, i) => trained - 1 - i);
  const statistics = measureChannels(samples, train);
  return {
    ...samples,
    name: 'x',
    classes: 2,
    train,
    validation: Uint32Array.of(),
    test: Uint32Array.of(),
    normalization: normalization(mode, type, statistics),
    means: statistics.mean,
    digest: '',
  };
}

const all = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i);

function moments(rows: Float32Array, channels: number, channel: number): { mean: number; variance: number } {
  const values = rows.filter((_, i) => i % channels === channel);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

describe.each(['u8', 'f32'] as const)('batches of %s', (type) => {
  it('have mean 0 and variance 1 in each channel over the training samples, and over them alone', () => {
    const data = dataset(type, 400, 300, 3, 'standard');
    const batches = new Batches(data);
    const rows = batches.fill(data.train);
    for (const channel of [0, 1, 2]) {
      const { mean, variance } = moments(rows, 3, channel);
      expect(mean).toBeCloseTo(0, 3);
      expect(variance).toBeCloseTo(1, 2);
    }
    expect(moments(batches.fill(all(400)), 3, 0).mean).not.toBe(0);
  });

  it('go from 0 to 1 when that is said, and stay as they are when that is said', () => {
    const unit = new Batches(dataset(type, 300, 300, 2, 'unit')).fill(all(300));
    expect(Math.min(...unit)).toBeCloseTo(0, type === 'u8' ? 1 : 6);
    expect(Math.max(...unit)).toBeLessThanOrEqual(1);
    const plain = dataset(type, 10, 10, 2, 'none');
    const stored = new Uint8Array(10 * 40 * (type === 'u8' ? 1 : 4));
    plain.pixels.read(all(10), stored);
    const numbers = type === 'u8' ? stored : new Float32Array(stored.buffer);
    expect([...new Batches(plain).fill(all(10))]).toEqual([...numbers]);
  });

  it('come in the order that is asked for, whatever was asked before', () => {
    const batches = new Batches(dataset(type, 50, 50, 1, 'standard'));
    const once = batches.fill(Uint32Array.of(7, 3)).slice();
    batches.fill(all(50));
    const [size, again] = [batches.inputs, batches.fill(Uint32Array.of(3, 7, 3))];
    expect(again.subarray(0, size)).toEqual(once.subarray(size));
    expect(again.subarray(size, 2 * size)).toEqual(once.subarray(0, size));
    expect([...batches.labels(Uint32Array.of(3, 4))]).toEqual([1, 0]);
  });
});

describe('batches that are augmented', () => {
  const augment = { shift: 1, flip: 0.5, crop: 1, cutout: 2, rotate: 10 };
  const data = dataset('u8', 60, 60, 3, 'standard');

  it('are the same for the same seed and step, whatever came before, and others for others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.nat(1_000_000), (seed, step) => {
        const first = new Batches(data, { augment, seed }).fillForTraining(all(20), step).slice();
        const other = new Batches(data, { augment, seed });
        other.fillForTraining(all(60), step + 1);
        expect(other.fillForTraining(all(20), step)).toEqual(first);
        expect(other.fillForTraining(all(20), step + 1)).not.toEqual(first);
        expect(new Batches(data, { augment, seed: seed ^ 1 }).fillForTraining(all(20), step)).not.toEqual(first);
      }),
      { numRuns: 30 },
    );
  });

  it('are not changed where they are measured', () => {
    const plain = new Batches(data).fill(all(20)).slice();
    expect(new Batches(data, { augment, seed: 1 }).fill(all(20))).toEqual(plain);
  });

  it('are painted over with the mean, which a network sees as 0 when it sees standard numbers', () => {
    const only = { ...augment, shift: 0, flip: 0, crop: 0, rotate: 0, cutout: 10 };
    const rows = new Batches(data, { augment: only, seed: 1 }).fillForTraining(all(1), 0);
    for (const value of rows) expect(value).toBeCloseTo(0, 6);
  });
});
