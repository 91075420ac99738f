import { dirname, resolve } from 'node:path';
import { type CodeSource, commandConfigSchema, moduleConfigSchema } from '../proto/own-code.js';
import type { SearchFile } from './search-file.js';

/**
 * What a worker on this machine is to be allowed so that it can run a search file: whoever runs it here is its operator.
 * Code that lies here is seen from the search file.
 */
export function permissionWords({ spec: { objective }, fileName }: SearchFile): string[] {
  const base = resolve(fileName === '<stdin>' ? '.' : dirname(fileName));
  switch (objective.kind) {
    case 'command': {
      const source = commandConfigSchema.safeParse(objective.config).data ?? {};
      return foreign(source)
        ? ['--allow-command', ...sourceWords(source)]
        : folderWords('--allow-command', source, base);
    }
    case 'module': {
      const source = moduleConfigSchema.safeParse(objective.config).data ?? {};
      return foreign(source) ? sourceWords(source) : folderWords('--allow-module', source, base);
    }
    case 'train':
    case 'null':
      return [];
  }
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
