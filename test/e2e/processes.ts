import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What a finished command left behind. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A long-lived process of ours. */
export interface Running {
  readonly child: ChildProcess;
  /** Everything it has written to stdout and stderr. */
  output(): string;
  /** Sends a signal and waits for the end; gives the exit code, null when the signal killed it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Processes and folders of one test, all ended by {@link World.close}. */
export class World {
  readonly folder: string = mkdtempSync(path.join(tmpdir(), 'assay-e2e-'));
  readonly #running: Running[] = [];
  address = '';
  /** Variables by which commands are let in, where the coordinator asks for something. */
  access: NodeJS.ProcessEnv = {};

  /** Starts the coordinator, on the same port and state as before if there was one, and waits until it listens. */
  async coordinator(...args: string[]): Promise<Running> {
    const listen = this.address === '' ? '127.0.0.1:0' : this.address;
    const running = this.start('coordinator', '--listen', listen, '--state', path.join(this.folder, 'state'), ...args);
    const address = await waitFor('the coordinator to listen', () => {
      const line = running.output().match(/"address":"([^"]+)"/);
      return line?.[1];
    });
    this.address = address;
    return running;
  }

  worker(name: string, ...args: string[]): Running {
    return this.start('worker', '--coordinator', this.address, '--name', name, ...args);
  }

  start(...args: string[]): Running {
    const env = { ...process.env, ASSAY_COORDINATOR: this.address, ...this.access };
    const child = spawn(process.execPath, [MAIN, ...args], {
      env,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const running: Running = {
      child,
      output: () => output,
      async end(signal) {
        child.kill(signal);
        return ended;
      },
    };
    this.#running.push(running);
    return running;
  }

  /** Runs a command to its end. */
  run(...args: string[]): Promise<Finished> {
    return runAssay(args, { ASSAY_COORDINATOR: this.address, ...this.access }, this.folder);
  }

  /** Runs a command that must succeed and print JSON. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Kills everything that runs; what was written stays. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.map((running) => running.end('SIGKILL')));
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs the built program to its end. */
export function runAssay(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, cwd, maxBuffer: 64 << 20 };
    const child = execFile(process.execPath, [MAIN, ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** Looks again and again until `look` gives something; what it waits for is in other processes, which cannot call back. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what} in vain`);
    await sleep(25);
  }
}
