import type { z } from 'zod';
import { nullConfigSchema, OBJECTIVE_KINDS, type ObjectiveKind, trainConfigSchema } from '../../proto/objective.js';
import { commandConfigSchema, moduleConfigSchema } from '../../proto/own-code.js';
import type { JsonTemplate } from '../core/spec.js';
import type { FaultList, Place } from './fault.js';
import { checkCommand, checkModule } from './own-code-section.js';
import { describe } from './readers.js';
import type { SourceEntry, SourceNode } from './source-tree.js';
import type { DeclaredSpace } from './space-section.js';
import { type ReadTemplate, readTemplate } from './template-check.js';

export interface Objective {
  readonly kind: ObjectiveKind;
  readonly config: JsonTemplate;
}

/** Reads the one section that says what a trial runs. */
export function readObjective(
  keys: ReadonlyMap<string, SourceEntry>,
  root: Place,
  space: DeclaredSpace,
  faults: FaultList,
): Objective | undefined {
  const [first, second] = OBJECTIVE_KINDS.flatMap((kind) => keys.get(kind) ?? []).sort(
    (a, b) => a.keyPlace.offset - b.keyPlace.offset,
  );
  if (first === undefined) {
    faults.add(root, 'says nothing to run; add a train section, like "train: {dataset: digits, ...}"');
    return undefined;
  }
  if (second !== undefined)
    faults.add(second.keyPlace, `a search has one objective, and ${first.key} is there already; remove one`);
  return readKind(first, space, faults);
}

/** The test images are measured only where somebody wants to know: here because the search goes by them. */
export function measuring(metric: string, objective: Objective): Objective {
  const { kind, config } = objective;
  if (kind !== 'train' || !metric.startsWith('test_')) return objective;
  return { kind, config: { ...(config as Readonly<Record<string, JsonTemplate>>), test: true } };
}

function readKind({ key, node }: SourceEntry, space: DeclaredSpace, faults: FaultList): Objective | undefined {
  if (key === 'train') {
    const template = readSection(node, trainConfigSchema, '{dataset: digits, ...}', space, faults);
    if (template !== undefined) warnOfUnused(template, space, faults);
    return template === undefined ? undefined : { kind: 'train', config: template.config };
  }
  if (key === 'null') {
    if (node.kind === 'scalar' && node.value === null) return { kind: 'null', config: {} };
    const template = readSection(node, nullConfigSchema, '{steps: 10, value: 0.5}', space, faults);
    return template === undefined ? undefined : { kind: 'null', config: template.config };
  }
  if (node.kind === 'scalar' && typeof node.value !== 'string') {
    const like = key === 'command' ? 'python train.py {args}' : 'objective.mjs';
    faults.add(node, `must be a text like ${like} or a mapping, not ${describe(node)}`);
    return undefined;
  }
  if (key === 'command') {
    const { config } = readTemplate(node, commandConfigSchema, space, faults);
    checkCommand(node, space, faults);
    return { kind: 'command', config };
  }
  const { config } = readTemplate(node, moduleConfigSchema, space, faults);
  checkModule(node, faults);
  return { kind: 'module', config };
}

function readSection(
  node: SourceNode,
  schema: z.ZodType,
  like: string,
  space: DeclaredSpace,
  faults: FaultList,
): ReadTemplate | undefined {
  if (node.kind === 'map') return readTemplate(node, schema, space, faults);
  faults.add(node, `must be a mapping like ${like}, not ${describe(node)}`);
  return undefined;
}

/** Searching what nothing uses wastes the budget, and is most often a value written twice. */
function warnOfUnused({ references }: ReadTemplate, { declared, params }: DeclaredSpace, faults: FaultList): void {
  const byName = new Map(params.map((param) => [param.name, param]));
  const used = new Set<string>();
  const use = (name: string): void => {
    if (used.has(name)) return;
    used.add(name);
    for (const condition of byName.get(name)?.when ?? []) use(condition.param);
  };
  for (const name of references) use(name);
  for (const [name, { keyPlace }] of declared) {
    if (!used.has(name))
      faults.warn(keyPlace, `is searched but not used; write $${name} where train should have its value`);
  }
}
