import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Assignment } from '../../proto/index.js';
import {
  type CodeSource,
  type CommandConfig,
  commandConfigSchema,
  type ModuleConfig,
  moduleConfigSchema,
} from '../../proto/own-code.js';
import { AttemptRefusedError } from '../errors.js';
import { parseConfig } from '../objectives/config.js';
import type { OwnPlace } from '../objectives/trial.js';
import { allowsRepository, findCode, type Permissions } from './permissions.js';
import type { Scratch } from './scratch.js';
import { variablesOf } from './variables.js';

/** What an attempt that runs a study's own code needs before its process can begin. */
export interface Prepared {
  readonly place: OwnPlace;
  /** What the study sets, and passes on of the worker's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Values in it that nobody else is to see. */
  readonly secrets: readonly string[];
  /** Takes its folders away again. */
  dispose(): Promise<void>;
}

/** Gets the code and the folders of attempts ready. */
export interface OwnCode {
  /**
   * @throws {AttemptRefusedError} when the operator has not allowed it
   * @throws {ObjectiveError} when it cannot be had
   */
  prepare(assignment: Assignment, signal: AbortSignal): Promise<Prepared>;
}

/** Brings uploaded or fetched code to a folder of an attempt's own. */
export interface CodeCache {
  /** Puts a copy of the code into `folder`, which is made. @throws {ObjectiveError} when it cannot be had */
  copy(source: CodeSource, digest: string, folder: string, signal: AbortSignal): Promise<void>;
}

export interface OwnCodeOptions {
  readonly permissions: Permissions;
  readonly scratch: Scratch;
  readonly cache: CodeCache;
  /** What commands are started in when nothing else is said. */
  readonly cwd: string;
}

export function createOwnCode({ permissions, scratch, cache, cwd }: OwnCodeOptions): OwnCode {
  return {
    async prepare(assignment, signal) {
      const { study, trial, attempt } = assignment.attempt!;
      const config = configOf(assignment);
      const file = 'file' in config ? config.file : undefined;
      checkSource(config, permissions);
      const variables = variablesOf(config, permissions.environment, process.env);
      const isForeign = config.upload !== undefined || config.git !== undefined;
      const there = isForeign ? undefined : await findCode(config, file, permissions, cwd);
      const folder = await scratch.create(`${study}-${trial}-${attempt}`);
      try {
        const code = there ?? join(folder, 'code');
        if (there === undefined) await cache.copy(config, assignment.codeDigest, code, signal);
        const place = {
          study,
          trial,
          attempt,
          code,
          directory: join(folder, 'work'),
          checkpoint: join(folder, 'checkpoint'),
        };
        await mkdir(place.directory);
        await mkdir(place.checkpoint);
        return { place, ...variables, dispose: () => scratch.remove(folder) };
      } catch (error) {
        await scratch.remove(folder);
        throw error;
      }
    },
  };
}

function configOf({ objective, configJson }: Assignment): CommandConfig | ModuleConfig {
  const config: unknown = JSON.parse(configJson);
  return objective === 'command'
    ? parseConfig('command', commandConfigSchema, config)
    : parseConfig('module', moduleConfigSchema, config);
}

function checkSource({ upload, git }: CodeSource, permissions: Permissions): void {
  if (upload !== undefined && !permissions.upload) {
    throw new AttemptRefusedError('this worker runs no uploaded code: its operator can allow it with --allow-upload');
  }
  if (git !== undefined && !allowsRepository(permissions.git, git.url)) {
    throw new AttemptRefusedError(
      `this worker fetches no code from ${git.url}: its operator can allow it with --allow-git`,
    );
  }
}
