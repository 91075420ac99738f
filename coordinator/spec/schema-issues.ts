import { z } from 'zod';
import { listOf } from './readers.js';

/** One thing wrong with a configuration, in our words. */
export interface SchemaIssue {
  readonly path: readonly (string | number)[];
  readonly code: string;
  /** `must be at most 64`. */
  readonly message: string;
  /** For unknown keys, which; the path is that of the mapping they stand in. */
  readonly unknownKeys: readonly string[];
}

/** What is wrong with a value; nothing when the schema accepts it. */
export function schemaIssues(schema: z.ZodType, value: unknown): SchemaIssue[] {
  const result = schema.safeParse(value);
  return result.success ? [] : result.error.issues.flatMap(flatten).map(toSchemaIssue);
}

type Issue = z.core.$ZodIssue;

/** A union's issues are those of the kind that was meant; where none was, the value itself is at fault. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const branches = issue.errors.map((errors) => errors.flatMap(flatten));
  const meant = branches.filter((errors) => !errors.some((error) => error.path.length === 0 && isMismatch(error)));
  // What somebody wrote says more about what they meant than what they left out.
  const [best] = meant.sort((a, b) => unknownKeyCount(a) - unknownKeyCount(b));
  if (best === undefined) return [issue];
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** Keys that this kind of mapping cannot have. */
function unknownKeyCount(issues: readonly Issue[]): number {
  const own = issues.filter(({ path }) => path.length === 0);
  return own.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
}

function isMismatch(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union';
}

function toSchemaIssue(issue: Issue): SchemaIssue {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  const unknownKeys = issue.code === 'unrecognized_keys' ? issue.keys : [];
  return { path, code: issue.code, message: wording(issue), unknownKeys };
}

function wording(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeWords(issue.expected)}`;
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array') return 'must not be empty';
      return `must be ${issue.inclusive === false ? 'greater than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string') return `must have at most ${issue.maximum} characters`;
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_value':
      return `must be ${listOf(issue.values.map((value) => (typeof value === 'number' ? value : String(value))))}`;
    case 'invalid_union':
      return `must be ${unionWords(issue)}`;
    case 'not_multiple_of':
    case 'invalid_format':
    case 'unrecognized_keys':
    case 'invalid_element':
    case 'custom':
      return issue.message;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
  }
}

function typeWords(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    int: 'an integer',
    number: 'a number',
    string: 'a text',
    boolean: 'true or false',
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
  };
  return words[expected] ?? expected;
}

function unionWords(issue: Issue & { readonly code: 'invalid_union' }): string {
  if ('options' in issue && Array.isArray(issue.options)) return listOf(issue.options.map(String));
  const kinds = issue.errors
    .flat()
    .flatMap((error) => (error.code === 'invalid_type' ? [typeWords(error.expected)] : []));
  return kinds.length === 0 ? 'of a known kind' : [...new Set(kinds)].join(' or ');
}

/** As much of JSON Schema as the lookups below need. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly [keyword: string]: unknown;
}

const written = new WeakMap<z.ZodType, JsonSchema>();

/** The schema of what may be written, before defaults are put in. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  const known = written.get(schema);
  if (known !== undefined) return known;
  const fresh = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as JsonSchema;
  written.set(schema, fresh);
  return fresh;
}

/** The keys that a mapping at this path may have, whichever kind it is of. */
export function knownKeys(schema: z.ZodType, path: readonly (string | number)[]): string[] {
  let at = alternatives(inputSchema(schema));
  for (const key of path) {
    at = at.flatMap((inner) => {
      const next = typeof key === 'number' ? inner.items : inner.properties?.[key];
      return next === undefined ? [] : alternatives(next);
    });
  }
  return [...new Set(at.flatMap((inner) => Object.keys(inner.properties ?? {})))];
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...inner.flatMap(alternatives)];
}
