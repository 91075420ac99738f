import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createArtifactKeeper } from '../../../coordinator/artifacts/keeper.js';
import { openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
import type { SearchSpec } from '../../../coordinator/core/spec.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import { createWorkerSessions } from '../../../coordinator/rpc/worker-service.js';
import type { Attach, AttemptRef, SessionResponse } from '../../../proto/index.js';
import { PROTOCOL_VERSION } from '../../../proto/version.js';
import { spec } from '../core/scenario.js';

const LEASE_MS = 60_000;
const LIMIT_MS = 30_000;

function attach(running: readonly AttemptRef[]): Attach {
  return {
    protocolVersion: PROTOCOL_VERSION,
    workerId: 'w1',
    name: 'w1',
    slots: 1,
    labels: {},
    backend: '',
    backendReason: '',
    objectives: ['null'],
    datasets: [],
    gpus: [],
    memoryBytes: 0,
    codeSources: [],
    version: '',
    running,
  };
}

/** A coordinator with a study of its own, and a worker's stream that holds its first attempt. */
async function begun(limits: SearchSpec['limits']) {
  const clock = { now: 1_000 };
  const logger = pino({ level: 'silent' });
  const failures: unknown[] = [];
  const coordinator = await Coordinator.open({
    log: openMemoryLog(),
    leaseMs: LEASE_MS,
    clock: () => clock.now,
    onFailure: (error) => failures.push(error),
  });
  const keeper = createArtifactKeeper({ artifacts: openMemoryArtifacts(), coordinator, logger, graceMs: 60_000 });
  const sessions = createWorkerSessions({ coordinator, keeper, heartbeatMs: 10_000, leaseMs: LEASE_MS, logger });
  const received: SessionResponse['body'][] = [];
  const stream = {
    token: '',
    write: ({ body }: SessionResponse) => received.push(body),
    end: () => {},
    fail: expect.fail,
    turnAway: expect.fail,
  };
  await coordinator.submit({ type: 'CreateStudy', requestId: '', spec: spec({ limits }), source: '', drawnSeed: 1 });
  const session = sessions.open(stream);
  session.receive({ body: { $case: 'attach', value: attach([]) } });
  await coordinator.settled();
  const assigned = received.flatMap((body) => (body?.$case === 'dispatch' ? body.value.assignments : []));
  expect(assigned).toHaveLength(1);
  return { clock, coordinator, sessions, session, stream, received, failures, ref: assigned[0]!.attempt! };
}

it('a worker is not told to go on with an attempt that ended in the batch in which it attached', async () => {
  const limits = { attempts: 1, trialTimeMs: LIMIT_MS };
  const { clock, coordinator, sessions, session, stream, received, ref } = await begun(limits);
  session.close();
  await coordinator.settled();

  clock.now += LIMIT_MS + LEASE_MS;
  received.length = 0;
  sessions.open(stream).receive({ body: { $case: 'attach', value: attach([ref]) } });
  coordinator.post({ type: 'CheckDeadlines' }, () => {});
  await coordinator.settled();
  const answer = received.find((body) => body?.$case === 'attached');
  expect(answer?.value.continued).toEqual([]);
});

it('a study that is stopped, ends and is deleted within one batch leaves nothing to be told', async () => {
  const { coordinator, received, failures, ref } = await begun({ attempts: 1 });
  received.length = 0;
  coordinator.post({ type: 'ControlStudy', study: ref.study, action: 'stop' }, () => {});
  const result = { ...ref, outcome: 'stopped' as const, error: '' };
  coordinator.post(
    { type: 'RecordProgress', worker: 'w1', started: [], reports: [], saved: [], results: [result] },
    () => {},
  );
  const deleted = await coordinator.submit({ type: 'DeleteStudy', study: ref.study });
  await coordinator.settled();
  expect(deleted.ok).toBe(true);
  expect(failures).toEqual([]);
  expect(received).toEqual([]);
});
