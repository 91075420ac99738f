import { loadavg, tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { StudyState } from '../../proto/index.js';
import { BenchFleet, type Workers } from './fleet.js';
import type { Figures, Times } from './messages.js';

/*
 * One coordinator and very many workers: how much of the fleet's time it takes, and how much of its own. The coordinator is
 * the real one with its log in SQLite; the workers are real gRPC clients with real sessions in processes of their own, whose
 * trials only report and take their time.
 *
 *   npm run bench:fleet [-- SCENARIO... --seconds 10 --processes 2 --state DIR --profile DIR]
 *
 *   --null           trials that take no time: 64 workers and 1,000
 *   --idle N         N workers without work: the coordinator's memory and CPU
 *   --reports        64 trials at a time that report as fast as they can
 *   --latency        1,000 workers, 2,000 trials a second: from a result's arrival to the next assignment's departure
 *   --busy           1,000 workers, trials of 1 s: the share of their time that slots run trials
 *   --ray-trials     10,000 trials of 1 s on 16 slots
 *   --ray-reports    1,000 trials at a time, each with 10 reports a second for 100 s
 *   --ray-workers    200 workers with 1 report a second for 300 s
 *
 * The last three are the shapes of Ray Tune's scalability table ("Scalability and Overhead Benchmarks for Ray Tune", 715 s,
 * 248 s and 2,281 s there); --share 0.1 runs a tenth of each, in which starting and ending weigh ten times as much. Without a scenario: all but these three, with 1,000 idle
 * workers. CPU is in shares of one core. --state /dev/shm leaves the disk out.
 */

const { values: options } = parseArgs({
  options: {
    null: { type: 'boolean' },
    idle: { type: 'string' },
    reports: { type: 'boolean' },
    latency: { type: 'boolean' },
    busy: { type: 'boolean' },
    'ray-trials': { type: 'boolean' },
    'ray-reports': { type: 'boolean' },
    'ray-workers': { type: 'boolean' },
    share: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '10' },
    processes: { type: 'string', default: '2' },
    state: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
  },
});
const { state, profile } = options;
const seconds = positive('seconds');
const processes = positive('processes');
const share = positive('share');
const chosen = [options.null, options.idle, options.reports, options.latency, options.busy].some(isSet);
const rayChosen = [options['ray-trials'], options['ray-reports'], options['ray-workers']].some(isSet);
const all = !chosen && !rayChosen;

/** Before a rate is measured: code is compiled, and slots are filled. */
const WARM_UP_MS = 3_000;
/** Reports of a trial that has nothing else to do. */
const MANY_REPORTS = 10_000;

const COLUMNS = [34, 42, 14, 6, 12, 9, 9] as const;
row(['scenario', 'measured', 'bound', 'met', 'coordinator', 'clients', 'load']);
if (all || options.null === true) {
  await nullTrials(64, 15_000);
  await nullTrials(1_000, 8_000);
}
if (all || options.idle !== undefined) await idle(options.idle === undefined ? 1_000 : positive('idle'));
if (all || options.reports === true) await reports();
if (all || options.latency === true) await latency();
if (all || options.busy === true) await busy();
if (options['ray-trials'] === true) {
  // Whole rounds of 16, or the last one would be longer than its share.
  const trials = 16 * Math.max(1, Math.round(625 * share));
  await ray('10,000 trials of 1 s on 16 slots', { workers: 16, trialMs: 1_000, reports: 1 }, trials, [625, 635, 715]);
}
if (options['ray-reports'] === true) {
  const length = { trialMs: 100_000 * share, reports: Math.round(1_000 * share) };
  await ray('1,000 trials, 10 reports/s, 100 s', { workers: 1_000, ...length }, 1_000, [100, 103, 248]);
}
if (options['ray-workers'] === true) {
  const length = { trialMs: 300_000 * share, reports: Math.round(300 * share) };
  await ray('200 workers, 1 report/s, 300 s', { workers: 200, ...length }, 200, [300, 303, 2_281]);
}

async function nullTrials(workers: number, bound: number): Promise<void> {
  const { trials, ...usage } = await window({ workers, slots: 1, trialMs: 0, jitter: 0, reports: 1 }, seconds);
  result(
    `null trials, ${workers} slots`,
    `${count(trials)} trials/s${ofCpu(trials, usage)}`,
    `>= ${count(bound)}`,
    trials >= bound,
    usage,
  );
}

async function idle(workers: number): Promise<void> {
  const fleet = await start({ workers, slots: 1, trialMs: 0, jitter: 0, reports: 0 });
  // Past the work of attaching, and long enough for heartbeats (10 s) and keepalives (20 s) of everybody.
  await pause(WARM_UP_MS);
  await fleet.figures();
  const began = performance.now();
  await pause(Math.max(20, seconds) * 1_000);
  const { coordinator, clients } = await fleet.figures();
  const usage = usageOf(coordinator, clients, performance.now() - began);
  await fleet.close();
  const megabytes = coordinator.rssBytes / 1e6;
  const met = megabytes < 600 && usage.coordinatorCpu < 0.3;
  result(`${count(workers)} idle workers`, `${count(megabytes)} MB`, '< 600 MB, 30 %', met, usage);
}

async function reports(): Promise<void> {
  const workers = { workers: 64, slots: 1, trialMs: 0, jitter: 0, reports: MANY_REPORTS };
  const { steps, ...usage } = await window(workers, seconds);
  result(
    'reports of 64 trials at a time',
    `${count(steps)} reports/s${ofCpu(steps, usage)}`,
    '>= 300,000',
    steps >= 300_000,
    usage,
  );
}

