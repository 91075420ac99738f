import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { formatSize } from '../size.js';
import type { OwnReports } from './own-reports.js';
import type { SavedCheckpoint, TrialContext } from './trial.js';

/** What artifacts may be called: see `ArtifactFile`. */
const NAME = /^(?!.*(^|\/)\.)[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/;
const MOST_FILES = 255;
/** A checkpoint goes through memory on its way. */
const MOST_BYTES = 256 * 2 ** 20;
/** Says how the code counts its steps; beside its own files. */
const COUNTING = 'assay-steps.json';

/**
 * Puts what an earlier attempt has left into the checkpoint folder.
 *
 * @returns how the code counts: 1 when from 0
 */
export async function restoreCheckpoint(folder: string, checkpoint: SavedCheckpoint | undefined): Promise<0 | 1> {
  let shift: 0 | 1 = 0;
  for (const [name, content] of checkpoint?.files ?? []) {
    if (name === COUNTING) {
      shift = 1;
      continue;
    }
    if (!NAME.test(name)) continue;
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return shift;
}

/** Sends the checkpoint folder to the coordinator when the code says that it is whole. */
export class OwnCheckpoint {
  readonly #trial: Pick<TrialContext, 'save'>;
  readonly #folder: string;
  readonly #reports: OwnReports;
  /** The step that was said before it was reported. */
  #due: number | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(trial: Pick<TrialContext, 'save'>, folder: string, reports: OwnReports) {
    this.#trial = trial;
    this.#folder = folder;
    this.#reports = reports;
  }

  /** The folder is as it is after this step, as the code counts; left out: after the last one reported. */
  said(step?: number): void {
    const last = this.#reports.lastStep;
    const wanted = step ?? last ?? 0;
    if (last === undefined || wanted > last) this.#due = wanted;
    else this.#save(this.#reports.countedFromOne(wanted));
  }

  /** To be called after each report. */
  reported(): void {
    if (this.#due === undefined || (this.#reports.lastStep ?? 0) < this.#due) return;
    this.#due = undefined;
    this.#save(this.#reports.countedFromOne(this.#reports.lastStep!));
  }

  /** Resolves when all that was said is on its way. */
  settled(): Promise<void> {
    return this.#saving;
  }

  #save(step: number): void {
    this.#saving = this.#saving.then(async () => {
      try {
        const files = await readAll(this.#folder);
        if (this.#reports.countsFromZero) files.set(COUNTING, Buffer.from('{"from": 0}\n'));
        this.#trial.save({ kind: 'checkpoint', step, files });
      } catch (error) {
        process.stderr.write(
          `assay: the checkpoint is not kept: ${error instanceof Error ? error.message : String(error)}\n`,
        );
      }
    });
  }
}

async function readAll(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const name = relative(folder, path).split(sep).join('/');
    // Files that begin with a dot are being written.
    if (!entry.isFile() || /(^|\/)\./.test(name)) continue;
    if (!NAME.test(name))
      throw new Error(`file ${JSON.stringify(name)} must be called by letters, digits, ".", "_" and "-"`);
    bytes += (await stat(path)).size;
    if (bytes > MOST_BYTES) throw new Error(`its files have more than ${formatSize(MOST_BYTES)}`);
    if (files.size >= MOST_FILES) throw new Error(`it has more than ${MOST_FILES} files`);
    files.set(name, await readFile(path));
  }
  return files;
}
