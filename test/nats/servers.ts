import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

/** The path of a nats-server, or the reason why there is none. */
export const NATS: { readonly path: string; readonly missing?: never } | { readonly missing: string } = findServer();

function findServer(): typeof NATS {
  // Beside the sources, also for the compiled copy of this file.
  const candidates = ['../../scripts', '../../../scripts'].map((folder) =>
    fileURLToPath(new URL(`${folder}/fetch-nats.mjs`, import.meta.url)),
  );
  const script = candidates.find((file) => existsSync(file)) ?? '';
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  return status === 0 ? { path: stdout.trim() } : { missing: stderr.trim() };
}

/** How to start servers. */
export interface NatsOptions {
  /** 1 or 3; 3 are a cluster. */
  readonly count?: number;
  /** More lines of each server's configuration. */
  readonly config?: string;
  /** host by server; loopback when absent. Ports are free on loopback and fixed elsewhere. */
  readonly hosts?: readonly string[];
  /** Words before the server's command, by server: another network namespace, for example. */
  readonly wrap?: (server: number) => readonly string[];
  /** Waits until JetStream answers; false leaves that to the caller, who may be the only one that can reach them. */
  readonly wait?: boolean;
}

interface Ports {
  readonly client: number;
  readonly route: number;
  readonly monitor: number;
}

/** nats-servers of one test or bench, each a process of its own with a folder of its own. */
export class NatsServers {
  readonly folder: string;
  readonly #options: NatsOptions;
  readonly #processes: (ChildProcess | undefined)[] = [];
  readonly #ports: readonly Ports[];

  private constructor(options: NatsOptions, ports: readonly Ports[]) {
    this.#options = options;
    this.#ports = ports;
    this.folder = mkdtempSync(path.join(tmpdir(), 'assay-nats-'));
  }

  static async start(options: NatsOptions = {}): Promise<NatsServers> {
    if (NATS.missing !== undefined) throw new Error(NATS.missing);
    const { count = 1, hosts, wait = true } = options;
    for (let tries = 3; ; tries -= 1) {
      const ports: Ports[] = [];
      for (let i = 0; i < count; i += 1) {
        if (hosts === undefined) {
          ports.push({ client: await freePort(), route: await freePort(), monitor: await freePort() });
        } else ports.push({ client: 4222, route: 6222, monitor: 8222 });
      }
      const servers = new NatsServers(options, ports);
      for (let i = 0; i < count; i += 1) servers.up(i);
      if (!wait || (await servers.ready())) return servers;
      // Another process had one of the ports first.
      await servers.close();
      if (tries === 1) throw new Error('a nats-server ended as soon as it began, three times');
    }
  }

  get addresses(): string[] {
    return this.#ports.map(({ client }, i) => `${this.#host(i)}:${client}`);
  }

  get url(): string {
    return `nats://${this.addresses.join(',')}`;
  }

  get monitors(): string[] {
    return this.#ports.map(({ monitor }, i) => `http://${this.#host(i)}:${monitor}`);
  }

  /** Starts a server, on the ports and data that it had before. */
  up(i: number): void {
    const { count = 1, config = '', wrap } = this.#options;
    const { client, route, monitor } = this.#ports[i]!;
    const routes = this.#ports.map((peer, k) => `nats://${this.#host(k)}:${peer.route}`);
    const name = this.name(i);
    const lines = [
      `server_name: ${name}`,
      `listen: "${this.#host(i)}:${client}"`,
      `http: "${this.#host(i)}:${monitor}"`,
      `jetstream { store_dir: "${path.join(this.folder, name)}", sync_interval: always }`,
      count === 1 ? '' : `cluster { name: assay, listen: "${this.#host(i)}:${route}", routes: [${routes.join(', ')}] }`,
      config,
    ];
    mkdirSync(this.folder, { recursive: true });
    const file = path.join(this.folder, `${name}.conf`);
    writeFileSync(file, lines.join('\n'));
    const log = openSync(path.join(this.folder, `${name}.log`), 'a');
    const server = NATS.missing === undefined ? NATS.path : '';
    const [command, ...words] = [...(wrap?.(i) ?? []), server, '-c', file];
    this.#processes[i] = spawn(command!, words, { stdio: ['ignore', log, log] });
    closeSync(log);
  }

  async kill(i: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const process = this.#processes[i];
    if (process === undefined) return;
    this.#processes[i] = undefined;
    process.kill(signal);
    if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
  }

  name(i: number): string {
    return `n${i + 1}`;
  }

  connect(): Promise<NatsConnection> {
    return connect({ servers: this.addresses, maxReconnectAttempts: -1, reconnectTimeWait: 50, timeout: 1_000 });
  }

  /** Which server leads a stream; undefined while none does. */
  async leaderOf(connection: NatsConnection, stream: string): Promise<number | undefined> {
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false, timeout: 500 });
      const leader = (await manager.streams.info(stream)).cluster?.leader;
      const found = this.#ports.findIndex((_, i) => this.name(i) === leader);
      return found >= 0 && this.#processes[found] !== undefined ? found : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether a stream has a leader and all of its replicas are up to date. */
  async isWhole(connection: NatsConnection, stream: string): Promise<boolean> {
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false, timeout: 500 });
      const { cluster } = await manager.streams.info(stream);
      const replicas = cluster?.replicas ?? [];
      return (
        replicas.length === this.#ports.length - 1 && replicas.every(({ current, offline }) => current && !offline)
      );
    } catch {
      return false;
    }
  }

  /** Waits until all servers are one cluster and JetStream answers. @returns false when one of them has ended by itself */
  async ready(): Promise<boolean> {
    const { count = 1 } = this.#options;
    // The same each time: one that was asked for and came too late is the one that is asked for next.
    const stream = { name: 'READY', subjects: ['READY'], num_replicas: count };
    for (const end = Date.now() + 60_000; ; await pause(25)) {
      if (this.#processes.some((process) => process !== undefined && process.exitCode !== null)) return false;
      try {
        const connection = await this.connect();
        try {
          const manager = await jetstreamManager(connection, { timeout: 5_000 });
          await manager.streams.add(stream);
          await manager.streams.delete(stream.name);
          return true;
        } finally {
          await connection.close();
        }
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((_, i) => this.kill(i)));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #host(i: number): string {
    return this.#options.hosts?.[i] ?? '127.0.0.1';
  }
}

/** A port of the loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
