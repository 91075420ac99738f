import { status } from '@grpc/grpc-js';
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from '../../proto/version.js';
import { openLink } from '../../worker/link.js';
import { createWorkerSession, type SessionEnd, type SessionOptions, type WorkerSession } from '../../worker/session.js';
import { assignment, type FakeCoordinator, type FakeSession, ref, startFakeCoordinator } from './fake-coordinator.js';
import { createManualRunner, type ManualRunner } from './manual-runner.js';

const profile = {
  workerId: 'w-1',
  name: 'bench-1',
  slots: 2,
  labels: { gpu: 'none' },
  backend: 'wasm',
  backendReason: '',
  objectives: ['train', 'null'],
  datasets: ['digits'],
  gpus: [],
  codeSources: [],
  memoryBytes: 0,
  version: '0.1.0',
};

let coordinator: FakeCoordinator;
let runner: ManualRunner;
let worker: WorkerSession;
let end: Promise<SessionEnd>;

/** Starts a worker that draws the shortest back-off, and returns its first session. */
function startWorker(overrides: Partial<SessionOptions> = {}): Promise<FakeSession> {
  worker = createWorkerSession({
    profile,
    runner,
    connect: (events) => openLink(coordinator.address, events),
    logger: pino({ level: 'silent' }),
    random: () => 0,
    drainTimeoutMs: 5,
    ...overrides,
  });
  end = worker.run();
  return coordinator.nextSession();
}

async function startAttached(overrides: Partial<SessionOptions> = {}): Promise<FakeSession> {
  const session = await startWorker(overrides);
  await session.attach();
  return session;
}

beforeEach(async () => {
  coordinator = await startFakeCoordinator();
  runner = createManualRunner();
});

afterEach(async () => {
  // No worker outlives its test: nothing runs any more, and what is left to tell is not waited for long.
  worker.drain();
  for (const attempt of runner.attempts) attempt.ended({ outcome: 'stopped', error: '' });
  coordinator.close();
  await end;
});

describe('attaching', () => {
  it('presents the worker, with nothing running at first', async () => {
    const session = await startWorker();
    expect(await session.nextAttach()).toEqual({ ...profile, protocolVersion: PROTOCOL_VERSION, running: [] });
    session.send({ $case: 'refused', value: { reason: 'enough seen' } });
  });

  it('waits for a coordinator that is not there yet, and says so once', async () => {
    const { address } = coordinator;
    coordinator.close();
    const lines: { msg: string }[] = [];
    let opened = 0;
    const failedThrice = new Promise<void>((resolve) => {
      worker = createWorkerSession({
        profile,
        runner,
        connect: (events) => {
          opened += 1;
          if (opened === 4) resolve();
          return openLink(address, events);
        },
        logger: recordingLogger(lines),
        random: () => 0,
        drainTimeoutMs: 5,
      });
      end = worker.run();
    });
    await failedThrice;
    coordinator = await startFakeCoordinator(Number(address.split(':')[1]));
    const session = await coordinator.nextSession();
    await session.attach();
    session.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    const messages = lines.map(({ msg }) => msg);
    expect(messages.slice(0, 2)).toEqual(['waiting for the coordinator', 'attached']);
  });

  it('ends when it is refused, and says why', async () => {
    const session = await startWorker();
    await session.nextAttach();
    session.send({ $case: 'refused', value: { reason: 'protocol version 9.0 does not go with 1.0' } });
    expect(await end).toEqual({ type: 'refused', reason: 'protocol version 9.0 does not go with 1.0' });
  });

  it('ends when the coordinator speaks another protocol version', async () => {
    const session = await startWorker();
    await session.attach({ protocolVersion: '2.0' });
    expect(await end).toMatchObject({ type: 'refused', reason: expect.stringContaining('version 2.0') });
  });

  it('ends when a repetition would end the same way', async () => {
    const session = await startWorker();
    await session.nextAttach();
    session.break(status.INVALID_ARGUMENT, 'a report has no step');
    expect(await end).toMatchObject({ type: 'refused', reason: 'INVALID_ARGUMENT: a report has no step' });
  });

  it('tries again when the coordinator does not answer in time', async () => {
    const first = await startWorker({ attachTimeoutMs: 500 });
    await first.nextAttach();
    const second = await coordinator.nextSession();
    await second.attach();
    second.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
  });
});

