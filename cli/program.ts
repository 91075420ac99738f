import { Command, CommanderError } from 'commander';
import { didYouMean } from '../coordinator/core/nearest.js';
import { PACKAGE_VERSION } from '../proto/package-version.js';
import { BAD_INPUT, FAILURE, UserError } from './fail.js';
import { loadVerb, type Verb } from './verb.js';
import { VERBS } from './verbs.js';

/** Runs the command line. Returns the exit code; the process ends by itself when nothing is left to do. */
export async function main(args: readonly string[]): Promise<number> {
  endQuietlyOnBrokenPipe();
  try {
    const program = await createProgram(args);
    checkHelpTopic(args);
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(error);
  }
}

/** The program with the verb that `args` names; the other verbs are there by name only, so that starting is quick. */
async function createProgram(args: readonly string[]): Promise<Command> {
  const wanted = args[0] === 'help' ? args[1] : args[0];
  const program = configure(new Command('assay'))
    .description('Searches hyperparameters on a fleet: a coordinator proposes, workers train, a leaderboard ranks.')
    .version(PACKAGE_VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [verb]', 'print help for a verb')
    .showSuggestionAfterError()
    .addHelpText('after', FIRST_STEPS);
  for (const verb of VERBS) {
    const command = verb.name === wanted ? await load(verb, program) : new Command(verb.name);
    program.addCommand(command.summary(verb.summary).helpGroup(verb.group), { hidden: verb.hidden ?? false });
  }
  return program;
}

/** Commander answers help for a verb that there is not with the help of all, and no word on why. */
function checkHelpTopic([first, topic]: readonly string[]): void {
  if (first !== 'help' || topic === undefined || topic.startsWith('-')) return;
  const names = VERBS.map(({ name }) => name);
  if (names.includes(topic) || topic === 'help') return;
  throw new UserError(`there is no verb ${topic}${didYouMean(topic, names)}: "assay help" lists all`);
}

const FIRST_STEPS = `
First steps:
  $ assay demo                       search a small image classifier on this machine, in about two minutes
  $ assay init && assay run search.yaml
  $ assay coordinator                ... and elsewhere: assay worker --coordinator HOST:PORT

Exit codes:
  0    done as asked
  1    failed, and what was typed is not to blame: no coordinator answers, a study ended without a value, a check failed
  2    what was typed is at fault: an option, a search file, a name that there is not, a state that does not allow it
  130  ended by Ctrl-C (143 by SIGTERM, 129 by a closed terminal)`;

async function load(verb: Verb, program: Command): Promise<Command> {
  const command = (await loadVerb(verb)).copyInheritedSettings(program);
  const words = command.description() || `${verb.summary}.`;
  // Written in lines as wide as the code's; commander breaks them anew as wide as the terminal is.
  command.description(words.replaceAll(/(?<!\n)\n(?!\n)/g, ' '));
  return command.addHelpText('after', `\nExample${verb.examples.length === 1 ? '' : 's'}:\n${exampleLines(verb)}`);
}

function exampleLines(verb: Verb): string {
  return verb.examples.map((example) => `  $ ${example}`).join('\n');
}

/** Commander prints its faults in the same shape as ours and throws instead of ending the process. */
function configure(command: Command): Command {
  return command.exitOverride().configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, 'assay: ')),
  });
}

function reportFailure(error: unknown): number {
  // Commander has printed its words already; help and version are no failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_INPUT;
  const debug = (process.env['ASSAY_DEBUG'] ?? '') !== '';
  if (error instanceof UserError) {
    process.stderr.write(`assay: ${error.message}\n`);
    if (debug) console.error(error);
    return error.exitCode;
  }
  const words = error instanceof Error ? error.message : String(error);
  process.stderr.write(`assay: unexpected failure: ${words.split('\n')[0]}; run with ASSAY_DEBUG=1 for the stack\n`);
  if (debug) console.error(error);
  return FAILURE;
}

/** `assay trials | head` ends when head does: a closed reader is no failure. */
function endQuietlyOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(0);
    });
  }
}
