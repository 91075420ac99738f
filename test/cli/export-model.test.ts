import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportModel } from '../../cli/export-model.js';
import { type ArtifactClient, TransferError } from '../../proto/artifact-client.js';
import type { Trial } from '../../proto/index.js';
import { study, trial } from './canned.js';

const idOf = (text: string): string => createHash('sha256').update(text).digest('hex');

let folder: string;
let stored: Map<string, string>;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-export-'));
  stored = new Map();
});
afterEach(() => rmSync(folder, { recursive: true }));

const artifacts: ArtifactClient = {
  upload: () => expect.fail('nothing is uploaded'),
  async *download(sha256) {
    const text = stored.get(sha256);
    if (text === undefined) throw new TransferError(5, 'artifact is not here any more');
    yield Buffer.from(text);
  },
  close: () => {},
};

/** A trial whose model has these files. */
function withModel(files: Readonly<Record<string, string>>): Trial {
  const saved = Object.entries(files).map(([name, text]) => {
    stored.set(idOf(text), text);
    return { name, sha256: idOf(text), bytes: text.length };
  });
  return trial(4, { value: 0.97, valueStep: 8, weights: { step: 8, files: saved, metrics: { test_accuracy: 0.965 } } });
}

const target = (): string => path.join(folder, 'deep', 'model');
const doExport = (which: Trial, to = target()): Promise<void> => exportModel(study(), which, to, artifacts);

describe('exporting a model', () => {
  it('writes the files with what is needed to use them', async () => {
    await doExport(withModel({ 'model.json': '{}', 'weights.bin': 'numbers', 'more/notes.txt': 'hello' }));
    expect(readdirSync(target()).sort()).toEqual([
      'README.md',
      'model.json',
      'more',
      'params.json',
      'search.yaml',
      'weights.bin',
    ]);
    expect(readFileSync(path.join(target(), 'more', 'notes.txt'), 'utf8')).toBe('hello');
    expect(JSON.parse(readFileSync(path.join(target(), 'params.json'), 'utf8'))).toBeTypeOf('object');
    expect(readFileSync(path.join(target(), 'README.md'), 'utf8')).toMatch(/trial 4.*test accuracy \| 0.9650/s);
    expect(readdirSync(path.dirname(target()))).toEqual(['model']);
  });

  it('takes an empty folder, and overwrites nothing', async () => {
    mkdirSync(target(), { recursive: true });
    await doExport(withModel({ 'model.json': '{}' }));
    await expect(doExport(withModel({ 'model.json': 'other' }))).rejects.toThrow(/is not empty: name another/);
    expect(readFileSync(path.join(target(), 'model.json'), 'utf8')).toBe('{}');
    const file = path.join(folder, 'file');
    writeFileSync(file, 'x');
    await expect(doExport(withModel({ 'model.json': '{}' }), file)).rejects.toThrow(/cannot be used: ENOTDIR/);
  });

  it('leaves nothing behind when a file cannot be had', async () => {
    const which = withModel({ 'model.json': '{}', 'weights.bin': 'numbers' });
    stored.delete(idOf('numbers'));
    await expect(doExport(which)).rejects.toThrow(
      'the model of trial 4 cannot be fetched: artifact is not here any more',
    );
    expect(readdirSync(path.dirname(target()))).toEqual([]);
  });

  it.each(['../evil', '/tmp/evil', 'a/../../evil', '.ssh/keys'])('writes no file outside: %s', async (name) => {
    await expect(doExport(withModel({ [name]: 'x' }))).rejects.toThrow(/the model has a file called/);
    expect(existsSync(target())).toBe(false);
  });

  it('says why there is none', async () => {
    await expect(doExport(trial(4, { weights: undefined }))).rejects.toThrow(
      /no model of trial 4: its search file keeps/,
    );
  });
});
