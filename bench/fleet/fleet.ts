import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openClient, type StudyClient } from '../../cli/client.js';
import type { Patience } from '../../cli/leader-stubs.js';
import { makeAuthority, makeLeaf } from '../../cli/tls/authority.js';
import type { ClientAccess } from '../../proto/client-access.js';
import type { Study } from '../../proto/index.js';
import { ASK, type Figures, type Load } from './messages.js';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** An overloaded coordinator answers in its time. */
const PATIENCE: Patience = { callMs: 60_000, retryMs: 5_000, standbyMs: 20_000, awayMs: 60_000, pauseMs: 1_000 };

/** Workers of a run, over all client processes. */
export type Workers = Omit<Load, 'address' | 'access' | 'first'>;

export interface FleetOptions {
  readonly workers: Workers;
  /** Client processes that the workers are spread over. */
  readonly processes: number;
  /** Folder in which the coordinator gets its own. */
  readonly state: string;
  /** Where the coordinator's CPU profile is written when it ends. */
  readonly profile: string | undefined;
  /** Whether all of it goes over TLS and with tokens. */
  readonly secure?: boolean;
}

/** One real coordinator with its log in SQLite, and workers that are attached to it. */
export class BenchFleet {
  readonly studies: StudyClient;
  /** The coordinator's host:port. */
  readonly address: string;
  readonly #coordinator: ChildProcess;
  readonly #clients: readonly ChildProcess[];
  readonly #folder: string;

  private constructor(
    coordinator: ChildProcess,
    clients: readonly ChildProcess[],
    { address, access, folder }: { address: string; access: ClientAccess; folder: string },
  ) {
    this.#coordinator = coordinator;
    this.#clients = clients;
    this.#folder = folder;
    this.address = address;
    this.studies = openClient(address, PATIENCE, access);
  }

  /** Resolves when all workers are attached. */
  static async start({ workers, processes, state, profile, secure = false }: FleetOptions): Promise<BenchFleet> {
    const folder = mkdtempSync(path.join(state, 'assay-fleet-'));
    const { tls, access } = secure ? await makeSecure(folder) : { tls: [], access: {} };
    const args = ['--listen', '127.0.0.1:0', '--state', folder, '--no-http', '--log-level', 'error', ...tls];
    const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
    const coordinator = fork(here('../../cli/main.js'), ['coordinator', ...args, '--exit-with-parent'], {
      execArgv: ['--import', here('probe.js'), ...profiling],
    });
    const address = await messageOf(coordinator, (message) => (message as { listening?: string }).listening);
    const share = Math.ceil(workers.workers / processes);
    const clients: ChildProcess[] = [];
    for (let first = 0; first < workers.workers; first += share) {
      const load: Load = { ...workers, address, access, first, workers: Math.min(share, workers.workers - first) };
      clients.push(fork(here('client.js'), [JSON.stringify(load)]));
    }
    await Promise.all(
      clients.map((client) => messageOf(client, (message) => (message as { attached?: number }).attached)),
    );
    return new BenchFleet(coordinator, clients, { address, access, folder });
  }

  /** Starts a study of trials that the workers take their own time for; `trials` undefined: it never ends. */
  study(trials = 10_000_000, steps = 1): Promise<Study> {
    return this.studies.createStudy(
      `
name: bench
metric: {name: value, goal: maximize}
budget: {trials: ${trials}}
seed: 7
sampler: random
pruner: none
"null": {steps: ${steps}, value: $lr}
space: {lr: {log: [1e-4, 1]}, depth: {int: [1, 4]}, optimizer: [sgd, adam]}
`,
      'bench.yaml',
    );
  }

  /** The figures of all processes since the last time. */
  async figures(): Promise<{ readonly coordinator: Figures; readonly clients: readonly Figures[] }> {
    const [coordinator, ...clients] = await Promise.all([this.#coordinator, ...this.#clients].map(figuresOf));
    return { coordinator: coordinator!, clients };
  }

  async close(): Promise<void> {
    this.studies.close();
    for (const client of this.#clients) client.kill('SIGKILL');
    // In order, because it writes its profile at its end.
    this.#coordinator.disconnect();
    if (this.#coordinator.exitCode === null) await once(this.#coordinator, 'exit');
    rmSync(this.#folder, { recursive: true });
  }
}

/** Certificates for a coordinator, and how everybody is let in by it: with the first token that it makes. */
async function makeSecure(folder: string): Promise<{ tls: string[]; access: ClientAccess }> {
  const authority = await makeAuthority('bench', 1);
  const { cert, key } = await makeLeaf(authority, { name: 'bench', hosts: ['127.0.0.1'], days: 60 });
  const files = { ca: authority.pair.cert, cert, key };
  const at = (name: string): string => path.join(folder, `${name}.pem`);
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text, { mode: 0o600 });
  return {
    tls: ['--tls-cert', at('cert'), '--tls-key', at('key')],
    access: { caFile: at('ca'), tokenFile: path.join(folder, 'admin.token') },
  };
}

function figuresOf(child: ChildProcess): Promise<Figures> {
  const answer = messageOf(child, (message) => ('cpuMs' in (message as object) ? (message as Figures) : undefined));
  child.send(ASK);
  return answer;
}

/** What the first message has that `find` finds something in. */
function messageOf<T>(child: ChildProcess, find: (message: unknown) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const onMessage = (message: unknown): void => {
      const found = find(message);
      if (found === undefined) return;
      done();
      resolve(found);
    };
    const onExit = (code: number | null): void => {
      done();
      reject(new Error(`a process of the bench ended with ${code}`));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
