import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, isIP, type Server, type Socket } from 'node:net';
import {
  CUT_REMEMBERED_MS,
  LONGEST_ARRIVAL_MS,
  MOST_CONNECTIONS,
  MOST_CONNECTIONS_OF_AN_ADDRESS,
  PAUSE_AFTER_A_CUT_MS,
} from '../limits.js';
import type { Connections } from './turnstile.js';

/** Files that the process needs beside its connections: the log, artifacts, the dashboard. */
const OTHER_FILES = 512;

/** What a {@link Listener} lets in. */
export interface ListenerLimits {
  readonly connections: number;
  readonly connectionsOfAnAddress: number;
  /** How long a connection may say nothing at all, milliseconds. */
  readonly silenceMs: number;
}

const LIMITS: ListenerLimits = {
  connections: Math.min(MOST_CONNECTIONS, Math.max(16, mostFiles() - OTHER_FILES)),
  connectionsOfAnAddress: MOST_CONNECTIONS_OF_AN_ADDRESS,
  silenceMs: LONGEST_ARRIVAL_MS,
};

/** The last cut of an address, and when it was last let in again. */
interface Cut {
  readonly at: number;
  letInAt: number;
}

/**
 * Takes connections, no more than there is room for, and hands them on. Whoever connects and says nothing is let go.
 */
export class Listener implements Connections {
  readonly #take: (socket: Socket) => void;
  readonly #servers: Server[] = [];
  readonly #sockets = new Map<string, Socket>();
  readonly #byAddress = new Map<string, number>();
  readonly #cuts = new Map<string, Cut>();
  readonly #waiting: Socket[] = [];
  readonly #limits: ListenerLimits;

  /** @param take gets each connection that is let in */
  constructor(take: (socket: Socket) => void, limits: ListenerLimits = LIMITS) {
    this.#take = take;
    this.#limits = limits;
  }

  /**
   * Listens on all addresses that a host has.
   *
   * @param host without brackets
   * @returns the port that was really taken
   */
  async listen(host: string, port: number): Promise<number> {
    const addresses = isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host];
    let taken = port;
    for (const address of new Set(addresses)) taken = await this.#listenOn(address, taken);
    return taken;
  }

  /** Ends a connection. @param peer `address:port` */
  drop(peer: string): void {
    this.#sockets.get(peer)?.destroy();
  }

  /**
   * Ends a connection whose peer does no good, and is slow to take others from its address.
   *
   * @param peer `address:port`; its connection may have ended already
   */
  cut(peer: string): void {
    const address = peer.slice(0, peer.lastIndexOf(':'));
    this.#sockets.get(peer)?.destroy();
    const now = Date.now();
    for (const [other, { at }] of this.#cuts) if (now - at > CUT_REMEMBERED_MS) this.#cuts.delete(other);
    this.#cuts.set(address, { at: now, letInAt: now });
  }

  /** Takes no further connections. Those that are there belong to whoever has taken them. */
  close(): void {
    for (const server of this.#servers) server.close();
  }

  async #listenOn(address: string, port: number): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => this.#admit(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, backlog: 1024 }, resolve);
    });
    // What fails from now on is one connection, which the peer will notice.
    server.on('error', () => {});
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  #admit(socket: Socket): void {
    socket.on('error', () => {});
    const { remoteAddress: address = '', remotePort } = socket;
    const { connections, connectionsOfAnAddress, silenceMs } = this.#limits;
    const ofAddress = (this.#byAddress.get(address) ?? 0) + 1;
    const full = this.#sockets.size >= connections || ofAddress > connectionsOfAnAddress;
    if (full || this.#isHeldOff(address)) {
      socket.destroy();
      return;
    }
    const peer = `${address}:${remotePort}`;
    this.#sockets.set(peer, socket);
    this.#byAddress.set(address, ofAddress);
    const silence = setTimeout(() => {
      if (socket.bytesRead === 0) socket.destroy();
    }, silenceMs);
    socket.once('close', () => {
      clearTimeout(silence);
      this.#sockets.delete(peer);
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    });
    this.#waiting.push(socket);
    if (this.#waiting.length === 1) setImmediate(() => this.#handOn());
  }

  /** One in a turn of the event loop: each may have brought as much as it is let, and others are to get between. */
  #handOn(): void {
    const socket = this.#waiting.shift();
    if (socket !== undefined && !socket.destroyed) this.#take(socket);
    if (this.#waiting.length > 0) setImmediate(() => this.#handOn());
  }

  /** Whether an address has had a connection cut a moment ago and makes new ones too fast. */
  #isHeldOff(address: string): boolean {
    const cut = this.#cuts.get(address);
    if (cut === undefined) return false;
    const now = Date.now();
    if (now - cut.at > CUT_REMEMBERED_MS) {
      this.#cuts.delete(address);
      return false;
    }
    if (now - cut.letInAt < PAUSE_AFTER_A_CUT_MS) return true;
    cut.letInAt = now;
    return false;
  }
}

/** How many files this process may have open. */
function mostFiles(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
