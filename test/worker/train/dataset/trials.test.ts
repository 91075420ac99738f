import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningAttempt } from '../../../../worker/runner.js';
import { createSlots, type Slots } from '../../../../worker/slots.js';
import { BUILT_CHILD } from '../../built-child.js';
import { assignment } from '../../fake-coordinator.js';
import { PLAIN_SLOTS } from '../../plain-slots.js';
import { type RecordedAttempt, recordAttempt } from '../../recorded-attempt.js';
import { type FileServer, fallsSilentAfter, startFileServer } from './file-server.js';
import { idxFile } from './idx-file.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
let server: FileServer;
let slots: Slots;

beforeEach(async () => {
  server = await startFileServer();
  slots = createSlots({
    slots: 2,
    backend: 'cpu',
    data: { datasetsDir: folder.path, cacheDir: join(folder.path, 'cache'), mirror: server.url, offline: false },
    stopGraceMs: 60_000,
    ...PLAIN_SLOTS,
    logger: pino({ level: 'silent' }),
    childPath: BUILT_CHILD,
  });
});
afterEach(async () => {
  await slots.close();
  await server.close();
});

function start(dataset: unknown, more: object = {}): RecordedAttempt & { readonly running: RunningAttempt } {
  const config = {
    dataset,
    architecture: { type: 'mlp', depth: 1, width: 8 },
    optimizer: { type: 'sgd', learning_rate: 0.1 },
    batch_size: 10,
    epochs: 2,
    ...more,
  };
  const recorded = recordAttempt();
  const running = slots.start(assignment(0, { objective: 'train', configJson: JSON.stringify(config) }), recorded);
  return Object.assign(recorded, { running });
}

const end = async (dataset: unknown, more: object = {}) => {
  const { outcome, error } = await start(dataset, more).whenEnded;
  return [outcome, error.replaceAll(`${folder.path}/`, '')];
};

const TABLE = `a,b,kind\n${Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 3},k${i % 2}`).join('\n')}\n`;

describe('a trial', () => {
  it('trains on a table, on images by folder with augmentation, and on the same file as the slot beside it', async () => {
    folder.put('t.csv', TABLE);
    for (const [name, background] of [
      ['dark', '#222'],
      ['light', '#ddd'],
    ] as const) {
      for (let i = 0; i < 12; i++) {
        const noise = { type: 'gaussian', mean: 128, sigma: 10 + i } as const;
        const create = { height: 8, width: 8, channels: 3, background, noise } as const;
        folder.put(`pictures/${name}/${i}.png`, await sharp({ create }).png().toBuffer());
      }
    }
    const table = { csv: 't.csv', label: 'kind' };
    const pictures = { images: 'pictures', size: 6, validation: 10 };
    const augment = { shift: 1, flip: 0.5, crop: 1, cutout: 2, rotate: 5 };
    const [first, second, third] = [start(table), start(table), start(pictures, { augment })];
    for (const trial of [first, second, third]) {
      expect(await trial.whenEnded).toEqual({ outcome: 'completed', error: '' });
      expect(trial.reports).toHaveLength(2);
    }
    expect(first.digests).toEqual(second.digests);
    expect(readdirSync(join(folder.path, 'cache', 'decoded')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it.each<[string, () => void, unknown, string, unknown]>([
    [
      'damaged files',
      () => folder.put('d/train-images-idx3-ubyte', idxFile([9, 2, 2], new Uint8Array(7))),
      { idx: 'd/train-images-idx3-ubyte', labels: 'd/train-images-idx3-ubyte' },
      'failed',
      'd/train-images-idx3-ubyte is truncated: it has 7 bytes after its header; 9 x 2 x 2 must have 36',
    ],
    [
      'data that are not there',
      () => {},
      { images: 'nowhere' },
      'refused',
      expect.stringMatching(/^nowhere was not found in the worker's folder of data sets, .* \(ENOENT\)$/),
    ],
    [
      'an empty table',
      () => folder.put('t.csv', ''),
      { csv: 't.csv', label: 'kind' },
      'failed',
      't.csv has no rows; it must have one for each sample',
    ],
    [
      'one class',
      () => folder.put('t.csv', TABLE.replaceAll('k1', 'k0')),
      { csv: 't.csv', label: 'kind' },
      'failed',
      'data set t.csv has images of one class only; there must be two to tell apart',
    ],
    ['a way out', () => {}, { csv: '../t.csv', label: 'kind' }, 'failed', expect.stringContaining('train.dataset')],
    [
      'a server that has nothing',
      () => {},
      'kmnist',
      'failed',
      expect.stringMatching(
        /^data set kmnist cannot be downloaded: .*\/kmnist\/train-images-idx3-ubyte\.gz: the server answers 404 Not Found; put its files/,
      ),
    ],
    [
      'a server that has something else',
      () => server.files.set('/mnist/train-images-idx3-ubyte.gz', Buffer.from('hello')),
      'mnist',
      'failed',
      expect.stringMatching(
        /^data set mnist cannot be downloaded: .*SHA-256 of train-images-idx3-ubyte, unpacked, is [0-9a-f]{64}; it must be ba891046/,
      ),
    ],
  ])('says what is wrong with %s, and the worker goes on', async (_, prepare, dataset, outcome, error) => {
    prepare();
    expect(await end(dataset)).toEqual([outcome, error]);
    expect(await end({ name: 'digits', train: 50, validation: 20 })).toEqual(['completed', '']);
  });

  it('says which file may not be read', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'who is root may read every file');
    chmodSync(folder.put('t.csv', TABLE), 0);
    expect(await end({ csv: 't.csv', label: 'kind' })).toEqual([
      'failed',
      expect.stringMatching(/^t\.csv cannot be read: EACCES/),
    ]);
  });

  it('stops while it downloads', async () => {
    server.files.set('/mnist/train-images-idx3-ubyte.gz', Buffer.alloc(1000));
    const asked = new Promise<void>((resolve) => {
      server.behave = (request, response, bytes) => {
        fallsSilentAfter(10)(request, response, bytes);
        resolve();
      };
    });
    const trial = start('mnist');
    await asked;
    trial.running.stop(false);
    expect(await trial.whenEnded).toEqual({ outcome: 'stopped', error: '' });
  });
});
