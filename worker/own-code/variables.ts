import type { CommandConfig, ModuleConfig } from '../../proto/own-code.js';
import { AttemptRefusedError } from '../errors.js';
import { allowsVariable } from './permissions.js';

/** What a study's code gets of its worker's environment. */
export interface Variables {
  readonly environment: Readonly<Record<string, string>>;
  /** Values that are to be cut out of all that the worker tells. */
  readonly secrets: readonly string[];
}

/** By these the worker is let in by its coordinator; whoever had them could be a worker, or more. */
const OWN = /^ASSAY_(TOKEN|TOKEN_FILE|KEY)$/;

/**
 * Looks up what a study names of the worker's environment, and gives it no more than the operator has allowed. Errors name
 * variables, never values.
 *
 * @param own the worker's environment
 * @throws {AttemptRefusedError} when a variable is not allowed, or one that is referred to is not there
 */
export function variablesOf(
  { env, pass_env }: Pick<CommandConfig | ModuleConfig, 'env' | 'pass_env'>,
  allowed: readonly string[],
  own: NodeJS.ProcessEnv,
): Variables {
  const environment: Record<string, string> = {};
  const secrets: string[] = [];
  const look = (name: string): string | undefined => {
    if (OWN.test(name)) throw new AttemptRefusedError(`the study names ${name}, which a worker passes to no attempt`);
    if (allowsVariable(allowed, name)) return own[name];
    throw new AttemptRefusedError(
      `this worker gives no study its variable ${name}: its operator can allow it with --allow-env ${name}`,
    );
  };
  for (const name of pass_env) {
    const value = look(name);
    if (value !== undefined) environment[name] = value;
  }
  for (const [name, given] of Object.entries(env)) {
    if (typeof given !== 'object') {
      environment[name] = String(given);
      continue;
    }
    const value = look(given.env);
    if (value === undefined) {
      throw new AttemptRefusedError(`this worker has no variable ${given.env}, which env.${name} refers to`);
    }
    environment[name] = value;
    if (given.secret) secrets.push(value);
  }
  return { environment, secrets };
}
