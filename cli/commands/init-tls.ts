import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { createFolder } from '../../coordinator/state-directory.js';
import { errorCode } from '../error-code.js';
import { FAILURE, UserError } from '../fail.js';
import { commandLine } from '../invocation.js';
import { wholeNumber } from '../options.js';
import type { Authority, Pair } from '../tls/authority.js';

interface Options {
  readonly out: string;
  readonly host?: readonly string[];
  readonly days: number;
  readonly renew?: true;
}

/** Longest that an authority lives, days: ten years. */
const AUTHORITY_DAYS = 3_650;
const LOCAL = ['localhost', '127.0.0.1', '::1'];

export function initTlsCommand(): Command {
  return new Command('init-tls')
    .description(
      'Makes a certificate authority of your own, a certificate for the coordinator and one for workers (for those who want\n' +
        'both sides to show one: --tls-client-ca). All files are readable by you alone. The key of the authority, ca.key, is\n' +
        'needed to make further certificates and nowhere else: keep it off the machines of the fleet.',
    )
    .option('-o, --out <dir>', 'folder for the files', 'tls')
    .option(
      '--host <name,...>',
      "host names and IP addresses of the coordinator; may be repeated (default: this machine's name)",
      gatherHosts,
    )
    .option(
      '--days <number>',
      'how long the certificates of coordinator and workers are good',
      wholeNumber(1, 3_650),
      365,
    )
    .option(
      '--renew',
      'make those two again with the authority that is in the folder; a coordinator that runs takes them over',
    )
    .action(run);
}

function gatherHosts(text: string, earlier: readonly string[] = []): readonly string[] {
  const hosts = text.split(',').map((part) => part.trim().replace(/^\[|\]$/g, ''));
  const wrong = hosts.find((host) => !/^[A-Za-z0-9*][A-Za-z0-9.:_-]*$|^::1?$/.test(host));
  if (wrong === undefined) return [...earlier, ...hosts];
  throw new InvalidArgumentError(
    `${JSON.stringify(wrong)} is no host name and no IP address; ports do not belong here.`,
  );
}

async function run({ out, host = [hostname()], days, renew }: Options): Promise<void> {
  // Loaded here: the library is large, and no other verb needs it.
  const { makeAuthority, makeLeaf } = await import('../tls/authority.js');
  const at = (name: string): string => path.join(out, name);
  const hosts = [...new Set([...host, ...LOCAL])];
  const authority =
    renew === true ? await authorityIn(out) : await makeAuthority('Assay certificate authority', AUTHORITY_DAYS);
  const leaves = {
    coordinator: await makeLeaf(authority, { name: 'assay coordinator', hosts, days }),
    worker: await makeLeaf(authority, { name: 'assay worker', hosts: [], days }),
  };
  if (renew === true) for (const [name, pair] of Object.entries(leaves)) replace(out, name, pair);
  else create(out, { ca: authority.pair, ...leaves });
  const day = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  process.stdout.write(
    `${at('')}: certificates for ${hosts.join(', ')}, good until ${day}\n` +
      `start the coordinator with  ${commandLine(['coordinator', '--listen', 'HOST:7070', '--tls-cert', at('coordinator.crt'), '--tls-key', at('coordinator.key')])}\n` +
      `copy to every other machine ${at('ca.crt')}, and name it with --ca\n` +
      `renew them with             ${commandLine(['init-tls', '--renew', '--out', out, '--host', host.join(',')])}\n`,
  );
}

async function authorityIn(out: string): Promise<Authority> {
  const { readAuthority } = await import('../tls/authority.js');
  const [cert, key] = [path.join(out, 'ca.crt'), path.join(out, 'ca.key')];
  try {
    return await readAuthority({ cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') });
  } catch (cause) {
    const why = errorCode(cause) ?? (cause as Error).message;
    throw new UserError(`${cert} and ${key} cannot be used to make certificates (${why})`, FAILURE, { cause });
  }
}

/** Nothing is overwritten: all of the files are made, or none. */
function create(out: string, pairs: Readonly<Record<string, Pair>>): void {
  const files = Object.entries(pairs).flatMap(([name, { cert, key }]) => [
    { file: path.join(out, `${name}.key`), text: key },
    { file: path.join(out, `${name}.crt`), text: cert },
  ]);
  const there = files.filter(({ file }) => existsSync(file)).map(({ file }) => file);
  if (there.length > 0) {
    throw new UserError(
      `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already, and nothing is overwritten: name another folder with --out, or make coordinator's and worker's again with --renew`,
    );
  }
  const made: string[] = [];
  try {
    createFolder(out);
    for (const { file, text } of files) {
      writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
      made.push(file);
    }
  } catch (cause) {
    for (const file of made) rmSync(file, { force: true });
    throw new UserError(`${out} cannot be written to (${errorCode(cause)}): name another folder with --out`, FAILURE, {
      cause,
    });
  }
}

/** The key first: a coordinator that looks in between sees two that do not fit, and keeps what it has. */
function replace(out: string, name: string, { cert, key }: Pair): void {
  for (const [ending, text] of [
    ['key', key],
    ['crt', cert],
  ] as const) {
    const file = path.join(out, `${name}.${ending}`);
    writeFileSync(`${file}.part`, text, { mode: 0o600 });
    renameSync(`${file}.part`, file);
  }
}
