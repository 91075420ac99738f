import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { formatFault, parseSearchFile } from '../../coordinator/spec/index.js';
import { LineReader } from '../../worker/objectives/lines.js';
import { ObjectiveError } from '../../worker/objectives/objective.js';
import { OwnReports } from '../../worker/objectives/own-reports.js';
import { readSaid } from '../../worker/objectives/report-lines.js';
import { Scraper } from '../../worker/objectives/scraper.js';
import { unpack } from '../../worker/own-code/archive.js';
import { decode } from '../worker/train/dataset/decode.js';
import { DATA_KINDS, type DataKind, harm, whatIsWrong } from '../worker/train/dataset/harmed-files.js';
import { type FuzzKind, inProcess, type Verdict } from './kind.js';
import { mutatedBytes, mutatedText } from './mutations.js';

const sampled =
  <I>(arbitrary: fc.Arbitrary<I>) =>
  (seed: number, numRuns: number): readonly I[] =>
    fc.sample(arbitrary, { seed, numRuns });

const YAML_PIECES =
  'name: x\n|space:\n|train:\n|null:\n|  lr: {log: [1e-3, 1]}\n|  b: {int: [1, 4], when: {a: x}}\n|grid|asha|{|}|[|]|, |: |- |? |\n|  |&a |*a|!!str |"|\'|$lr|$|null|.nan|.inf|-1|1e999|2h|---\n|#|\t|<<: |__proto__: |env: |secret: true|2GiB|💣'.split(
    '|',
  );

export function searchFiles(): FuzzKind {
  const examples = readdirSync('examples')
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(`examples/${name}`, 'utf8'));
  return inProcess('search files', sampled(mutatedText(examples, YAML_PIECES)), (text): Verdict => {
    const parsed = parseSearchFile(text, 'f');
    if (parsed.ok) return 'accepted';
    if (parsed.faults.length === 0) throw new Error('refused, and nobody says why');
    for (const fault of parsed.faults) {
      if (/\n|undefined|\[object/.test(formatFault(fault)))
        throw new Error(`no words for people: ${formatFault(fault)}`);
    }
    return 'refused';
  });
}

const SAID = [
  '{"step": 3, "val_accuracy": 0.9}',
  '{"checkpoint": 3}',
  '{"loss": NaN, "step": 1}',
  'epoch 3: acc=0.75 loss=1e-3',
  '',
];
const SAID_PIECES =
  '{|}|"|:|,|[|]|NaN|-Infinity|1e999|null|true|__proto__|step|\n|\r|\u0000|\u001b[2J|9007199254740993|acc=|💣'.split(
    '|',
  );

export function commandOutput(): FuzzKind {
  const lines = fc.array(mutatedText(SAID, SAID_PIECES), { maxLength: 8 }).map((texts) => texts.join('\n'));
  return inProcess('command output', sampled(lines), (text): Verdict => {
    let refused = false;
    const guard = (act: () => void): void => {
      try {
        act();
      } catch (error) {
        if (!(error instanceof ObjectiveError) || error.message.includes('\n')) throw error;
        refused = true;
      }
    };
    let last = 0;
    const reports = new OwnReports((step, metrics) => {
      if (!(step > last) || Object.values(metrics).some((value) => typeof value !== 'number')) {
        throw new Error(`step ${step} after ${last}: ${JSON.stringify(metrics)}`);
      }
      last = step;
    });
    const scraper = new Scraper(['acc=(?<acc>[0-9.eE+-]+)', 'epoch (?<step>\\d+)'], reports);
    const reader = new LineReader((line) => {
      guard(() => {
        const said = readSaid(line);
        if (said.type === 'report') reports.add(said.metrics, said.step);
      });
      guard(() => scraper.line(line));
    });
    const bytes = Buffer.from(text);
    for (let from = 0; from < bytes.length; from += 7) reader.add(bytes.subarray(from, from + 7));
    reader.end();
    guard(() => scraper.end());
    return refused ? 'refused' : 'accepted';
  });
}

