import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UserError } from '../../cli/fail.js';
import { lastTroubles } from '../../cli/fleet-log.js';
import { type Member, startMember } from '../../cli/fleet-member.js';

let folder: string;
let member: Member | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-member-'));
});

afterEach(async () => {
  await member?.close();
  member = undefined;
  rmSync(folder, { recursive: true });
});

/** What a member told and what was told of it, as one list that can be awaited. */
interface Diary {
  readonly entries: unknown[];
  until(number: number): Promise<unknown[]>;
}

/** Starts a member that runs `code` as an ES module. */
function start(code: string): Diary {
  const main = join(folder, 'main.mjs');
  writeFileSync(main, code);
  const entries: unknown[] = [];
  const waiting: { readonly number: number; readonly resolve: (entries: unknown[]) => void }[] = [];
  const note = (entry: unknown): void => {
    entries.push(entry);
    for (const { number, resolve } of waiting) if (entries.length >= number) resolve(entries);
  };
  const watcher = { restarted: note, failed: (error: UserError) => note(error.message) };
  member = startMember(
    { name: 'worker a', logFile: join(folder, 'a.log'), args: () => ['--slots', '1'], main },
    watcher,
  );
  member.onMessage(note);
  return {
    entries,
    until: (number) =>
      new Promise((resolve) => {
        if (entries.length >= number) resolve(entries);
        else waiting.push({ number, resolve });
      }),
  };
}

describe('a process of a fleet', () => {
  it('gets its command line and its channel, and writes to its log', async () => {
    const diary = start(`
      process.stdout.write('out ');
      process.stderr.write('err');
      process.on('disconnect', () => process.exit(0));
      process.send(process.argv.slice(2));
    `);
    expect(await diary.until(1)).toEqual([['--slots', '1', '--exit-with-parent']]);
    await member?.close();
    expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('out err');
    expect(diary.entries).toHaveLength(1);
  });

  it('is started again when it is killed', async () => {
    const diary = start(`
      process.on('disconnect', () => process.exit(0));
      process.send(process.pid);
    `);
    const [first] = await diary.until(1);
    process.kill(Number(first), 'SIGKILL');
    const [, words, second] = await diary.until(3);
    expect(words).toBe('worker a ended (killed by SIGKILL) and was started again; nothing is lost');
    expect(second).not.toBe(first);
  });

  it('is started again when it is struck, and the reason is told once', async () => {
    const diary = start(`
      process.on('disconnect', () => process.exit(0));
      process.send(process.pid);
    `);
    await diary.until(1);
    member?.strike('on purpose');
    const [, words, second] = await diary.until(3);
    expect(words).toBe('on purpose: worker a ended (killed by SIGKILL) and was started again; nothing is lost');
    process.kill(Number(second), 'SIGKILL');
    const [, , , again] = await diary.until(4);
    expect(again).toBe('worker a ended (killed by SIGKILL) and was started again; nothing is lost');
  });

  it('has failed when it ends by itself at once, with what it said last', async () => {
    const diary = start(`
      process.stderr.write('assay: the state folder is in use\\n');
      process.exitCode = 1;
      process.disconnect();
    `);
    expect(await diary.until(1)).toEqual(['worker a: the state folder is in use']);
  });

  it.each([
    [2, 2],
    [1, 1],
    [7, 1],
  ])('that ends with %i is the fault of what was typed only with 2', async (code, told) => {
    const failed = new Promise<UserError>((resolve) => {
      const watcher = { restarted: () => {}, failed: resolve };
      const main = join(folder, `code-${code}.mjs`);
      writeFileSync(main, `process.stderr.write('assay: no\\n'); process.exit(${code})`);
      member = startMember({ name: 'worker a', logFile: join(folder, `${code}.log`), args: () => [], main }, watcher);
    });
    expect((await failed).exitCode).toBe(told);
  });

  it('has failed with the end of its log when it says nothing', async () => {
    const diary = start(`
      process.stderr.write(JSON.stringify({ level: 30, msg: 'attached' }) + '\\n');
      process.stderr.write(JSON.stringify({ level: 50, msg: 'cannot go on', err: { message: 'disk full' } }) + '\\n');
      process.exit(3);
    `);
    expect(await diary.until(1)).toEqual([
      `worker a ended unexpectedly (exit code 3); its log is ${join(folder, 'a.log')}\n  cannot go on: disk full`,
    ]);
  });

  it('is not started again once it was let go', async () => {
    const diary = start(`
      process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
      process.send('ready');
    `);
    await diary.until(1);
    await member?.close();
    expect(diary.entries).toEqual(['ready']);
  });
});

describe('the log of a process', () => {
  it('is read for what went wrong: warnings, errors, and what is no log line', () => {
    const file = join(folder, 'b.log');
    writeFileSync(file, '{"level":30,"msg":"attached"}\n{"level":40,"msg":"attempt ended","reason":"lost"}\n');
    appendFileSync(file, 'RangeError: out of memory\n{"level":50}\n');
    expect(lastTroubles(file, 5)).toEqual(['attempt ended: lost', 'RangeError: out of memory', '{"level":50}']);
    expect(lastTroubles(file, 1)).toEqual(['{"level":50}']);
    expect(lastTroubles(join(folder, 'none'), 5)).toEqual([]);
  });
});
