import { toValues } from '../configuration.js';
import { fromUnit, levelOf, levels, toUnit } from '../domain.js';
import type { ParamSpec, Params, Values } from '../param.js';
import type { Rng } from '../rng.js';
import { isActive, type Space } from '../space.js';

/**
 * A configuration as numbers, by parameter index: the choice's number for a categorical parameter, the place on the
 * unit scale for any other, NaN for an inactive one.
 */
export type Code = Float64Array;

/** Turns configurations into codes and back, and draws and changes codes without building configurations. */
export class Codec {
  readonly space: Space;
  /** By parameter index. */
  readonly levels: readonly number[];
  readonly categorical: readonly boolean[];
  /** Parameters with more than one value: what a search is about. */
  readonly free: readonly number[];
  readonly #conditional: boolean;
  /** Parameters that conditions depend on. */
  readonly #parents: ReadonlySet<number>;

  constructor(space: Space) {
    this.space = space;
    this.levels = space.params.map(levels);
    this.categorical = space.params.map((param) => param.kind === 'categorical');
    this.free = [...space.params.keys()].filter((index) => this.levels[index]! > 1);
    this.#parents = new Set(space.conditions.flat().map(({ parent }) => parent));
    this.#conditional = this.#parents.size > 0;
  }

  encode(params: Params): Code {
    const code = new Float64Array(this.levels.length);
    for (const [index, value] of toValues(this.space, params).entries()) {
      const param = this.space.params[index]!;
      if (value === undefined) code[index] = Number.NaN;
      else code[index] = param.kind === 'categorical' ? levelOf(param, value) : toUnit(param, value);
    }
    return code;
  }

  decode(code: Code): Values {
    return this.space.params.map((param, index) => decodeOne(param, code[index]!));
  }

  /** A uniform draw of one parameter. */
  draw(index: number, rng: Rng): number {
    const count = this.levels[index]!;
    if (this.categorical[index]) return count === 1 ? 0 : rng.below(count);
    return count === 1 ? 0.5 : this.snap(index, rng.next());
  }

  /** The place on the unit scale, nearest to `unit`, at which a numeric parameter has a value. */
  snap(index: number, unit: number): number {
    const count = this.levels[index]!;
    if (count === Number.POSITIVE_INFINITY) return unit;
    const param = this.space.params[index]!;
    if (param.kind !== 'categorical' && param.log) return toUnit(param, fromUnit(param, unit));
    return (Math.min(count - 1, Math.floor(unit * count)) + 0.5) / count;
  }

  /** Draws a whole configuration into `code`. */
  drawAll(code: Code, rng: Rng): void {
    code.fill(Number.NaN);
    this.settle(code, rng);
  }

  /** Makes a changed code valid: what has become active is drawn, what has become inactive is left out. */
  settle(code: Code, rng: Rng): void {
    if (!this.#conditional) {
      for (let index = 0; index < code.length; index++)
        if (Number.isNaN(code[index])) code[index] = this.draw(index, rng);
      return;
    }
    const parents: Values = this.space.params.map(() => undefined);
    for (const index of this.space.order) {
      if (!isActive(this.space, index, parents)) code[index] = Number.NaN;
      else {
        if (Number.isNaN(code[index])) code[index] = this.draw(index, rng);
        if (this.#parents.has(index)) parents[index] = decodeOne(this.space.params[index]!, code[index]!);
      }
    }
  }
}

function decodeOne(param: ParamSpec, code: number): Values[number] {
  if (Number.isNaN(code)) return undefined;
  return param.kind === 'categorical' ? param.choices[code] : fromUnit(param, code);
}
