export type Goal = 'maximize' | 'minimize';
export type ParamValue = number | string | boolean;

/** Active parameters only, keys in the order of the space. */
export type Params = Readonly<Record<string, ParamValue>>;

/** What a parent's value must be: one of a list, or a number that compares as said. */
export type Test =
  | { readonly in: readonly ParamValue[] }
  | { readonly op: '<' | '<=' | '>' | '>=' | '!='; readonly value: number };

export interface Condition {
  readonly param: string;
  readonly test: Test;
}

interface ParamBase {
  readonly name: string;
  /** All must hold for the parameter to be active; a condition on an inactive parameter does not hold. */
  readonly when?: readonly Condition[];
}

/** A real number in [low, high]; with `step`, one of low, low + step, ... */
export interface FloatParam extends ParamBase {
  readonly kind: 'float';
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step?: number;
}

/** One of low, low + step, ..., at most high; all integers. */
export interface IntParam extends ParamBase {
  readonly kind: 'int';
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step: number;
}

/** One of the choices, which have no order. One choice is a fixed value. */
export interface CategoricalParam extends ParamBase {
  readonly kind: 'categorical';
  readonly choices: readonly ParamValue[];
}

export type ParamSpec = FloatParam | IntParam | CategoricalParam;

/** A search space that makes no sense; `param` names the parameter at fault where there is one. */
export class SpaceError extends Error {
  override readonly name = 'SpaceError';
  readonly param: string | undefined;

  constructor(message: string, param?: string) {
    super(message);
    this.param = param;
  }
}

/** Values by parameter index; undefined where inactive or not yet chosen. */
export type Values = (ParamValue | undefined)[];
