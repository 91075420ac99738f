import { ALL_ARGS, type Word, wordParts } from '../../proto/own-code.js';

type Params = Readonly<Record<string, Word>>;

/**
 * The words that a program is started with. A word that names a parameter which is not active is left out, and with it
 * the nested list that it stands in; `{args}` alone becomes one word, `--name=value`, for each active parameter.
 */
export function commandLine(argv: readonly (Word | readonly Word[])[], params: Params): string[] {
  return argv.flatMap((item) => {
    if (!isList(item)) return fill(item, params) ?? [];
    const words = item.map((word) => fill(word, params));
    return words.every((word) => word !== undefined) ? words.flat() : [];
  });
}

function fill(word: Word, params: Params): string[] | undefined {
  if (typeof word !== 'string') return [String(word)];
  const parts = wordParts(word);
  const [first] = parts;
  const all = Object.entries(params).map(([name, value]) => `--${name}=${value}`);
  if (parts.length === 1 && first !== undefined && 'name' in first && first.name === ALL_ARGS) return all;
  const texts = parts.map((part) => {
    if ('text' in part) return part.text;
    return part.name === ALL_ARGS
      ? all.join(' ')
      : Object.hasOwn(params, part.name)
        ? String(params[part.name])
        : undefined;
  });
  return texts.includes(undefined) ? undefined : [texts.join('')];
}

function isList(item: Word | readonly Word[]): item is readonly Word[] {
  return Array.isArray(item);
}
