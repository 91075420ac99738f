import { formatFault, parseSearchFile } from '../../../coordinator/spec/index.js';

/** Sections of a search without faults; tests replace one and look at what is said about it. */
const SOUND: Readonly<Record<string, string>> = {
  name: 'name: x',
  budget: 'budget: {trials: 3}',
  train:
    'train: {dataset: digits, architecture: {depth: $depth, width: 8}, optimizer: {learning_rate: 0.1}, batch_size: 32, epochs: 1}',
  space: 'space: {depth: {int: [1, 4]}}',
};

/** A file with these sections in the place of the sound ones, each on its line; an empty one is left out. */
export function fileWith(sections: Readonly<Record<string, string>>): string {
  const lines = Object.values({ ...SOUND, ...sections }).filter((line) => line !== '');
  return `${lines.join('\n')}\n`;
}

/** Every fault of a text, formatted. */
export function faultsOf(text: string): string[] {
  const result = parseSearchFile(text, 'f');
  return result.ok ? [] : result.faults.map(formatFault);
}

/** Every warning of a sound text, formatted. */
export function warningsOf(text: string): string[] {
  const result = parseSearchFile(text, 'f');
  if (!result.ok) throw new Error(result.faults.map(formatFault).join('\n'));
  return result.warnings.map(formatFault);
}
