import { Command, InvalidArgumentError, Option } from 'commander';
import type { CertificateFiles } from '../../coordinator/access/certificates.js';
import type { AcceptedToken } from '../../coordinator/access/entrance.js';
import { ROLES } from '../../coordinator/access/roles.js';
import type { ClusterConfig } from '../../coordinator/config.js';
import { didYouMean } from '../../coordinator/core/nearest.js';
import { ConfigError } from '../../coordinator/errors.js';
import { LogFormatError } from '../../coordinator/event-log/port.js';
import { runCoordinator } from '../../coordinator/main.js';
import { NOTICE_KINDS, type NoticeKind } from '../../coordinator/notices/notice.js';
import type { NoticeConfig } from '../../coordinator/notices/notifier.js';
import { DEFAULT_ADDRESS } from '../../proto/channel.js';
import { errorCode } from '../error-code.js';
import { BAD_INPUT, FAILURE, UserError } from '../fail.js';
import { onInterrupt } from '../interrupt.js';
import { commandLine } from '../invocation.js';
import { addLogOptions, type LogOptions, natsConfigOf } from '../log-options.js';
import { type LoggingOptions, logFormatOption, loggerOf, logLevelOption } from '../logging-options.js';
import {
  coordinatorWords,
  parseAddress,
  parseDuration,
  parseListenAddress,
  parseSize,
  wholeNumber,
} from '../options.js';
import { stopWithParent } from '../parent.js';

interface Options extends LogOptions, LoggingOptions {
  readonly listen: string;
  readonly state: string;
  readonly heartbeat?: number;
  readonly lease?: number;
  readonly maxArtifact?: number;
  readonly advertise?: string;
  readonly logReplicas: number;
  readonly natsMonitor?: readonly string[];
  readonly http: string | boolean;
  readonly metrics?: string;
  readonly notifyUrl?: string;
  readonly notifyCommand?: readonly string[];
  readonly notifyOn?: readonly NoticeKind[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly requireTokens?: true;
  readonly acceptToken?: readonly AcceptedToken[];
  readonly insecure?: true;
  readonly exitWithParent?: true;
}

export function coordinatorCommand(): Command {
  const command = new Command('coordinator')
    .description(
      'Starts the coordinator that studies are submitted to and workers attach to. What it acknowledged is in its state\n' +
        'folder: stop it, kill it, start it again on the same folder, and its studies go on.',
    )
    .option(
      '-l, --listen <host:port>',
      'address to listen on; port 0 takes a free one',
      parseListenAddress,
      DEFAULT_ADDRESS,
    )
    .option('-s, --state <dir>', 'folder of the event log, created where it is missing', '.assay')
    .option(
      '--http <host:port>',
      'address of the dashboard (default: 127.0.0.1:7071, or a free port where that is taken)',
      parseListenAddress,
    )
    .option('--no-http', 'no dashboard')
    .option(
      '--metrics <host:port>',
      'tell /healthz, /readyz and /metrics there as well, also while it starts or stands by',
      parseListenAddress,
    )
    .option('--heartbeat <duration>', 'how often workers are to be heard (default: 10s)', parseDuration)
    .option('--lease <duration>', "how long a silent worker's attempts live (default: 60s)", parseDuration)
    .option('--max-artifact <size>', 'largest weights, checkpoint or upload that is taken (default: 1GiB)', parseSize)
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .addOption(new Option('--exit-with-parent', 'shut down when the process that forked this one is gone').hideHelp())
    .optionsGroup('Who may come in; TLS and tokens are a must where other machines reach it:')
    .addOption(
      new Option('--tls-cert <file>', 'certificate of both doors; "assay init-tls" makes one').env('ASSAY_TLS_CERT'),
    )
    .addOption(new Option('--tls-key <file>', 'key of that certificate').env('ASSAY_TLS_KEY'))
    .addOption(
      new Option('--tls-client-ca <file>', 'over gRPC let only those in whose certificate is of these').env(
        'ASSAY_TLS_CLIENT_CA',
      ),
    )
    .option('--require-tokens', 'ask for tokens on 127.0.0.1 as well, where TLS is spoken by a proxy, or by nobody')
    .option('--accept-token <role=file>', 'let the token in this file in; may be repeated', gatherToken)
    .option('--insecure', 'listen where other machines can reach it, without TLS and without tokens')
    .optionsGroup('Notices, of which there are none unless one of the first two is given:')
    .addOption(
      new Option('--notify-url <url>', 'POST each notice there as JSON')
        .env('ASSAY_NOTIFY_URL')
        .argParser(parseWebhook),
    )
    .option('--notify-command <words...>', 'run this for each notice, with its JSON on standard input; without a shell')
    .option(
      '--notify-on <kinds>',
      `which, with commas between them (default: all of ${NOTICE_KINDS.join()})`,
      parseKinds,
    )
    .optionsGroup('A cluster, of which one leads and the others take over:');
  return addLogOptions(command)
    .option('--advertise <host:port>', 'where others reach this one (default: the address of --listen)', parseAddress)
    .option('--log-replicas <n>', 'NATS servers that hold the log, when it is created', wholeNumber(1, 5), 3)
    .option('--nats-monitor <url,...>', "NATS servers' monitoring ports: their settings are checked", parseUrls)
    .action(run);
}

function tlsOf({ tlsCert: cert, tlsKey: key, tlsClientCa: clientCa }: Options): CertificateFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  throw new UserError('--tls-cert and --tls-key go together, and --tls-client-ca is of use only beside them');
}

