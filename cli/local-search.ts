import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NOTHING_RUNS } from '../coordinator/core/notice.js';
import { IN_ITS_FOLDER } from '../coordinator/core/objective-facts.js';
import { type Leaderboard, type Study, StudyAction, StudyState, type Worker } from '../proto/index.js';
import type { Chaos } from './chaos.js';
import { openClient, type StudyClient } from './client.js';
import { FAILURE, UserError } from './fail.js';
import { lastTroubles } from './fleet-log.js';
import { exitCodeOf, type Interruption, onInterrupt } from './interrupt.js';
import { commandLine } from './invocation.js';
import { follow } from './live/follow.js';
import { type LocalFleet, startLocalFleet } from './local-fleet.js';
import type { SearchFile } from './search-file.js';
import { submitFile } from './submit-file.js';

/** Rows of the view that are left standing: the summary below it is to be seen with it. */
const LAST_ROWS = 16;

/** A search on this machine with a coordinator and workers of its own. */
export interface LocalSearch {
  readonly file: SearchFile;
  /** The coordinator's folder; logs are written there too. */
  readonly state: string;
  /** The workers to start: each one's name, and what `assay worker` gets beside its coordinator. */
  readonly workers: readonly { readonly name: string; readonly args: readonly string[] }[];
  /** Kills some of them on the way. */
  readonly chaos?: Chaos | undefined;
}

/** How it ended. */
export interface LocalSearchEnd {
  readonly study: Study | undefined;
  /** Set when Ctrl-C or its kin ended it: the exit code that says so. */
  readonly interrupted?: number;
}

/**
 * Runs a search file to its end, or until it is interrupted, and shows the live view meanwhile. An unfinished study with
 * the same search file is gone on with, so that nothing is lost by Ctrl-C. Every process has ended when this returns.
 *
 * @throws {UserError} when a process of the fleet fails
 */
export async function searchHere(search: LocalSearch): Promise<LocalSearchEnd> {
  let fleet: LocalFleet | undefined;
  const interruption = onInterrupt(() => fleet?.kill());
  try {
    fleet = await startLocalFleet(search.state);
    const study = await followFleet(fleet, search, interruption);
    if (!interruption.signal.aborted) return { study };
    process.stderr.write('assay: stopping; the workers hand back what they run\n');
    return { study, interrupted: exitCodeOf(interruption.signal) };
  } finally {
    await fleet?.close();
    interruption.close();
  }
}

async function followFleet(
  fleet: LocalFleet,
  { file, workers, state, chaos }: LocalSearch,
  interruption: Interruption,
): Promise<Study | undefined> {
  const client = openClient(fleet.address);
  try {
    const study = await continueOrCreate(client, file);
    const dashboard = fleet.dashboard();
    say(`coordinator at ${fleet.address}, logs in ${state}`);
    if (dashboard !== undefined) say(`dashboard at ${dashboard}`);
    for (const worker of workers) fleet.addWorker(worker.name, worker.args);
    const stuck = new AbortController();
    const signal = AbortSignal.any([interruption.signal, fleet.failed, stuck.signal]);
    checkBackends(await attached(client, workers.length, signal), file, state);
    const attachHint = commandLine(['worker', '--coordinator', fleet.address]);
    const { note } = fleet;
    void whenStuck(client, study.id, signal).then(
      (error) => stuck.abort(error),
      () => {},
    );
    const board: Leaderboard | undefined = await follow(client, {
      note,
      dashboard: fleet.dashboard,
      study: study.id,
      top: 20,
      signal,
      attachHint,
      lastRows: LAST_ROWS,
      onBoard: (seen) => chaos?.see(seen, fleet),
    });
    for (const { aborted, reason } of [fleet.failed, stuck.signal]) if (aborted) throw reason;
    return board?.study;
  } finally {
    client.close();
  }
}

/**
 * The unfinished study with exactly this search file, or a new one. Unfinished studies with other search files in the same
 * folder would take the worker's slots; they are paused, which loses nothing and is undone when their file is run again.
 */
async function continueOrCreate(client: StudyClient, file: SearchFile): Promise<Study> {
  const studies = await client.listStudies();
  const unfinished = studies.filter(
    ({ state }) => state === StudyState.STUDY_STATE_RUNNING || state === StudyState.STUDY_STATE_PAUSED,
  );
  const same = unfinished.find(({ spec }) => spec === file.text);
  for (const other of unfinished) {
    if (other === same || other.state === StudyState.STUDY_STATE_PAUSED) continue;
    await client.controlStudy(other.id, StudyAction.STUDY_ACTION_PAUSE);
    say(`${other.id} is unfinished and had another search file: it is paused until that file is run again`);
  }
  if (same === undefined) {
    const study = await submitFile(client, file);
    const before = studies.findLast(({ spec }) => spec === file.text);
    if (before !== undefined) say(`${before.id} has finished; this is a new study, ${study.id}`);
    return study;
  }
  say(`going on with the unfinished study ${same.id}`);
  return same.state === StudyState.STUDY_STATE_PAUSED
    ? client.controlStudy(same.id, StudyAction.STUDY_ACTION_RESUME)
    : same;
}

/**
 * Waits until the workers are there, but not for long: the view says what is missing. Without this, the first thing it
 * said would be that nothing runs.
 */
async function attached(client: StudyClient, number: number, signal: AbortSignal): Promise<readonly Worker[]> {
  for (let tries = 0; tries < 100 && !signal.aborted; tries++) {
    const workers = await client.listWorkers();
    if (workers.length >= number) return workers;
    await sleep(100, undefined, { signal }).catch(() => undefined);
  }
  return [];
}

/** A worker without a training backend attaches, because it can run other things; a training search would wait for ever. */
function checkBackends(workers: readonly Worker[], { spec }: SearchFile, state: string): void {
  const unable = workers.find(({ backend }) => backend === '');
  if (spec.objective.kind !== 'train' || unable === undefined) return;
  const why = lastTroubles(join(state, `${unable.name}.log`), 1).map((line) => `: ${line}`);
  throw new UserError(`worker ${unable.name} cannot train here${why.join('')}`, FAILURE);
}

/** How often it is looked whether the workers can run the study, and how often in a row they must not, milliseconds. */
const LOOK_MS = 1_000;
const LOOKS = 5;

/**
 * Resolves once the workers here turn out to be unable to run the study, because their data are missing or something else
 * that it requires. A fleet waits for a worker that can; here no other one comes.
 */
async function whenStuck(client: StudyClient, id: string, signal: AbortSignal): Promise<UserError> {
  for (let idle = 0; ; ) {
    await sleep(LOOK_MS, undefined, { signal });
    const { study, running, workers } = await client.getLeaderboard(id, 1);
    const isIdle = running.length === 0 && workers.length > 0 && study?.notice.startsWith(NOTHING_RUNS) === true;
    idle = isIdle ? idle + 1 : 0;
    if (isIdle && idle >= LOOKS) return new UserError(`${id}: ${study.notice}${advice(study.notice)}`, FAILURE);
  }
}

/** What would let the worker here run what it lacks the data for. */
function advice(notice: string): string {
  return notice.includes(IN_ITS_FOLDER) ? ': say with --datasets DIR where its data are' : '';
}

function say(words: string): void {
  process.stderr.write(`assay: ${words}\n`);
}
