import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { replayCommand } from '../../../cli/commands/replay.js';
import { UserError } from '../../../cli/fail.js';
import type { Event } from '../../../coordinator/core/events.js';
import { openSqliteLog } from '../../../coordinator/event-log/sqlite.js';
import { attemptOf, Scenario } from '../../coordinator/core/scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** A coordinator's folder with a finished study, whose log stays open: its coordinator still runs. */
async function stateWith(name: string, change: (events: readonly Event[]) => readonly Event[] = (events) => events) {
  const scene = new Scenario();
  scene.create({ budget: { trials: 5 } });
  scene.attach('w1');
  for (let trial = 0; trial < 5; trial += 1) {
    scene.report(attemptOf(trial), 1, trial);
    scene.result(attemptOf(trial), 'completed');
  }
  const state = join(folder, name);
  mkdirSync(state);
  const log = openSqliteLog(join(state, 'log.db'));
  let head = 0;
  for (const event of change(scene.events)) head = await log.append([event], head);
  return { state, close: () => log.close() };
}

/** What the command writes to standard output and the exit code, or the error it ends with. */
async function replay(...args: string[]): Promise<readonly [text: string, code: unknown] | UserError> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  write.mockClear();
  process.exitCode = undefined;
  try {
    await replayCommand().parseAsync(args, { from: 'user' });
    return [write.mock.calls.map(([text]) => String(text)).join(''), process.exitCode];
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

describe('assay replay', () => {
  it('recomputes every suggestion of a log, while it is open to its coordinator and after', async () => {
    const { state, close } = await stateWith('sound');
    const expected = ['digits: all 5 suggestions recomputed, each as in the log\n', undefined];
    expect(await replay('--state', state)).toEqual(expected);
    await close();
    expect(await replay('digits', '--state', state)).toEqual(expected);
  });

  it('names each suggestion that differs, and ends with exit code 1', async () => {
    const { state, close } = await stateWith('forged', (events) =>
      events.map((event) =>
        event.type === 'TrialProposed' && event.trial === 3 ? { ...event, params: { x: 2 } } : event,
      ),
    );
    const [text, code] = (await replay('--state', state)) as readonly [string, unknown];
    expect(text).toMatch(
      /^digits: 1 of 5 suggestions differ\n {2}trial 3: the log has \{"x":2\} by random, not \{"x":0\.\d+\} by random\n$/,
    );
    expect(code).toBe(1);
    expect(JSON.parse(((await replay('--state', state, '--json')) as readonly [string, unknown])[0])).toMatchObject([
      { study: 'digits', suggestions: 5, differing: [{ trial: 3, origin: 'random' }] },
    ]);
    await close();
  });

  it('says what it cannot find or read', async () => {
    const { state, close } = await stateWith('other');
    await close();
    writeFileSync(join(folder, 'log.db'), 'this is no database, whatever its name says');
    expect(await replay('nope', '--state', state)).toMatchObject({
      exitCode: 2,
      message: `${join(state, 'log.db')} has no study nope`,
    });
    expect(await replay('--state', join(folder, 'nowhere'))).toMatchObject({
      exitCode: 2,
      message: `no log ${join(folder, 'nowhere', 'log.db')}: name the coordinator's state folder with --state`,
    });
    expect(await replay('--state', folder)).toMatchObject({
      exitCode: 1,
      message: `${join(folder, 'log.db')} is not a SQLite database`,
    });
  });
});
