import type { Params } from '../../search/index.js';
import type { WorkerProfile } from './fleet.js';
import type { JsonTemplate, SearchSpec } from './spec.js';
import type { Study } from './state.js';

/** Why a worker cannot run a study's trials, in words for people; undefined when it can. */
export function whyNot(study: Study, worker: WorkerProfile): string | undefined {
  const { objective, requires } = study.spec;
  if (!worker.objectives.includes(objective.kind)) {
    if (objective.kind === 'train') return 'has no training backend';
    const option = { module: ' with --allow-module DIR', command: ' with --allow-command', null: '' }[objective.kind];
    return `does not allow the objective ${objective.kind}${option === '' ? '' : `: its operator can${option}`}`;
  }
  const source = codeSourceOf(study.spec);
  if (source !== undefined && !worker.codeSources.includes(source)) return CODE_REFUSALS[source];
  const dataset = datasetOf(study.spec);
  if (dataset !== undefined && !worker.datasets.includes(dataset)) return `does not have the data set ${dataset}`;
  for (const [label, value] of Object.entries(requires.labels)) {
    if (worker.labels[label] !== value) return `does not have the label ${label}=${value}`;
  }
  return study.refusedBy.get(worker.id);
}

const CODE_REFUSALS = {
  upload: 'does not run uploaded code: its operator can allow it with --allow-upload',
  git: 'does not fetch code from git: its operator can allow it with --allow-git',
} as const;

/** How a study's own code is to come to its workers; undefined where it lies there or there is none. */
export function codeSourceOf({ objective }: Pick<SearchSpec, 'objective'>): keyof typeof CODE_REFUSALS | undefined {
  if (objective.kind !== 'command' && objective.kind !== 'module') return undefined;
  if (field(objective.config, 'upload') !== undefined) return 'upload';
  return field(objective.config, 'git') === undefined ? undefined : 'git';
}

/** The data set's name; undefined where there is none or a parameter chooses it. */
export function datasetOf(spec: Pick<SearchSpec, 'objective'>): string | undefined {
  if (spec.objective.kind !== 'train') return undefined;
  const dataset = field(spec.objective.config, 'dataset');
  const name = typeof dataset === 'string' ? dataset : field(dataset, 'name');
  return typeof name === 'string' && !name.startsWith('$') ? name : undefined;
}

/** Steps (epochs) a configuration is to run; 0 when the objective does not say. */
export function plannedSteps(objective: SearchSpec['objective'], params: Params): number {
  const name = objective.kind === 'train' ? 'epochs' : objective.kind === 'null' ? 'steps' : undefined;
  if (name === undefined) return 0;
  const steps = field(objective.config, name);
  const value = typeof steps === 'string' && steps.startsWith('$') ? params[steps.slice(1)] : steps;
  return typeof value === 'number' ? value : 0;
}

function field(json: JsonTemplate | undefined, name: string): JsonTemplate | undefined {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  return (json as Readonly<Record<string, JsonTemplate>>)[name];
}
