import {
  PRUNER_SETTINGS,
  type PrunerOptions,
  prunerFaults,
  SAMPLER_SETTINGS,
  type SamplerOptions,
  type Setting,
  type Settings,
} from '../../search/index.js';
import { didYouMean } from '../core/nearest.js';
import { type FaultList, shorten } from './fault.js';
import { readBoolean, readKeys, readNumber, readWord } from './readers.js';
import type { SourceMap, SourceNode } from './source-tree.js';

/** Samplers that come to an end by themselves. */
export const ENDING_SAMPLERS: ReadonlySet<string> = new Set(['grid', 'optuna-grid']);

/** Reads `sampler:`, a name or a mapping with a type and its settings. */
export function readSampler(node: SourceNode, faults: FaultList): SamplerOptions | undefined {
  const options = readOptions(node, 'sampler', SAMPLER_SETTINGS, faults);
  // Type and settings have been checked against the table that describes them.
  return options as SamplerOptions | undefined;
}

/** Reads `pruner:`, a name or a mapping with a type and its settings. */
export function readPruner(node: SourceNode, faults: FaultList): PrunerOptions | undefined {
  const options = readOptions(node, 'pruner', PRUNER_SETTINGS, faults);
  if (options === undefined) return undefined;
  const fault = prunerFaults(options)[0] ?? thresholdFault(options);
  if (fault === undefined) return options as PrunerOptions;
  faults.add(node, fault);
  return undefined;
}

/** What Optuna refuses as well. Only files are: logs may have such a study, and must open. */
function thresholdFault({ type, ...settings }: Options): string | undefined {
  if (type !== 'optuna-threshold' || 'lower' in settings || 'upper' in settings) return undefined;
  return 'pruner optuna-threshold needs lower, upper or both';
}

/** The spelling of a setting in files: `startupTrials` is `startup_trials`. */
export function settingKey(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

interface Options {
  readonly type: string;
  readonly [setting: string]: number | string | boolean;
}

function readOptions(
  node: SourceNode,
  what: string,
  table: Readonly<Record<string, Settings>>,
  faults: FaultList,
): Options | undefined {
  const types = Object.keys(table);
  if (node.kind === 'scalar') {
    const type = readType(node, what, types, faults);
    return type === undefined ? undefined : { type };
  }
  if (node.kind === 'list') {
    faults.add(node, `must be the name of a ${what} or a mapping like {type: ${types[0]}}, not a list`);
    return undefined;
  }
  const typeEntry = node.entries.find(({ key }) => key === 'type');
  if (typeEntry === undefined) {
    faults.add(node, `type is missing; write it like "type: ${types[0]}"; known: ${types.join(', ')}`);
    return undefined;
  }
  const type = readType(typeEntry.node, what, types, faults);
  if (type === undefined) return undefined;
  const settings = readSettings(node, table[type]!, faults);
  return settings === undefined ? undefined : { type, ...settings };
}

function readType(node: SourceNode, what: string, types: readonly string[], faults: FaultList): string | undefined {
  if (node.kind === 'scalar' && types.includes(node.text)) return node.text;
  const known = `known: ${types.join(', ')}`;
  if (node.kind !== 'scalar' || node.value === null) faults.add(node, `names no ${what}; ${known}`);
  else faults.add(node, `there is no ${what} "${shorten(node.text, 40)}"${didYouMean(node.text, types)}; ${known}`);
  return undefined;
}

function readSettings(
  map: SourceMap,
  settings: Settings,
  faults: FaultList,
): Record<string, number | string | boolean> | undefined {
  const before = faults.count;
  const names = new Map(Object.keys(settings).map((name) => [settingKey(name), name]));
  const values: Record<string, number | string | boolean> = {};
  for (const [key, { node }] of readKeys(map, ['type', ...names.keys()], faults)) {
    const name = names.get(key);
    if (name === undefined) continue;
    const value = readSetting(node, settings[name]!, faults);
    if (value !== undefined) values[name] = value;
  }
  return faults.count > before ? undefined : values;
}

function readSetting(node: SourceNode, setting: Setting, faults: FaultList): number | string | boolean | undefined {
  switch (setting.kind) {
    case 'int':
      return readNumber(node, faults, { low: setting.low, high: setting.high, int: true });
    case 'number':
      return readNumber(node, faults, { low: setting.low, high: setting.high });
    case 'boolean':
      return readBoolean(node, faults);
    case 'choice':
      return readWord(node, setting.choices, faults);
  }
}
