import { pathToFileURL } from 'node:url';
import { mainFile } from '../e2e/cluster.js';
import { run } from './programs.js';

/** A command line of ours that stands in some file. */
export interface Line {
  /** Where. */
  readonly name: string;
  /** From the verb on, variables filled in. */
  readonly words: readonly string[];
  /** Names of those variables that it is given. */
  readonly variables?: readonly string[];
}

/** Variables that no option is the other name of. */
const OTHER_VARIABLES = ['ASSAY_TOKEN', 'ASSAY_NATS_PASSWORD', 'ASSAY_CACHE'];

/** Asks the built program, in a process of its own: nothing is started. */
const CHECK = `
const [verbs, verb, lines, others] = process.argv.slice(1);
const [{ VERBS }, { loadVerb }] = [await import(verbs), await import(verb)];
const faults = [];
for (const { name, words: [first, ...rest], variables = [] } of JSON.parse(lines)) {
  const known = VERBS.find((one) => one.name === first);
  if (known === undefined) { faults.push(name + ': there is no verb ' + first); continue; }
  const command = (await loadVerb(known)).exitOverride().configureOutput({ writeErr() {} });
  const names = [...command.options.map(({ envVar }) => envVar), ...JSON.parse(others)];
  for (const variable of variables) {
    if (variable.startsWith('ASSAY_') && !names.includes(variable)) faults.push(name + ': ' + first + ' knows no ' + variable);
  }
  try {
    const { operands, unknown } = command.parseOptions(rest);
    for (const word of [...operands, ...unknown]) faults.push(name + ': ' + first + ' does not take ' + word);
  } catch (error) {
    faults.push(name + ': ' + error.message);
  }
}
console.log(JSON.stringify(faults));
`;

/** What is wrong with them: options that there are not, values that those do not take, variables that nobody reads. */
export function faultsOf(lines: readonly Line[]): string[] {
  const module = (name: string): string => new URL(name, pathToFileURL(mainFile())).href;
  const args = [module('verbs.js'), module('verb.js'), JSON.stringify(lines), JSON.stringify(OTHER_VARIABLES)];
  const { code, stdout, text } = run(process.execPath, ['--input-type=module', '-e', CHECK, ...args]);
  if (code !== 0) throw new Error(text);
  return JSON.parse(stdout) as string[];
}
