import { type ParamSpec, parseRelation, SpaceError } from '../../search/index.js';
import { MOST_RELATIONS } from '../limits.js';
import type { FaultList } from './fault.js';
import { describe, readText } from './readers.js';
import type { SourceNode } from './source-tree.js';
import type { DeclaredSpace } from './space-section.js';

/** Reads `relations:`. */
export function readRelations(node: SourceNode, space: DeclaredSpace, faults: FaultList): readonly string[] {
  if (node.kind !== 'list') {
    faults.add(node, `must be a list like ["width >= 16 * depth"], not ${describe(node)}`);
    return [];
  }
  if (node.items.length > MOST_RELATIONS) {
    faults.add(node, `has ${node.items.length} relations, at most ${MOST_RELATIONS} are possible`);
    return [];
  }
  const params = standIns(space);
  const indexOf = new Map(params.map(({ name }, index) => [name, index]));
  return node.items.flatMap((item) => {
    const text = readText(item, faults, 'a relation like "width >= 16 * depth"');
    if (text === undefined) return [];
    const fault = relationFault(text, params, indexOf);
    if (fault !== undefined) faults.add(item, fault);
    return [text];
  });
}

/** Every declared name, so that a relation that names a faulty parameter is not at fault as well. */
function standIns({ declared }: DeclaredSpace): readonly ParamSpec[] {
  return [...declared].map(([name, { param }]) => param ?? { name, kind: 'float', low: 0, high: 1, log: false });
}

function relationFault(
  text: string,
  params: readonly ParamSpec[],
  indexOf: ReadonlyMap<string, number>,
): string | undefined {
  try {
    parseRelation(text, params, indexOf);
    return undefined;
  } catch (error) {
    if (error instanceof SpaceError) return error.message;
    throw error;
  }
}
