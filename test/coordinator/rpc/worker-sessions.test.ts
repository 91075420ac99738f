import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createArtifactKeeper } from '../../../coordinator/artifacts/keeper.js';
import { openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
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

it('a worker is not told to go on with an attempt that ended in the batch in which it attached', async () => {
  let now = 1_000;
  const logger = pino({ level: 'silent' });
  const coordinator = await Coordinator.open({
    log: openMemoryLog(),
    leaseMs: LEASE_MS,
    clock: () => now,
    onFailure: (error) => {
      throw error;
    },
  });
  const keeper = createArtifactKeeper({ artifacts: openMemoryArtifacts(), coordinator, logger, graceMs: 60_000 });
  const sessions = createWorkerSessions({ coordinator, keeper, heartbeatMs: 10_000, leaseMs: LEASE_MS, logger });
  const received: SessionResponse['body'][] = [];
  const stream = { write: ({ body }: SessionResponse) => received.push(body), end: () => {}, fail: expect.fail };
  const limits = { attempts: 1, trialTimeMs: LIMIT_MS };
  await coordinator.submit({
    type: 'CreateStudy',
    requestId: '',
    spec: spec({ limits }),
    source: '',
    drawnSeed: 1,
  });
  const first = sessions.open(stream);
  first.receive({ body: { $case: 'attach', value: attach([]) } });
  await coordinator.settled();
  const assigned = received.flatMap((body) => (body?.$case === 'dispatch' ? body.value.assignments : []));
  expect(assigned).toHaveLength(1);
  first.close();
  await coordinator.settled();

  now += LIMIT_MS + LEASE_MS;
  received.length = 0;
  const ref = assigned[0]!.attempt!;
  sessions.open(stream).receive({ body: { $case: 'attach', value: attach([ref]) } });
  coordinator.post({ type: 'CheckDeadlines' }, () => {});
  await coordinator.settled();
  const answer = received.find((body) => body?.$case === 'attached');
  expect(answer?.value.continued).toEqual([]);
});
