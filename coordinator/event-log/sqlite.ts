import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Event } from '../core/events.js';
import { decodeBatch, encodeBatch } from './codec.js';
import {
  type Batch,
  type EventLog,
  type Extent,
  LogConflictError,
  LogFormatError,
  type LogReader,
  type Seq,
} from './port.js';

/** Marks the file as Assay's event log (`PRAGMA application_id`): "Assy". */
const APPLICATION_ID = 0x41737379;

/** Appends at a head, or does nothing. The head is looked up at the end of the index: the length of the log costs nothing. */
export const APPEND: string =
  'INSERT INTO batches (seq, record) SELECT @head + 1, @record WHERE @head = (SELECT coalesce(max(seq), 0) FROM batches)';

/** More pages than SQLite lets a database have. */
const ALL_PAGES = 0x7fff_ffff;

/** How many batches are read between two turns of the event loop. */
const READ_CHUNK = 1000;

/**
 * Opens, or creates, a log in one SQLite file. Write-ahead logging with `synchronous = FULL`: a commit returns after one
 * fsync, so what was acknowledged survives the power cut. Look at it with `sqlite3 -readonly FILE`.
 *
 * @param file path of the database
 * @throws {LogFormatError} when the file is another program's
 */
export function openSqliteLog(file: string): EventLog {
  const db = openDatabase(file);
  const insert = db.prepare<[{ record: string; head: Seq }]>(APPEND);
  const head = db.prepare<[], Seq>('SELECT coalesce(max(seq), 0) FROM batches').pluck();
  return {
    ...readerOf(db),
    async append(events: readonly Event[], expected: Seq): Promise<Seq> {
      const { changes } = insert.run({ record: encodeBatch(events), head: expected });
      if (changes === 0) throw new LogConflictError(expected);
      return expected + 1;
    },
    async extent(): Promise<Extent> {
      return { head: head.get()!, bytes: bytesOf(file) + bytesOf(`${file}-wal`) };
    },
  };
}

/**
 * Opens a log that is there to be read only, also while its coordinator runs.
 *
 * @throws {LogFormatError} when the file is another program's
 * @throws {Database.SqliteError} with code SQLITE_CANTOPEN when there is no such file
 */
export function readSqliteLog(file: string): LogReader {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  try {
    assertOurs(db, file);
    return readerOf(db);
  } catch (error) {
    db.close();
    throw explained(error, file);
  }
}

/**
 * Copies a log into a file of its own, also while its coordinator writes: the copy is the log as it was at one moment.
 *
 * @param file   path of the log's database
 * @param target path of the copy; its folder exists, and nothing is at the path
 * @returns how many batches the copy has
 * @throws {LogFormatError} when the file is another program's
 */
export async function backUpSqliteLog(file: string, target: string): Promise<Seq> {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  try {
    assertOurs(db, file);
    // All pages in one step: a copy in many steps begins anew whenever the coordinator has written between two of them.
    await db.backup(target, { progress: () => ALL_PAGES });
  } catch (error) {
    throw explained(error, file);
  } finally {
    db.close();
  }
  const copy = new Database(target);
  try {
    // The copy is one file, without a write-ahead log beside it.
    copy.pragma('journal_mode = DELETE');
    return copy.prepare<[], Seq>('SELECT coalesce(max(seq), 0) FROM batches').pluck().get()!;
  } finally {
    copy.close();
  }
}

function readerOf(db: Database.Database): LogReader {
  const select = db.prepare<[Seq, Seq, number], { seq: Seq; record: string }>(
    'SELECT seq, record FROM batches WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
  );
  const head = db.prepare<[], { head: Seq }>('SELECT coalesce(max(seq), 0) AS head FROM batches');
  return {
    async *read(after: Seq): AsyncIterable<Batch> {
      const end = head.get()!.head;
      let seq = after;
      while (seq < end) {
        const rows = select.all(seq, end, READ_CHUNK);
        for (const row of rows) yield { seq: row.seq, events: decodeBatch(row.record, row.seq) };
        seq = rows.at(-1)?.seq ?? end;
      }
    },
    async close(): Promise<void> {
      db.close();
    },
  };
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function openDatabase(file: string): Database.Database {
  const db = new Database(file);
  try {
    assertOurs(db, file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.exec('CREATE TABLE IF NOT EXISTS batches (seq INTEGER PRIMARY KEY, record TEXT NOT NULL) STRICT');
    return db;
  } catch (error) {
    db.close();
    throw explained(error, file);
  }
}

function assertOurs(db: Database.Database, file: string): void {
  const id = db.pragma('application_id', { simple: true });
  const tables = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM sqlite_schema').get()!.n;
  if (tables > 0 && id !== APPLICATION_ID) throw new LogFormatError(`${file} is a database of another program`);
}

function explained(error: unknown, file: string): unknown {
  if (!(error instanceof Database.SqliteError && error.code === 'SQLITE_NOTADB')) return error;
  return new LogFormatError(`${file} is not a SQLite database`, { cause: error });
}
