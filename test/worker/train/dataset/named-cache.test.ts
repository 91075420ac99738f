import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatasetMissingError } from '../../../../worker/objectives/objective.js';
import { type FetchOptions, fetchNamedSet, isFetched } from '../../../../worker/train/dataset/named-cache.js';
import { NAMED_SETS, type NamedSet, type PublishedFile } from '../../../../worker/train/dataset/named-sets.js';
import { Random } from '../../../../worker/train/random.js';
import '../../built-child.js';
import { cifarArchive, cifarFiles } from './cifar-file.js';
import { decode } from './decode.js';
import {
  type Break,
  breaksAfter,
  type FileServer,
  fallsSilentAfter,
  servesWell,
  servesWhole,
  startFileServer,
} from './file-server.js';
import { idxFile } from './idx-file.js';
import { preparation } from './preparation.js';
import { faultOf, temporaryFolder } from './temporary-folder.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const random = new Random(1);
const noise = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => random.below(256));

/** The files of a set of the MNIST kind, as they are published. */
const PUBLISHED: ReadonlyMap<string, Buffer> = new Map([
  ['train-images-idx3-ubyte.gz', gzipSync(idxFile([300, 10, 10], noise(30_000)))],
  [
    'train-labels-idx1-ubyte.gz',
    gzipSync(
      idxFile(
        [300],
        new Uint8Array(300).map((_, i) => i % 10),
      ),
    ),
  ],
  ['t10k-images-idx3-ubyte.gz', gzipSync(idxFile([20, 10, 10], noise(2_000)))],
  ['t10k-labels-idx1-ubyte.gz', gzipSync(idxFile([20], new Uint8Array(20)))],
]);
const IMAGES = PUBLISHED.get('train-images-idx3-ubyte.gz')!;

const describeFile = (name: string, bytes: Buffer, unpacked: boolean): PublishedFile => ({
  name,
  bytes: bytes.length,
  sha256: sha256(bytes),
  ...(unpacked ? { unpacked: { [name.slice(0, -3)]: sha256(gunzipSync(bytes)) } } : {}),
});

const folder = temporaryFolder();
let server: FileServer;
let cacheDir: string;

beforeEach(async () => {
  server = await startFileServer();
  cacheDir = join(folder.path, 'cache');
  for (const [name, bytes] of PUBLISHED) server.files.set(`/fashion-mnist/${name}`, bytes);
});
afterEach(() => server.close());

/** The set, with our files in the place of the published ones. */
function ourSet({ unpacked = false, mirrors = [`${server.url}/fashion-mnist`] } = {}): NamedSet {
  const set = NAMED_SETS.find(({ name }) => name === 'fashion-mnist')!;
  return { ...set, mirrors, files: Array.from(PUBLISHED, ([name, bytes]) => describeFile(name, bytes, unpacked)) };
}

const fetchSet = (set: NamedSet = ourSet(), options: FetchOptions = {}, mirror?: string) =>
  fetchNamedSet(set, preparation({ cacheDir, mirror, offline: false }), options);

/** Names of all files in the set's folder. */
const filesThere = (): string[] => readdirSync(join(cacheDir, 'sets', 'fashion-mnist')).sort();
const WHOLE = [...PUBLISHED.keys(), 'receipt.json'].sort();

