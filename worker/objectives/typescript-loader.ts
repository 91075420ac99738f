// Loader hooks for modules written in TypeScript: their types are stripped, nothing is checked.
import { readFile } from 'node:fs/promises';
import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transform } from 'sucrase';

/** A TypeScript file may import its neighbour by the name that it will have when it is compiled. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context);
  } catch (error) {
    const source = specifier.replace(/\.([cm]?)js$/, '.$1ts');
    if (source === specifier || context.parentURL === undefined || !/\.[cm]?ts$/.test(context.parentURL)) throw error;
    return next(source, context);
  }
};

export const load: LoadHook = async (url, context, next) => {
  if (!url.startsWith('file:') || !/\.m?ts$/.test(url)) return next(url, context);
  const path = fileURLToPath(url);
  const { code } = transform(await readFile(path, 'utf8'), {
    transforms: ['typescript'],
    disableESTransforms: true,
    preserveDynamicImport: true,
    filePath: path,
  });
  return { format: 'module', source: code, shortCircuit: true };
};
