import { Command } from 'commander';
import { workerJson } from '../../proto/json.js';
import { withClient } from '../client.js';
import { coordinatorOption } from '../options.js';
import { printJson } from '../print-json.js';
import { printLines } from '../terminal.js';
import { plainText, span } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly json?: true;
  readonly now?: true;
}

export function drainCommand(): Command {
  return new Command('drain')
    .description(
      'Asks a worker to leave: it gets no further trials, brings those that run to their end, and stops. ' +
        'It hears of it within a heartbeat.',
    )
    .argument('<worker>', "the worker's name or id")
    .addOption(coordinatorOption())
    .option('--now', 'hand back what runs at once; other workers go on with it')
    .option('--json', 'print the worker as JSON')
    .action((name: string, { coordinator, json, now }: Options) =>
      withClient(coordinator, async (client) => {
        const worker = await client.drainWorker(name, now === true);
        if (json === true) return printJson(workerJson(worker));
        const { length } = worker.running;
        const rest = now === true ? 'hands back' : 'finishes';
        const runs = length === 0 ? '' : `, and ${rest} the ${length} that run${length === 1 ? 's' : ''}`;
        return printLines([[span(`${plainText(worker.name)} gets no further trials${runs}`)]]);
      }),
    );
}

export function unquarantineCommand(): Command {
  return new Command('unquarantine')
    .description('Gives a worker trials again that failed what others bring to their end; see "assay workers".')
    .argument('<worker>', "the worker's name or id")
    .addOption(coordinatorOption())
    .option('--json', 'print the worker as JSON')
    .action((name: string, { coordinator, json }: Options) =>
      withClient(coordinator, async (client) => {
        const worker = await client.unquarantineWorker(name);
        if (json === true) return printJson(workerJson(worker));
        return printLines([[span(`${plainText(worker.name)} gets trials again`)]]);
      }),
    );
}
