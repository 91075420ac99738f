import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { getPriority, loadavg, setPriority, tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BenchFleet } from '../fleet/fleet.js';

/*
 * How long workers wait for their next assignment while another client floods the coordinator, beside how long they wait
 * when it is quiet, in one run.
 *
 *   npm run bench:flood -- [--seconds 10] [--only submits] [--state DIR] [--profile DIR]
 *
 * --state /dev/shm leaves the disk out.
 */

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
    profile: { type: 'string' },
    state: { type: 'string', default: tmpdir() },
  },
});
const seconds = Number(options.seconds);

/** The client that is to notice nothing: 64 workers, about 600 trials a second. */
const WORKERS = { workers: 64, slots: 1, trialMs: 100, jitter: 0.5, reports: 1 };
const BOUND_MS = 50;
const WARM_UP_MS = 2_000;

const FLOODS: Readonly<Record<string, string>> = {
  submits: '10,000 submits, again and again',
  files: '10,000 search files of 300 kB that are wrong',
  messages: 'messages of 1 GB',
  streams: '5,000 streams that nobody reads',
};

interface Tally {
  readonly sent: number;
  readonly answered: number;
  readonly refused: number;
  readonly cut: number;
}

row(['flood', 'p99', 'median', 'worst', 'trials/s', 'RSS', 'load', 'sent', 'answered', 'refused', 'cut']);
for (const mode of Object.keys(FLOODS)) {
  if (options.only !== undefined && options.only !== mode) continue;
  const fleet = await BenchFleet.start({
    workers: WORKERS,
    processes: 1,
    state: options.state,
    profile: options.profile,
  });
  await fleet.study(undefined, 1);
  await measure(fleet, 'quiet');
  const port = fleet.address.slice(fleet.address.lastIndexOf(':') + 1);
  const hostile = fork(fileURLToPath(new URL('hostile.js', import.meta.url)), [port, mode]);
  // It has a machine of its own in the story; here it gets what the others leave.
  spawnSync('chrt', ['--other', '--pid', '0', String(hostile.pid)]);
  setPriority(hostile.pid!, Math.min(19, getPriority() + 10));
  await measure(fleet, FLOODS[mode]!, hostile);
  hostile.kill('SIGKILL');
  await fleet.close();
}

async function measure(fleet: BenchFleet, name: string, hostile?: ChildProcess): Promise<void> {
  await pause(WARM_UP_MS);
  await fleet.figures();
  await pause(seconds * 1_000);
  const { coordinator, clients } = await fleet.figures();
  const [{ times }] = clients as [(typeof clients)[number]];
  const tally = hostile && (await tallyOf(hostile));
  const met = times.p99 < BOUND_MS ? '' : ` (NOT under ${BOUND_MS})`;
  row([
    name,
    `${times.p99.toFixed(1)} ms${met}`,
    `${times.median.toFixed(1)} ms`,
    `${times.max.toFixed(0)} ms`,
    (times.count / seconds).toFixed(0),
    `${Math.round(coordinator.rssBytes / 1e6)} MB`,
    loadavg()[0]!.toFixed(1),
    ...(tally === undefined ? [] : [tally.sent, tally.answered, tally.refused, tally.cut].map(String)),
  ]);
}

async function tallyOf(hostile: ChildProcess): Promise<Tally> {
  hostile.send('tally');
  const [tally] = (await once(hostile, 'message')) as [Tally];
  return tally;
}

function row(cells: readonly string[]): void {
  const widths = [46, 22, 9, 9, 9, 8, 6, 9, 9, 9, 6];
  console.log(
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join(' ')
      .trimEnd(),
  );
}
