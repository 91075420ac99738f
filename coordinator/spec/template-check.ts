import type { z } from 'zod';
import type { ParamSpec } from '../../search/index.js';
import { didYouMean } from '../core/nearest.js';
import { readTemplateText, substitute } from '../core/objective-config.js';
import type { JsonTemplate } from '../core/spec.js';
import { conditionText } from './conditions.js';
import type { FaultList } from './fault.js';
import { type Probe, probes } from './probes.js';
import { describe, unknownKey } from './readers.js';
import { knownKeys, type SchemaIssue, schemaIssues } from './schema-issues.js';
import type { SourceNode } from './source-tree.js';
import type { DeclaredSpace } from './space-section.js';

/** A template and the parameters it names. */
export interface ReadTemplate {
  readonly config: JsonTemplate;
  readonly references: ReadonlySet<string>;
}

/**
 * Turns a section into a template and checks that its schema accepts it whatever values the parameters take: ends of
 * ranges and choices are put in one after the other, and faults are reported where the parameter is referred to.
 */
export function readTemplate(
  node: SourceNode,
  schema: z.ZodType,
  space: DeclaredSpace,
  faults: FaultList,
): ReadTemplate {
  const before = faults.count;
  const references = new Set<string>();
  const config = toTemplate(node, space, references, faults);
  const check = new TemplateCheck(node, schema, space, faults);
  // References to nothing have been reported; what is left of the template can still be checked.
  for (const probe of probes(space.params, references)) {
    check.tryOut(probe, substitute(config, probe.params));
    if (probe.tries === undefined && faults.count > before + 50) break;
  }
  return { config, references };
}

function toTemplate(node: SourceNode, space: DeclaredSpace, references: Set<string>, faults: FaultList): JsonTemplate {
  if (node.kind === 'list') return node.items.map((item) => toTemplate(item, space, references, faults));
  if (node.kind === 'map') {
    return Object.fromEntries(
      node.entries.map(({ key, node: item }) => [key, toTemplate(item, space, references, faults)]),
    );
  }
  if (typeof node.value === 'number' && !Number.isFinite(node.value))
    faults.add(node, `is ${node.value}, must be finite`);
  if (typeof node.value !== 'string') return node.value;
  const read = readTemplateText(node.value);
  if (read.kind === 'malformed') {
    faults.add(node, `${describe(node)} is no parameter name; write $$ for a dollar sign at the beginning`);
  } else if (read.kind === 'reference') {
    references.add(read.param);
    if (!space.declared.has(read.param)) {
      faults.add(
        node,
        `there is no parameter "${read.param}" in space${didYouMean(read.param, space.declared.keys())}`,
      );
    }
  }
  return node.value;
}

class TemplateCheck {
  readonly #root: SourceNode;
  readonly #schema: z.ZodType;
  readonly #known: ReadonlyMap<string, ParamSpec>;
  readonly #faults: FaultList;
  readonly #reported = new Set<string>();

  constructor(root: SourceNode, schema: z.ZodType, space: DeclaredSpace, faults: FaultList) {
    this.#root = root;
    this.#schema = schema;
    this.#known = new Map(space.params.map((param) => [param.name, param]));
    this.#faults = faults;
  }

  tryOut(probe: Probe, config: JsonTemplate): void {
    for (const issue of schemaIssues(this.#schema, config)) this.#report(issue, probe);
  }

  #report(issue: SchemaIssue, probe: Probe): void {
    const { node, rest } = this.#locate(issue.path);
    const reference =
      node.kind === 'scalar' && typeof node.value === 'string' ? readTemplateText(node.value) : undefined;
    if (reference?.kind === 'malformed') return;
    if (reference?.kind === 'reference') this.#reportReference(issue, node, reference.param, probe);
    else if (issue.unknownKeys.length > 0) this.#reportKeys(issue, node, whenText(probe));
    else this.#reportWritten(issue, node, rest[0], whenText(probe));
  }

  #reportWritten(issue: SchemaIssue, node: SourceNode, missing: string | number | undefined, when: string): void {
    const key = JSON.stringify([issue.path, issue.code]);
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    if (missing !== undefined) this.#faults.add(node, `${missing} is missing; it ${issue.message}${when}`);
    else this.#faults.add(node, `${issue.message}${notWhat(node)}${when}`);
  }

  #reportReference(issue: SchemaIssue, node: SourceNode, param: string, probe: Probe): void {
    if (!this.#known.has(param)) return;
    const value = Object.hasOwn(probe.params, param) ? probe.params[param] : undefined;
    const key = JSON.stringify([issue.path, issue.code, typeof value === 'number' ? 'number' : value]);
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    if (value === undefined) {
      const conditions = this.#known.get(param)?.when ?? [];
      const only = conditions.map(conditionText).join(' and ');
      this.#faults.add(node, `is needed${whenText(probe)}, but $${param} is there only ${only}`);
      return;
    }
    const when = probe.tries?.param === param ? '' : whenText(probe);
    this.#faults.add(node, `$${param} can be ${JSON.stringify(value)}, but ${issue.message}${when}`);
  }

  #reportKeys(issue: SchemaIssue, node: SourceNode, when: string): void {
    const known = knownKeys(this.#schema, issue.path);
    for (const unknown of issue.unknownKeys) {
      const key = JSON.stringify([issue.path, issue.code, unknown]);
      if (this.#reported.has(key)) continue;
      this.#reported.add(key);
      const entry = node.kind === 'map' ? node.entries.find((candidate) => candidate.key === unknown) : undefined;
      const message = known.includes(unknown) ? `"${unknown}" has no place here` : unknownKey(unknown, known);
      this.#faults.add(entry?.keyPlace ?? node, `${message}${when}`);
    }
  }

  /** The node at a path, or the last one on the way there and what is left of the path. */
  #locate(path: readonly (string | number)[]): { node: SourceNode; rest: readonly (string | number)[] } {
    let node = this.#root;
    for (const [i, key] of path.entries()) {
      const next = childOf(node, key);
      if (next === undefined) return { node, rest: path.slice(i) };
      node = next;
    }
    return { node, rest: [] };
  }
}

/** What a list holds is to be seen where it stands. */
function notWhat(node: SourceNode): string {
  return node.kind === 'list' && node.items.length === 0 ? '' : `, not ${describe(node)}`;
}

function childOf(node: SourceNode, key: string | number): SourceNode | undefined {
  if (node.kind === 'map') return node.entries.find((entry) => entry.key === key)?.node;
  return node.kind === 'list' && typeof key === 'number' ? node.items[key] : undefined;
}

function whenText({ tries }: Probe): string {
  return tries === undefined ? '' : ` when ${tries.param} is ${JSON.stringify(tries.value)}`;
}
