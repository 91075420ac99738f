import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseWorkerConfig } from '../../worker/config.js';
import { runWorker } from '../../worker/worker.js';
import { BUILT_CHILD } from './built-child.js';
import { assignment, type FakeCoordinator, ref, startFakeCoordinator } from './fake-coordinator.js';

let coordinator: FakeCoordinator;
let drain: AbortController;

beforeEach(async () => {
  coordinator = await startFakeCoordinator();
  drain = new AbortController();
});

afterEach(() => coordinator.close());

function start(settings: object = {}): Promise<void> {
  const config = parseWorkerConfig({
    coordinator: coordinator.address,
    name: 'one',
    slots: 1,
    backend: 'cpu',
    ...settings,
  });
  const logger = pino({ level: 'silent' });
  return runWorker(config, { logger, signal: drain.signal, version: '0.1.0', childPath: BUILT_CHILD });
}

describe('a worker', () => {
  it('says what it found, runs an attempt in a process, and ends when it is to drain', async () => {
    const worker = start({ labels: { gpu: 'none' } });
    const session = await coordinator.nextSession();
    expect(await session.attach()).toMatchObject({
      name: 'one',
      slots: 1,
      labels: { gpu: 'none' },
      backend: 'cpu',
      backendReason: 'asked for; plain JavaScript',
      objectives: ['train', 'null'],
      datasets: expect.arrayContaining(['digits']),
      version: '0.1.0',
      running: [],
    });
    session.dispatch({ assignments: [assignment(0, { configJson: '{"steps": 2, "value": 0.5}' })] });
    const reports: (number | undefined)[] = [];
    for (;;) {
      const progress = await session.nextProgress();
      session.dispatch({ acknowledged: progress.sequence });
      reports.push(...progress.reports.map(({ report }) => report?.metrics['value']));
      if (progress.results.length === 0) continue;
      expect(progress.results).toMatchObject([{ attempt: ref(0), outcome: 'OUTCOME_COMPLETED' }]);
      break;
    }
    expect(reports).toEqual([0.5, 0.5]);
    drain.abort();
    await worker;
  });

  it('ends with one clear line when it is refused', async () => {
    const worker = start();
    worker.catch(() => {});
    const session = await coordinator.nextSession();
    await session.nextAttach();
    session.send({ $case: 'refused', value: { reason: 'come back with a newer version' } });
    await expect(worker).rejects.toThrow(
      `refused by the coordinator at ${coordinator.address}: come back with a newer version`,
    );
  });
});
