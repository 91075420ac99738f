import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { moduleConfigSchema } from '../../proto/own-code.js';
import { openCheckpoint } from './checkpoint.js';
import { parseConfig } from './config.js';
import { ObjectiveError } from './errors.js';
import { OwnCheckpoint, restoreCheckpoint } from './own-checkpoint.js';
import { OwnReports } from './own-reports.js';
import type { Objective, Trial } from './public.js';
import type { TrialContext } from './trial.js';

/** Runs the function that a module exports. */
export async function runModule(trial: TrialContext): Promise<void> {
  const config = parseConfig('module', moduleConfigSchema, trial.config);
  const place = trial.place!;
  const objective = await load(join(place.code, config.file), config.export);
  const shift = await restoreCheckpoint(place.checkpoint, trial.checkpoint);
  const reports = new OwnReports((step, metrics) => trial.report(step, metrics), trial.checkpoint?.step, shift);
  const saving = new OwnCheckpoint(trial, place.checkpoint, reports);
  const given: Trial = {
    params: Object.freeze({ ...trial.params }),
    config: config.config,
    seed: trial.seed,
    study: place.study,
    number: place.trial,
    attempt: place.attempt,
    directory: place.directory,
    checkpoint: openCheckpoint(place.checkpoint, () => {
      saving.said();
      return saving.settled();
    }),
    get shouldStop() {
      return trial.stopping();
    },
    signal: trial.signal,
    report: (metrics, step) => {
      reports.add(metrics, step);
      saving.reported();
    },
  };
  trial.started({ datasetDigest: '' });
  try {
    await objective(given);
  } catch (error) {
    // Whoever gives an AbortSignal to something gets its AbortError.
    if (!trial.stopping()) throw error;
  } finally {
    await saving.settled();
  }
  if (trial.stopping()) return;
  const ended = `${config.export}(trial) of ${config.file} returned`;
  reports.requireValue(trial.saving.metric.name, ended, 'call trial.report({...})');
}

async function load(path: string, name: string): Promise<Objective> {
  if (/\.[cm]?ts$/.test(path)) register(new URL('./typescript-loader.js', import.meta.url));
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const objective = module[name];
  if (typeof objective === 'function') return objective as Objective;
  const names = Object.keys(module).join(', ');
  throw new ObjectiveError(`${path} must export a function called ${name}; it exports ${names || 'nothing'}`);
}