function gatherToken(text: string, earlier: readonly AcceptedToken[] = []): readonly AcceptedToken[] {
  const [, word, file] = /^(\w+)=(.+)$/.exec(text) ?? [];
  const role = ROLES.find((known) => known === word);
  if (role !== undefined && file !== undefined) return [...earlier, { role, file }];
  throw new InvalidArgumentError(`It must be ROLE=FILE with one of the roles ${ROLES.join(', ')}.`);
}

function clusterOf(options: Options): ClusterConfig | undefined {
  const { log, cluster: name, advertise, logReplicas: replicas, natsMonitor: monitors = [] } = options;
  if (log === undefined) return undefined;
  return { name, replicas, monitors, advertise, nats: natsConfigOf(log, options) };
}

function parseUrls(text: string): readonly string[] {
  const urls = text.split(',').map((part) => part.trim());
  if (urls.every((url) => /^https?:\/\//.test(url) && URL.canParse(url))) return urls;
  throw new InvalidArgumentError('It must be URLs with commas between them, such as http://a:8222,http://b:8222.');
}

function noticesOf({ notifyUrl: url, notifyCommand: command, notifyOn }: Options): NoticeConfig | undefined {
  if (url !== undefined || command !== undefined) return { url, command, kinds: notifyOn ?? NOTICE_KINDS };
  if (notifyOn === undefined) return undefined;
  throw new UserError('--notify-on says what to tell, not whom: give --notify-url or --notify-command as well');
}

function parseWebhook(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const right = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (right) return text;
  throw new InvalidArgumentError('It must be an http or https URL without a user name, such as https://chat.lab/hook.');
}

function parseKinds(text: string): readonly NoticeKind[] {
  return text.split(',').map((word) => {
    const kind = NOTICE_KINDS.find((known) => known === word.trim());
    if (kind !== undefined) return kind;
    const near = didYouMean(word.trim(), NOTICE_KINDS);
    throw new InvalidArgumentError(`There is no notice ${word.trim()}${near}; there are ${NOTICE_KINDS.join(', ')}.`);
  });
}

async function run(options: Options): Promise<void> {
  const { listen, state, http, metrics, heartbeat, lease, maxArtifact, insecure, requireTokens, acceptToken } = options;
  const tls = tlsOf(options);
  const logger = await loggerOf(options);
  // To a service it means that its files have changed; to a person, that the terminal was closed.
  const interruption = onInterrupt(undefined, tls !== undefined && !process.stderr.isTTY ? ['SIGHUP'] : []);
  const parent = options.exitWithParent === true ? stopWithParent() : undefined;
  const signals = [interruption.signal, ...(parent === undefined ? [] : [parent.signal])];
  try {
    await runCoordinator({
      listen,
      state,
      cluster: clusterOf(options),
      http: http === true ? undefined : http,
      metrics,
      heartbeatMs: heartbeat,
      leaseMs: lease,
      maxArtifactBytes: maxArtifact,
      tls,
      requireTokens,
      acceptTokens: acceptToken,
      insecure,
      notices: noticesOf(options),
      logger,
      signal: AbortSignal.any(signals),
      onListening: (address, dashboard) => {
        parent?.tell({ listening: address, dashboard });
        if (process.stderr.isTTY) sayWhatNext(address, dashboard, tls !== undefined);
      },
    });
  } catch (error) {
    throw explain(error, listen);
  } finally {
    interruption.close();
    parent?.close();
  }
}

/** For a person who has just started it. */
function sayWhatNext(address: string, dashboard: string | undefined, isSecure: boolean): void {
  const to = [...coordinatorWords(address), ...(isSecure ? ['--ca', 'FILE', '--token-file', 'FILE'] : [])];
  const scheme = isSecure ? 'https' : 'http';
  if (dashboard !== undefined) process.stderr.write(`look at it on          ${scheme}://${dashboard}\n`);
  process.stderr.write(
    `attach workers with   ${commandLine(['worker', ...to])}\nsubmit a search with  ${commandLine(['submit', ...to, 'search.yaml'])}\n`,
  );
}

function explain(error: unknown, listen: string): unknown {
  if (error instanceof ConfigError) return new UserError(error.message, BAD_INPUT, { cause: error });
  if (error instanceof LogFormatError) return new UserError(error.message, FAILURE, { cause: error });
  if (errorCode(error) !== 'EADDRINUSE' && !(error instanceof Error && error.message.includes('EADDRINUSE')))
    return error;
  const message = `${listen} is in use, perhaps by another coordinator: stop that one or name another address with --listen`;
  return new UserError(message, FAILURE, { cause: error });
}
