import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { Assignment } from '../../proto/index.js';
import { Resources } from '../../worker/gpu/resources.js';
import type { LocalEvents } from '../../worker/saving-runner.js';
import { createSlots, type Slots } from '../../worker/slots.js';

const CHILD = fileURLToPath(new URL('../../worker/child.js', import.meta.url));

/** Where a worker keeps what it has decoded: a trial begins with data that are there, but for the first. */
const cacheDir = mkdtempSync(join(tmpdir(), 'assay-starts-'));
process.on('exit', () => rmSync(cacheDir, { recursive: true }));

/** A worker's slots, without a coordinator. */
export function openSlots(slots: number, backend: string): Slots {
  return createSlots({
    slots,
    backend,
    data: { offline: true, cacheDir },
    stopGraceMs: 10_000,
    outputLimitBytes: 1 << 20,
    ownCode: { prepare: () => Promise.reject(new Error('there is no code to prepare')) },
    resources: new Resources([], slots, slots, {}),
    logger: pino({ level: 'silent' }),
    childPath: CHILD,
  });
}

let trials = 0;

/** One epoch over the generated digits, 7,000 of them; resolves with the milliseconds from its start until it trained and until it had ended. */
export function runTrial(slots: Slots): Promise<{ readonly startedMs: number; readonly endedMs: number }> {
  const config = {
    dataset: 'digits',
    architecture: { layers: [{ type: 'dense', units: 8 }] },
    optimizer: { learning_rate: 0.1 },
    batch_size: 250,
    epochs: 1,
  };
  const begin = performance.now();
  let startedMs = Number.NaN;
  return new Promise((resolve, reject) => {
    const events: LocalEvents = {
      started: () => {
        startedMs = performance.now() - begin;
      },
      report: () => {},
      made: () => {},
      ended: ({ outcome, error }) => {
        if (outcome === 'completed') resolve({ startedMs, endedMs: performance.now() - begin });
        else reject(new Error(`a trial ended as ${outcome}: ${error}`));
      },
    };
    const assignment = Assignment.create({
      attempt: { study: 'bench', trial: trials++, attempt: 1 },
      objective: 'train',
      configJson: JSON.stringify(config),
      paramsJson: '{}',
      seed: trials,
    });
    slots.start(assignment, events);
  });
}
