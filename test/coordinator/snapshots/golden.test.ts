import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Fleet } from '../../../coordinator/core/fleet.js';
import { apply, emptyState } from '../../../coordinator/core/state.js';
import type { Core } from '../../../coordinator/core/transaction.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import { SNAPSHOT_FORMAT } from '../../../coordinator/snapshots/format.js';
import { openMemorySnapshots } from '../../../coordinator/snapshots/memory.js';
import { Snapshots } from '../../../coordinator/snapshots/snapshots.js';
import { plain } from '../../sim/checkers/replay.js';

const GOLDEN = new URL('../../golden/', import.meta.url);
const LOGS = readdirSync(new URL('log/', GOLDEN)).filter((name) => name.endsWith('.jsonl'));
const FOLDER = new URL(`snapshot/format-${SNAPSHOT_FORMAT}/`, GOLDEN);

/*
 * Snapshots of the recorded logs, as the first version with this format took them. They may not change: whoever changes
 * what a snapshot has, or what the state is that is made of it, gives it another format. Those of another format are passed
 * over, so there is nothing to be kept readable but this one. A new format's are written with ASSAY_WRITE_GOLDEN=1.
 */
describe.each(LOGS)('the snapshot of the recorded log %s', (name) => {
  const records = readFileSync(new URL(`log/${name}`, GOLDEN), 'utf8')
    .trimEnd()
    .split('\n');
  const folder = new URL(`${name.replace('.jsonl', '')}/`, FOLDER);

  it('is what was taken when its format was new', async () => {
    const taken = await snapshotOf(records);
    if (process.env['ASSAY_WRITE_GOLDEN'] === '1') write(folder, taken);
    expect(contentOf(taken)).toEqual(contentOf(read(folder)));
  });

  it('says what the log says', async () => {
    const log = openMemoryLog([...records]);
    const store = openMemorySnapshots(read(folder));
    const snapshots = new Snapshots({ store, log, logger: pino({ level: 'silent' }) });
    const restored = await snapshots.restore();
    expect(restored?.head).toBe(records.length);
    for (const study of restored!.state.studies.values()) await snapshots.bring(study);
    expect(plain(restored!.state)).toEqual(plain((await replay(records)).state));
  });
});

async function replay(records: readonly string[]): Promise<Core> {
  const core = { state: emptyState(), fleet: new Fleet(), leaseMs: 60_000 };
  for await (const { events } of openMemoryLog([...records]).read(0)) {
    for (const event of events) apply(core.state, event);
  }
  return core;
}

async function snapshotOf(records: readonly string[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const log = openMemoryLog([...records]);
  const core = await replay(records);
  const coordinator = {
    head: records.length - 1,
    view: async <T>(look: (core: Core) => T) => look(core),
    follow: () => () => false,
  };
  const snapshots = new Snapshots({ store: openMemorySnapshots(texts), log, logger: pino({ level: 'silent' }) });
  await snapshots.lead(coordinator);
  coordinator.head = records.length;
  for await (const { events } of log.read(records.length - 1)) snapshots.events(events, core);
  await snapshots.take();
  return texts;
}

/** Lines as JSON, whose fields have no order, and therefore without the checksum of the text. */
function contentOf(texts: ReadonlyMap<string, string>): Record<string, unknown[]> {
  const contents = [...texts].map(([name, text]) => {
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines.at(-1)).toEqual({ sha256: expect.any(String) as unknown });
    return [name, lines.slice(0, -1)] as const;
  });
  return Object.fromEntries(contents);
}

function read(folder: URL): Map<string, string> {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]));
}

function write(folder: URL, texts: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of texts) writeFileSync(new URL(name, folder), text);
}
