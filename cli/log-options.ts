import { type Command, Option } from 'commander';
import { type NatsConfig, parseNatsUrl } from '../coordinator/nats/connection.js';

/** Where a cluster's log is, as it is typed. */
export interface LogOptions {
  readonly log?: string;
  readonly cluster: string;
  readonly natsCreds?: string;
  readonly natsNkey?: string;
  readonly natsUser?: string;
  readonly natsPassword?: string;
  readonly natsToken?: string;
  readonly natsCa?: string;
  readonly natsCert?: string;
  readonly natsKey?: string;
}

/** `--log`, `--cluster` and what lets one into NATS. Passwords and tokens come from the environment alone. */
export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log <url>', 'NATS servers whose JetStream holds the event log, such as nats://a:4222,b:4222').env(
        'ASSAY_LOG',
      ),
    )
    .option('--cluster <name>', 'coordinators of one name share one log', 'main')
    .addOption(natsOption('creds', 'file', 'credentials (JWT) for NATS'))
    .addOption(natsOption('nkey', 'file', 'nkey seed for NATS'))
    .addOption(natsOption('user', 'name', 'user for NATS; the password in ASSAY_NATS_PASSWORD'))
    .addOption(natsOption('password', 'text', '').hideHelp())
    .addOption(natsOption('token', 'text', '').hideHelp())
    .addOption(natsOption('ca', 'file', 'certificates that those of NATS are checked against'))
    .addOption(natsOption('cert', 'file', 'certificate for NATS'))
    .addOption(natsOption('key', 'file', 'key of that certificate'));
}

function natsOption(name: string, value: string, words: string): Option {
  return new Option(`--nats-${name} <${value}>`, words).env(`ASSAY_NATS_${name.toUpperCase()}`);
}

/** @throws {ConfigError} when the URL is none */
export function natsConfigOf(log: string, options: LogOptions): NatsConfig {
  return {
    ...parseNatsUrl(log),
    caFile: options.natsCa,
    certFile: options.natsCert,
    keyFile: options.natsKey,
    credsFile: options.natsCreds,
    nkeyFile: options.natsNkey,
    user: options.natsUser,
    password: options.natsPassword,
    token: options.natsToken,
  };
}
