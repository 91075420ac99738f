import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { commandConfigSchema } from '../../proto/own-code.js';
import { commandLine } from './command-line.js';
import { parseConfig } from './config.js';
import { ObjectiveError, SilentError } from './errors.js';
import { LineReader } from './lines.js';
import { OwnCheckpoint, restoreCheckpoint } from './own-checkpoint.js';
import { OwnReports } from './own-reports.js';
import { readSaid } from './report-lines.js';
import { openReportServer } from './report-server.js';
import { Scraper } from './scraper.js';
import type { OwnPlace, TrialContext } from './trial.js';

/** The descriptor that a program writes its reports to, one JSON object a line. */
const REPORT_FD = 3;

/**
 * Runs a program in this process's own group, so that whoever ends this process's group ends the program. What it prints
 * is passed on as it comes; told to stop, it gets a SIGTERM and may take its time until it is killed.
 */
export async function runCommand(trial: TrialContext): Promise<void> {
  const config = parseConfig('command', commandConfigSchema, trial.config);
  const place = trial.place!;
  const [program = '', ...args] = commandLine(config.argv, trial.params);
  if (program === '')
    throw new ObjectiveError('command.argv: nothing is left to run when inactive parameters are left out');
  const shift = await restoreCheckpoint(place.checkpoint, trial.checkpoint);
  const reports = new OwnReports((step, metrics) => trial.report(step, metrics), trial.checkpoint?.step, shift);
  const checkpoint = new OwnCheckpoint(trial, place.checkpoint, reports);
  const listener = new Listener(reports, checkpoint);
  const server = await openReportServer({
    said: (text) => listener.said(text),
    shouldStop: () => trial.signal.aborted,
  });
  try {
    const environment = await describeTrial(trial, place, server.url);
    const child = spawn(program, args, {
      cwd: place.code,
      env: { ...process.env, ...environment },
      stdio: ['ignore', config.scrape.length > 0 ? 'pipe' : 'inherit', 'inherit', 'pipe'],
    });
    trial.started({ datasetDigest: '' });
    await follow(child, program, trial, listener, new Scraper(config.scrape, reports));
  } finally {
    server.close();
    await checkpoint.settled();
  }
  if (trial.signal.aborted) return;
  listener.check();
  reports.requireValue(
    trial.saving.metric.name,
    `${program} exited with code 0`,
    `write {"METRIC": 0.9} to file descriptor ${REPORT_FD}, or let it be scraped`,
  );
}

/** What a program is told by its environment and a file. */
async function describeTrial(trial: TrialContext, place: OwnPlace, url: string): Promise<Record<string, string>> {
  const file = join(place.directory, 'params.json');
  await writeFile(file, `${JSON.stringify(trial.params)}\n`);
  const params = Object.entries(trial.params).map(([name, value]) => [
    `ASSAY_PARAM_${name.replaceAll(/[^A-Za-z0-9]/g, '_').toUpperCase()}`,
    String(value),
  ]);
  return {
    ...Object.fromEntries(params),
    ASSAY_PARAMS: JSON.stringify(trial.params),
    ASSAY_PARAMS_FILE: file,
    ASSAY_STUDY: place.study,
    ASSAY_TRIAL: String(place.trial),
    ASSAY_ATTEMPT: String(place.attempt),
    ASSAY_SEED: String(trial.seed),
    ASSAY_DIR: place.directory,
    ASSAY_CHECKPOINT_DIR: place.checkpoint,
    ASSAY_CHECKPOINT_STEP: String(trial.checkpoint?.step ?? 0),
    ASSAY_REPORT_FD: String(REPORT_FD),
    ASSAY_URL: url,
  };
}

/** Waits for the program's end, hears what it says, and stops it when it is to stop. */
async function follow(
  child: ChildProcess,
  program: string,
  trial: TrialContext,
  listener: Listener,
  scraper: Scraper,
): Promise<void> {
  const stop = (): void => {
    try {
      // The whole group: a shell does not pass a signal on. This process does not mind.
      process.kill(-process.pid, 'SIGTERM');
    } catch {
      child.kill('SIGTERM');
    }
  };
  trial.signal.addEventListener('abort', stop, { once: true });
  if (trial.signal.aborted) stop();
  const heard = [hear(child.stdio[REPORT_FD] as Readable | null, new LineReader((line) => listener.line(line)))];
  if (child.stdout !== null) {
    child.stdout.on('data', (chunk: Buffer) => process.stdout.write(chunk));
    heard.push(hear(child.stdout, new LineReader((line) => listener.guard(() => scraper.line(line)))));
  }
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    // What it has started may hold its streams open.
    await Promise.race([Promise.all(heard), new Promise((resolve) => setTimeout(resolve, LINGER_MS))]);
    listener.guard(() => scraper.end());
    if (trial.signal.aborted || code === 0) return;
    throw new SilentError(
      `${program} ${signal === null ? `exited with code ${code}` : `was killed by ${signal}`}`,
      signal,
    );
  } catch (error) {
    if (error instanceof SilentError) throw error;
    throw await explain(error, program, trial.place!);
  } finally {
    trial.signal.removeEventListener('abort', stop);
  }
}

const LINGER_MS = 1_000;

async function hear(stream: Readable | null, reader: LineReader): Promise<void> {
  if (stream === null) return;
  stream.on('data', (chunk: Buffer) => reader.add(chunk));
  await once(stream, 'close');
  reader.end();
}

/** Why a program could not be started. */
async function explain(error: unknown, program: string, place: OwnPlace): Promise<Error> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') {
    const folder = await stat(place.code).catch(() => undefined);
    if (folder?.isDirectory() !== true) return new ObjectiveError(`folder ${place.code} is not there on this worker`);
    const where = program.includes('/') ? `in ${place.code}` : "in this worker's PATH";
    return new ObjectiveError(`program ${program} was not found ${where}`);
  }
  if (code === 'EACCES') return new ObjectiveError(`program ${program} may not be run: is it executable?`);
  return new ObjectiveError(
    `program ${program} could not be started: ${error instanceof Error ? error.message : String(error)}`,
  );
}

/** Hears a program's reports. One that is none does not end the trial, unless the program reports nothing else. */
class Listener {
  readonly #reports: OwnReports;
  readonly #checkpoint: OwnCheckpoint;
  #fault: ObjectiveError | undefined;

  constructor(reports: OwnReports, checkpoint: OwnCheckpoint) {
    this.#reports = reports;
    this.#checkpoint = checkpoint;
  }

  line(line: string): void {
    this.guard(() => this.said(line));
  }

  said(text: string): void {
    const said = readSaid(text);
    if (said.type === 'checkpoint') {
      this.#checkpoint.said(typeof said.step === 'number' ? said.step : undefined);
      return;
    }
    this.#reports.add(said.metrics, said.step);
    this.#checkpoint.reported();
  }

  guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ObjectiveError)) throw error;
      if (this.#fault === undefined) process.stderr.write(`assay: ${error.message}\n`);
      this.#fault ??= error;
    }
  }

  /** @throws {ObjectiveError} when all that was said was no report */
  check(): void {
    if (this.#fault !== undefined && this.#reports.lastStep === undefined) throw this.#fault;
  }
}
