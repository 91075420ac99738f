import { existsSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ObjectiveError } from '../../../../worker/objectives/objective.js';
import type { Samples } from '../../../../worker/train/dataset/dataset.js';
import { openSamples } from '../../../../worker/train/dataset/decoded-cache.js';
import type { SampleSink, Source } from '../../../../worker/train/dataset/source.js';
import { preparation } from './preparation.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const LONG_AGO = new Date('2020-01-01');

/** A source of one file whose bytes are samples of 1 x 2, labelled 0 and 1 in turn; counts how often it is decoded. */
function source(name = 'file', overrides: Partial<Source> = {}): Source & { decoded: number } {
  const path = join(folder.path, name);
  const counting = {
    name: 'x',
    recipe: ['test'],
    files: [path],
    decoded: 0,
    decode: async (sink: SampleSink) => {
      counting.decoded += 1;
      const bytes = readFileSync(path);
      for (const byte of bytes) await sink.write(Uint8Array.of(byte));
      const count = bytes.length / 2;
      return {
        height: 1,
        width: 2,
        channels: 1,
        type: 'u8' as const,
        labels: Uint16Array.from({ length: count }, (_, i) => i % 2),
        classNames: ['a', 'b'],
        parts: { train: count, validation: 0, test: 0 },
      };
    },
    ...overrides,
  };
  return counting;
}

function put(name: string, bytes: readonly number[], at: Date = LONG_AGO): void {
  const path = folder.put(name, Uint8Array.from(bytes));
  utimesSync(path, at, at);
}

const cacheDir = (): string => join(folder.path, 'cache');
const open = (from: Source, dir: string | undefined = cacheDir()) =>
  openSamples(from, preparation({ cacheDir: dir, offline: true }));
const inCache = (): string[] => readdirSync(join(cacheDir(), 'decoded')).sort();

function numbersOf({ pixels, labels }: Samples): number[] {
  const all = new Uint8Array(labels.length * 2);
  pixels.read(Uint32Array.from(labels.keys()), all);
  return [...all];
}

describe('openSamples', () => {
  it('decodes once, and gives the same from the cache and from memory', async () => {
    put('file', [1, 2, 3, 4, 5, 6]);
    const from = source();
    const fresh = await open(from);
    const cached = await open(from);
    expect(from.decoded).toBe(1);
    const inMemory = await openSamples(from, preparation({ offline: true }));
    for (const samples of [fresh, cached, inMemory]) {
      expect(numbersOf(samples)).toEqual([1, 2, 3, 4, 5, 6]);
      expect({ ...samples, pixels: 0 }).toEqual({ ...fresh, pixels: 0 });
    }
    expect(inCache().map((name) => name.replace(/^[0-9a-f]{64}/, ''))).toEqual(
      expect.arrayContaining(['.bin', '.json']),
    );
    expect(inCache()).toHaveLength(2);
  });

  it('reads any samples in any order', async () => {
    put('file', [1, 2, 3, 4, 5, 6]);
    const { pixels } = await open(source());
    const some = new Uint8Array(10);
    pixels.read(Uint32Array.of(2, 0, 1, 2, 2), some);
    expect([...some]).toEqual([5, 6, 1, 2, 3, 4, 5, 6, 5, 6]);
  });

  it('decodes once for several that open at once', async () => {
    put('file', [1, 2, 3, 4]);
    const all = [source(), source(), source()];
    await Promise.all(all.map((from) => open(from)));
    expect(all.reduce((sum, { decoded }) => sum + decoded, 0)).toBe(1);
  });

  it('decodes anew what has changed, and keeps equal content once', async () => {
    put('file', [1, 2, 3, 4]);
    await open(source());
    put('file', [1, 2, 3, 9], new Date('2021-01-01'));
    expect(numbersOf(await open(source()))).toEqual([1, 2, 3, 9]);
    put('copy', [1, 2, 3, 9]);
    await open(source('copy'));
    expect(inCache().filter((name) => name.endsWith('.bin'))).toHaveLength(2);
  });

  it('trusts no file that changed just before it was read: it may change once more in the same instant', async () => {
    put('file', [1, 2, 3, 4], new Date());
    await open(source());
    expect(inCache().filter((name) => name.endsWith('.json'))).toEqual([]);
  });

  it.each<[string, (bin: string, json: string) => void]>([
    ['numbers that are cut off', (bin) => truncateSync(bin, 3)],
    ['words that are no JSON', (_, json) => writeFileSync(json, '{')],
    ['words that say something else', (_, json) => writeFileSync(json, '{"format": 99}')],
  ])('decodes anew instead of %s', async (_, damage) => {
    put('file', [1, 2, 3, 4]);
    await open(source());
    const [bin, json] = ['.bin', '.json'].map((end) =>
      join(cacheDir(), 'decoded', inCache().find((name) => name.endsWith(end))!),
    );
    damage(bin!, json!);
    expect(numbersOf(await open(source()))).toEqual([1, 2, 3, 4]);
    expect(statSync(bin!).size).toBe(8);
  });

  it('leaves nothing behind when decoding fails, and says why', async () => {
    put('file', [1, 2]);
    const failing = source('file', {
      decode: async (sink) => {
        await sink.write(Uint8Array.of(1));
        throw new ObjectiveError('file is damaged');
      },
    });
    await expect(open(failing)).rejects.toThrow('file is damaged');
    expect(inCache()).toEqual([]);
    await expect(open(source('nowhere'))).rejects.toThrow('data set x: ');
  });

  it('goes on without a cache that cannot be used, and says so', async () => {
    put('file', [1, 2]);
    const inTheWay = folder.put('in-the-way', 'a file');
    const preparing = preparation({ cacheDir: inTheWay, offline: true });
    expect(numbersOf(await openSamples(source(), preparing))).toEqual([1, 2]);
    expect(preparing.notes).toEqual([
      expect.stringMatching(/^the cache folder .*in-the-way cannot be used \(.*\): every attempt/),
    ]);
  });

  it('stops when it is aborted', async () => {
    put('file', [1, 2, 3, 4]);
    const controller = new AbortController();
    const places = { cacheDir: cacheDir(), offline: true };
    const from = source('file', {
      decode: async (sink) => {
        controller.abort(new Error('enough'));
        await sink.write(Uint8Array.of(1));
        throw new Error('it goes on');
      },
    });
    await expect(openSamples(from, { places, signal: controller.signal, note: () => {} })).rejects.toThrow('enough');
    expect(inCache()).toEqual([]);
  });

  it('removes what nobody has used for a month when something new is written, and what was left half done', async () => {
    put('file', [1, 2]);
    await open(source());
    const old = inCache();
    for (const name of old) utimesSync(join(cacheDir(), 'decoded', name), LONG_AGO, LONG_AGO);
    folder.put('cache/decoded/left.part', 'half');
    utimesSync(join(cacheDir(), 'decoded', 'left.part'), LONG_AGO, LONG_AGO);
    put('other', [3, 4]);
    await open(source('other'));
    for (const name of [...old, 'left.part']) expect(existsSync(join(cacheDir(), 'decoded', name))).toBe(false);
    expect(inCache()).toHaveLength(2);
  });

  it('says which file is too short when it is cut off while it is used', async () => {
    put('file', [1, 2, 3, 4]);
    const { pixels } = await open(source());
    truncateSync(join(cacheDir(), 'decoded', inCache().find((name) => name.endsWith('.bin'))!), 2);
    expect(() => pixels.read(Uint32Array.of(1), new Uint8Array(2))).toThrow(
      /\.bin ends at byte 2, before its samples do/,
    );
  });
});
