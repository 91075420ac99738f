import { execFileSync, spawnSync } from 'node:child_process';

/** Why there can be no machines here; undefined when there can. */
export const MACHINES_MISSING: string | undefined = whyNot();

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (spawnSync('ip', ['-V']).status !== 0) return 'network namespaces need iproute2';
  const name = `assay-try-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0) return 'this machine allows no network namespaces';
  spawnSync('ip', ['netns', 'del', name]);
  return undefined;
}

/**
 * Network namespaces as machines: a switch, machine 0 beside it for clients, and others from 1 on. What is cut between two of
 * them vanishes without an answer, as on a broken line.
 */
export class Machines {
  readonly #prefix = `assay-${process.pid}-`;
  readonly #count: number;
  readonly #cuts = new Set<string>();

  /** @param count machines beside machine 0 */
  constructor(count: number) {
    this.#count = count;
    for (let i = 0; i <= count; i += 1) {
      ip('netns', 'add', this.#name(i));
      ip('-n', this.#name(i), 'link', 'set', 'lo', 'up');
    }
    const hub = this.#name(0);
    ip('-n', hub, 'link', 'add', 'br0', 'type', 'bridge');
    ip('-n', hub, 'addr', 'add', `${this.host(0)}/24`, 'dev', 'br0');
    ip('-n', hub, 'link', 'set', 'br0', 'up');
    for (let i = 1; i <= count; i += 1) {
      const machine = this.#name(i);
      ip('-n', hub, 'link', 'add', `v${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine);
      ip('-n', hub, 'link', 'set', `v${i}`, 'master', 'br0', 'up');
      ip('-n', machine, 'addr', 'add', `${this.host(i)}/24`, 'dev', 'eth0');
      ip('-n', machine, 'link', 'set', 'eth0', 'up');
    }
  }

  host(i: number): string {
    return `10.77.0.${i === 0 ? 254 : i}`;
  }

  /** Words before a command that runs it on a machine. */
  on(i: number): string[] {
    return ['ip', 'netns', 'exec', this.#name(i)];
  }

  /** Cuts two machines off from each other. */
  cut(a: number, b: number): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      ip('-n', this.#name(from), 'route', 'replace', 'blackhole', `${this.host(to)}/32`);
      this.#cuts.add(`${from} ${to}`);
    }
  }

  heal(): void {
    for (const cut of this.#cuts) {
      const [from, to] = cut.split(' ').map(Number);
      ip('-n', this.#name(from!), 'route', 'del', 'blackhole', `${this.host(to!)}/32`);
    }
    this.#cuts.clear();
  }

  close(): void {
    for (let i = this.#count; i >= 0; i -= 1) ip('netns', 'del', this.#name(i));
  }

  #name(i: number): string {
    return `${this.#prefix}${i}`;
  }
}

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
}
