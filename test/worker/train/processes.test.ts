import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { createSlots, type Slots } from '../../../worker/slots.js';
import { loadTrain } from '../../../worker/train/train.js';
import { BUILT_CHILD } from '../built-child.js';
import { assignment } from '../fake-coordinator.js';
import { recordTrial } from '../objectives/recorded-trial.js';
import { PLAIN_SLOTS } from '../plain-slots.js';
import { recordAttempt } from '../recorded-attempt.js';

const CONFIG = {
  dataset: { name: 'digits', train: 600, validation: 100 },
  architecture: { type: 'cnn', depth: 2, width: 4, dense: 16, dropout: 0.3, batch_norm: true },
  optimizer: { type: 'adam', learning_rate: 0.01 },
  label_smoothing: 0.1,
  batch_size: 32,
  epochs: 3,
};

let slots: Slots | undefined;
afterEach(() => slots?.close());

type Reports = readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];

/** Without what the clock decides. */
function timeless(reports: Reports): object[] {
  return reports.map(({ step, metrics }) => ({ step, ...metrics, images_per_s: 0, time: 0 }));
}

it('trials with equal seeds are equal to the last bit in whatever process they run, two at a time', async () => {
  const here = recordTrial(CONFIG, { seed: 11 });
  await (await loadTrain('wasm')).run(here.context);
  slots = createSlots({
    slots: 2,
    backend: 'wasm',
    data: { offline: true },
    stopGraceMs: 60_000,
    ...PLAIN_SLOTS,
    logger: pino({ level: 'silent' }),
    childPath: BUILT_CHILD,
  });
  const attempts = [11, 12, 11].map((seed, trial) => {
    const recorded = recordAttempt();
    slots!.start(assignment(trial, { objective: 'train', configJson: JSON.stringify(CONFIG), seed }), recorded);
    return recorded;
  });
  for (const attempt of attempts) expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
  const [first, other, second] = attempts.map(({ reports }) => timeless(reports));
  expect(first).toEqual(timeless(here.reports));
  expect(second).toEqual(first);
  expect(other).not.toEqual(first);
}, 120_000);
