import type { Command } from 'commander';
import { addAccessOptions } from './access-options.js';

/** A verb of the command line. Its module is loaded when it is typed, and not before. */
export interface Verb {
  readonly name: string;
  /** Heading in the help. */
  readonly group: string;
  /** One line for the list of verbs, without a full stop. */
  readonly summary: string;
  /** Command lines that show it at work. */
  readonly examples: readonly string[];
  readonly hidden?: boolean;
  load(): Promise<Command>;
}

/** A verb's command. Whatever talks to a coordinator can say how it is let in. */
export async function loadVerb(verb: Verb): Promise<Command> {
  const command = await verb.load();
  const talks = command.options.some(({ long }) => long === '--coordinator');
  return talks ? addAccessOptions(command) : command;
}
