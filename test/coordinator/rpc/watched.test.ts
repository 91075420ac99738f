import { credentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openClient, type StudyClient } from '../../../cli/client.js';
import { createArtifactKeeper } from '../../../coordinator/artifacts/keeper.js';
import { openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import { type RunningServer, startServer } from '../../../coordinator/rpc/server.js';
import { StudyServiceClient, TrialState, type WatchLeaderboardResponse } from '../../../proto/index.js';
import { spec, worker } from '../core/scenario.js';

const STUDY = 'digits';
/** More than one message of news, and than an answer that is made at once. */
const MANY = 450;

let coordinator: Coordinator;
let server: RunningServer;
let client: StudyClient;
beforeEach(async () => {
  const logger = pino({ level: 'silent' });
  const onFailure = (error: unknown): never => {
    throw error;
  };
  coordinator = await Coordinator.open({ log: openMemoryLog(), leaseMs: 3_600_000, onFailure });
  const artifacts = openMemoryArtifacts();
  const keeper = createArtifactKeeper({ artifacts, coordinator, logger, graceMs: 60_000 });
  const times = { heartbeatMs: 10_000, leaseMs: 3_600_000 };
  server = await startServer('127.0.0.1:0', {
    coordinator,
    artifacts,
    keeper,
    maxArtifactBytes: 1_000,
    ...times,
    logger,
  });
  client = openClient(server.address);
  const search = spec({ budget: { trials: MANY + 50 }, limits: { attempts: 1 } });
  await coordinator.submit({ type: 'CreateStudy', requestId: '', spec: search, source: '', drawnSeed: 1 });
  await coordinator.submit({ type: 'AttachWorker', profile: worker('w1'), holds: [] });
});
afterEach(() => {
  client.close();
  server.close();
});

/** Ends trials, the ninth of each ten by a failure. */
async function run(from: number, to: number): Promise<void> {
  for (let trial = from; trial < to; trial += 1) {
    const attempt = { study: STUDY, trial, attempt: 1 };
    const outcome = trial % 10 === 8 ? 'failed' : 'completed';
    await coordinator.submit({
      type: 'RecordProgress',
      worker: 'w1',
      started: [],
      saved: [],
      reports: [{ ...attempt, step: 1, metrics: { value: trial } }],
      results: [{ ...attempt, outcome, error: 'broken' }],
    });
  }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

it('news tell each trial that ended once, failed ones too, in messages of a bounded size, and end with the study', async () => {
  await run(0, MANY);
  const stub = new StudyServiceClient(server.address, credentials.createInsecure());
  const messages: WatchLeaderboardResponse[] = [];
  let stopped = false;
  for await (const each of stub.watchLeaderboard({ study: '', top: 0, news: true })) {
    const message = each as WatchLeaderboardResponse;
    messages.push(message);
    expect([message.news, message.leaderboard!.study!.id, message.leaderboard!.rows]).toEqual([true, STUDY, []]);
    expect(message.ended.length).toBeLessThanOrEqual(200);
    expect(message.ended.flatMap(({ reports }) => reports)).toEqual([]);
    if (message.more || stopped) continue;
    stopped = true;
    await run(MANY, MANY + 5);
    await coordinator.submit({ type: 'ControlStudy', study: STUDY, action: 'stop' });
    await run(MANY + 5, MANY + 6);
  }
  stub.close();
  const told = messages.flatMap(({ ended }) => ended.map(({ number }) => number));
  expect(told).toEqual(numbers(MANY + 6));
  expect(messages.filter(({ more }) => more)).toHaveLength(2);
  const failed = messages.flatMap(({ ended }) => ended).filter(({ state }) => state === TrialState.TRIAL_STATE_FAILED);
  expect(failed).toHaveLength(45);
  expect(failed[0]!.reason).toContain('broken');
});

it('a client puts the messages of news together, and has none of a trial that was invalidated twice', async () => {
  await run(0, MANY);
  const seen: number[][] = [];
  const over = new AbortController();
  for await (const event of client.watchNews('', over.signal)) {
    if (event.kind !== 'board') throw new Error(event.reason);
    seen.push(event.ended!.map(({ number }) => number));
    if (seen.length === 1) {
      await coordinator.submit({ type: 'InvalidateTrial', study: STUDY, trial: 3, reason: '' });
      await run(MANY, MANY + 1);
    } else over.abort();
  }
  expect(seen).toEqual([numbers(MANY), [MANY]]);
});

it('a long board that is watched by many is the one that is asked for, and follows changes', async () => {
  await run(0, MANY);
  const over = new AbortController();
  const watchers = Array.from({ length: 5 }, async (_, index) => {
    const sizes: number[] = [];
    const other = openClient(server.address);
    for await (const event of other.watchLeaderboard('', 0, over.signal)) {
      if (event.kind !== 'board') throw new Error(event.reason);
      sizes.push(event.board.rows.length + event.board.study!.counts!.failed);
      if (sizes.at(-1)! > MANY) break;
      if (index === 0) await run(MANY, MANY + 1);
    }
    other.close();
    return sizes.at(-1);
  });
  expect(await Promise.all(watchers)).toEqual([451, 451, 451, 451, 451]);
  const { trials } = await client.listTrials(STUDY);
  const { rows } = await client.allTrials(STUDY);
  const board = await client.getLeaderboard(STUDY, 0);
  expect([trials.length, rows.length, board.rows.length]).toEqual([MANY + 2, MANY + 2, 406]);
  expect(board.rows[0]).toEqual(rows.find(({ rank }) => rank === 1));
});
