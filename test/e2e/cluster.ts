import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How the coordinators of a test are started. */
export interface ClusterOptions {
  /** `nats://...` */
  readonly log: string;
  readonly addresses: readonly string[];
  /** Options beside those that make it a cluster. */
  readonly args?: readonly string[];
  /** Words before the command, by coordinator: another network namespace, for example. */
  readonly wrap?: (coordinator: number) => readonly string[];
}

/** Coordinators of one cluster, as real processes. */
export class CoordinatorCluster {
  readonly #options: ClusterOptions;
  readonly #processes: (ChildProcess | undefined)[] = [];
  readonly #waiting = new Set<() => void>();
  /** All that they have logged. */
  readonly lines: { readonly coordinator: number; readonly msg: string; readonly at: number; readonly line: string }[] =
    [];
  /** Who said last that it leads, and lives; undefined when it has died since, or steps down. */
  leader: number | undefined;
  /** Counts the terms that have begun. */
  terms = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  get addresses(): string {
    return this.#options.addresses.join(',');
  }

  /** Starts one; resolves once it listens. */
  async up(i: number): Promise<void> {
    const { log, addresses, args = [], wrap } = this.#options;
    const listen = ['coordinator', '--listen', addresses[i]!, '--log', log, '--no-http', ...args];
    const [command, ...words] = [...(wrap?.(i) ?? []), process.execPath, mainFile(), ...listen];
    const child = spawn(command!, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#processes[i] = child;
    const from = this.lines.length;
    const listening = this.until(`coordinator ${i} to listen`, () =>
      this.lines.slice(from).some(({ coordinator, msg }) => coordinator === i && msg === 'coordinator listens'),
    );
    createInterface({ input: child.stderr! }).on('line', (line) => this.#read(i, line));
    child.once('exit', () => {
      if (this.#processes[i] === child) this.#gone(i);
    });
    await listening;
  }

  async kill(i: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#processes[i];
    if (child === undefined) return;
    this.#gone(i);
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  /** Stops or continues one, as a machine that sleeps. */
  signal(i: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#processes[i]?.kill(signal);
  }

  /** Waits until something holds; looked at with every line that is logged. */
  until(what: string, holds: () => boolean, timeoutMs = 60_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(look);
        const last = this.lines.slice(-20).map(({ coordinator, msg }) => `${coordinator}: ${msg}`);
        reject(new Error(`waited ${timeoutMs} ms for ${what} in vain; the last lines:\n${last.join('\n')}`));
      }, timeoutMs);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((_, i) => this.kill(i)));
  }

  #read(coordinator: number, line: string): void {
    let msg = line;
    try {
      ({ msg } = JSON.parse(line) as { msg: string });
    } catch {
      // A crash speaks plain text.
    }
    this.lines.push({ coordinator, msg, at: Date.now(), line });
    if (msg === 'leads') {
      this.leader = coordinator;
      this.terms += 1;
    } else if (msg.startsWith('steps down') && this.leader === coordinator) this.leader = undefined;
    for (const look of [...this.#waiting]) look();
  }

  #gone(i: number): void {
    this.#processes[i] = undefined;
    if (this.leader === i) this.leader = undefined;
  }
}

/** The built program, for this file and for its compiled copy. */
export function mainFile(): string {
  const candidates = ['../../dist/cli/main.js', '../../cli/main.js'].map((file) =>
    fileURLToPath(new URL(file, import.meta.url)),
  );
  return candidates.find((file) => existsSync(file)) ?? candidates[0]!;
}
