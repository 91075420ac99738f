import { InvalidArgumentError } from 'commander';
import { UserError } from './fail.js';
import { parseTrialNumber } from './options.js';

/** "[study] trial" as typed: `digits 7`, or `7` alone for the latest study ('' here). @throws {UserError} */
export function parseStudyAndTrial(words: readonly string[]): { readonly study: string; readonly trial: number } {
  const [first = '', second, ...more] = words;
  if (more.length > 0)
    throw new UserError(`too many arguments (${words.join(' ')}): give a study and a trial's number`);
  const number = second ?? first;
  try {
    return { study: second === undefined ? '' : first, trial: parseTrialNumber(number) };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new UserError(`"${number}" is no trial's number: give a whole number from 0, such as 7`);
  }
}