describe('working', () => {
  it('reports what an attempt does, the reports before the result', async () => {
    const session = await startAttached();
    session.dispatch({ assignments: [assignment(3)] });
    await runner.started(1);
    const [attempt] = runner.attempts;
    attempt!.started('abc');
    attempt!.report(1, { val_accuracy: 0.5, train_loss: Number.NaN });
    attempt!.report(2, { val_accuracy: 0.75 });
    attempt!.ended({ outcome: 'completed', error: '' });
    expect(await session.nextProgress()).toMatchObject({
      sequence: 1,
      saved: [],
      started: [{ attempt: ref(3), datasetDigest: 'abc' }],
      reports: [
        { attempt: ref(3), report: { step: 1, metrics: { val_accuracy: 0.5, train_loss: Number.NaN } } },
        { attempt: ref(3), report: { step: 2, metrics: { val_accuracy: 0.75 } } },
      ],
      results: [{ attempt: ref(3), outcome: 'OUTCOME_COMPLETED', error: '', durationMs: expect.any(Number) }],
    });
  });

  it('ignores an assignment that it has started already, running or ended', async () => {
    const session = await startAttached();
    session.dispatch({ assignments: [assignment(0), assignment(1)] });
    await runner.started(2);
    runner.attempts[0]!.ended({ outcome: 'completed', error: '' });
    const { sequence } = await session.nextProgress();
    session.dispatch({ acknowledged: sequence });
    session.dispatch({ assignments: [assignment(0), assignment(1), assignment(2)] });
    await runner.started(3);
    expect(runner.attempts.map(({ trial }) => trial)).toEqual([0, 1, 2]);
  });

  it('starts a later attempt of a trial that it has run before', async () => {
    const session = await startAttached();
    session.dispatch({ assignments: [assignment(0)] });
    session.dispatch({ abandoned: [ref(0)], assignments: [assignment(0, { attempt: ref(0, 2) })] });
    await runner.started(2);
    expect(runner.attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('refuses an objective that is not allowed here', async () => {
    const session = await startAttached();
    session.dispatch({ assignments: [assignment(0, { objective: 'command' })] });
    const { results } = await session.nextProgress();
    expect(results).toMatchObject([
      {
        outcome: 'OUTCOME_REFUSED',
        error: 'objective "command" is not allowed on this worker; it allows train, null',
      },
    ]);
    expect(runner.attempts).toEqual([]);
  });

  it('stops an attempt when it is told to, and says that it was stopped even when it failed of it', async () => {
    const session = await startAttached();
    session.dispatch({
      assignments: [assignment(0)],
      stops: [{ attempt: ref(0), reason: 'pruned', saveCheckpoint: false }],
    });
    await runner.told(0);
    expect(runner.attempts[0]!.told).toEqual(['stop']);
    runner.attempts[0]!.ended({ outcome: 'failed', error: 'aborted' });
    const { results } = await session.nextProgress();
    expect(results).toMatchObject([{ outcome: 'OUTCOME_STOPPED', error: '' }]);
  });

  it('kills an abandoned attempt and tells nothing of it', async () => {
    const session = await startAttached();
    session.dispatch({ assignments: [assignment(0), assignment(1)] });
    await runner.started(2);
    session.dispatch({ abandoned: [ref(0)] });
    await runner.told(0);
    expect(runner.attempts[0]!.told).toEqual(['kill']);
    runner.attempts[0]!.ended({ outcome: 'completed', error: '' });
    runner.attempts[1]!.ended({ outcome: 'completed', error: '' });
    const { results } = await session.nextProgress();
    expect(results.map(({ attempt }) => attempt!.trial)).toEqual([1]);
  });

  it('sends a heartbeat at the interval it was told, with all that it holds', async () => {
    const session = await startWorker();
    await session.attach({ heartbeatIntervalMs: 5 });
    expect(await session.next()).toEqual({ $case: 'heartbeat', value: { running: [], gpuUse: [] } });
    session.dispatch({ assignments: [assignment(0), assignment(1)] });
    await runner.started(2);
    runner.attempts[0]!.ended({ outcome: 'completed', error: '' });
    await session.nextProgress();
    // Not acknowledged, so the ended attempt is held still.
    expect(await session.next()).toEqual({ $case: 'heartbeat', value: { running: [ref(0), ref(1)], gpuUse: [] } });
    session.dispatch({
      acknowledged: 1,
      stops: [{ attempt: ref(1), reason: 'a sign that the first part is done', saveCheckpoint: false }],
    });
    await runner.told(1);
    let heartbeat = await session.next();
    // One may have been under way.
    if (heartbeat?.$case === 'heartbeat' && heartbeat.value.running.length === 2) heartbeat = await session.next();
    expect(heartbeat).toEqual({ $case: 'heartbeat', value: { running: [ref(1)], gpuUse: [] } });
  });
});

describe('a broken stream', () => {
  it('leaves the attempts alone; what they tell meanwhile is sent in the next session, after what is not acknowledged', async () => {
    const first = await startAttached();
    first.dispatch({ assignments: [assignment(0), assignment(1)] });
    await runner.started(2);
    const [a, b] = runner.attempts;
    a!.report(1, { value: 1 });
    expect(await first.nextProgress()).toMatchObject({ sequence: 1 });
    first.dispatch({ acknowledged: 1 });
    a!.report(2, { value: 2 });
    const sent = await first.nextProgress();
    first.break();

    const second = await coordinator.nextSession();
    a!.ended({ outcome: 'completed', error: '' });
    b!.report(1, { value: 10 });
    const attach = await second.attach();
    expect(attach.running).toEqual([ref(0), ref(1)]);
    expect(await second.nextProgress()).toEqual(sent);
    expect(await second.nextProgress()).toMatchObject({
      sequence: 3,
      reports: [{ attempt: ref(1), report: { step: 1, metrics: { value: 10 } } }],
      results: [{ attempt: ref(0), outcome: 'OUTCOME_COMPLETED' }],
    });
    expect([...a!.told, ...b!.told]).toEqual([]);
  });

  it('abandons what does not continue, with all that it had to tell', async () => {
    const first = await startAttached();
    first.dispatch({ assignments: [assignment(0), assignment(1)] });
    await runner.started(2);
    const [a, b] = runner.attempts;
    a!.report(1, { value: 1 });
    await first.nextProgress();
    b!.report(1, { value: 2 });
    await first.nextProgress();
    first.break();

    const second = await coordinator.nextSession();
    await second.attach({ continued: [ref(1)] });
    expect(await second.nextProgress()).toMatchObject({ sequence: 2, reports: [{ attempt: ref(1) }] });
    expect(a!.told).toEqual(['kill']);
    expect(b!.told).toEqual([]);
  });

  it('presents a result that was not acknowledged, and forgets it when it does not continue', async () => {
    const first = await startAttached();
    first.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    runner.attempts[0]!.ended({ outcome: 'completed', error: '' });
    await first.nextProgress();
    first.break();

    const second = await coordinator.nextSession();
    const attach = await second.attach({ continued: [] });
    expect(attach.running).toEqual([ref(0)]);
    second.break();
    const third = await coordinator.nextSession();
    expect((await third.attach()).running).toEqual([]);
  });

  it('is followed by another try when the coordinator ends it in order', async () => {
    const first = await startAttached();
    first.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    coordinator.close();
    coordinator = await startFakeCoordinator(Number(coordinator.address.split(':')[1]));
    const second = await coordinator.nextSession();
    expect((await second.attach()).running).toEqual([ref(0)]);
  });
});

describe('draining', () => {
  it('ends at once when there is nothing to hand back', async () => {
    await startAttached();
    worker.drain();
    expect(await end).toEqual({ type: 'drained', flushed: true });
  });

  it('hands back what runs and ends when that is acknowledged', async () => {
    const session = await startAttached({ drainTimeoutMs: 5_000 });
    session.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    worker.drain();
    expect(await session.next()).toEqual({ $case: 'drain', value: {} });
    expect(runner.attempts[0]!.told).toEqual(['stop']);
    runner.attempts[0]!.ended({ outcome: 'stopped', error: '' });
    const { results, sequence } = await session.nextProgress();
    expect(results).toMatchObject([{ attempt: ref(0), outcome: 'OUTCOME_HANDED_BACK', error: '' }]);
    session.dispatch({ acknowledged: sequence });
    expect(await end).toEqual({ type: 'drained', flushed: true });
    expect(await session.next()).toBeUndefined();
  });

  it('hands back what was assigned all the same', async () => {
    const session = await startAttached({ drainTimeoutMs: 5_000 });
    session.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    worker.drain();
    session.dispatch({ assignments: [assignment(1)] });
    const { results } = await session.nextProgress();
    expect(results).toMatchObject([{ attempt: ref(1), outcome: 'OUTCOME_HANDED_BACK' }]);
    expect(runner.attempts).toHaveLength(1);
    runner.attempts[0]!.ended({ outcome: 'stopped', error: '' });
    session.dispatch({ acknowledged: (await session.nextProgress()).sequence });
    expect(await end).toEqual({ type: 'drained', flushed: true });
  });

  it('lets a result stand that came just before', async () => {
    const session = await startAttached();
    session.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    worker.drain();
    runner.attempts[0]!.ended({ outcome: 'completed', error: '' });
    const { results } = await session.nextProgress();
    expect(results).toMatchObject([{ outcome: 'OUTCOME_COMPLETED' }]);
  });

  it('says so again in a new session', async () => {
    const first = await startAttached({ drainTimeoutMs: 5_000 });
    first.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    worker.drain();
    first.break();
    const second = await coordinator.nextSession();
    await second.attach();
    expect(await second.next()).toEqual({ $case: 'drain', value: {} });
    runner.attempts[0]!.ended({ outcome: 'stopped', error: '' });
    second.dispatch({ acknowledged: (await second.nextProgress()).sequence });
    expect(await end).toEqual({ type: 'drained', flushed: true });
  });

  it('does not wait for ever for an acknowledgement', async () => {
    const session = await startAttached();
    session.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    worker.drain();
    runner.attempts[0]!.ended({ outcome: 'stopped', error: '' });
    expect(await end).toEqual({ type: 'drained', flushed: false });
  });

  it('ends while it waits for its coordinator', async () => {
    coordinator.close();
    const { address } = coordinator;
    await new Promise<void>((resolve) => {
      worker = createWorkerSession({
        profile,
        runner,
        connect: (events) =>
          openLink(address, {
            ...events,
            closed: (why) => {
              events.closed(why);
              resolve();
            },
          }),
        logger: pino({ level: 'silent' }),
        // A pause of more than a day: only the drain can end it in time.
        random: () => 1_000_000,
      });
      end = worker.run();
    });
    worker.drain();
    expect(await end).toEqual({ type: 'drained', flushed: true });
  });
});

function recordingLogger(lines: { msg: string }[]): Logger {
  return pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
}

describe('a coordinator that asks it to leave', () => {
  it('gets what runs brought to its end first, and nothing new begun (P16)', async () => {
    const session = await startAttached({ drainTimeoutMs: 60_000 });
    session.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    session.dispatch({ drain: 'DRAIN_MODE_FINISH' });
    expect((await session.next())?.$case).toBe('drain');
    session.dispatch({ assignments: [assignment(1)], drain: 'DRAIN_MODE_FINISH' });
    expect((await session.nextProgress()).results).toMatchObject([{ attempt: ref(1), outcome: 'OUTCOME_HANDED_BACK' }]);
    expect(runner.attempts).toHaveLength(1);
    expect(runner.attempts[0]!.told).toEqual([]);
    runner.attempts[0]!.ended({ outcome: 'completed', error: '' });
    const { results, sequence } = await session.nextProgress();
    expect(results).toMatchObject([{ attempt: ref(0), outcome: 'OUTCOME_COMPLETED' }]);
    session.dispatch({ acknowledged: sequence });
    expect(await end).toEqual({ type: 'drained', flushed: true });
  });

  it('gets it handed back at once when that is what it asks for, also later', async () => {
    const session = await startAttached({ drainTimeoutMs: 60_000 });
    session.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    session.dispatch({ drain: 'DRAIN_MODE_FINISH' });
    expect((await session.next())?.$case).toBe('drain');
    session.dispatch({ drain: 'DRAIN_MODE_HAND_BACK' });
    await runner.told(0);
    expect(runner.attempts[0]!.told).toEqual(['stop']);
    runner.attempts[0]!.ended({ outcome: 'stopped', error: '' });
    const { results, sequence } = await session.nextProgress();
    expect(results).toMatchObject([{ outcome: 'OUTCOME_HANDED_BACK' }]);
    session.dispatch({ acknowledged: sequence });
    expect(await end).toEqual({ type: 'drained', flushed: true });
  });
});

describe('an attempt that has no more time', () => {
  const timeOut = async (protocolVersion: string) => {
    const session = await startWorker();
    await session.attach({ protocolVersion });
    session.dispatch({ assignments: [assignment(0)] });
    await runner.started(1);
    runner.attempts[0]!.ended({ outcome: 'timed_out', error: 'time limit of 1m reached' });
    return (await session.nextProgress()).results;
  };

  it('has timed out', async () => {
    expect(await timeOut(PROTOCOL_VERSION)).toMatchObject([
      { outcome: 'OUTCOME_TIMED_OUT', error: 'time limit of 1m reached' },
    ]);
  });

  it('has failed in the words of a coordinator one version back (P18)', async () => {
    expect(await timeOut('1.0')).toMatchObject([{ outcome: 'OUTCOME_FAILED', error: 'time limit of 1m reached' }]);
  });
});
