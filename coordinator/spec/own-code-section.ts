import { RE2JS } from 're2js';
import { ALL_ARGS, wordParts } from '../../proto/own-code.js';
import { didYouMean } from '../core/nearest.js';
import type { FaultList } from './fault.js';
import type { SourceEntry, SourceMap, SourceNode } from './source-tree.js';
import type { DeclaredSpace } from './space-section.js';

/** Checks what the schema of a module cannot see. */
export function checkModule(node: SourceNode, faults: FaultList): void {
  if (node.kind !== 'map') return;
  checkSources(node, faults);
  warnOfSecrets(node, faults);
}

/** Checks what the schema of a command cannot see: names in braces, regular expressions, and that code has one source. */
export function checkCommand(node: SourceNode, space: DeclaredSpace, faults: FaultList): void {
  const argv = node.kind === 'map' ? childOf(node, 'argv')?.node : node;
  if (argv !== undefined) for (const word of scalarsOf(argv)) checkWord(word, space, faults);
  if (node.kind !== 'map') return;
  checkSources(node, faults);
  warnOfSecrets(node, faults);
  const scrape = childOf(node, 'scrape')?.node;
  if (scrape !== undefined) for (const pattern of scalarsOf(scrape)) checkPattern(pattern, faults);
}

/** The metrics that a command's regular expressions find; empty where it has none. */
export function scrapedMetrics(config: unknown): readonly string[] {
  if (typeof config !== 'object' || config === null || !('scrape' in config)) return [];
  const patterns = [config.scrape].flat().filter((pattern) => typeof pattern === 'string');
  return [...new Set(patterns.flatMap((pattern) => readPattern(pattern).groups))].filter((name) => name !== 'step');
}

const SOURCES = ['workdir', 'upload', 'git'];

function checkSources(map: SourceMap, faults: FaultList): void {
  const [first, second] = SOURCES.flatMap((key) => childOf(map, key) ?? []).sort(byPlace);
  if (second === undefined) return;
  faults.add(second.keyPlace, `code comes from one place, and ${first!.key} is there already; remove one`);
}

/** Names of variables that are most likely secrets. */
const SECRET_NAME = /TOKEN|SECRET|PASSW(OR)?D|API_?KEY|PRIVATE_?KEY|CREDENTIAL/i;

/** Whatever a file says is in the log; the warning does not repeat it. */
function warnOfSecrets(map: SourceMap, faults: FaultList): void {
  const env = childOf(map, 'env')?.node;
  if (env?.kind !== 'map') return;
  for (const { key, keyPlace, node } of env.entries) {
    if (node.kind !== 'scalar' || !SECRET_NAME.test(key)) continue;
    faults.warn(
      keyPlace,
      `its value will be in the log; name a variable of the worker that has it, like {env: ${key}}`,
    );
  }
}

function byPlace(a: SourceEntry, b: SourceEntry): number {
  return a.keyPlace.offset - b.keyPlace.offset;
}

function checkWord(word: SourceNode & { readonly kind: 'scalar' }, space: DeclaredSpace, faults: FaultList): void {
  // A text that is a reference as a whole has been checked as one.
  if (typeof word.value !== 'string' || word.value.startsWith('$')) return;
  for (const part of wordParts(word.value)) {
    if (!('name' in part) || part.name === ALL_ARGS || space.declared.has(part.name)) continue;
    const meant = didYouMean(part.name, [...space.declared.keys(), ALL_ARGS]);
    const braces = meant === '' ? `; write {{${part.name}}} for braces` : '';
    faults.add(word, `there is no parameter "${part.name}" in space${meant}${braces}`);
  }
}

function checkPattern(pattern: SourceNode & { readonly kind: 'scalar' }, faults: FaultList): void {
  if (typeof pattern.value !== 'string') return;
  const read = readPattern(pattern.value);
  if (read.fault !== undefined) faults.add(pattern, `is no regular expression of the RE2 syntax: ${read.fault}`);
  else if (read.groups.every((name) => name === 'step')) {
    faults.add(pattern, 'has no named group for a metric, like (?<val_accuracy>[0-9.]+)');
  }
}

interface ReadPattern {
  readonly groups: readonly string[];
  readonly fault?: string;
}

function readPattern(pattern: string): ReadPattern {
  try {
    return { groups: Object.keys(RE2JS.compile(pattern).namedGroups()) };
  } catch (error) {
    return {
      groups: [],
      fault: error instanceof Error ? error.message.replace('error parsing regexp: ', '') : String(error),
    };
  }
}

function* scalarsOf(node: SourceNode): Iterable<SourceNode & { readonly kind: 'scalar' }> {
  if (node.kind === 'scalar') yield node;
  if (node.kind === 'list') for (const item of node.items) yield* scalarsOf(item);
}

function childOf(map: SourceMap, key: string): SourceEntry | undefined {
  return map.entries.find((entry) => entry.key === key);
}
