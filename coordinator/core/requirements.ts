import type { WorkerProfile } from './fleet.js';
import { codeSourceOf, datasetOf, lackingDataset } from './objective-facts.js';
import { lacking } from './resources.js';
import type { SearchSpec } from './spec.js';
import type { Study } from './study.js';

/** Why a worker cannot run a study's trials (P10), in words for people; undefined when it can. */
export function whyNot(study: Study, worker: WorkerProfile): string | undefined {
  return unfit(study.spec, worker) ?? study.refusedBy.get(worker.id);
}

/** The same without what the worker said itself: workers of one kind share it. */
export function unfit(spec: SearchSpec, worker: WorkerProfile): string | undefined {
  const { objective, requires } = spec;
  if (!worker.objectives.includes(objective.kind)) {
    if (objective.kind === 'train') return 'has no training backend';
    const option = { module: ' with --allow-module DIR', command: ' with --allow-command', null: '' }[objective.kind];
    return `does not allow the objective ${objective.kind}${option === '' ? '' : `: its operator can${option}`}`;
  }
  const source = codeSourceOf(spec);
  if (source !== undefined && !worker.codeSources.includes(source)) return CODE_REFUSALS[source];
  const withoutData = lackingDataset(datasetOf(spec), worker.datasets);
  if (withoutData !== undefined) return withoutData;
  for (const [label, value] of Object.entries(requires.labels)) {
    if (worker.labels[label] !== value) return `does not have the label ${label}=${value}`;
  }
  return lacking(requires, worker);
}

const CODE_REFUSALS = {
  upload: 'does not run uploaded code: its operator can allow it with --allow-upload',
  git: 'does not fetch code from git: its operator can allow it with --allow-git',
} as const;
