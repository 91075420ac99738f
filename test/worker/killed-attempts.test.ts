import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Random } from '../../worker/train/random.js';
import { isAlive, OwnWorld, type StartedAttempt } from './own-code/own-world.js';

/*
 * Attempts that die at each kind of point - start, report, checkpoint - and in between, by their worker and by somebody
 * else. What they would leave is looked for by what it is: processes by a variable of their environment, files by folder,
 * open files by number.
 */

const STEPS = 4;
const PATIENCE = { timeout: 30_000, interval: 20 };

/** Starts what would outlive it, in its group and out of it, then reports and saves. */
const MODULE = `import { spawn } from 'node:child_process';
export async function objective(trial) {
  spawn('sleep', ['1000']);
  spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref();
  for (let step = 1; step <= ${STEPS}; step++) {
    trial.report({ value: step }, step);
    await trial.checkpoint.save({ step, ballast: 'x'.repeat(100_000) });
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
`;

const SCRIPT = `
  trap '' TERM
  sleep 1000 &
  setsid sleep 1000 &
  for step in $(seq ${STEPS}); do
    echo "{\\"value\\": $step}" >&3
    head -c 100000 /dev/zero > $ASSAY_CHECKPOINT_DIR/.state && mv $ASSAY_CHECKPOINT_DIR/.state $ASSAY_CHECKPOINT_DIR/state
    echo '{"checkpoint": true}' >&3
    sleep 0.03
  done`;

const TRAINING = {
  dataset: { name: 'digits', train: 200, validation: 50 },
  architecture: { type: 'mlp', depth: 1, width: 16 },
  optimizer: { learning_rate: 0.1 },
  batch_size: 20,
  epochs: STEPS,
};

const KINDS = {
  train: TRAINING,
  module: 'objective.mjs',
  command: ['sh', '-c', SCRIPT],
} as const;

type Kind = keyof typeof KINDS;
type Moment = 'start' | 'report' | 'save';

let home: string;
let world: OwnWorld;
let idleFiles: number;
const before = { HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'] };

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assay-killed-'));
  // Both are passed on to whatever an attempt starts: one marks it, the other is where it would leave files.
  process.env['HOME'] = home;
  process.env['TMPDIR'] = join(home, 'tmp');
  mkdirSync(process.env['TMPDIR']);
  world = new OwnWorld({}, { slots: 1, backend: 'wasm', data: { offline: true } });
  world.write('objective.mjs', MODULE);
  await world.slots.probe();
  for (const kind of ['train', 'module', 'command'] as const) await begin(kind).whenEnded;
}, 120_000);
afterAll(async () => {
  await world.close();
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  rmSync(home, { recursive: true, force: true });
});

function begin(kind: Kind): StartedAttempt {
  const metric = { name: kind === 'train' ? 'val_accuracy' : 'value', maximize: true, best: true };
  return world.start(kind, KINDS[kind], { checkpointEvery: 1, metric });
}

/** Processes of this world, this one aside: those whose environment has its home. */
function processes(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(`HOME=${home}\0`));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Nothing is there but the spare process that the next attempt will get, if that has not been killed too. */
async function idle(): Promise<void> {
  const others = (): string[] =>
    processes()
      .map(commandLine)
      .filter((words) => !words.includes('child.js'));
  await expect.poll(others, PATIENCE).toEqual([]);
  await expect.poll(() => processes().length, PATIENCE).toBeLessThanOrEqual(1);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Dies at the `count`th event of a kind, in the middle of telling it. */
function dieAt(attempt: StartedAttempt, moment: Moment, count: number, die: () => void): void {
  const event = { start: 'started', report: 'report', save: 'made' } as const;
  const name = event[moment];
  const tell = attempt[name] as (...args: unknown[]) => void;
  let left = count;
  Object.assign(attempt, {
    [name]: (...args: unknown[]) => {
      tell(...args);
      left -= 1;
      if (left === 0) die();
    },
  });
}

/** Kills the attempt's own process from outside, as a machine without memory does. */
function crash(running: readonly number[]): void {
  for (const pid of running) if (parentOf(pid) === process.pid) process.kill(pid, 'SIGKILL');
}

function parentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1]);
  } catch {
    return 0;
  }
}

async function expectNothingLeft(): Promise<void> {
  await idle();
  await expect.poll(() => world.leftFolders(), PATIENCE).toEqual([]);
  expect(readdirSync(process.env['TMPDIR']!)).toEqual([world.folder.split('/').at(-1)]);
  expect(readdirSync(home).filter((name) => name !== 'tmp')).toEqual([]);
  await expect.poll(openFiles, PATIENCE).toBeLessThanOrEqual(idleFiles);
}

const POINTS: readonly [Moment, number][] = [
  ['start', 1],
  ['report', 1],
  ['report', 3],
  ['save', 1],
  ['save', 3],
];

it('has one spare process where nothing runs, to begin with', { timeout: 120_000 }, async () => {
  await idle();
  idleFiles = openFiles();
});

describe.each(Object.keys(KINDS) as Kind[])('an attempt (%s) that dies', (kind) => {
  it.each(POINTS)(
    'at its %s number %i leaves nothing, whoever kills it',
    { timeout: 120_000 },
    async (moment, count) => {
      for (const killer of ['worker', 'system'] as const) {
        const attempt = begin(kind);
        const died = new Promise<void>((resolve) => {
          dieAt(attempt, moment, count, () => {
            if (killer === 'worker') attempt.kill();
            else crash(processes());
            resolve();
          });
        });
        await died;
        const told = attempt.reports.length;
        await expectNothingLeft();
        // What its worker has killed is not heard any more; what died otherwise may have said more before.
        expect(attempt.reports.length - told).toBeLessThanOrEqual(killer === 'worker' ? 0 : STEPS);
        await expect.poll(() => attempt.ends.length, PATIENCE).toBe(killer === 'worker' ? 0 : 1);
      }
    },
  );

  it('at any moment leaves nothing', { timeout: 240_000 }, async () => {
    const seed = Date.now() % 1_000_000;
    onTestFinished(({ task }) => {
      if (task.result?.state === 'fail') console.error(`seed ${seed}`);
    });
    const random = new Random(seed);
    for (let round = 0; round < 4; round++) {
      const attempt = begin(kind);
      await pause(random.below(300));
      if (random.below(2) === 0) attempt.kill();
      else crash(processes().filter(isAlive));
      await expectNothingLeft();
    }
    // The first may be given a spare process that was killed, too, before anybody has noticed.
    await begin(kind).whenEnded;
    expect(await begin(kind).whenEnded).toEqual({ outcome: 'completed', error: '' });
  });
});
