import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFormatError } from '../../../coordinator/event-log/port.js';
import { APPEND, backUpSqliteLog, openSqliteLog } from '../../../coordinator/event-log/sqlite.js';
import { holdStateDirectory } from '../../../coordinator/state-directory.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-sqlite-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the SQLite log', () => {
  it('leaves another program’s database alone', () => {
    const file = path.join(folder, 'other.db');
    const other = new Database(file);
    other.exec('CREATE TABLE bookmarks (url TEXT)');
    other.close();
    expect(() => openSqliteLog(file)).toThrow(LogFormatError);
  });

  it('refuses a file that is no database', () => {
    const file = path.join(folder, 'notes.txt');
    writeFileSync(file, 'not a database at all, but long enough to be looked at. '.repeat(100));
    expect(() => openSqliteLog(file)).toThrow(/is not a SQLite database/);
  });

  it('is copied as it was at one moment, while it is written', async () => {
    const log = openSqliteLog(path.join(folder, 'log.db'));
    // More than the hundred pages of a copy's first step.
    const detail = 'long '.repeat(10_000);
    let head = 0;
    const append = async (): Promise<void> => {
      head = await log.append([{ type: 'StudyEnding', study: 'a', at: head, why: 'stopped', detail }], head);
    };
    while (head < 30) await append();
    let copied = false;
    const target = path.join(folder, 'copy.db');
    const copying = backUpSqliteLog(path.join(folder, 'log.db'), target).finally(() => {
      copied = true;
    });
    while (!copied) {
      await append();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const batches = await copying;
    expect(batches).toBeGreaterThanOrEqual(30);
    expect(batches).toBeLessThanOrEqual(head);
    await log.close();
    expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
    const copy = openSqliteLog(target);
    const seqs: number[] = [];
    for await (const { seq, events } of copy.read(0)) {
      expect(events[0]!.at).toBe(seq - 1);
      seqs.push(seq);
    }
    expect(seqs).toEqual(Array.from({ length: batches }, (_, i) => i + 1));
    // Whoever goes on with it goes on behind its last batch.
    expect(await copy.append([{ type: 'StudyPaused', study: 'a', at: 0 }], batches)).toBe(batches + 1);
    await copy.close();
  });

  it('does not read through a long log to append to it', async () => {
    const file = path.join(folder, 'log.db');
    await openSqliteLog(file).close();
    const db = new Database(file);
    const plan = db.prepare<[unknown], { detail: string }>(`EXPLAIN QUERY PLAN ${APPEND}`).all({ head: 1, record: '' });
    expect(plan.map(({ detail }) => detail).filter((detail) => detail.includes('SCAN batches'))).toEqual([]);
    expect(plan.map(({ detail }) => detail)).toContainEqual(expect.stringContaining('SEARCH batches'));
    db.close();
  });

  it('can be read by another program while it is open', async () => {
    const file = path.join(folder, 'log.db');
    const log = openSqliteLog(file);
    await log.append([{ type: 'StudyPaused', study: 'digits', at: 1 }], 0);
    const reader = new Database(file, { readonly: true });
    expect(reader.prepare('SELECT record FROM batches').pluck().get()).toContain('"study":"digits"');
    reader.close();
    await log.append([{ type: 'StudyResumed', study: 'digits', at: 2 }], 1);
    await log.close();
  });
});

describe('a state directory', () => {
  it('is held by one coordinator at a time, and free again when that one lets go', () => {
    const directory = path.join(folder, 'deep', 'state');
    const first = holdStateDirectory(directory);
    expect(() => holdStateDirectory(directory)).toThrow(/in use by another coordinator/);
    first.release();
    holdStateDirectory(directory).release();
  });

  it('where the system lets nobody make one is refused, not waited for', () => {
    expect(() => holdStateDirectory('/proc/assay/state')).toThrow(/state directory .* cannot be created/);
  });

  it('that cannot be a directory is refused by its name', () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    expect(() => holdStateDirectory(path.join(file, 'state'))).toThrow(
      /state directory .*file.state cannot be created/,
    );
  });
});
