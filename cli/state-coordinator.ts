import { existsSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../coordinator/errors.js';
import { runCoordinator } from '../coordinator/main.js';
import { withoutAccess } from './access-options.js';
import { UserError } from './fail.js';
import { createLogger } from './logger.js';

/**
 * Opens a coordinator's folder for a moment, while no other one holds it, so that what `assay run` has left can be asked
 * for like anything else. Nothing is started by it: there are no workers.
 *
 * @param use gets the address to talk to
 */
export async function withStateFolder<T>(folder: string, use: (address: string) => Promise<T>): Promise<T> {
  if (!existsSync(path.join(folder, 'log.db'))) {
    throw new UserError(`${folder} holds no study: name the folder of a coordinator, such as .assay/digits`);
  }
  const closing = new AbortController();
  let listening: (address: string) => void = () => {};
  const address = new Promise<string>((resolve) => {
    listening = resolve;
  });
  const running = runCoordinator({
    listen: '127.0.0.1:0',
    state: folder,
    http: false,
    logger: await createLogger('silent'),
    signal: closing.signal,
    onListening: listening,
  });
  try {
    // Until it listens, it can only end in a failure.
    const found = await Promise.race([address, running.then(() => Promise.reject(new Error('it ended too early')))]);
    return await withoutAccess(() => use(found));
  } catch (error) {
    throw error instanceof ConfigError ? new UserError(error.message, undefined, { cause: error }) : error;
  } finally {
    closing.abort();
    await running.catch(() => undefined);
  }
}
