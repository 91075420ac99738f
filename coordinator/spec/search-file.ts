import {
  createSampler,
  createSpace,
  fillParams,
  mostDraws,
  Rng,
  type SamplerOptions,
  SpaceError,
} from '../../search/index.js';
import type { SearchSpec } from '../core/spec.js';
import { HIGHEST_PRIORITY, MOST_PARALLEL, MOST_REPEATS } from '../limits.js';
import { readEnqueue } from './enqueue-section.js';
import { type Fault, FaultList, type Place, TooManyFaults } from './fault.js';
import { readKeep } from './keep-section.js';
import { measuring, readObjective } from './objective-section.js';
import { readYaml } from './read-yaml.js';
import { missing, readKeys, readNumber } from './readers.js';
import { readRelations } from './relations-section.js';
import { ENDING_SAMPLERS, readPruner, readSampler } from './settings-section.js';
import type { SourceEntry, SourceMap } from './source-tree.js';
import { NO_SPACE, readSpace } from './space-section.js';
import { LARGEST_SEED, readBudget, readLimits, readMetric, readName, readRequires } from './study-sections.js';

export type ParsedSearch =
  | { readonly ok: true; readonly spec: SearchSpec; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The sections of a search file. */
export const SECTIONS = [
  'name',
  'metric',
  'budget',
  'parallel',
  'repeats',
  'seed',
  'sampler',
  'pruner',
  'train',
  'module',
  'command',
  'null',
  'space',
  'relations',
  'enqueue',
  'limits',
  'keep',
  'requires',
  'priority',
] as const;

/** Those worth proposing for a key that is unknown. */
const OFFERED = SECTIONS.filter((section) => section !== 'null');

/**
 * Reads a search file: YAML 1.2 into a search with its defaults put in, or everything that is wrong with it, in the
 * order of the file. Never throws, whatever the text.
 *
 * @param fileName how faults name the file
 */
export function parseSearchFile(text: string, fileName: string): ParsedSearch {
  const faults = new FaultList(fileName, text);
  const spec = readWhole(text, faults);
  if (spec === undefined || faults.count > 0) return { ok: false, faults: faults.faults() };
  return { ok: true, spec, warnings: faults.warnings() };
}

function readWhole(text: string, faults: FaultList): SearchSpec | undefined {
  try {
    const root = readYaml(text, faults);
    return root === undefined ? undefined : readSearch(root, faults);
  } catch (error) {
    if (error instanceof TooManyFaults) return undefined;
    throw error;
  }
}

function readSearch(root: SourceMap, faults: FaultList): SearchSpec | undefined {
  const keys = readKeys(root, SECTIONS, faults, OFFERED);
  const node = (key: (typeof SECTIONS)[number]) => keys.get(key)?.node;
  const nameNode = node('name');
  const spaceNode = node('space');
  const relationsNode = node('relations');
  const enqueueNode = node('enqueue');
  if (nameNode === undefined) missing(root, 'name', 'name: digits', faults);
  if (spaceNode === undefined) missing(root, 'space', 'space: {lr: {log: [1e-4, 1e-1]}}', faults);
  const name = nameNode && readName(nameNode, faults);
  const space = spaceNode === undefined ? NO_SPACE : readSpace(spaceNode, faults);
  const relations = relationsNode === undefined ? [] : readRelations(relationsNode, space, faults);
  const section = readObjective(keys, root, space, faults);
  const metric = readMetric(node('metric'), root, section, faults);
  const objective = section && measuring(metric.name, section);
  const sampler = readSamplerSection(keys, faults);
  const prunerNode = node('pruner');
  const pruner = prunerNode === undefined ? ({ type: 'median' } as const) : readPruner(prunerNode, faults);
  const budget = readBudgetSection(keys, root, sampler, faults);
  const parallel = readCount(keys.get('parallel'), 1, MOST_PARALLEL, faults);
  const repeats = readCount(keys.get('repeats'), 1, MOST_REPEATS, faults);
  const seed = readCount(keys.get('seed'), 0, LARGEST_SEED, faults);
  const priority = readCount(keys.get('priority'), -HIGHEST_PRIORITY, HIGHEST_PRIORITY, faults);
  const limits = readLimits(node('limits'), faults);
  const keep = readKeep(node('keep'), faults);
  const requires = readRequires(node('requires'), faults);
  const enqueue = enqueueNode === undefined ? [] : readEnqueue(enqueueNode, space, relations, faults);
  if (faults.count > 0 || name === undefined || objective === undefined) return undefined;
  if (sampler === undefined || pruner === undefined || budget === undefined) return undefined;
  const spec: SearchSpec = {
    name,
    metric,
    budget,
    ...(parallel === undefined ? {} : { parallel }),
    ...(repeats === undefined || repeats === 1 ? {} : { repeats }),
    ...(seed === undefined ? {} : { seed }),
    sampler,
    pruner,
    objective,
    params: space.params,
    relations,
    enqueue,
    limits,
    keep,
    requires,
    ...(priority === undefined ? {} : { priority }),
  };
  checkTogether(spec, keys, root, faults);
  return spec;
}

function readCount(entry: SourceEntry | undefined, low: number, high: number, faults: FaultList): number | undefined {
  return entry && readNumber(entry.node, faults, { low, high, int: true });
}

function readSamplerSection(keys: ReadonlyMap<string, SourceEntry>, faults: FaultList): SamplerOptions | undefined {
  const entry = keys.get('sampler');
  return entry === undefined ? { type: 'auto' } : readSampler(entry.node, faults);
}

function readBudgetSection(
  keys: ReadonlyMap<string, SourceEntry>,
  root: Place,
  sampler: SamplerOptions | undefined,
  faults: FaultList,
): SearchSpec['budget'] | undefined {
  const entry = keys.get('budget');
  if (entry !== undefined) return readBudget(entry.node, faults);
  if (sampler === undefined || ENDING_SAMPLERS.has(sampler.type)) return {};
  missing(root, 'budget', 'budget: {trials: 60}', faults);
  return undefined;
}

/** What can only be seen of all sections together, once each of them makes sense. */
function checkTogether(spec: SearchSpec, keys: ReadonlyMap<string, SourceEntry>, root: Place, faults: FaultList): void {
  try {
    const space = createSpace(spec.params, spec.relations);
    if (spec.relations.length > 0 && fillParams(space, {}, new Rng(spec.seed ?? 0, 0)) === undefined) {
      faults.add(
        keys.get('relations')!.node,
        `no configuration satisfies all relations, or hardly any: none of ${mostDraws(space)} drawn did; loosen them`,
      );
      return;
    }
    createSampler(spec.sampler, space, spec.metric.goal, spec.seed ?? 0);
  } catch (error) {
    if (!(error instanceof SpaceError || error instanceof RangeError)) throw error;
    faults.add(keys.get('sampler')?.node ?? keys.get('space')?.node ?? root, error.message);
  }
  checkRepeats(spec, keys, faults);
  const { trials } = spec.budget;
  if (trials !== undefined && spec.enqueue.length > trials) {
    faults.warn(
      keys.get('enqueue')!.node,
      `has ${spec.enqueue.length} configurations, but the budget ends after ${trials} trials`,
    );
  }
}

function checkRepeats(
  { repeats, sampler, budget }: SearchSpec,
  keys: ReadonlyMap<string, SourceEntry>,
  faults: FaultList,
): void {
  if (repeats === undefined) return;
  const { node } = keys.get('repeats')!;
  if (sampler.type.startsWith('optuna-')) {
    faults.add(
      node,
      `${sampler.type} follows Optuna, which has no repeats; leave them out, or use a sampler like auto`,
    );
  } else if (budget.trials !== undefined && budget.trials < repeats) {
    faults.add(
      node,
      `is ${repeats}, but the budget ends after ${budget.trials} trials: no configuration would get them all`,
    );
  }
}
