import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { World, waitFor } from './processes.js';

/** What a program reads in one line of a log. */
type Line = Readonly<Record<string, unknown>>;

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

function file(name: string, objective: string, extra = ''): string {
  const target = path.join(world.folder, `${name}.yaml`);
  const text = `
name: ${name}
metric: {name: value, goal: maximize}
budget: {trials: 6}
seed: 7
sampler: random
limits: {attempts: 2}
${objective}
space: {x: {float: [0, 1]}}
${extra}`;
  writeFileSync(target, text);
  return target;
}

const linesOf = (output: string): Line[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

/** A line is about a trial when it says so in its words or names one. */
const isAboutTrial = ({ msg, trial, attempt }: Line): boolean =>
  trial !== undefined || attempt !== undefined || /\b(trial|attempt)\b/.test(String(msg));

const finished = (study: string) =>
  waitFor(`${study} to finish`, async () => {
    const board = await world.json<{ study: { state: string } }>('leaderboard', study, '--json');
    return board.study.state === 'finished';
  });

it('every log line about a trial says which study, trial, attempt and worker', { timeout: 120_000 }, async () => {
  const coordinator = await world.coordinator('--log-level', 'debug', '--heartbeat', '200ms', '--lease', '2s');
  const doomed = world.worker('doomed', '--slots', '1', '--log-level', 'debug');
  const slow = file('slow', '"null": {steps: 8, value: $x, delay_ms: 100}', 'pruner: {type: threshold, lower: 0.4}');
  await world.run('submit', slow);
  await waitFor('an attempt to run', () => doomed.output().includes('attempt assigned'));
  await doomed.end('SIGKILL');
  const steady = world.worker('steady', '--slots', '2', '--log-level', 'debug', '--allow-command');
  await finished('slow');
  await world.run('invalidate', 'slow', '1', '--reason', 'a test');
  await world.run('submit', file('failing', 'command: [sh, -c, "echo no; exit 3"]'));
  await finished('failing');
  await steady.end('SIGTERM');
  const ofCoordinator = linesOf(coordinator.output()).filter(isAboutTrial);
  const ofWorkers = [doomed, steady].flatMap((one) => linesOf(one.output())).filter(isAboutTrial);
  for (const line of [...ofCoordinator, ...ofWorkers]) {
    const { study, trial, attempt, worker } = line;
    const names = { study, trial, attempt, worker };
    expect({ ...names, line }).toEqual({
      line,
      study: expect.stringMatching(/^(slow|failing)$/),
      trial: expect.any(Number),
      attempt: expect.any(Number),
      worker: expect.stringMatching(/^(doomed|steady)$/),
    });
  }
  // What was to be seen was seen.
  const said = (lines: readonly Line[]): unknown[] => lines.map(({ msg }) => msg);
  expect(said(ofCoordinator)).toEqual(
    expect.arrayContaining([
      'attempt started',
      'attempt ended',
      'attempt told to stop',
      'trial tried again',
      'trial invalidated',
    ]),
  );
  expect(said(ofWorkers)).toEqual(expect.arrayContaining(['attempt assigned', 'attempt ended', 'attempt is to stop']));
  const ends = new Set(ofCoordinator.map(({ end }) => end).filter((end) => end !== undefined));
  expect([...ends]).toEqual(expect.arrayContaining(['completed', 'stopped', 'lost', 'failed']));
});

it('logs text where that is asked for, with the same names', { timeout: 60_000 }, async () => {
  const coordinator = await world.coordinator();
  const worker = world.worker('w', '--slots', '1', '--log-format', 'text');
  await world.run('submit', file('quick', '"null": {steps: 1, value: $x}'));
  await finished('quick');
  const line = await waitFor('the end of an attempt', () =>
    worker
      .output()
      .split('\n')
      .find((one) => one.includes('attempt ended')),
  );
  expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: attempt ended \{.*\}$/);
  const facts = JSON.parse(line.slice(line.indexOf('{'))) as Line;
  expect(facts).toMatchObject({ study: 'quick', trial: 0, attempt: 1, worker: 'w' });
  expect(linesOf(coordinator.output()).length).toBeGreaterThan(0);
});
