import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { GetOutputResponse } from '../../proto/index.js';
import { type StudyClient, withClient } from '../client.js';
import { exitCodeOf, onInterrupt } from '../interrupt.js';
import { coordinatorOption } from '../options.js';
import { parseStudyAndTrial } from '../study-and-trial.js';

interface Options {
  readonly coordinator: string;
  readonly follow?: true;
}

const POLL_MS = 1_000;

export function logsCommand(): Command {
  return new Command('logs')
    .description(
      'Prints the end of what a trial printed, the last 64 KiB at most: its own words, not those of the fleet.',
    )
    .usage('[options] [study] <trial>')
    .argument('<study-or-trial...>', "the study's id (the latest study when left out) and the trial's number")
    .addOption(coordinatorOption())
    .option('-f, --follow', 'go on printing until the trial has ended')
    .action((words: readonly string[], { coordinator, follow }: Options) => {
      const { study, trial } = parseStudyAndTrial(words);
      return withClient(coordinator, (client) => print(client, study, trial, follow === true));
    });
}

async function print(client: StudyClient, asked: string, trial: number, follow: boolean): Promise<void> {
  const interruption = onInterrupt();
  const { signal } = interruption;
  const reader = new OutputReader();
  try {
    for (let study = asked; ; ) {
      const output = await client.getOutput(study, trial);
      study = output.study;
      process.stdout.write(forTerminal(reader.next(output), process.stdout.isTTY));
      if (!follow || output.over || signal.aborted) break;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
    }
    if (signal.aborted) process.exitCode = exitCodeOf(signal);
    else if (reader.empty)
      process.stderr.write(`assay: trial ${trial} has printed nothing${follow ? '' : ' so far'}\n`);
  } finally {
    interruption.close();
  }
}

/** Finds out what of each answer has not been printed yet. */
export class OutputReader {
  #attempt = 0;
  #printed = 0;
  #any = false;

  get empty(): boolean {
    return !this.#any;
  }

  /** What is new. A kept output has no count of what went before it: it is compared from its end on. */
  next({
    attempt,
    live,
    totalBytes,
    data,
  }: Pick<GetOutputResponse, 'attempt' | 'live' | 'totalBytes' | 'data'>): string {
    if (data.length === 0) return '';
    this.#any = true;
    const isNew = attempt !== this.#attempt;
    const before = isNew ? 0 : this.#printed;
    const head = isNew && this.#attempt > 0 ? `--- attempt ${attempt} ---\n` : '';
    this.#attempt = attempt;
    // What was kept at the end is the whole, as long as the whole is no more than what is kept.
    const total = live ? totalBytes : Math.max(totalBytes, before);
    this.#printed = total;
    const fresh = Math.min(data.length, Math.max(0, total - before));
    const lost = total - before - fresh;
    const gap = lost > 0 ? `--- ${lost} bytes before this are not kept ---\n` : '';
    return `${head}${gap}${data.subarray(data.length - fresh).toString('utf8')}`;
  }
}

/** A terminal is not to be steered by what a trial prints; colours may stay. */
export function forTerminal(text: string, isTerminal: boolean): string {
  if (!isTerminal) return text;
  return text.replaceAll(/(\p{Cc})(\[[\d;]*m)?/gu, (whole: string, control: string, rest: string | undefined) => {
    if ('\t\n\r'.includes(control) || (control === ESCAPE && rest !== undefined)) return whole;
    return `·${rest ?? ''}`;
  });
}

const ESCAPE = '\u001b';
