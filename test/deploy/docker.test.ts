import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { validate } from 'dockerfile-utils';
import ignore from 'ignore';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { World } from '../e2e/processes.js';
import { NATS } from '../nats/servers.js';
import { faultsOf } from './assay-words.js';
import { DEPLOY, missing, ROOT, run } from './programs.js';

// Programs of others, some of them slow to start.
vi.setConfig({ testTimeout: 120_000 });

interface Instruction {
  readonly name: string;
  readonly words: string;
}
interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

const DOCKERFILE = readFileSync(path.join(DEPLOY, 'docker', 'Dockerfile'), 'utf8');
/** Where health.mjs asks. */
const HEALTH = '127.0.0.1:7072';
/** What is run; the others only lend them something. */
const TARGETS = ['coordinator', 'worker', 'worker-gpu'];

describe('the Dockerfile', () => {
  const stages = stagesOf(DOCKERFILE);

  it('is well formed', () => {
    expect(validate(DOCKERFILE).map(({ range, message }) => [range.start.line + 1, message])).toEqual([]);
  });

  it('has shell scripts that a checker has nothing to say about', (test) => {
    const shellcheck = missing('shellcheck');
    if (shellcheck !== undefined) test.skip(shellcheck);
    for (const { name, instructions } of stages) {
      for (const { words } of instructions.filter((instruction) => instruction.name === 'RUN')) {
        const { text } = run('sh', ['-c', 'printf "%s\n" "$0" | shellcheck --shell=sh -', words]);
        expect({ name, text }).toEqual({ name, text: '' });
      }
    }
  });

  it('copies what there is and what .dockerignore lets through', () => {
    const ignored = ignore().add(readFileSync(path.join(ROOT, '.dockerignore'), 'utf8'));
    const copies = stages.flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'COPY'));
    const sources = copies
      .filter(({ words }) => !words.startsWith('--from'))
      .flatMap(({ words }) => words.split(/\s+/).slice(0, -1));
    expect(sources).toContain('package-lock.json');
    const lacking = sources.filter(
      (source) => source !== '.' && (!existsSync(path.join(ROOT, source)) || ignored.ignores(source)),
    );
    expect(lacking).toEqual([]);
    // What the build reads.
    const read = ['cli/main.ts', 'telemetry/probes.ts', 'scripts/build-dashboard.mjs'];
    expect(read.filter((file) => ignored.ignores(file))).toEqual([]);
  });

  it.each(TARGETS)(
    'makes %s run without rights, ask after its health, and say what the program understands',
    (target) => {
      const instructions = wholeOf(stages, target);
      const last = (name: string): string =>
        instructions.findLast((instruction) => instruction.name === name)?.words ?? '';
      expect(last('USER')).toMatch(/^[1-9]\d+:[1-9]\d+$/);
      expect(JSON.parse(last('ENTRYPOINT'))).toEqual(['tini', '--', 'assay']);
      const words = JSON.parse(last('CMD')) as string[];
      expect(faultsOf([{ name: target, words }])).toEqual([]);
      expect(words[words.indexOf('--metrics') + 1]).toBe(HEALTH);
      expect(last('HEALTHCHECK')).toContain('"node", "/opt/assay/health.mjs"');
      expect(instructions.some((one) => one.name === 'COPY' && one.words.startsWith('deploy/docker/health.mjs'))).toBe(
        true,
      );
    },
  );
});

describe('health.mjs', () => {
  const ask = (address: string): Promise<number | null> =>
    new Promise((resolve) => {
      const env = { ...process.env, ASSAY_HEALTH: address };
      spawn(process.execPath, [path.join(DEPLOY, 'docker', 'health.mjs'), 'readyz?standby=ok'], { env }).once(
        'exit',
        resolve,
      );
    });

  it('says by its exit code whether the process is well, in plain text as over TLS', async () => {
    const world = new World();
    try {
      const { code } = await world.run('init-tls', '--out', path.join(world.folder, 'tls'));
      expect(code).toBe(0);
      const at = (name: string): string => path.join(world.folder, 'tls', name);
      for (const tls of [[], ['--tls-cert', at('coordinator.crt'), '--tls-key', at('coordinator.key')]]) {
        world.address = '';
        const coordinator = await world.coordinator('--no-http', '--metrics', '127.0.0.1:0', ...tls);
        const [, address] = /"metrics":"([^"]+)"/.exec(coordinator.output())!;
        expect(await ask(address!)).toBe(0);
        await coordinator.end('SIGKILL');
        expect(await ask(address!)).toBe(1);
      }
    } finally {
      await world.close();
    }
  });
});

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly profiles: readonly string[];
  readonly build?: { readonly target: string };
}

