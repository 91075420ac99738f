import { Command } from 'commander';
import { splitAddresses } from '../../proto/leader.js';
import { chosenAccess } from '../access-options.js';
import { addDataOptions, type DataOptions, dataPlacesOf } from '../data-options.js';
import { checkCoordinator } from '../doctor/coordinator.js';
import type { Finding, Level } from '../doctor/finding.js';
import { checkDisk, checkMemory, checkNode, checkScratch } from '../doctor/machine.js';
import { checkData, checkTraining } from '../doctor/training.js';
import { FAILURE } from '../fail.js';
import { coordinatorOption } from '../options.js';
import { printJson } from '../print-json.js';
import { printLines } from '../terminal.js';
import { type Line, type Style, span } from '../text.js';

interface Options extends DataOptions {
  readonly coordinator: string;
  readonly state: string;
  readonly json?: true;
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description(
      'Looks at this machine, and at the way from here to a coordinator: Node, memory, disks, GPUs, the training backend that\n' +
        'would be chosen and why, data sets, reachability, TLS, token and clock. One line for each, with what to do.\n\n' +
        'The exit code is 1 where something that is to work does not (FAULT), else 0, also with warnings.',
    )
    .addOption(coordinatorOption())
    .option('-s, --state <dir>', "the folder that a coordinator's log is, or would be, in", '.assay')
    .option('--json', 'print as JSON');
  return addDataOptions(command).action(doctor);
}

async function doctor(options: Options, command: Command): Promise<void> {
  const { coordinator, state, json } = options;
  const places = dataPlacesOf(options);
  const named = command.getOptionValueSource('coordinator') !== 'default';
  const access = chosenAccess();
  const machine = [
    checkNode(),
    checkMemory(),
    checkDisk('state', state, '--state'),
    checkDisk('cache', places.cacheDir, '--cache'),
    checkScratch(),
  ];
  const others = await Promise.all([
    checkTraining(),
    checkData(places),
    ...splitAddresses(coordinator).map((address) => checkCoordinator(address, access, named)),
  ]);
  const findings = [...machine, ...others.flat()];
  const ok = findings.every(({ level }) => level !== 'fault');
  if (json === true) printJson({ ok, findings });
  else printLines(findings.map(lineOf));
  if (!ok) process.exitCode = FAILURE;
}

const MARKS: Readonly<Record<Level, readonly [text: string, style: Style | undefined]>> = {
  ok: ['ok', 'green'],
  note: ['note', 'cyan'],
  warning: ['warning', 'yellow'],
  fault: ['FAULT', 'red'],
};

function lineOf({ check: what, level, words, advice }: Finding): Line {
  const [mark, style] = MARKS[level];
  const end = advice === '' ? [] : [span(` -> ${advice}`, 'bold')];
  return [span(mark.padEnd(9), style), span(what.padEnd(13)), span(words), ...end];
}
