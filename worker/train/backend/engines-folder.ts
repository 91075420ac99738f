import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where `deploy/` puts engines that npm alone cannot install: in the user's cache. */
export function enginesFolder(): string {
  const xdg = process.env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'assay', 'engines');
}

/** An engine's package is on this machine neither beside this program nor in the folder of engines. */
export class NotInstalledError extends Error {
  override readonly name: string = 'NotInstalledError';
}

/**
 * Loads packages of one engine, from beside this program or else from the folder of engines, where all of them must be.
 * Two copies of TensorFlow.js's core do not get in each other's way: engine and kernels are global.
 *
 * @throws {NotInstalledError} when one is missing
 */
export function requireEngine(...packages: readonly string[]): unknown[] {
  for (const from of [import.meta.url, join(enginesFolder(), 'package.json')]) {
    const require = createRequire(from);
    if (packages.every((name) => isThere(require, name))) return packages.map((name) => require(name) as unknown);
  }
  throw new NotInstalledError('not installed');
}

function isThere(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
