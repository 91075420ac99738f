import { AttemptRefusedError } from '../errors.js';

/** What every attempt may see of its worker's environment; all else a study names in `pass_env`. */
const ALWAYS: ReadonlySet<string> = new Set([
  'PATH',
  'LD_LIBRARY_PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'VIRTUAL_ENV',
  'NODE_OPTIONS',
]);
const ALWAYS_BEGINNING = /^(LC|CONDA|CUDA|NVIDIA|TF)_/;

/** The environment that an attempt's process starts with: of the worker's own no more than it needs to run programs. */
export function baseEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && (ALWAYS.has(name) || ALWAYS_BEGINNING.test(name))) seen[name] = value;
  }
  return seen;
}

/** By these the worker is let in by its coordinator; whoever had them could be a worker, or more. */
const OWN = /^ASSAY_(TOKEN|TOKEN_FILE|KEY)$/;

/**
 * The variables that a study names, as far as the worker has them.
 *
 * @throws {AttemptRefusedError} when it names one that is the worker's own
 */
export function passedEnvironment(own: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const kept = names.find((name) => OWN.test(name));
  if (kept !== undefined) throw new AttemptRefusedError(`pass_env names ${kept}, which a worker passes to no attempt`);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = own[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
