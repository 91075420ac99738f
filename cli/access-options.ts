import { type Command, Option } from 'commander';
import type { ClientAccess } from '../proto/client-access.js';

interface AccessOptions {
  readonly tls?: true;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly tlsName?: string;
  readonly tokenFile?: string;
}

/** What this process shows coordinators: one command runs in it, which talks to one of them or to one cluster. */
let chosen: ClientAccess = {};

/** What the options and variables of the running command say. */
export function chosenAccess(): ClientAccess {
  return chosen;
}

/** Nothing is shown while `use` runs: it talks to a coordinator of this very process. */
export async function withoutAccess<T>(use: () => Promise<T>): Promise<T> {
  const before = chosen;
  chosen = {};
  try {
    return await use();
  } finally {
    chosen = before;
  }
}

/** Gives a command that talks to a coordinator the options by which it is let in. The rarer ones are in a worker's help. */
export function addAccessOptions(command: Command): Command {
  const isWhole = command.name() === 'worker';
  const rare = (flags: string, words: string, name: string): Option =>
    new Option(flags, words).env(name).hideHelp(!isWhole);
  return command
    .optionsGroup('Where the coordinator asks for TLS and tokens:')
    .addOption(new Option('--ca <file>', "certificates that the coordinator's must be of").env('ASSAY_CA'))
    .addOption(
      new Option('--token-file <file>', 'file that holds the token; or the token in ASSAY_TOKEN').env(
        'ASSAY_TOKEN_FILE',
      ),
    )
    .addOption(rare('--cert <file>', 'certificate to show, where the coordinator asks for one', 'ASSAY_CERT'))
    .addOption(rare('--key <file>', 'key of that certificate', 'ASSAY_KEY'))
    .addOption(rare('--tls', 'TLS, with the certificates that this system trusts', 'ASSAY_TLS'))
    .addOption(
      rare('--tls-name <name>', "the name in the coordinator's certificate, if not the host's", 'ASSAY_TLS_NAME'),
    )
    .hook('preAction', (_, action) => {
      chosen = accessOf(action.opts<AccessOptions>());
    });
}

/** What the variables alone say, where no command is run. */
export function accessOfEnvironment(): ClientAccess {
  const { env } = process;
  return accessOf({
    ...(env['ASSAY_TLS'] === undefined ? {} : { tls: true }),
    ...(env['ASSAY_CA'] === undefined ? {} : { ca: env['ASSAY_CA'] }),
    ...(env['ASSAY_CERT'] === undefined ? {} : { cert: env['ASSAY_CERT'] }),
    ...(env['ASSAY_KEY'] === undefined ? {} : { key: env['ASSAY_KEY'] }),
    ...(env['ASSAY_TLS_NAME'] === undefined ? {} : { tlsName: env['ASSAY_TLS_NAME'] }),
    ...(env['ASSAY_TOKEN_FILE'] === undefined ? {} : { tokenFile: env['ASSAY_TOKEN_FILE'] }),
  });
}

function accessOf({ tls, ca, cert, key, tlsName, tokenFile }: AccessOptions): ClientAccess {
  return {
    tls,
    caFile: said(ca),
    certFile: said(cert),
    keyFile: said(key),
    serverName: said(tlsName),
    tokenFile: said(tokenFile),
    token: said(process.env['ASSAY_TOKEN']),
  };
}

/** An empty variable is how shells take one back. */
function said(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** The variables that say so to every process that is started here. */
const VARIABLES = [
  'CA',
  'CERT',
  'KEY',
  'TLS',
  'TLS_NAME',
  'TOKEN',
  'TOKEN_FILE',
  'TLS_CERT',
  'TLS_KEY',
  'TLS_CLIENT_CA',
];

/** An environment for processes that talk to a coordinator of this machine's, which asks for nothing. */
export function withoutAccessVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const dropped = new Set(VARIABLES.map((name) => `ASSAY_${name}`));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !dropped.has(name)));
}