async function archiveOf(headers: readonly Record<string, unknown>[]): Promise<Buffer> {
  const stream = pack();
  for (const header of headers) stream.entry(header as { name: string }, header['type'] === 'file' ? 'content' : '');
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function archives(): Promise<FuzzKind> {
  const root = mkdtempSync(join(tmpdir(), 'assay-fuzz-tar-'));
  const names = ['a', 'b/c', 'l', 'l/x', '../x', '/tmp/assay-fuzz-escaped', 'a/../../x', 'd/e/l', '.', 'x'.repeat(120)];
  const targets = ['a', '..', '../..', '/etc', 'd/e/l/..', 'b/../..', '.'];
  const types = ['file', 'directory', 'symlink', 'link', 'character-device', 'block-device', 'fifo'];
  const headers = names.flatMap((name) =>
    types.map((type, i) => ({ name, type, linkname: targets[(i + name.length) % targets.length] })),
  );
  const whole = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      archiveOf([0, 7, 19].map((step) => headers[(i * 5 + step) % headers.length]!)),
    ),
  );
  const harmless = await archiveOf([
    { name: 'a', type: 'file' },
    { name: 'b', type: 'directory' },
  ]);
  const content = fc
    .tuple(mutatedBytes([...whole, ...Array.from({ length: 40 }, () => harmless)]), fc.boolean())
    .map(([bytes, packed]) => (packed ? gzipSync(bytes) : bytes));
  return inProcess(
    'archives',
    sampled(content),
    async (bytes): Promise<Verdict> => {
      const folder = join(root, 'into');
      let verdict: Verdict = 'accepted';
      try {
        await unpack(once(bytes), folder);
      } catch (error) {
        if (!(error instanceof ObjectiveError)) throw error;
        verdict = 'refused';
      }
      const outside = readdirSync(root).filter((name) => name !== 'into');
      if (outside.length > 0) throw new Error(`outside of the folder: ${outside.join()}`);
      rmSync(folder, { recursive: true, force: true });
      return verdict;
    },
    async () => rmSync(root, { recursive: true, force: true }),
  );
}

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}

/** IDX, NPY, CSV, CIFAR and images, each as files of which one came to harm. */
export async function dataSets(): Promise<FuzzKind[]> {
  return Promise.all(DATA_KINDS.map(dataSet));
}

async function dataSet([name, makers, sourceOf]: DataKind): Promise<FuzzKind> {
  const root = mkdtempSync(join(tmpdir(), 'assay-fuzz-data-'));
  const files = new Map<string, Uint8Array>();
  for (const [file, make] of makers) files.set(file, await make());
  const inputs = fc.tuple(fc.nat(), fc.array(harm, { minLength: 1, maxLength: 3 })).map(([which, harms]) => {
    const victim = [...files.keys()][which % files.size]!;
    const bytes = harms.reduce<Uint8Array>((harmed, next) => next(harmed), files.get(victim)!);
    return { victim, bytes: Buffer.from(bytes).toString('base64') };
  });
  const folders = Array.from({ length: LANES }, (_, lane) => join(root, String(lane)));
  for (const folder of folders) for (const file of files.keys()) write(join(folder, file), files.get(file)!);
  return inProcess(
    name,
    sampled(inputs),
    async ({ victim, bytes }, lane): Promise<Verdict> => {
      const folder = folders[lane]!;
      write(join(folder, victim), Buffer.from(bytes, 'base64'));
      const result: unknown = await decode(sourceOf(folder)).catch((error: unknown) => error);
      write(join(folder, victim), files.get(victim)!);
      const wrong = whatIsWrong(result, folder);
      if (wrong !== '') throw new Error(wrong);
      return result instanceof Error ? 'refused' : 'accepted';
    },
    async () => rmSync(root, { recursive: true, force: true }),
    LANES,
  );
}

/** Files that are decoded at a time. */
const LANES = 8;

function write(path: string, content: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
