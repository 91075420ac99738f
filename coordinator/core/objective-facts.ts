import type { Params } from '../../search/index.js';
import { substitute } from './objective-config.js';
import type { JsonTemplate, SearchSpec } from './spec.js';

/** How a study's own code is to come to its workers; undefined where it lies there or there is none. */
export function codeSourceOf({ objective }: Pick<SearchSpec, 'objective'>): 'upload' | 'git' | undefined {
  if (objective.kind !== 'command' && objective.kind !== 'module') return undefined;
  if (field(objective.config, 'upload') !== undefined) return 'upload';
  return field(objective.config, 'git') === undefined ? undefined : 'git';
}

/** How workers tell what lies in their folder of data sets; `./*` stands for more than they can tell. */
const ENTRY = './';
/** Keys of a data set that say where it lies. */
const PLACES = ['data', 'idx', 'cifar10', 'cifar100', 'images', 'csv', 'npy'] as const;

/**
 * What a worker must have for the study's data: the data set's name, or `./entry` of its folder of data sets. Undefined where
 * there is none or a parameter chooses it.
 */
export function datasetOf(spec: Pick<SearchSpec, 'objective'>): string | undefined {
  if (spec.objective.kind !== 'train') return undefined;
  const dataset = field(spec.objective.config, 'dataset');
  const place = PLACES.map((key) => field(dataset, key)).find((path) => path !== undefined);
  const name = place ?? (typeof dataset === 'string' ? dataset : field(dataset, 'name'));
  if (typeof name !== 'string' || name.startsWith('$')) return undefined;
  if (place === undefined) return name;
  const entry = name.split('/').find((part) => part !== '.' && part !== '');
  return entry === undefined ? undefined : `${ENTRY}${entry}`;
}

/** How it ends, where what is lacking lies in the folder that a worker was started with. */
export const IN_ITS_FOLDER = 'in its folder of data sets';

/** Why these data sets of a worker do not serve a study that needs this one; undefined when they do. */
export function lackingDataset(dataset: string | undefined, datasets: readonly string[]): string | undefined {
  if (dataset === undefined || datasets.includes(dataset)) return undefined;
  if (!dataset.startsWith(ENTRY)) return `does not have the data set ${dataset}`;
  if (datasets.includes(`${ENTRY}*`)) return undefined;
  return `has no ${dataset.slice(ENTRY.length)} ${IN_ITS_FOLDER}`;
}

/** What workers have of the kind that a study wants, for people. */
export function datasetsLike(dataset: string, offered: Iterable<string>): string {
  const isEntry = dataset.startsWith(ENTRY);
  const alike = [...new Set(offered)].filter((other) => other.startsWith(ENTRY) === isEntry);
  const shown = alike.slice(0, 10).map((other) => (isEntry ? other.slice(ENTRY.length) : other));
  return shown.length === 0 ? 'none' : `${shown.join(', ')}${alike.length > 10 ? ', ...' : ''}`;
}

/**
 * Tells the data of a study's trials apart where parameters choose them: equal for trials that are to read the same data,
 * empty where all are.
 */
export function dataKeyOf({ objective }: Pick<SearchSpec, 'objective'>, params: Params): string {
  const dataset = field(objective.config, 'dataset');
  if (objective.kind !== 'train' || dataset === undefined) return '';
  const [asWritten, chosen] = [substitute(dataset, {}), substitute(dataset, params)].map((data) =>
    JSON.stringify(data),
  );
  return chosen === asWritten ? '' : chosen!;
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
