import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packagePath } from '../../proto/package-path.js';

const MAIN = packagePath('dist', 'cli', 'main.js');
const run = promisify(execFile);
/** A real search of 200 trainings takes minutes. */
const PATIENCE_MS = 1_800_000;
const POLL_MS = 250;

/** A real coordinator, its workers and what they have searched, as processes of their own. */
export class Lab {
  /** http://host:port of the dashboard. */
  readonly dashboard: string;
  readonly #folder: string;
  readonly #coordinator: ChildProcess;
  readonly #address: string;
  readonly #others: ChildProcess[] = [];

  private constructor(folder: string, coordinator: ChildProcess, told: { address: string; dashboard: string }) {
    this.#folder = folder;
    this.#coordinator = coordinator;
    this.#address = told.address;
    this.dashboard = `http://${told.dashboard}`;
  }

  /**
   * @param folder its state, which another run goes on with
   * @param words  options of the coordinator beside those that every lab has
   */
  static async open(folder: string, ...words: string[]): Promise<Lab> {
    mkdirSync(folder, { recursive: true });
    const args = ['coordinator', '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0', '--state', join(folder, 'state')];
    const child = spawn(process.execPath, [MAIN, ...args, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    return new Lab(folder, child, await toldBy(child));
  }

  /** Studies that are there, by name, with their state. */
  async studies(): Promise<Map<string, string>> {
    const { stdout } = await this.assay('studies', '--json');
    return new Map((JSON.parse(stdout) as { id: string; state: string }[]).map(({ id, state }) => [id, state]));
  }

  worker(name: string, ...args: string[]): ChildProcess {
    const words = ['worker', '--coordinator', this.#address, '--name', name, '--allow-command', this.#folder, ...args];
    const child = spawn(process.execPath, [MAIN, ...words], { stdio: 'ignore' });
    this.#others.push(child);
    return child;
  }

  /** Submits a search file unless a study of its name is there. */
  async submit(name: string, text: string): Promise<void> {
    if ((await this.studies()).has(name)) return;
    const file = join(this.#folder, `${name}.yaml`);
    writeFileSync(file, `name: ${name}\n${text}`);
    await this.assay('submit', file);
  }

  /** Writes a shell script that trials may run; gives its path. */
  script(name: string, text: string): string {
    const file = join(this.#folder, name);
    writeFileSync(file, text);
    return file;
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`waited for ${what} in vain`);
      await sleep(POLL_MS);
    }
  }

  assay(...args: string[]): Promise<{ stdout: string }> {
    return run(process.execPath, [MAIN, ...args], { env: { ...process.env, ASSAY_COORDINATOR: this.#address } });
  }

  /** The coordinator is gone; its workers are not. */
  killCoordinator(): void {
    this.#coordinator.kill('SIGKILL');
  }

  close(): void {
    for (const child of [...this.#others, this.#coordinator]) child.kill('SIGKILL');
  }
}

/** The addresses in a coordinator's log lines. */
function toldBy({ stderr }: ChildProcess): Promise<{ address: string; dashboard: string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    stderr!.setEncoding('utf8');
    stderr!.on('data', (more: string) => {
      text += more;
      const [address, dashboard] = ['address', 'dashboard'].map(
        (key) => new RegExp(`"${key}":"([^"]+)"`).exec(text)?.[1],
      );
      if (address !== undefined && dashboard !== undefined) resolve({ address, dashboard });
    });
    stderr!.on('end', () => reject(new Error(`the coordinator ended: ${text}`)));
  });
}
