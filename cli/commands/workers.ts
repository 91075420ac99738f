import { Command } from 'commander';
import type { Worker } from '../../proto/index.js';
import { workerJson } from '../../proto/json.js';
import { withClient } from '../client.js';
import { formatTime } from '../format.js';
import { commandLine } from '../invocation.js';
import { coordinatorOption, coordinatorWords } from '../options.js';
import { printJson } from '../print-json.js';
import { type Remark, remarkLines } from '../remarks.js';
import { type Cell, type Column, tableLines } from '../table.js';
import { describeTerminal, printLines } from '../terminal.js';
import { plainText, type Span, span } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly json?: true;
}

export function workersCommand(): Command {
  return new Command('workers')
    .description('Lists the attached workers.')
    .addOption(coordinatorOption())
    .option('--json', 'print them as JSON')
    .action(({ coordinator, json }: Options) =>
      withClient(coordinator, async (client) => {
        const workers = await client.listWorkers();
        if (json === true) return printJson(workers.map(workerJson));
        if (workers.length === 0) {
          const hint = `no worker is attached: start one with ${commandLine(['worker', ...coordinatorWords(coordinator)])}`;
          return printLines([[span(hint)]]);
        }
        const terminal = describeTerminal();
        const table = tableLines(COLUMNS, workers.map(cells), terminal.columns);
        return printLines([...table, ...remarkLines(workers.map(remark), terminal.columns)], terminal);
      }),
    );
}

const COLUMNS: readonly Column[] = [
  { title: 'worker' },
  { title: 'busy', align: 'right' },
  { title: 'state' },
  { title: 'backend', giveWay: 2 },
  { title: 'gpus', giveWay: 6 },
  { title: 'because', giveWay: 6 },
  { title: 'done', align: 'right', giveWay: 3 },
  { title: 'failed', align: 'right', giveWay: 7 },
  { title: 'attached', giveWay: 4 },
  { title: 'labels', giveWay: 5 },
  { title: 'runs', giveWay: 1 },
];

function cells(worker: Worker): Cell[] {
  return [
    plainText(worker.name),
    `${worker.running.length}/${worker.slots}`,
    workerState(worker),
    plainText(worker.backend),
    gpusText(worker),
    plainText(worker.backendReason),
    String(worker.attemptsDone),
    String(worker.attemptsFailed),
    formatTime(worker.attachedAtMs),
    plainText(
      Object.entries(worker.labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    ),
    worker.running.map(({ study, trial }) => `${study} ${trial}`).join(', '),
  ];
}

/** "2 x H100, 37% busy, 21 of 160 GiB": each product once, then the mean use and the memory of all, as far as known. */
function gpusText({ gpus, gpuUse }: Worker): string {
  if (gpus.length === 0) return '';
  const counts = new Map<string, number>();
  for (const { name } of gpus) counts.set(name, (counts.get(name) ?? 0) + 1);
  const products = [...counts].map(([name, count]) => `${count} x ${name}`);
  const busy = gpuUse.flatMap(({ utilization }) => utilization ?? []);
  const used = gpuUse.flatMap(({ memoryUsedBytes }) => memoryUsedBytes ?? []);
  const gibibytes = (bytes: readonly number[]): string =>
    (bytes.reduce((sum, one) => sum + one, 0) / 2 ** 30).toFixed(0);
  const words = [
    ...products,
    ...(busy.length === 0
      ? []
      : [`${Math.round((100 * busy.reduce((sum, one) => sum + one, 0)) / busy.length)}% busy`]),
    ...(used.length === 0 ? [] : [`${gibibytes(used)} of ${gibibytes(gpus.map((gpu) => gpu.memoryBytes))} GiB`]),
  ];
  return plainText(words.join(', '));
}

function remark({ name, quarantine, quarantinedUntilMs }: Worker): Remark {
  const text = quarantine === '' ? '' : `quarantined until ${formatTime(quarantinedUntilMs)}: ${quarantine}`;
  return { name: plainText(name), text };
}

function workerState(worker: Worker): Span {
  if (!worker.connected) return span('away', 'red');
  if (worker.quarantine !== '') return span('quarantined', 'red');
  return worker.draining ? span('draining', 'yellow') : span('attached', 'green');
}
