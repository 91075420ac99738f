import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packFolder } from '../../../cli/pack-folder.js';
import { unpack } from '../../../worker/own-code/archive.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'assay-archive-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}

/** An archive as nobody's tar would make it. */
async function hostile(
  headers: readonly {
    readonly name: string;
    type?: 'file' | 'symlink' | 'link' | 'fifo' | 'character-device' | 'block-device';
    linkname?: string;
  }[],
): Promise<Buffer> {
  const stream = pack();
  for (const header of headers)
    stream.entry({ ...header, type: header.type ?? 'file' }, header.type === undefined ? 'x' : '');
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks));
}

describe('unpacking', () => {
  it.each([
    ['a path that climbs', [{ name: '../escaped' }], /leads out of it: "\.\.\/escaped"/],
    ['a path that climbs in its middle', [{ name: 'a/../../escaped' }], /leads out of it/],
    ['an absolute path', [{ name: '/tmp/assay-escaped' }], /leads out of it: "\/tmp\/assay-escaped"/],
    [
      'a link that points out',
      [{ name: 'l', type: 'symlink' as const, linkname: '..' }, { name: 'l/escaped' }],
      /a link that leads out of it: "l"/,
    ],
    [
      'a link that points out through another one',
      [
        { name: 'd/e/up', type: 'symlink' as const, linkname: '../..' },
        { name: 'l', type: 'symlink' as const, linkname: 'd/e/up/..' },
      ],
      /a link that leads out of it: "l"/,
    ],
    ['an absolute link', [{ name: 'l', type: 'symlink' as const, linkname: '/etc' }], /a link that leads out of it/],
    ['a hard link', [{ name: 'l', type: 'link' as const, linkname: '/etc/passwd' }], /"l", a Link: only files/],
    ['a device', [{ name: 'c', type: 'character-device' as const }], /"c", a CharacterDevice: only files/],
    ['a disk', [{ name: 'b', type: 'block-device' as const }], /"b", a BlockDevice: only files/],
    ['a pipe', [{ name: 'p', type: 'fifo' as const }], /"p", a FIFO: only files/],
  ])('refuses %s and writes nothing outside', async (_, headers, reason) => {
    const folder = join(root, 'into');
    await expect(unpack(once(await hostile(headers)), folder)).rejects.toThrow(reason);
    expect(readdirSync(root)).toEqual(['into']);
  });

  it('refuses a small archive that would unpack to very much, before it has', async () => {
    // The header claims three gigabytes; what follows it is zeros, of which a megabyte packs to a kilobyte.
    const stream = pack();
    stream.entry({ name: 'bomb', size: 3 * 2 ** 30 }, () => {});
    const header = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
    const bomb = gzipSync(Buffer.concat([header, Buffer.alloc(2 ** 20)]));
    await expect(unpack(once(bomb), join(root, 'into'))).rejects.toThrow('the archive holds more than 2GiB');
    expect(readdirSync(join(root, 'into'))).toEqual([]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no archive', Buffer.from('no archive at all, but long enough to be taken for something')],
    ['half of one', gzipSync(Buffer.alloc(100_000, 1)).subarray(0, 60)],
  ])('says so of %s', async (_, content) => {
    await expect(
      unpack(once(content), join(root, 'into')).then(() => readdirSync(join(root, 'into')).length),
    ).rejects.toThrow('the archive cannot be unpacked');
  });
});

describe('packing', () => {
  it('makes the same archive of the same files, without what is ignored, and it unpacks to them', async () => {
    const make = (name: string): string => {
      const folder = join(root, name);
      mkdirSync(join(folder, 'pkg', 'node_modules', 'x'), { recursive: true });
      mkdirSync(join(folder, '.git'));
      for (const file of ['train.py', 'pkg/a.py', 'pkg/node_modules/x/i.js', '.git/HEAD', 'data.bin', 'notes.txt']) {
        writeFileSync(join(folder, file), `${file}\n`);
      }
      writeFileSync(join(folder, '.gitignore'), 'notes.txt\n');
      symlinkSync('train.py', join(folder, 'link.py'));
      return folder;
    };
    const [one, two] = [await packFolder(make('one'), ['*.bin']), await packFolder(make('two'), ['*.bin'])];
    expect(two.sha256).toBe(one.sha256);
    await unpack(once(one.archive), join(root, 'into'));
    const found = readdirSync(join(root, 'into'), { recursive: true }).map(String).sort();
    expect(found).toEqual(['.gitignore', 'link.py', 'pkg', 'pkg/a.py', 'train.py']);
    expect(readFileSync(join(root, 'into', 'link.py'), 'utf8')).toBe('train.py\n');
  });

  it('refuses a folder that is none, is empty or holds data', async () => {
    await expect(packFolder(join(root, 'missing'), [])).rejects.toThrow(/missing is no folder that can be read$/);
    mkdirSync(join(root, 'empty'));
    await expect(packFolder(join(root, 'empty'), [])).rejects.toThrow(/has no files, or all are ignored$/);
    writeFileSync(join(root, 'data.bin'), Buffer.alloc(65 * 2 ** 20));
    await expect(packFolder(root, [])).rejects.toThrow(/64MiB \(at data\.bin\): leave out what is no code/);
  });
});