describe('compose.yaml', () => {
  const file = path.join(DEPLOY, 'compose.yaml');
  const { services } = parse(readFileSync(file, 'utf8'), { merge: true }) as { services: Record<string, Service> };
  const of = (profile: string): string[] =>
    Object.keys(services).filter((name) => services[name]!.profiles.includes(profile));

  it('is what Compose understands', (test) => {
    const compose = missing('docker-compose');
    if (compose !== undefined) test.skip(compose);
    const { code, text } = run('docker-compose', ['--file', file, 'config', '--quiet'], {}, DEPLOY);
    expect({ code, text }).toEqual({ code: 0, text: '' });
  });

  it('starts one coordinator with two workers, or three of each kind that keeps the log', () => {
    expect(readFileSync(path.join(DEPLOY, '.env'), 'utf8')).toContain('COMPOSE_PROFILES=single\n');
    expect(of('single')).toEqual(['keys', 'coordinator', 'worker-1', 'worker-2']);
    const ha = of('ha');
    expect(ha.filter((name) => name.startsWith('coordinator-'))).toHaveLength(3);
    expect(ha.filter((name) => name.startsWith('nats-'))).toHaveLength(3);
    expect(ha.filter((name) => name.startsWith('worker-'))).toHaveLength(2);
    expect(ha).not.toContain('coordinator');
  });

  it('says to the program only what it understands', () => {
    const ours = Object.entries(services).filter(([, { image }]) => image.startsWith('assay-'));
    const targets = ours.flatMap(([, { build }]) => (build === undefined ? [] : [build.target]));
    expect(targets.filter((target) => !TARGETS.includes(target))).toEqual([]);
    const lines = ours.flatMap(([name, { command, entrypoint, environment = {} }]) =>
      entrypoint !== undefined || command === undefined
        ? []
        : [{ name, words: command, variables: Object.keys(environment) }],
    );
    expect(lines.length).toBeGreaterThan(8);
    expect(faultsOf(lines)).toEqual([]);
  });

  it('makes keys with a script that a checker has nothing to say about', (test) => {
    const shellcheck = missing('shellcheck');
    if (shellcheck !== undefined) test.skip(shellcheck);
    const script = services['keys']!.command![0]!.replaceAll('$$', '$');
    expect(run('sh', ['-c', 'printf "%s\n" "$0" | shellcheck --shell=sh -', script]).text).toBe('');
  });
});

describe.each([
  ['nats.conf', {}],
  [
    'kubernetes/components/ha/nats.conf',
    {
      POD_NAME: 'nats-0',
      NATS_PASSWORD: 't0123456789',
      ROUTE_0: 'nats://route:t0123456789@nats-0.nats:6222',
      ROUTE_1: 'nats://route:t0123456789@nats-1.nats:6222',
      ROUTE_2: 'nats://route:t0123456789@nats-2.nats:6222',
    },
  ],
])('%s', (file, env) => {
  it('is what NATS understands', (test) => {
    if (NATS.missing !== undefined) return test.skip(NATS.missing);
    const { text } = run(NATS.path, ['-t', '-c', path.join(DEPLOY, file)], env);
    expect(text).toContain('is valid');
  });
});

function stagesOf(dockerfile: string): Stage[] {
  const lines = dockerfile
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n');
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name, words] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === undefined || words === undefined) continue;
    const [, from, stage] = (name === 'FROM' && /^(\S+) AS (\S+)$/.exec(words)) || [];
    if (from !== undefined && stage !== undefined) stages.push({ name: stage, from, instructions: [] });
    else stages.at(-1)?.instructions.push({ name, words: words.trim() });
  }
  return stages;
}

/** The instructions of a stage after those of the stages that it goes on from. */
function wholeOf(stages: readonly Stage[], name: string): readonly Instruction[] {
  const stage = stages.find((one) => one.name === name);
  if (stage === undefined) return [];
  return [...wholeOf(stages, stage.from), ...stage.instructions];
}
