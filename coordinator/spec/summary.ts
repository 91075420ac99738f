import { createSpace, gridOf, type ParamSpec, SAMPLER_SETTINGS, SpaceError } from '../../search/index.js';
import type { SearchSpec } from '../core/spec.js';
import { formatDuration } from './duration.js';

/** A search in one line: its name, space, budget, sampler and pruner. */
export function summarizeSearch(spec: SearchSpec): string {
  const { name, params, relations, budget, repeats, sampler, pruner } = spec;
  const size = configurations(spec);
  const parts = [
    counted(params.length, 'parameter'),
    size === undefined ? '' : `${relations.length > 0 ? 'at most ' : ''}${counted(size, 'configuration')}`,
    budget.trials === undefined ? '' : counted(budget.trials, 'trial'),
    repeats === undefined ? '' : `${repeats} of each configuration`,
    budget.timeMs === undefined ? '' : `at most ${formatDuration(budget.timeMs)}`,
    `sampler ${sampler.type}`,
    `pruner ${pruner.type}`,
  ];
  return `${name}: ${parts.filter((part) => part !== '').join(', ')}`;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}

/** Values of a real parameter on a grid that does not say. */
function defaultPoints(): number {
  const { points } = SAMPLER_SETTINGS.grid;
  return points?.kind === 'int' && points.fallback !== undefined ? points.fallback : 1;
}

/** How many configurations there are; undefined when infinitely many, or too many to count. */
function configurations({ params, relations, sampler }: SearchSpec): number | undefined {
  if (sampler.type !== 'grid' && params.some(isContinuous)) return undefined;
  const points = sampler.type === 'grid' ? sampler.points : undefined;
  try {
    return gridOf(createSpace(params, relations), points ?? defaultPoints()).size;
  } catch (error) {
    if (error instanceof SpaceError) return undefined;
    throw error;
  }
}

function isContinuous(param: ParamSpec): boolean {
  return param.kind === 'float' && param.step === undefined && param.low < param.high;
}
