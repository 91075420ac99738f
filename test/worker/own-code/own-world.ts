import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { Assignment } from '../../../proto/index.js';
import { Resources } from '../../../worker/gpu/resources.js';
import type { SavedCheckpoint } from '../../../worker/objectives/trial.js';
import { createCodeCache } from '../../../worker/own-code/cache.js';
import type { Permissions } from '../../../worker/own-code/permissions.js';
import { createOwnCode } from '../../../worker/own-code/prepare.js';
import { openScratch, type Scratch } from '../../../worker/own-code/scratch.js';
import { createSlots, type Slots, type SlotsOptions } from '../../../worker/slots.js';
import { BUILT_CHILD } from '../built-child.js';
import { assignment } from '../fake-coordinator.js';
import { type RecordedAttempt, recordAttempt } from '../recorded-attempt.js';

export interface StartedAttempt extends RecordedAttempt {
  stop(): void;
  kill(): void;
}

/** Slots with real processes on a folder of code that a test writes. */
export class OwnWorld {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), 'assay-own-')));
  readonly code: string = join(this.folder, 'code');
  readonly scratch: Scratch = openScratch(join(this.folder, 'scratch'));
  readonly slots: Slots;

  constructor(permissions: Partial<Permissions> = {}, overrides: Partial<SlotsOptions> = {}) {
    mkdirSync(this.code);
    const all = {
      modules: [this.code],
      command: true,
      commandFolders: [this.code],
      upload: true,
      git: [''],
      environment: ['*'],
    };
    const download = (): AsyncIterable<Uint8Array> => {
      throw new Error('nothing is uploaded');
    };
    this.slots = createSlots({
      slots: 2,
      backend: 'cpu',
      data: { offline: true },
      stopGraceMs: 60_000,
      outputLimitBytes: 2 ** 30,
      ownCode: createOwnCode({
        permissions: { ...all, ...permissions },
        scratch: this.scratch,
        cache: createCodeCache({ folder: join(this.scratch.folder, 'code'), download }),
        cwd: this.code,
      }),
      resources: new Resources([], 2, 2, {}),
      logger: pino({ level: 'silent' }),
      childPath: BUILT_CHILD,
      ...overrides,
    });
  }

  write(file: string, text: string): string {
    const path = join(this.code, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Starts an attempt of a module whose text is given. */
  module(text: string, overrides: Partial<Assignment> = {}, file = `m${++this.#count}.mjs`): StartedAttempt {
    this.write(file, text);
    return this.start('module', file, overrides);
  }

  command(config: unknown, overrides: Partial<Assignment> = {}): StartedAttempt {
    return this.start('command', config, overrides);
  }

  start(
    objective: string,
    config: unknown,
    overrides: Partial<Assignment> = {},
    checkpoint?: SavedCheckpoint,
  ): StartedAttempt {
    const recorded = recordAttempt();
    const whole = assignment(++this.#count, { objective, configJson: JSON.stringify(config), ...overrides });
    const running = this.slots.start(whole, recorded, checkpoint);
    return Object.assign(recorded, { stop: () => running.stop(false), kill: () => running.kill() });
  }

  /** What attempts have left on the disk. */
  leftFolders(): string[] {
    return readdirSync(this.scratch.folder).filter((name) => name !== 'owner.json' && name !== 'code');
  }

  async close(): Promise<void> {
    await this.slots.close();
    this.scratch.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #count = 0;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What an attempt is to say when it fails, or runs out of its time. */
export function failedWith(reason: string | RegExp): unknown {
  const outcome = typeof reason === 'string' && reason.startsWith('time limit') ? 'timed_out' : 'failed';
  return { outcome, error: typeof reason === 'string' ? reason : expect.stringMatching(reason) };
}