async function latency(): Promise<void> {
  const { trials, coordinator, clients, ...usage } = await window(
    { workers: 1_000, slots: 1, trialMs: 500, jitter: 0.5, reports: 1 },
    seconds,
  );
  const { p99 } = coordinator.times;
  result(`result to assignment, ${count(trials)}/s`, inWords(coordinator.times), '< 10 ms', p99 < 10, usage);
  row(['  of this, one commit of the log', inWords(coordinator.commits)]);
  const outside = Math.max(...clients.map(({ times }) => times.p99));
  row(['  the same, seen by the workers', `p99 ${outside.toFixed(1)} ms`]);
}

async function busy(): Promise<void> {
  const workers = { workers: 1_000, slots: 1, trialMs: 1_000, jitter: 0.5, reports: 1 };
  const { clients, ...usage } = await window(workers, seconds);
  const sum = (of: 'busyMs' | 'idleMs'): number => clients.reduce((total, one) => total + one[of], 0);
  const part = sum('busyMs') / (sum('busyMs') + sum('idleMs'));
  result('slots busy, 1,000 trials of 1 s', `${(100 * part).toFixed(2)} %`, '>= 99 %', part >= 0.99, usage);
}

/** @param times the least that is possible, the bound, and what Ray Tune takes, in seconds, of the whole shape */
async function ray(
  name: string,
  workers: Omit<Workers, 'slots' | 'jitter'>,
  trials: number,
  [floor, bound, peer]: readonly [number, number, number],
): Promise<void> {
  const fleet = await start({ ...workers, slots: 1, jitter: 0 });
  await fleet.figures();
  const began = performance.now();
  await fleet.study(trials, workers.reports);
  let [study] = await fleet.studies.listStudies();
  while (study?.state !== StudyState.STUDY_STATE_FINISHED) {
    await pause(250);
    [study] = await fleet.studies.listStudies();
  }
  const { coordinator, clients } = await fleet.figures();
  const usage = usageOf(coordinator, clients, performance.now() - began);
  await fleet.close();
  const took = (study.finishedAtMs - study.createdAtMs) / 1_000;
  const scaled = (whole: number): string => `${(whole * share).toFixed(1)} s`;
  const words = `${took.toFixed(1)} s (least ${scaled(floor)}, Ray ${scaled(peer)})`;
  result(name, words, `<= ${scaled(bound)}`, took <= bound * share, usage);
}

interface Usage {
  /** Shares of one core. */
  readonly coordinatorCpu: number;
  readonly clientsCpu: number;
}

interface Window extends Usage {
  /** Ended trials and reports in a second, as the log has them. */
  readonly trials: number;
  readonly steps: number;
  readonly coordinator: Figures;
  readonly clients: readonly Figures[];
}

function start(workers: Workers): Promise<BenchFleet> {
  return BenchFleet.start({ workers, processes, state, profile });
}

/** A study without an end, looked at for some seconds in the middle. */
async function window(workers: Workers, length: number): Promise<Window> {
  const fleet = await start(workers);
  await fleet.study(undefined, workers.reports);
  const look = async (): Promise<{ at: number; trials: number; steps: number }> => {
    const [study] = await fleet.studies.listStudies();
    return { at: performance.now(), trials: study!.counts!.complete, steps: study!.stepsRun };
  };
  await pause(WARM_UP_MS);
  await fleet.figures();
  const before = await look();
  await pause(length * 1_000);
  const after = await look();
  const { coordinator, clients } = await fleet.figures();
  await fleet.close();
  const ms = after.at - before.at;
  return {
    trials: ((after.trials - before.trials) / ms) * 1_000,
    steps: ((after.steps - before.steps) / ms) * 1_000,
    coordinator,
    clients,
    ...usageOf(coordinator, clients, ms),
  };
}

function usageOf(coordinator: Figures, clients: readonly Figures[], ms: number): Usage {
  const clientMs = clients.reduce((total, { cpuMs }) => total + cpuMs, 0);
  return { coordinatorCpu: coordinator.cpuMs / ms, clientsCpu: clientMs / ms };
}

function result(name: string, measured: string, bound: string, met: boolean, usage: Usage): void {
  const percent = (part: number): string => `${Math.round(100 * part)} %`;
  const load = loadavg()[0]!.toFixed(1);
  row([name, measured, bound, met ? 'yes' : 'NO', percent(usage.coordinatorCpu), percent(usage.clientsCpu), load]);
}

function row(cells: readonly string[]): void {
  console.log(
    cells
      .map((cell, i) => cell.padEnd(COLUMNS[i]!))
      .join(' ')
      .trimEnd(),
  );
}

/** The rate in terms of the coordinator's own CPU time, which the rest of the machine has less to do with. */
function ofCpu(perSecond: number, { coordinatorCpu }: Usage): string {
  return ` (${count(perSecond / coordinatorCpu)} per CPU s)`;
}

function inWords({ p99, median }: Times): string {
  return `p99 ${p99.toFixed(1)} ms, median ${median.toFixed(1)} ms`;
}

function count(number: number): string {
  return Math.round(number).toLocaleString('en');
}

function isSet(option: string | boolean | undefined): boolean {
  return option !== undefined;
}

function positive(name: 'idle' | 'seconds' | 'processes' | 'share'): number {
  const value = Number(options[name]);
  if (value > 0 && Number.isFinite(value)) return value;
  console.error(`--${name} ${options[name]}: must be a number above 0`);
  process.exit(2);
}
