import type { ParamSpec, ParamValue } from '../../search/index.js';
import { conditionHolds } from './conditions.js';

/** A configuration to try, and the value it is there to try; the first of all probes tries none. */
export interface Probe {
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly tries: { readonly param: string; readonly value: ParamValue } | undefined;
}

/** Not all values are tried where there are more, to bound the time a hostile file can take. */
const MOST_PROBES = 5000;
/** The same for spaces of many parameters: so many values are worked out in all. */
const MOST_VALUES = 50_000;

/**
 * Configurations in which every end of a range, every choice and every condition of the named parameters takes its
 * turn while the others stay at their first value: enough to find a value that an objective cannot take.
 *
 * @param params in file order, without cycles
 * @param names those whose values matter; what they depend on is tried as well
 */
export function* probes(params: readonly ParamSpec[], names: Iterable<string>): Generator<Probe> {
  const prober = new Prober(params);
  yield { params: prober.configuration(new Map()), tries: undefined };
  const most = Math.min(MOST_PROBES, MOST_VALUES / params.length);
  let count = 0;
  for (const param of prober.withParents(names)) {
    for (const value of prober.valuesToTry(param)) {
      if (++count > most) return;
      const wanted = prober.activating(param, new Map([[param.name, value]]));
      const configuration = prober.configuration(wanted);
      // Contradicting conditions leave it out, and then its value does not matter.
      if (configuration[param.name] !== value) continue;
      yield { params: configuration, tries: { param: param.name, value } };
    }
  }
}

class Prober {
  readonly #byName: ReadonlyMap<string, ParamSpec>;
  /** Numbers that conditions compare a parameter with. */
  readonly #bounds = new Map<string, number[]>();
  readonly #valuesToTry = new Map<ParamSpec, readonly ParamValue[]>();

  constructor(params: readonly ParamSpec[]) {
    this.#byName = new Map(params.map((param) => [param.name, param]));
    for (const { param, test } of params.flatMap(({ when }) => when ?? [])) {
      const values = 'in' in test ? test.in.filter((value) => typeof value === 'number') : [test.value];
      const bounds = this.#bounds.get(param) ?? [];
      this.#bounds.set(param, bounds);
      bounds.push(...values);
    }
  }

  withParents(names: Iterable<string>): ReadonlySet<ParamSpec> {
    const found = new Set<ParamSpec>();
    const visit = (name: string): void => {
      const param = this.#byName.get(name);
      if (param === undefined || found.has(param)) return;
      found.add(param);
      for (const condition of param.when ?? []) visit(condition.param);
    };
    for (const name of names) visit(name);
    return found;
  }

  valuesToTry(param: ParamSpec): readonly ParamValue[] {
    const known = this.#valuesToTry.get(param);
    if (known !== undefined) return known;
    const values = this.#collectValues(param);
    this.#valuesToTry.set(param, values);
    return values;
  }

  #collectValues(param: ParamSpec): readonly ParamValue[] {
    if (param.kind === 'categorical') return param.choices;
    const { low, high } = param;
    const near = (this.#bounds.get(param.name) ?? []).flatMap((bound) =>
      param.kind === 'int' ? [bound - 1, bound, bound + 1] : [bound, (low + bound) / 2, (high + bound) / 2],
    );
    const inside = param.kind === 'float' ? [between(param.low, param.high, param.step)] : [];
    return [...new Set([low, high, ...inside, ...near])].filter((value) => value >= low && value <= high);
  }

  /** Adds to `wanted` values of the parents, where any can, with which `param` is active. */
  activating(param: ParamSpec, wanted: Map<string, ParamValue>): ReadonlyMap<string, ParamValue> {
    const conditions = param.when ?? [];
    for (const { param: name } of conditions) {
      const parent = this.#byName.get(name);
      if (parent === undefined || wanted.has(name)) continue;
      const own = conditions.filter((condition) => condition.param === name);
      const fitting = this.valuesToTry(parent).find((value) =>
        own.every((condition) => conditionHolds(condition, value)),
      );
      if (fitting === undefined) continue;
      wanted.set(name, fitting);
      this.activating(parent, wanted);
    }
    return wanted;
  }

  /** All active parameters, at the wanted value or else their first. */
  configuration(wanted: ReadonlyMap<string, ParamValue>): Record<string, ParamValue> {
    const values = new Map<string, ParamValue | undefined>();
    const valueFor = (name: string): ParamValue | undefined => {
      const param = this.#byName.get(name);
      if (param === undefined) return undefined;
      if (!values.has(name))
        values.set(name, this.#isActive(param, valueFor) ? (wanted.get(name) ?? firstValue(param)) : undefined);
      return values.get(name);
    };
    const configuration: Record<string, ParamValue> = {};
    for (const name of this.#byName.keys()) {
      const value = valueFor(name);
      if (value !== undefined) configuration[name] = value;
    }
    return configuration;
  }

  #isActive(param: ParamSpec, valueFor: (name: string) => ParamValue | undefined): boolean {
    return (param.when ?? []).every((condition) => {
      const value = valueFor(condition.param);
      return value !== undefined && conditionHolds(condition, value);
    });
  }
}

function firstValue(param: ParamSpec): ParamValue {
  return param.kind === 'categorical' ? param.choices[0]! : param.low;
}

/** A value inside the range that is no integer unless its step makes it one. */
function between(low: number, high: number, step: number | undefined): number {
  if (step !== undefined) return low + step;
  const inside = low + 0.382 * (high - low);
  const short = Number(inside.toPrecision(4));
  return short > low && short < high && !Number.isInteger(short) ? short : inside;
}
