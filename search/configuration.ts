import { fromUnit, levelOf, levels, valueAt } from './domain.js';
import type { ParamSpec, Params, ParamValue, Values } from './param.js';
import type { Rng } from './rng.js';
import { isActive, type Space } from './space.js';

/** Values by parameter index, as far as `params` gives any. */
export function toValues(space: Space, params: Params): Values {
  return space.params.map(({ name }) => (Object.hasOwn(params, name) ? params[name] : undefined));
}

/** The configuration with these values, in the order of the space. */
export function toParams(space: Space, values: Values): Params {
  const params: Record<string, ParamValue> = {};
  for (const [index, { name }] of space.params.entries()) {
    const value = values[index];
    if (value === undefined) continue;
    // Only defining makes "__proto__" an ordinary name.
    if (name === '__proto__') Object.defineProperty(params, name, { value, enumerable: true });
    else params[name] = value;
  }
  return params;
}

/** A canonical form: two configurations are equal when their keys are, whatever the order of their own keys. */
export function configKey(space: Space, params: Params): string {
  return valuesKey(toValues(space, params));
}

/**
 * The same for values by index. Types are told apart: 1, "1" and true are three things. Joined, because what `+=` makes is a
 * tree of all its pieces, which is kept as long as the key is.
 */
export function valuesKey(values: Values): string {
  // As text, -0 is 0.
  return values.map((value) => (typeof value === 'number' ? value : JSON.stringify(value))).join(';');
}

/**
 * What is wrong with a configuration, in words; nothing when it is complete and valid: every active parameter there,
 * no other, each in its range and on its grid, all relations holding.
 */
export function checkParams(space: Space, params: Params): string[] {
  const faults: string[] = [];
  const values = toValues(space, params);
  for (const name of Object.keys(params)) {
    if (!space.indexOf.has(name)) faults.push(`${name} is no parameter of this space`);
  }
  for (const index of space.order) {
    const param = space.params[index]!;
    const value = values[index];
    const active = isActive(space, index, values);
    if (value === undefined && active) faults.push(`${param.name} is missing`);
    if (value === undefined) continue;
    const fault = active ? valueFault(param, value) : 'must be left out: its conditions do not hold';
    if (fault !== undefined) faults.push(`${param.name} ${fault}`);
  }
  if (faults.length > 0) return faults;
  for (const relation of space.relations) {
    if (!relation.holds(values)) faults.push(`the relation ${relation.text} does not hold`);
  }
  return faults;
}

/** What is wrong with one value of a parameter; undefined when nothing is. */
export function valueFault(param: ParamSpec, value: ParamValue): string | undefined {
  const shown = JSON.stringify(value);
  if (param.kind === 'categorical') {
    if (param.choices.includes(value)) return undefined;
    return `${shown} must be one of ${param.choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
  }
  if (typeof value !== 'number') return `${shown} must be a number`;
  if (!(value >= param.low && value <= param.high)) return `${value} must be in [${param.low}, ${param.high}]`;
  if (param.kind === 'int' && !Number.isInteger(value)) return `${value} must be an integer`;
  if (param.step === undefined) return undefined;
  const nearest = Number(valueAt(param, levelOf(param, value)));
  if (Math.abs(nearest - value) <= 1e-9 * Math.max(param.step, Math.abs(value))) return undefined;
  return `${value} must be ${param.low} plus a multiple of ${param.step}, for example ${nearest}`;
}

/** Draws before one gives up on relations that hardly any configuration satisfies, */
const MOST_DRAWS = 1000;
/** but no more than cost so much, in parameters drawn and words and signs of relations looked at: a few milliseconds. */
const MOST_WORK = 100_000;

/** How often a configuration of a space is drawn anew until its relations hold. */
export function mostDraws(space: Space): number {
  const work = space.params.length + space.relations.reduce((sum, { size }) => sum + size, 0);
  return Math.max(1, Math.min(MOST_DRAWS, Math.floor(MOST_WORK / Math.max(1, work))));
}

/**
 * Draws what `fixed` leaves out, each parameter uniform on its own scale, so that the relations hold. Values of `fixed`
 * for parameters that turn out to be inactive are dropped.
 *
 * @returns undefined when so many draws found nothing that satisfies the relations
 */
export function fillParams(space: Space, fixed: Params, rng: Rng): Params | undefined {
  const values = fillValues(space, toValues(space, fixed), rng);
  return values === undefined ? undefined : toParams(space, values);
}

export function fillValues(space: Space, fixed: Values, rng: Rng): Values | undefined {
  for (let draws = mostDraws(space); draws > 0; draws--) {
    const values = drawValues(space, fixed, rng);
    if (relationsHold(space, values)) return values;
  }
  return undefined;
}

export function relationsHold(space: Space, values: Values): boolean {
  for (const relation of space.relations) if (!relation.holds(values)) return false;
  return true;
}

function drawValues(space: Space, fixed: Values, rng: Rng): Values {
  const values: Values = space.params.map(() => undefined);
  for (const index of space.order) {
    if (isActive(space, index, values)) values[index] = fixed[index] ?? drawValue(space.params[index]!, rng);
  }
  return values;
}

/** Uniform on the parameter's own scale. A parameter of one value takes nothing from the generator. */
export function drawValue(param: ParamSpec, rng: Rng): ParamValue {
  return levels(param) === 1 ? valueAt(param, 0) : fromUnit(param, rng.next());
}