describe('fetchNamedSet', () => {
  it('downloads a set once, and writes down what it is', async () => {
    const samples = await decode(await fetchSet());
    expect(samples.parts).toEqual({ train: 300, validation: 0, test: 20 });
    expect(server.requests).toHaveLength(4);
    expect(filesThere()).toEqual(WHOLE);
    const receipt = JSON.parse(readFileSync(join(cacheDir, 'sets', 'fashion-mnist', 'receipt.json'), 'utf8'));
    expect(receipt.files[0]).toEqual({
      name: 'train-images-idx3-ubyte.gz',
      url: `${server.url}/fashion-mnist/train-images-idx3-ubyte.gz`,
      sha256: sha256(IMAGES),
      unpacked: { 'train-images-idx3-ubyte': sha256(gunzipSync(IMAGES)) },
    });
    await fetchSet();
    expect(server.requests).toHaveLength(4);
    expect(isFetched(ourSet(), cacheDir)).toBe(true);
  });

  it('tells how far it is', async () => {
    const seen: [string, number, number | undefined][] = [];
    await fetchSet(ourSet(), { onProgress: (...all) => seen.push(all) });
    const images = seen.filter(([file]) => file === 'train-images-idx3-ubyte.gz');
    expect(images.at(-1)).toEqual(['train-images-idx3-ubyte.gz', IMAGES.length, IMAGES.length]);
  });

  it('asks the next mirror when one has it not, is gone, or sends something else', async () => {
    server.files.set('/wrong/train-images-idx3-ubyte.gz', gzipSync(idxFile([300, 10, 10], noise(30_000))));
    const gone = await startFileServer();
    await gone.close();
    const mirrors = [`${server.url}/empty`, gone.url, `${server.url}/wrong`, `${server.url}/fashion-mnist`];
    await fetchSet(ourSet({ mirrors }));
    expect(server.requests.slice(0, 3)).toEqual([
      '/empty/train-images-idx3-ubyte.gz',
      '/wrong/train-images-idx3-ubyte.gz',
      '/fashion-mnist/train-images-idx3-ubyte.gz',
    ]);
    expect(filesThere()).toEqual(WHOLE);
  });

  it('says in one line what was wrong with each mirror when none has it', async () => {
    server.files.set('/wrong/train-images-idx3-ubyte.gz', Buffer.from('<html>please log in</html>'));
    const gone = await startFileServer();
    await gone.close();
    const mirrors = [`${server.url}/empty`, gone.url, `${server.url}/wrong`];
    const fault = await faultOf(() => fetchSet(ourSet({ mirrors })), folder);
    const file = 'train-images-idx3-ubyte.gz';
    expect(fault).toBe(
      `data set fashion-mnist cannot be downloaded: ${server.url}/empty/${file}: the server answers 404 Not Found; ` +
        `${gone.url}/${file}: connect ECONNREFUSED ${gone.url.slice(7)}; ${server.url}/wrong/${file}: SHA-256 of the ` +
        `26 bytes is ${sha256(Buffer.from('<html>please log in</html>'))}; it must be ${sha256(IMAGES)}; put its files ` +
        `into a folder of data sets (--datasets) or name a server that has them (--mirror)`,
    );
    expect(filesThere()).toEqual([]);
  });

  it('goes on where a server broke off', async () => {
    let due: Break | undefined;
    server.behave = breaksAfter(12_000, (next) => {
      due = next;
    });
    await fetchSet(ourSet(), { onProgress: (_, bytes) => void (due?.after === bytes && due.drop()) });
    const asked = server.requests.filter((request) => request.includes('train-images'));
    expect(asked.map((request) => request.split(' ')[1])).toEqual([undefined, 'bytes=12000-', 'bytes=24000-']);
  });

  it('keeps what came when a server breaks off again and again without more, and goes on with it the next time', async () => {
    let due: Break | undefined;
    const breaking = breaksAfter(9_000, (next) => {
      due = next;
    });
    server.behave = (request, response, bytes) => {
      if (request.headers.range === undefined) breaking(request, response, bytes);
      else response.destroy();
    };
    const onProgress = (_: string, bytes: number): void => void (due?.after === bytes && due.drop());
    await expect(fetchSet(ourSet(), { onProgress })).rejects.toThrow('cannot be downloaded');
    expect(filesThere()).toEqual(['train-images-idx3-ubyte.gz.part']);
    server.behave = servesWell;
    server.requests.length = 0;
    await fetchSet();
    expect(server.requests[0]).toBe('/fashion-mnist/train-images-idx3-ubyte.gz bytes=9000-');
    expect(filesThere()).toEqual(WHOLE);
  });

  it('starts over when what was there is no beginning of the file, and when a server knows no ranges', async () => {
    folder.put('cache/sets/fashion-mnist/train-images-idx3-ubyte.gz.part', noise(5_000));
    await fetchSet();
    expect(server.requests.slice(0, 2)).toEqual([
      '/fashion-mnist/train-images-idx3-ubyte.gz bytes=5000-',
      '/fashion-mnist/train-images-idx3-ubyte.gz',
    ]);
    cacheDir = join(folder.path, 'other');
    folder.put('other/sets/fashion-mnist/train-images-idx3-ubyte.gz.part', IMAGES.subarray(0, 5_000));
    server.behave = servesWhole;
    await fetchSet();
    expect(filesThere()).toEqual(WHOLE);
  });

  it('takes a part that is whole already, and one that is too long for anew', async () => {
    for (const part of [IMAGES, Buffer.concat([IMAGES, IMAGES])]) {
      cacheDir = join(folder.path, String(part.length));
      folder.put(`${part.length}/sets/fashion-mnist/train-images-idx3-ubyte.gz.part`, part);
      await fetchSet();
      expect(filesThere()).toEqual(WHOLE);
    }
  });

  it('gives up a server that falls silent', async () => {
    server.behave = fallsSilentAfter(100);
    await expect(fetchSet(ourSet(), { silenceMs: 50 })).rejects.toThrow('nothing came for 0.05 s');
  });

  it('gives up one that falls silent a second time, though it sends a little each time', async () => {
    server.behave = ({ headers }, response, bytes) => {
      const from = Number(/\d+/.exec(headers.range ?? '0')![0]);
      response.writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` });
      response.write(bytes.subarray(from, from + 100));
    };
    await expect(fetchSet(ourSet(), { silenceMs: 1_000 })).rejects.toThrow('nothing came for 1 s');
    expect(server.requests.map((request) => request.split(' ')[1])).toEqual([undefined, 'bytes=100-']);
  });

  it('takes no more than the file can have', async () => {
    server.behave = (_, response) => void response.writeHead(200, { 'content-length': 1e12 }).write('x');
    await expect(fetchSet()).rejects.toThrow(`the server sends 1000000000000 bytes; the file has ${IMAGES.length}`);
    server.behave = (_, response) => {
      const more = (): void => void (response.destroyed || response.write(noise(10_000), more));
      response.writeHead(200);
      more();
    };
    await expect(fetchSet()).rejects.toThrow(`the server sends more than ${2 * IMAGES.length + 2 ** 20} bytes`);
  });

  it('takes what is packed otherwise, where it is known what it unpacks to', async () => {
    for (const [name, bytes] of PUBLISHED) {
      server.files.set(`/mine/fashion-mnist/${name}`, gzipSync(gunzipSync(bytes), { level: 0 }));
    }
    await fetchSet(ourSet({ unpacked: true }), {}, `${server.url}/mine`);
    cacheDir = join(folder.path, 'other');
    await expect(fetchSet(ourSet({ unpacked: false }), {}, `${server.url}/mine`)).rejects.toThrow('SHA-256 of the');
  });

  it('refuses what unpacks to something else, or does not unpack', async () => {
    const [name] = PUBLISHED.keys();
    server.files.set(`/fashion-mnist/${name}`, gzipSync(idxFile([1, 1, 1], noise(1))));
    await expect(fetchSet(ourSet({ unpacked: true }))).rejects.toThrow(
      /SHA-256 of train-images-idx3-ubyte, unpacked, is [0-9a-f]{64}; it must be [0-9a-f]{64}/,
    );
    server.files.set(`/fashion-mnist/${name}`, IMAGES.subarray(0, -20));
    await expect(fetchSet(ourSet({ unpacked: true }))).rejects.toThrow(
      'train-images-idx3-ubyte.gz: what came does not unpack: unexpected end of file; put',
    );
  });

  it('looks into an archive for what it unpacks to', async () => {
    const files = cifarFiles(2);
    const archive = await cifarArchive(files);
    const set = NAMED_SETS.find(({ name }) => name === 'cifar10')!;
    const [published] = set.files as [PublishedFile];
    const unpacked = Object.fromEntries(Array.from(files, ([name, bytes]) => [name, sha256(bytes)]));
    const ours = (hashes: Readonly<Record<string, string>>): NamedSet => ({
      ...set,
      files: [{ ...published, unpacked: hashes }],
    });
    server.files.set('/cifar10/cifar-10-binary.tar.gz', archive);
    const wrong = ours({ ...unpacked, 'test_batch.bin': '0'.repeat(64) });
    await expect(fetchSet(wrong, {}, server.url)).rejects.toThrow('SHA-256 of test_batch.bin, unpacked, is');
    const samples = await decode(await fetchSet(ours(unpacked), {}, server.url));
    expect(samples.labels).toHaveLength(13);
  });

  it('downloads nothing when it may not, and says where the files would be', async () => {
    const error: unknown = await fetchNamedSet(
      ourSet(),
      preparation({ cacheDir, datasetsDir: '/data', offline: true }),
    ).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatasetMissingError);
    expect((error as Error).message).toBe(
      'data set fashion-mnist is not on this worker: it is not in /data, and this worker downloads nothing (--offline)',
    );
    expect(server.requests).toEqual([]);
    await fetchSet();
    await fetchNamedSet(ourSet(), preparation({ cacheDir, offline: true }));
  });

  it('says which folder cannot be written to', async () => {
    await mkdir(cacheDir);
    folder.put('cache/sets', 'a file in the way');
    const fault = await faultOf(fetchSet, folder);
    expect(fault).toMatch(/^data set fashion-mnist cannot be downloaded to cache\/sets\/fashion-mnist: E.*--cache$/);
  });

  it('stops when it is aborted, and keeps what came', async () => {
    server.behave = fallsSilentAfter(700);
    const controller = new AbortController();
    const places = { cacheDir, offline: false };
    const fetching = fetchNamedSet(
      ourSet(),
      { places, signal: controller.signal, note: () => {} },
      { onProgress: () => controller.abort(new Error('enough')) },
    );
    await expect(fetching).rejects.toThrow('enough');
    expect(filesThere()).toEqual(['train-images-idx3-ubyte.gz.part']);
  });
});

const FIXTURE = fileURLToPath(new URL('./fixtures/fetch.mjs', import.meta.url));

function fetchInProcess(): ChildProcess & { readonly output: Promise<string> } {
  const words = [FIXTURE, cacheDir, server.url, JSON.stringify(ourSet().files)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  return Object.assign(child, { output: text(child.stdout) });
}

describe('processes that want the same set', () => {
  it('download it once, however many start at once', async () => {
    const all = Array.from({ length: 4 }, fetchInProcess);
    const outputs = await Promise.all(all.map(({ output }) => output));
    expect(new Set(outputs).size).toBe(1);
    expect(JSON.parse(outputs[0]!)).toHaveLength(4);
    expect(server.requests).toHaveLength(4);
  });

  it('go on where one that was killed has been, and leave nothing that nobody owns', async () => {
    server.behave = fallsSilentAfter(20_000);
    const first = fetchInProcess();
    const part = join(cacheDir, 'sets', 'fashion-mnist', 'train-images-idx3-ubyte.gz.part');
    while (!existsSync(part) || readFileSync(part).length < 20_000) await new Promise(setImmediate);
    first.kill('SIGKILL');
    await once(first, 'exit');
    server.behave = servesWell;
    server.requests.length = 0;
    await fetchInProcess().output;
    expect(server.requests[0]).toBe('/fashion-mnist/train-images-idx3-ubyte.gz bytes=20000-');
    expect(filesThere()).toEqual(WHOLE);
  });
});
