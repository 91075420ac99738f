import { writeFileSync } from 'node:fs';
import { Argument, Command, Option } from 'commander';
import { ROLES, type Role } from '../../coordinator/access/roles.js';
import { drawSecret, hashOf, shortId } from '../../coordinator/access/token.js';
import { errorCode } from '../error-code.js';
import { FAILURE, UserError } from '../fail.js';
import { formatTime } from '../format.js';
import { addLogOptions, type LogOptions } from '../log-options.js';
import { coordinatorOption, parseDuration, wholeNumber } from '../options.js';
import { printJson } from '../print-json.js';
import { type Cell, type Column, tableLines } from '../table.js';
import { describeTerminal, printLines } from '../terminal.js';
import { plainText, span } from '../text.js';
import { type ListedToken, openTokenPlace, type TokenPlace } from '../token-place.js';

interface Options extends LogOptions {
  readonly coordinator: string;
  readonly role?: Role;
  readonly name?: string;
  readonly expires?: number;
  readonly out?: string;
  readonly json?: true;
  readonly state?: string;
  readonly logReplicas: number;
}

const ACTIONS = ['create', 'list', 'revoke'] as const;

export function tokenCommand(): Command {
  const command = new Command('token')
    .description(
      'Makes, lists and revokes the tokens that let people, programs and workers in. A new token is printed once, on standard\n' +
        'output; the coordinator keeps no more than its hash. A revoked one is let in no more, and what it has open is ended.\n' +
        'Without a token of an admin, whoever may write to the folder of the log can do it there with --state.',
    )
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .argument('[token]', 'which one to revoke: its id, the beginning of one, or its name')
    .addOption(new Option('-r, --role <role>', 'what a new token lets its holder do').choices(ROLES))
    .option('--name <name>', 'what people are to call it')
    .option('--expires <duration>', 'when it ends by itself, such as 720h (default: never)', parseDuration)
    .option('-o, --out <file>', 'write it into this file, readable by you alone, and not to standard output')
    .option('--json', 'print as JSON')
    .addOption(coordinatorOption())
    .optionsGroup('Where the tokens are, without a coordinator between:')
    .option('-s, --state <dir>', 'folder of the coordinator, also while it runs');
  return addLogOptions(command)
    .option('--log-replicas <n>', 'NATS servers that hold the tokens, when the first is made', wholeNumber(1, 5), 3)
    .action(run);
}

async function run(action: (typeof ACTIONS)[number], token: string | undefined, options: Options): Promise<void> {
  if ((action === 'revoke') !== (token !== undefined)) {
    throw new UserError(action === 'revoke' ? 'say which token: assay token revoke TOKEN' : `unexpected word ${token}`);
  }
  if (action === 'create' && options.role === undefined) {
    throw new UserError(`say with --role what the token is for: ${ROLES.join(', ')}`);
  }
  if (options.state !== undefined && options.log !== undefined) {
    throw new UserError('--state and --log name two places: give one of them');
  }
  const place = await openTokenPlace(options);
  try {
    if (action === 'create') await create(place, options);
    else if (action === 'list') list(await place.list(), options);
    else revoked(await place.revoke(token!), options);
  } finally {
    await place.close();
  }
}

async function create(place: TokenPlace, { role, name = '', expires, out, json }: Options): Promise<void> {
  const secret = drawSecret();
  const expiresAtMs = expires === undefined ? 0 : Date.now() + expires;
  // Written first: a token that nobody has is of no use to anybody.
  if (out !== undefined) writeSecret(out, secret);
  const made = await place.create({ sha256: hashOf(secret), role: role!, name, expiresAtMs });
  if (json === true) printJson(out === undefined ? { ...tokenJson(made), token: secret } : tokenJson(made));
  else if (out === undefined) process.stdout.write(`${secret}\n`);
  const where = out === undefined ? '' : `, in ${out}`;
  process.stderr.write(`assay: token ${shortId(made.id)} with the role ${made.role}${where}\n`);
}

function writeSecret(file: string, secret: string): void {
  try {
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'EEXIST')
      throw new UserError(`${file} is there already, and nothing is overwritten: name another file`);
    throw new UserError(`${file} cannot be written (${code}): name another file`, FAILURE, { cause });
  }
}

function list(tokens: readonly ListedToken[], { json }: Options): void {
  if (json === true) printJson(tokens.map(tokenJson));
  else if (tokens.length === 0) printLines([[span('no token yet: make one with assay token create --role ROLE')]]);
  else {
    const terminal = describeTerminal();
    printLines(tableLines(COLUMNS, tokens.map(cells), terminal.columns), terminal);
  }
}

function revoked(token: ListedToken, { json }: Options): void {
  if (json === true) printJson(tokenJson(token));
  else printLines([[span(`token ${shortId(token.id)} with the role ${token.role} is let in no more`)]]);
}

const COLUMNS: readonly Column[] = [
  { title: 'token' },
  { title: 'role' },
  { title: 'name' },
  { title: 'created', giveWay: 2 },
  { title: 'state', giveWay: 1 },
];

function cells(token: ListedToken): Cell[] {
  return [shortId(token.id), token.role, plainText(token.name), formatTime(token.createdAtMs), stateOf(token)];
}

function stateOf({ expiresAtMs, revokedAtMs }: ListedToken): Cell {
  if (revokedAtMs > 0) return span(`revoked ${formatTime(revokedAtMs)}`, 'red');
  if (expiresAtMs === 0) return 'let in';
  return expiresAtMs <= Date.now() ? span('expired', 'red') : `until ${formatTime(expiresAtMs)}`;
}

function tokenJson({ id, name, role, createdAtMs, expiresAtMs, revokedAtMs }: ListedToken): object {
  return { id, name, role, createdAtMs, expiresAtMs: expiresAtMs || null, revokedAtMs: revokedAtMs || null };
}
