import { setImmediate, setTimeout } from 'node:timers/promises';
import { nullConfigSchema } from '../../proto/objective.js';
import { parseConfig } from './config.js';
import type { TrialContext } from './trial.js';

/** Trains nothing and reports what it is told, so that the machinery around an attempt can be measured and tested. */
export async function runNull(trial: TrialContext): Promise<void> {
  const config = parseConfig('null', nullConfigSchema, trial.config);
  trial.started({ datasetDigest: '' });
  for (let step = 1; step <= config.steps; step++) {
    await pause(config.delay_ms, trial.signal);
    if (trial.signal.aborted) return;
    trial.report(step, { [config.metric]: config.value });
  }
}

/** Without a delay, still gives way to the event loop: that is where an abort comes from. */
async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs === 0) return setImmediate();
  try {
    await setTimeout(delayMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
