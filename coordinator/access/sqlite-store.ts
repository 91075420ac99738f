import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { ConfigError } from '../errors.js';
import type { TokenStore } from './store.js';
import { type TokenRecord, tokenRecordSchema } from './token.js';

/** Between two looks for what other processes have changed, milliseconds. */
const LOOK_MS = 200;

/**
 * Tokens in a database beside the event log. `assay token --state` writes to it while a coordinator runs: SQLite keeps the
 * two apart, and its counter of foreign changes, which costs a microsecond to read, says when to read the table again.
 *
 * @throws {ConfigError} when the folder cannot be written to
 */
export function openSqliteTokens(directory: string): TokenStore {
  const file = path.join(directory, 'access.db');
  const database = open(file);
  const read = database.prepare<[], { record: string }>('SELECT record FROM token');
  const put = database.prepare<[string, string]>('INSERT OR REPLACE INTO token (id, record) VALUES (?, ?)');
  const remove = database.prepare<[string]>('DELETE FROM token WHERE id = ?');
  const version = (): unknown => database.pragma('data_version', { simple: true });
  const listeners = new Set<() => void>();
  let seen = version();
  let records = load();
  const timer = setInterval(() => {
    const now = version();
    if (now === seen) return;
    seen = now;
    changed();
  }, LOOK_MS);
  timer.unref();

  function load(): Map<string, TokenRecord> {
    const rows = read.all().map(({ record }) => tokenRecordSchema.parse(JSON.parse(record)));
    return new Map(rows.map((record) => [record.id, record]));
  }
  function changed(): void {
    records = load();
    for (const listener of listeners) listener();
  }
  return {
    all: () => records.values(),
    find: (id) => records.get(id),
    put: async (record) => {
      put.run(record.id, JSON.stringify(record));
      changed();
    },
    remove: async (id) => {
      remove.run(id);
      changed();
    },
    follow: (listener) => void listeners.add(listener),
    close: async () => {
      clearInterval(timer);
      database.close();
    },
  };
}

function open(file: string): Database.Database {
  try {
    // Made here, so that nobody else can read it even for a moment.
    closeSync(openSync(file, 'a', 0o600));
    const database = new Database(file, { timeout: 5_000 });
    database.pragma('journal_mode = DELETE');
    database.pragma('synchronous = FULL');
    database.exec('CREATE TABLE IF NOT EXISTS token (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT');
    return database;
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? String(cause);
    throw new ConfigError(`the tokens in ${file} cannot be opened (${code})`, { cause });
  }
}
