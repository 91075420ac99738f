import type { Command } from 'commander';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { extendCommand, setCommand } from '../../../cli/commands/adjust.js';
import { deleteCommand } from '../../../cli/commands/delete.js';
import { enqueueCommand, invalidateCommand, stopTrialCommand } from '../../../cli/commands/trial-control.js';
import { drainCommand, unquarantineCommand } from '../../../cli/commands/worker-control.js';
import { workersCommand } from '../../../cli/commands/workers.js';
import { UserError } from '../../../cli/fail.js';
import { createArtifactKeeper } from '../../../coordinator/artifacts/keeper.js';
import { openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
import type { ReportedEnd } from '../../../coordinator/core/events.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import { type RunningServer, startServer } from '../../../coordinator/rpc/server.js';
import { spec, worker } from '../../coordinator/core/scenario.js';

let coordinator: Coordinator;
let server: RunningServer;
beforeEach(async () => {
  const logger = pino({ level: 'silent' });
  const onFailure = (error: unknown): void => {
    throw error;
  };
  coordinator = await Coordinator.open({ log: openMemoryLog(), leaseMs: 60_000, onFailure });
  const artifacts = openMemoryArtifacts();
  const keeper = createArtifactKeeper({ artifacts, coordinator, logger, graceMs: 60_000 });
  server = await startServer('127.0.0.1:0', {
    coordinator,
    artifacts,
    keeper,
    maxArtifactBytes: 1_000_000,
    heartbeatMs: 10_000,
    leaseMs: 60_000,
    logger,
  });
  await create({ budget: { trials: 2 } });
});
afterEach(() => {
  vi.restoreAllMocks();
  server.close();
});

const create = (overrides: Parameters<typeof spec>[0]) =>
  coordinator.submit({ type: 'CreateStudy', requestId: '', spec: spec(overrides), source: '', drawnSeed: 1 });
const attach = (id: string, slots = 1) =>
  coordinator.submit({ type: 'AttachWorker', profile: worker(id, { slots }), holds: [] });
const end = (trial: number, outcome: ReportedEnd = 'completed') =>
  coordinator.submit({
    type: 'RecordProgress',
    worker: 'w1',
    started: [],
    reports: [],
    saved: [],
    results: [{ study: 'digits', trial, attempt: 1, outcome, error: '' }],
  });

/** What a command prints, or the error that it ends with. */
async function typed(command: Command, ...args: readonly string[]): Promise<string | UserError> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await command.parseAsync([...args, '--coordinator', server.address], { from: 'user' });
    return write.mock.calls.map(([text]) => String(text)).join('');
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  } finally {
    write.mockRestore();
  }
}

describe('assay extend', () => {
  it('sets a budget or adds to it, and says what it is now', async () => {
    expect(await typed(extendCommand(), 'digits', '--trials', '10')).toBe(
      'digits is running: 10 trials, on every free slot, priority 0\n',
    );
    expect(await typed(extendCommand(), '--trials', '+5', '--time', '1h30m')).toBe(
      'digits is running: 15 trials and 1h 30m, on every free slot, priority 0\n',
    );
  });

  it('reopens a study that had finished', async () => {
    await attach('w1', 2);
    await end(0);
    await end(1);
    expect(await typed(extendCommand(), 'digits', '--trials', '+1')).toBe(
      'digits is running: 3 trials, on every free slot, priority 0 (2 complete, 1 running)\n',
    );
  });

  it('refuses what means nothing with exit code 2', async () => {
    expect(await typed(extendCommand(), 'digits')).toMatchObject({ exitCode: 2, message: /nothing to change/ });
    await attach('w1', 2);
    expect(await typed(extendCommand(), 'digits', '--trials', '1')).toMatchObject({
      exitCode: 2,
      message: 'study digits has started 2 trials already: its budget must be at least that, not 1',
    });
  });
});

describe('assay set', () => {
  it('changes parallelism and priority', async () => {
    expect(await typed(setCommand(), '--parallel', '3', '--priority', '-5')).toBe(
      'digits is running: 2 trials, at most 3 at a time, priority -5\n',
    );
    expect(await typed(setCommand(), 'digits', '--parallel', 'all')).toBe(
      'digits is running: 2 trials, on every free slot, priority -5\n',
    );
  });
});

describe('assay enqueue', () => {
  it('reads values as a search file does', async () => {
    expect(await typed(enqueueCommand(), 'digits', 'x=2.5e-1')).toBe(
      'digits has the configuration: 1 waits for a slot\n',
    );
    expect(await coordinator.view(({ state }) => state.studies.get('digits')!.queue)).toEqual([{ x: 0.25 }]);
  });

  it('names each fault in the words of the file', async () => {
    expect(await typed(enqueueCommand(), 'x=5')).toMatchObject({
      exitCode: 2,
      message: 'x: 5 must be in [0, 1]',
    });
    expect(await typed(enqueueCommand(), 'digits', 'y=1', 'x=abc')).toMatchObject({
      exitCode: 2,
      message: 'y: there is no parameter "y" in space (did you mean "x"?)\nx: "abc" must be a number',
    });
    expect(await typed(enqueueCommand(), 'digits', 'x')).toMatchObject({ message: /"x" is no name=value/ });
  });
});

describe('assay stop-trial and assay invalidate', () => {
  it('say what becomes of the trial', async () => {
    await attach('w1', 2);
    expect(await typed(stopTrialCommand(), 'digits', '0')).toBe('digits trial 0 is told to stop\n');
    await end(0, 'stopped');
    expect(await typed(invalidateCommand(), '0', '--reason', 'the disk\nwas full')).toBe(
      'digits trial 0 does not count any more (pruned)\n',
    );
    const json = await typed(invalidateCommand(), '0', '--json');
    expect(JSON.parse(String(json))).toMatchObject({
      study: 'digits',
      trial: { number: 0, invalidated: true, invalidatedReason: 'the disk was full' },
    });
    expect(await typed(stopTrialCommand(), '0')).toMatchObject({ exitCode: 2, message: /has ended: it is pruned/ });
  });
});

describe('assay drain and assay unquarantine', () => {
  it('know a worker by its name', async () => {
    await attach('w1', 2);
    expect(await typed(drainCommand(), 'w1')).toBe('w1 gets no further trials, and finishes the 2 that run\n');
    expect(await typed(workersCommand())).toContain('draining');
    expect(await typed(unquarantineCommand(), 'w1')).toBe('w1 gets trials again\n');
    expect(await typed(drainCommand(), 'w7')).toMatchObject({
      exitCode: 2,
      message: 'there is no worker w7 (did you mean "w1"?): those attached are w1',
    });
  });
});

describe('assay delete', () => {
  it('wants a study that has finished, and a yes', async () => {
    expect(await typed(deleteCommand(), 'digits', '--yes')).toMatchObject({ exitCode: 2, message: /stop it first/ });
    await coordinator.submit({ type: 'ControlStudy', study: 'digits', action: 'stop' });
    expect(await typed(deleteCommand(), 'digits')).toMatchObject({ exitCode: 2, message: /say --yes/ });
    expect(await typed(deleteCommand(), 'digits', '--yes')).toBe('digits is deleted (0 trials)\n');
    expect(await typed(deleteCommand(), 'digits', '--yes')).toMatchObject({ message: /there is no study digits/ });
  });
});
