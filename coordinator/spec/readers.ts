import { didYouMean } from '../core/nearest.js';
import { type FaultList, type Place, shorten } from './fault.js';
import type { SourceEntry, SourceMap, SourceNode } from './source-tree.js';

/** What a node holds, for messages: `the text "abc"`, `the number 3`, `a list`. */
export function describe(node: SourceNode): string {
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a mapping';
  return node.value === null ? 'nothing' : describeValue(node.value);
}

export function describeValue(value: string | number | boolean): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(shorten(value, 60))}`;
  return typeof value === 'number' ? `the number ${value}` : `${value}`;
}

/** `"a", "b" or "c"`, the first few of many. */
export function listOf(values: readonly (string | number | boolean)[]): string {
  const words = values.slice(0, 12).map((value) => JSON.stringify(value));
  if (values.length > words.length) return `${words.join(', ')}, ... (${values.length} in all)`;
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A mapping with keys from a known set; undefined, with the fault added, when the node is something else. */
export function readMap(node: SourceNode, faults: FaultList, like: string): SourceMap | undefined {
  if (node.kind === 'map') return node;
  faults.add(node, `must be a mapping like ${like}, not ${describe(node)}`);
  return undefined;
}

/**
 * The entries by key; unknown keys are faults that name the nearest known one.
 *
 * @param offered the known keys that are worth proposing
 */
export function readKeys(
  map: SourceMap,
  known: readonly string[],
  faults: FaultList,
  offered: readonly string[] = known,
): Map<string, SourceEntry> {
  const entries = new Map<string, SourceEntry>();
  for (const entry of map.entries) {
    if (known.includes(entry.key)) entries.set(entry.key, entry);
    else faults.add(entry.keyPlace, unknownKey(entry.key, offered));
  }
  return entries;
}

export function unknownKey(key: string, known: readonly string[]): string {
  const name = JSON.stringify(shorten(key, 40));
  if (known.length === 0) return `unknown key ${name}; none are known here`;
  const meant = didYouMean(key, known);
  return meant === '' ? `unknown key ${name}; known here: ${known.join(', ')}` : `unknown key ${name}${meant}`;
}

export interface NumberRange {
  readonly low: number;
  readonly high: number;
  readonly int?: boolean;
}

export function readNumber(node: SourceNode, faults: FaultList, range: NumberRange): number | undefined {
  const value = readAnyNumber(node, faults, range.int === true ? 'an integer' : 'a number');
  if (value === undefined) return undefined;
  if (range.int === true && !Number.isInteger(value)) {
    faults.add(node, `must be an integer, not ${value}`);
    return undefined;
  }
  if (value >= range.low && value <= range.high) return value;
  const bound = value < range.low ? `at least ${range.low}` : `at most ${range.high}`;
  faults.add(node, `is ${value}, must be ${bound}`);
  return undefined;
}

/** A finite number of any size. Numbers in quotes and other near misses are told how to become numbers. */
export function readAnyNumber(node: SourceNode, faults: FaultList, what: string = 'a number'): number | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'number' && Number.isFinite(node.value)) return node.value;
  faults.add(node, `must be ${what}, not ${describe(node)}${numberHint(node)}`);
  return undefined;
}

function numberHint(node: SourceNode): string {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return '';
  if (looksLikeNumber(node.value)) return '; write it without quotes';
  const bare = node.value.replaceAll(/[_,' ]/g, '');
  return looksLikeNumber(bare) ? `; write it as ${bare}` : '';
}

export function looksLikeNumber(text: string): boolean {
  return /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text);
}

export function readBoolean(node: SourceNode, faults: FaultList): boolean | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  const hint =
    node.kind === 'scalar' && /^(yes|no|on|off)$/i.test(node.text) ? '; YAML 1.2 has no other spellings' : '';
  faults.add(node, `must be true or false, not ${describe(node)}${hint}`);
  return undefined;
}

export function readText(node: SourceNode, faults: FaultList, what: string): string | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  const hint = node.kind === 'scalar' && node.value !== null ? '; put it in quotes' : '';
  faults.add(node, `must be ${what}, not ${describe(node)}${hint}`);
  return undefined;
}

export function readWord<T extends string>(node: SourceNode, words: readonly T[], faults: FaultList): T | undefined {
  const found = words.find((word) => node.kind === 'scalar' && node.value === word);
  if (found !== undefined) return found;
  const meant = node.kind === 'scalar' ? didYouMean(node.text, words) : '';
  faults.add(node, `must be ${listOf(words)}, not ${describe(node)}${meant}`);
  return undefined;
}

/** A scalar that a parameter can have as its value. */
export function readValue(node: SourceNode, faults: FaultList): string | number | boolean | undefined {
  if (node.kind === 'scalar' && node.value !== null) {
    if (typeof node.value !== 'number' || Number.isFinite(node.value)) return node.value;
  }
  const hint = node.kind === 'scalar' && node.value === null ? `; a text like null or ~ needs quotes` : '';
  faults.add(node, `must be a number, a text, true or false, not ${describe(node)}${hint}`);
  return undefined;
}

/** A fault that something required is missing, at the mapping it is missing from. */
export function missing(place: Place, key: string, example: string, faults: FaultList): void {
  faults.add(place, `${key} is missing; write it like "${example}"`);
}
