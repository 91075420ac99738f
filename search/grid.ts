import { toParams } from './configuration.js';
import { fromUnit, levels, toUnit } from './domain.js';
import { type Axis, axisOf, Enumeration } from './enumeration.js';
import type { History } from './history.js';
import type { FloatParam } from './param.js';
import type { Sampler, Suggestion } from './sampler.js';
import type { Space } from './space.js';
import { Untried } from './untried.js';

/**
 * Every configuration once, in order, the last parameter changing fastest; then nothing. Configurations that are in the
 * history for another reason are not proposed again, and inactive parameters do not multiply anything.
 */
export class GridSampler implements Sampler {
  readonly name = 'grid';
  readonly #space: Space;
  readonly #untried: Untried;

  /**
   * @param points values of a real parameter without a step: so many, evenly spaced on its scale, both ends included
   * @throws {SpaceError} when the grid cannot be numbered
   */
  constructor(space: Space, points: number) {
    this.#space = space;
    this.#untried = new Untried(space, gridOf(space, points));
  }

  suggest(history: History): Suggestion | undefined {
    this.#untried.follow(history);
    const values = this.#untried.firstFrom(0);
    return values === undefined ? undefined : { params: toParams(this.#space, values) };
  }
}

/** The grid of a space; its `size` is the number of points, those that a relation excludes included. */
export function gridOf(space: Space, points: number): Enumeration {
  return new Enumeration(
    space,
    space.params.map((param) =>
      param.kind === 'float' && !Number.isFinite(levels(param)) ? spaced(param, points) : axisOf(param),
    ),
  );
}

function spaced(param: FloatParam, points: number): Axis {
  const unitAt = (level: number) => (points === 1 ? 0.5 : level / (points - 1));
  const valueAt = (level: number) => {
    // Twelve digits are even enough and readable: 0.001 and not 0.0010000000000000002.
    const value = Number(Number(fromUnit(param, unitAt(level))).toPrecision(12));
    return Math.max(param.low, Math.min(param.high, value));
  };
  return {
    count: points,
    valueAt,
    levelOf: (value) => {
      const level = Math.round(toUnit(param, value) * (points - 1));
      return level >= 0 && level < points && valueAt(level) === value ? level : -1;
    },
  };
}
