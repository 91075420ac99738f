import { loadavg, tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BenchFleet } from './fleet/fleet.js';

/*
 * What TLS and tokens cost: null trials through a real coordinator with its log in SQLite, in turn without them and with
 * them, the same workers in processes of their own. Trials a second depend on what else the machine does; trials in a second
 * of the coordinator's CPU time hardly do. Both ratios are of medians.
 *
 *   npm run bench:access [-- --rounds 5 --seconds 6 --workers 64 --processes 2 --state DIR]
 *
 * --state /dev/shm leaves the disk out, which makes the share of TLS larger.
 */

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    workers: { type: 'string', default: '64' },
    processes: { type: 'string', default: '2' },
    state: { type: 'string', default: tmpdir() },
  },
});
/** The most that may be lost. */
const BOUND = 0.25;
/** Before a rate is measured: code is compiled, and slots are filled. */
const WARM_UP_MS = 3_000;

interface Rates {
  /** Trials in a second, and in a second of the coordinator's CPU time. */
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

const plain: Rates[] = [];
const secure: Rates[] = [];
for (let round = 0; round < count('rounds'); round += 1) {
  // Each goes first as often as the other: a machine that slows down is not to be taken for TLS.
  const order = round % 2 === 0 ? [plain, secure] : [secure, plain];
  for (const rates of order) rates.push(await measure(rates === secure));
  const [a, b] = [plain.at(-1)!, secure.at(-1)!];
  console.log(`round ${round + 1}: plain ${words(a)}; TLS and tokens ${words(b)}; load ${loadavg()[0]!.toFixed(1)}`);
}
report('trials/s', (rates) => rates.perSecond);
report('trials per CPU second of the coordinator', (rates) => rates.perCpuSecond);

async function measure(isSecure: boolean): Promise<Rates> {
  const workers = { workers: count('workers'), slots: 1, trialMs: 0, jitter: 0, reports: 1 };
  const fleet = await BenchFleet.start({
    workers,
    processes: count('processes'),
    state: options.state,
    profile: undefined,
    secure: isSecure,
  });
  await fleet.study(undefined, workers.reports);
  const ended = async (): Promise<{ at: number; trials: number }> => {
    const [study] = await fleet.studies.listStudies();
    return { at: performance.now(), trials: study!.counts!.complete };
  };
  await pause(WARM_UP_MS);
  await fleet.figures();
  const before = await ended();
  await pause(count('seconds') * 1_000);
  const after = await ended();
  const { coordinator } = await fleet.figures();
  await fleet.close();
  const trials = after.trials - before.trials;
  return { perSecond: (trials / (after.at - before.at)) * 1_000, perCpuSecond: (trials / coordinator.cpuMs) * 1_000 };
}

function report(what: string, of: (rates: Rates) => number): void {
  const [a, b] = [median(plain.map(of)), median(secure.map(of))];
  const lost = 1 - b / a;
  console.log(
    `${what}: ${number(a)} plain, ${number(b)} with TLS and tokens: ${(100 * lost).toFixed(1)} % less (bound ${100 * BOUND} %: ${lost < BOUND ? 'met' : 'NOT MET'})`,
  );
}

function words({ perSecond, perCpuSecond }: Rates): string {
  return `${number(perSecond)}/s (${number(perCpuSecond)} per CPU s)`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function count(name: 'rounds' | 'seconds' | 'workers' | 'processes'): number {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name} ${options[name]}: must be a whole number above 0`);
  process.exit(2);
}
