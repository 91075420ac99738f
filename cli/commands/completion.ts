import { Argument, Command } from 'commander';
import { candidatesFor } from '../completion/candidates.js';
import { SCRIPTS, SHELLS, type Shell } from '../completion/scripts.js';
import { plainText } from '../text.js';
import type { Verb } from '../verb.js';

export function completionCommand(): Command {
  return new Command('completion')
    .description(
      'Prints a script that lets a shell complete verbs, options, files, and the names of studies and workers, for which\n' +
        'it asks the coordinator. bash: eval "$(assay completion bash)" in ~/.bashrc. zsh: the same in ~/.zshrc, after\n' +
        'compinit. fish: assay completion fish > ~/.config/fish/completions/assay.fish',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: Shell) => void process.stdout.write(SCRIPTS[shell]));
}

/** What the scripts call at every Tab. */
export function completeCommand(verbs: readonly Verb[]): Command {
  return new Command('complete')
    .description('Prints what the last of some words can become, for the scripts of "assay completion".')
    .argument('[words...]', 'the words after the program, the last of which is completed')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const found = await candidatesFor(verbs, words);
      const lines = typeof found === 'string' ? [`:${found}`] : found.map(lineOf);
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    });
}

function lineOf({ word, about }: { readonly word: string; readonly about: string }): string {
  return `${plainText(word)}\t${plainText(about)}`;
}
