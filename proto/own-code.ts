import { z } from 'zod';

/** A word of a command line as it stands in a search file. */
export type Word = string | number | boolean;

/** How a study's own code reaches a worker: at most one of these. None: it lies there already. */
export interface CodeSource {
  /** A folder on the worker: absolute, or as seen from the folder that its operator allowed. */
  readonly workdir?: string | undefined;
  /** A folder of the submitter, packed and kept by the coordinator. */
  readonly upload?: Upload | undefined;
  readonly git?: GitRevision | undefined;
}

export interface Upload {
  /** As seen from the search file. */
  readonly dir: string;
  /** What stays behind, in the words of a .gitignore file. */
  readonly ignore: readonly string[];
}

export interface GitRevision {
  readonly url: string;
  /** A whole commit id. */
  readonly revision: string;
}

/** A variable of the worker's environment in the place of a value, which so never leaves the worker. */
export interface EnvReference {
  readonly env: string;
  /** Whether the value is cut out of all that the worker tells: outputs, errors, names. */
  readonly secret: boolean;
}

/** What is common to all code of a study's own. */
interface OwnCode extends CodeSource {
  /** Variables that the code gets, by name: values as they are, or references. */
  readonly env: Readonly<Record<string, Word | EnvReference>>;
  /** Names of variables of the worker's environment that the code may see, beside a few that it always sees. */
  readonly pass_env: readonly string[];
}

/** A program in any language. */
export interface CommandConfig extends OwnCode {
  /** The program and its arguments; those of a nested list are there together or not at all. */
  readonly argv: readonly (Word | readonly Word[])[];
  /** Regular expressions whose named groups are metrics, and `step`, found in what the program prints. */
  readonly scrape: readonly string[];
}

/** A JavaScript or TypeScript module. */
export interface ModuleConfig extends OwnCode {
  /** As seen from the code's folder. */
  readonly file: string;
  /** The name of the function that it exports. */
  readonly export: string;
  /** Handed to the function as `trial.config`. */
  readonly config: Readonly<Record<string, unknown>>;
}

const DEFAULT_EXPORT = 'objective';

const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !text.includes('\0'), { error: 'must not hold a NUL character' });

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
const variable = z.string().regex(VARIABLE, { error: 'must be the name of an environment variable' });

/** No shell reads a command, so a text in which one would read something is most likely not what was meant. */
const PLAIN = /^[^\s"'\\|&;<>()$`*?~]+(?: +[^\s"'\\|&;<>()$`*?~]+)*$/;
const UNPLAIN =
  'has characters that only a shell understands, and none is used; write a list of words, like [bash, -c, "..."]';

const reference = z.strictObject({ env: variable, secret: z.boolean().default(true) });

const variables = z
  .record(variable, z.union([z.string().max(100_000), z.number(), z.boolean(), reference]))
  .default({});

const sources = {
  env: variables,
  workdir: path.optional(),
  upload: z
    .union([
      path.transform((dir) => ({ dir, ignore: [] })),
      z.strictObject({ dir: path, ignore: z.array(z.string().min(1).max(1000)).max(1000).default([]) }),
    ])
    .optional(),
  git: z
    .strictObject({
      url: z.string().regex(/^(https?|ssh|file):\/\/[^\s]+$|^[\w.-]+@[\w.-]+:[^\s]+$/, {
        error: 'must be the URL of a repository, like https://host/owner/name.git',
      }),
      revision: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, {
        error: 'must be a whole commit id (git rev-parse HEAD), because branches and tags move',
      }),
    })
    .optional(),
  pass_env: z.array(variable).max(1000).default([]),
};

const word = z.union([z.string().max(100_000), z.number(), z.boolean()]);
const words = z
  .array(z.union([word, z.array(word).min(1).max(1000)]))
  .min(1)
  .max(10_000);
const argv = z.union([
  z
    .string()
    .regex(PLAIN, { error: UNPLAIN })
    .transform((text) => text.split(/ +/)),
  words,
]);

/** A command as it is written: a text without quotes, a list of words, or a mapping. */
export const commandConfigSchema: z.ZodType<CommandConfig, unknown> = z.union([
  argv.transform((argv) => ({ argv, env: {}, scrape: [], pass_env: [] })),
  z.strictObject({
    argv,
    scrape: z
      .union([
        z
          .string()
          .min(1)
          .transform((pattern) => [pattern]),
        z.array(z.string().min(1)).min(1).max(100),
      ])
      .default([]),
    ...sources,
  }),
]);

/** A module as it is written: its file, or a mapping. */
export const moduleConfigSchema: z.ZodType<ModuleConfig, unknown> = z.union([
  path.transform((file) => ({ file, export: DEFAULT_EXPORT, config: {}, env: {}, pass_env: [] })),
  z.strictObject({
    file: path,
    export: z
      .string()
      .regex(/^[\p{L}_$][\p{L}\p{N}_$]{0,99}$/u, { error: 'must be the name of an exported function' })
      .default(DEFAULT_EXPORT),
    config: z.record(z.string(), z.unknown()).default({}),
    ...sources,
  }),
]);

/** A piece of a word: text, or the name of what stands in braces. */
export type WordPart = { readonly text: string } | { readonly name: string };

/** What `{args}` stands for in a command: all active parameters. */
export const ALL_ARGS = 'args';

/**
 * Reads a word of a command: `{name}` stands for a parameter, `{{` and `}}` for braces. Braces around anything that could
 * not be a parameter's name mean nothing.
 */
export function wordParts(word: string): WordPart[] {
  const parts: WordPart[] = [];
  let text = '';
  for (const [found, name] of word.matchAll(/\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_.-]{0,62})\}|[^{}]+|[{}]/g)) {
    if (name === undefined) {
      text += found === '{{' || found === '}}' ? found[0] : found;
      continue;
    }
    if (text !== '') parts.push({ text });
    text = '';
    parts.push({ name });
  }
  if (text !== '') parts.push({ text });
  return parts;
}
