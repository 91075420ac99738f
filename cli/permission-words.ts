import { dirname, resolve } from 'node:path';
import { type CodeSource, commandConfigSchema, type ModuleConfig, moduleConfigSchema } from '../proto/own-code.js';
import type { SearchFile } from './search-file.js';

/**
 * What a worker on this machine is to be allowed so that it can run a search file: whoever runs it here is its operator.
 * Code that lies here is seen from the search file.
 */
export function permissionWords({ spec: { objective }, fileName }: SearchFile): string[] {
  const base = resolve(fileName === '<stdin>' ? '.' : dirname(fileName));
  switch (objective.kind) {
    case 'command': {
      const code = commandConfigSchema.safeParse(objective.config).data ?? NO_CODE;
      const where = foreign(code)
        ? ['--allow-command', ...sourceWords(code)]
        : folderWords('--allow-command', code, base);
      return [...where, ...variableWords(code)];
    }
    case 'module': {
      const code = moduleConfigSchema.safeParse(objective.config).data ?? NO_CODE;
      return [
        ...(foreign(code) ? sourceWords(code) : folderWords('--allow-module', code, base)),
        ...variableWords(code),
      ];
    }
    case 'train':
    case 'null':
      return [];
  }
}

type OwnCode = CodeSource & Pick<ModuleConfig, 'env' | 'pass_env'>;

const NO_CODE: OwnCode = { env: {}, pass_env: [] };

/** The variables of its environment that a study asks a worker for. */
function variableWords({ env, pass_env }: OwnCode): string[] {
  const referred = Object.values(env).flatMap((value) => (typeof value === 'object' ? [value.env] : []));
  return [...new Set([...pass_env, ...referred])].flatMap((name) => ['--allow-env', name]);
}

function foreign({ upload, git }: CodeSource): boolean {
  return upload !== undefined || git !== undefined;
}

/** The file's own folder comes first: what the file names is seen from it. */
function folderWords(option: string, { workdir = '.' }: CodeSource, base: string): string[] {
  return [...new Set([base, resolve(base, workdir)])].flatMap((folder) => [option, folder]);
}

function sourceWords({ upload, git }: CodeSource): string[] {
  return [...(upload === undefined ? [] : ['--allow-upload']), ...(git === undefined ? [] : ['--allow-git', git.url])];
}
