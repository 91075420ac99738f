import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type ArtifactClient,
  TransferError,
  type TransferOptions,
  type UploadContent,
} from '../../proto/artifact-client.js';
import type { Assignment } from '../../proto/index.js';
import type { SavedCheckpoint } from '../../worker/objectives/trial.js';
import type { RunningAttempt } from '../../worker/runner.js';
import { createSavingRunner, type LocalEvents, type MadeFiles } from '../../worker/saving-runner.js';
import { assignment } from './fake-coordinator.js';
import { type RecordedAttempt, recordAttempt } from './recorded-attempt.js';

const idOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const files = (text: string): ReadonlyMap<string, Uint8Array> => new Map([['state', Buffer.from(text)]]);
const checkpoint = (step: number): MadeFiles => ({ kind: 'checkpoint', step, files: files(`c${step}`) });
const model = (step: number): MadeFiles => ({ kind: 'weights', step, files: files('model'), metrics: { test: 0.5 } });

/** A transfer that the test lets go on, or fail. */
interface Transfer {
  readonly text: string;
  done(): void;
  fail(error: Error): void;
}

let transfers: Transfer[];
let stored: Map<string, string>;
let waiting: (() => void)[];
let local: { events: LocalEvents; checkpoint: SavedCheckpoint | undefined; told: string[] }[];

const artifacts: Pick<ArtifactClient, 'upload' | 'download'> = {
  async upload(content: UploadContent, { signal }: TransferOptions) {
    let text = '';
    for await (const piece of content.read()) text += Buffer.from(piece).toString();
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        stored.set(content.sha256, text);
        resolve();
      };
      signal?.addEventListener('abort', () => reject(new TransferError(1, 'given up')));
      transfers.push({ text, done, fail: reject });
      for (const wake of waiting.splice(0)) wake();
    });
  },
  async *download(sha256: string) {
    const text = stored.get(sha256);
    if (text === undefined) throw new TransferError(5, 'it is not here any more');
    yield Buffer.from(text);
  },
};

/** The next upload that begins, from the first on. */
async function transfer(index: number): Promise<Transfer> {
  while (transfers.length <= index) await new Promise<void>((resolve) => waiting.push(resolve));
  return transfers[index]!;
}

let recorded: RecordedAttempt;
beforeEach(() => {
  transfers = [];
  stored = new Map();
  waiting = [];
  local = [];
  recorded = recordAttempt();
});

function start(overrides: Partial<Assignment> = {}, stopPatienceMs = 60_000): RunningAttempt {
  const runner = createSavingRunner({
    runner: {
      start(_, events, checkpoint) {
        const told: string[] = [];
        local.push({ events, checkpoint, told });
        return {
          stop: (saves) => told.push(`stop ${saves}`),
          kill: () => told.push('kill'),
          output: () => ({ totalBytes: 3, data: Buffer.from('abc') }),
        };
      },
    },
    artifacts,
    logger: pino({ level: 'silent' }),
    stopPatienceMs,
  });
  return runner.start(assignment(0, overrides), recorded);
}

const COMPLETED = { outcome: 'completed', error: '' } as const;

describe('what an attempt saves', () => {
  it('is told only after it is uploaded, and the end after that (U1, U2)', async () => {
    start();
    const { events } = local[0]!;
    events.made(model(3));
    events.ended(COMPLETED);
    const upload = await transfer(0);
    expect(recorded.artifacts).toEqual([]);
    expect(recorded.ends).toEqual([]);
    upload.done();
    expect(await recorded.whenEnded).toEqual(COMPLETED);
    expect(recorded.artifacts).toEqual([
      { kind: 'weights', step: 3, files: [{ name: 'state', sha256: idOf('model'), bytes: 5 }], metrics: { test: 0.5 } },
    ]);
  });

  it('holds up no report', async () => {
    start();
    local[0]!.events.made(checkpoint(1));
    local[0]!.events.report(2, { value: 1 });
    expect(recorded.reports).toHaveLength(1);
  });

  it('leaves out a checkpoint that a newer one has overtaken (U4)', async () => {
    start();
    for (const step of [1, 2, 3]) local[0]!.events.made(checkpoint(step));
    local[0]!.events.made(model(2));
    local[0]!.events.ended(COMPLETED);
    for (const index of [0, 1, 2]) (await transfer(index)).done();
    await recorded.whenEnded;
    expect(recorded.artifacts.map(({ kind, step }) => [kind, step])).toEqual([
      ['checkpoint', 1],
      ['checkpoint', 3],
      ['weights', 2],
    ]);
  });

  it('fails no attempt when it cannot be kept; the end says why (U3)', async () => {
    start();
    local[0]!.events.made(checkpoint(1));
    local[0]!.events.made(model(1));
    local[0]!.events.ended(COMPLETED);
    (await transfer(0)).fail(new TransferError(8, 'there is no room left'));
    (await transfer(1)).fail(new TransferError(8, 'there is no room left'));
    expect(await recorded.whenEnded).toEqual({
      outcome: 'completed',
      error: 'its model is not kept: there is no room left',
    });
    expect(recorded.artifacts).toEqual([]);
  });

  it('holds up the end of an attempt that was told to stop for a while only', async () => {
    const attempt = start({}, 1);
    attempt.stop(true);
    expect(local[0]!.told).toEqual(['stop true']);
    local[0]!.events.made(checkpoint(1));
    local[0]!.events.ended({ outcome: 'stopped', error: '' });
    expect(await recorded.whenEnded).toEqual({ outcome: 'stopped', error: '' });
  });

  it('is forgotten with an attempt that is killed', async () => {
    const attempt = start();
    local[0]!.events.made(model(1));
    const upload = await transfer(0);
    attempt.kill();
    upload.done();
    await new Promise((resolve) => setImmediate(resolve));
    expect([recorded.artifacts, recorded.ends, local[0]!.told]).toEqual([[], [], ['kill']]);
  });
});

describe('an attempt that goes on from a checkpoint', () => {
  const assigned = { checkpoint: { step: 7, files: [{ name: 'state', sha256: idOf('c7'), bytes: 2 }] } };
  const begun = async (): Promise<void> => {
    while (local.length === 0) await new Promise((resolve) => setImmediate(resolve));
  };

  it('gets its files before it begins', async () => {
    stored.set(idOf('c7'), 'c7');
    start(assigned);
    expect(local).toEqual([]);
    await begun();
    expect(local[0]!.checkpoint).toEqual({ step: 7, files: files('c7') });
  });

  it('begins at the beginning when they are gone', async () => {
    start(assigned);
    await begun();
    expect(local[0]!.checkpoint).toBeUndefined();
  });

  it('never begins when it is told to stop before, and says that it has stopped', async () => {
    stored.set(idOf('c7'), 'c7');
    start(assigned).stop(false);
    expect(await recorded.whenEnded).toEqual({ outcome: 'stopped', error: '' });
    expect(local).toEqual([]);
  });

  it('never begins, and says nothing, when it is killed before', async () => {
    stored.set(idOf('c7'), 'c7');
    start(assigned).kill();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect([local, recorded.ends]).toEqual([[], []]);
  });
});
