import type { Argument, Command, Option } from 'commander';
import { DEFAULT_ADDRESS } from '../../proto/channel.js';
import { accessOfEnvironment } from '../access-options.js';
import { openClient, type StudyClient } from '../client.js';
import { parseAddresses } from '../options.js';
import { loadVerb, type Verb } from '../verb.js';

/** What a word can be gone on with: words, or what the shell itself knows about. */
export type Candidates = readonly Candidate[] | 'files' | 'folders';

export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** Who presses Tab does not wait for a coordinator that is not there. */
const PATIENCE = { callMs: 500, retryMs: 0, standbyMs: 0, awayMs: 0, pauseMs: 0 };

/**
 * What can stand in place of the last of `words`, which follow the program's name. The last one may be empty, and is completed
 * as far as it goes.
 *
 * @param verbs the verbs that the program has
 */
export async function candidatesFor(verbs: readonly Verb[], words: readonly string[]): Promise<Candidates> {
  const found = await allCandidates(verbs, words);
  if (typeof found === 'string') return found;
  const current = words.at(-1) ?? '';
  return found.filter(({ word }) => word.startsWith(current));
}

async function allCandidates(verbs: readonly Verb[], words: readonly string[]): Promise<Candidates> {
  const [name = '', ...rest] = words;
  if (words.length < 2) return name.startsWith('-') ? GLOBAL : named(verbs);
  if (name === 'help') return rest.length === 1 ? named(verbs) : [];
  const verb = verbs.find((known) => known.name === name);
  return verb === undefined ? [] : ofVerb(await loadVerb(verb), rest);
}

const GLOBAL: readonly Candidate[] = [
  { word: '--help', about: 'print help' },
  { word: '--version', about: 'print the version' },
];

function named(verbs: readonly Verb[]): Candidate[] {
  const shown = verbs
    .filter(({ hidden }) => hidden !== true)
    .map(({ name, summary }) => ({
      word: name,
      about: summary,
    }));
  return [...shown, { word: 'help', about: 'print help for a verb' }];
}

function ofVerb(command: Command, words: readonly string[]): Promise<Candidates> | Candidates {
  const current = words.at(-1) ?? '';
  const { option, operands } = read(command, words.slice(0, -1));
  if (option !== undefined) return ofOption(option);
  const assigned = /^(--[\w-]+)=/.exec(current);
  if (assigned !== null) {
    const named = command.options.find(({ long }) => long === assigned[1]);
    const values = named === undefined ? [] : ofOption(named);
    return typeof values === 'string' ? [] : values.map(({ word, about }) => ({ word: assigned[0] + word, about }));
  }
  if (current.startsWith('-')) return options(command);
  const { registeredArguments: known } = command;
  const argument = known[operands.length] ?? known.findLast(({ variadic }) => variadic);
  return argument === undefined ? [] : ofArgument(argument, operands, coordinatorIn(command, words));
}

/** The operands among words, and the option whose value comes next. */
function read(
  command: Command,
  words: readonly string[],
): { readonly option: Option | undefined; readonly operands: readonly string[] } {
  const operands: string[] = [];
  let option: Option | undefined;
  for (const word of words) {
    if (option !== undefined) option = option.variadic ? option : undefined;
    else if (!word.startsWith('-')) operands.push(word);
    if (word.startsWith('-')) option = command.options.find((each) => isCalled(each, word) && each.required);
  }
  return { option, operands };
}

function isCalled({ long, short }: Option, word: string): boolean {
  return word === long || word === short;
}

function options(command: Command): Candidate[] {
  const shown = command.options.filter(({ hidden }) => !hidden);
  const long = shown.map(({ long: word, short, description }) => ({ word: word ?? short!, about: description }));
  return [...long, GLOBAL[0]!];
}

function ofOption({ argChoices, flags }: Option): Candidates {
  if (argChoices !== undefined) return argChoices.map((word) => ({ word, about: '' }));
  if (/<dir>/.test(flags)) return 'folders';
  return /<(file|path|words\.\.\.)>/.test(flags) ? 'files' : [];
}

/** The coordinator that the words name; undefined where they name none that can be asked. */
function coordinatorIn(command: Command, words: readonly string[]): string | undefined {
  const option = command.options.find(({ long }) => long === '--coordinator');
  if (option === undefined) return undefined;
  const at = words.findIndex((word) => isCalled(option, word));
  const assigned = words.find((word) => word.startsWith('--coordinator='))?.slice('--coordinator='.length);
  const text = (at < 0 ? assigned : words[at + 1]) ?? process.env['ASSAY_COORDINATOR'] ?? DEFAULT_ADDRESS;
  try {
    return parseAddresses(text);
  } catch {
    return undefined;
  }
}

function ofArgument(
  argument: Argument,
  operands: readonly string[],
  coordinator: string | undefined,
): Promise<Candidates> | Candidates {
  const name = argument.name();
  if (name === 'file' || name === 'image') return 'files';
  if (name === 'dir') return 'folders';
  if (argument.argChoices !== undefined) return argument.argChoices.map((word) => ({ word, about: '' }));
  if (coordinator === undefined) return [];
  if (name === 'worker') return ask(coordinator, workers);
  if (name === 'studies') return ask(coordinator, (client) => studies(client, operands));
  return name.startsWith('study') && operands.length === 0 ? ask(coordinator, (client) => studies(client, [])) : [];
}

async function studies(client: StudyClient, but: readonly string[]): Promise<Candidate[]> {
  const all = (await client.listStudies()).filter(({ id }) => !but.includes(id));
  return all.map(({ id, metric, state }) => ({
    word: id,
    about: `${state.replace('STUDY_STATE_', '').toLowerCase()}, ${metric}`,
  }));
}

async function workers(client: StudyClient): Promise<Candidate[]> {
  return (await client.listWorkers()).map(({ name, backend }) => ({ word: name, about: backend }));
}

/** Nothing where the coordinator does not answer: a message in the middle of a command line helps nobody. */
async function ask(address: string, find: (client: StudyClient) => Promise<Candidate[]>): Promise<Candidate[]> {
  const client = openClient(address, PATIENCE, accessOfEnvironment());
  try {
    return await find(client);
  } catch {
    return [];
  } finally {
    client.close();
  }
}
