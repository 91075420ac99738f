import type { Params } from '../../search/index.js';
import type { JsonTemplate, SearchSpec } from './spec.js';

/** How a study's own code is to come to its workers; undefined where it lies there or there is none. */
export function codeSourceOf({ objective }: Pick<SearchSpec, 'objective'>): 'upload' | 'git' | undefined {
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
