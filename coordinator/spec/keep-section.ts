import { DEFAULT_KEEP } from '../core/artifacts.js';
import type { Keep, KeepRule } from '../core/spec.js';
import type { FaultList } from './fault.js';
import { describe, readKeys, readMap } from './readers.js';
import type { SourceNode } from './source-tree.js';

/** Most trials that can be kept by count. */
export const MOST_KEPT = 1_000_000;

/** `all`, `none`, `top 5`, `last 100`. */
const RULE = /^(all|none)$|^(top|last) ([1-9]\d{0,6})$/;

/** The rules of {@link readKeep} as patterns for editors. */
export const ARTIFACTS_PATTERN = '^(all|none|(top|last) [1-9][0-9]{0,6})$';
export const OUTPUT_PATTERN = '^(all|none|last [1-9][0-9]{0,6})$';

/** Reads `keep:`. */
export function readKeep(node: SourceNode | undefined, faults: FaultList): Keep {
  const map = node === undefined ? undefined : readMap(node, faults, '{artifacts: top 5, output: all}');
  if (map === undefined) return DEFAULT_KEEP;
  const keys = readKeys(map, ['artifacts', 'output'], faults);
  const artifacts = keys.get('artifacts')?.node;
  const output = keys.get('output')?.node;
  return {
    artifacts: (artifacts && readRule(artifacts, 'all, none, top 5 or last 5', faults)) ?? DEFAULT_KEEP.artifacts,
    output: (output && readOutputRule(output, faults)) ?? DEFAULT_KEEP.output,
  };
}

/** Failed trials are not ranked, and their output is what people look for. */
function readOutputRule(node: SourceNode, faults: FaultList): KeepRule | undefined {
  const rule = readRule(node, 'all, none or last 100', faults);
  if (rule?.rule !== 'top') return rule;
  faults.add(node, 'must be all, none or last 100: failed trials have no rank, and their output matters most');
  return undefined;
}

function readRule(node: SourceNode, like: string, faults: FaultList): KeepRule | undefined {
  const found = node.kind === 'scalar' ? RULE.exec(node.text) : null;
  if (found === null) {
    faults.add(node, `must be ${like}, not ${describe(node)}`);
    return undefined;
  }
  const [, whole, ordered, digits] = found;
  if (whole === 'all' || whole === 'none') return { rule: whole };
  const count = Number(digits);
  if (count > MOST_KEPT) {
    faults.add(node, `keeps ${count}, at most ${MOST_KEPT} can be counted; write all`);
    return undefined;
  }
  return { rule: ordered === 'top' ? 'top' : 'last', count };
}
