import type { Node, Tree } from './tree.js';

/** A tree's variance over the space, every parameter uniform on its own scale, and what parameters have of it. */
export interface Variance {
  readonly total: number;
  /** By parameter index: the variance of the mean over all other parameters. */
  readonly alone: Float64Array;
  /** By parameter index: what of the variance is gone when the parameter is averaged out, interactions included. */
  readonly inAll: Float64Array;
}

/**
 * Functional analysis of a tree's variance, exact over its leaves.
 *
 * @see Hutter, Hoos and Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance"; Sobol' 1993
 */
export function varianceOf({ root, leaves }: Tree, params: number): Variance {
  const shares = leaves.map((leaf) => sharesOf(leaf, params));
  const weights = shares.map((share) => share.reduce((product, part) => product * part, 1));
  let mean = 0;
  for (const [i, { value }] of leaves.entries()) mean += weights[i]! * value;
  // Centred first, or small differences of large values are lost.
  const values = leaves.map(({ value }) => value - mean);
  let total = 0;
  for (const [i, value] of values.entries()) total += weights[i]! * value * value;
  const alone = new Float64Array(params);
  for (let param = 0; param < params; param++) {
    // What no leaf is divided by has no variance, not even a rounding error's.
    if (shares.every((share) => share[param] === 1)) continue;
    const effect = (i: number): number => (values[i]! * weights[i]!) / shares[i]![param]!;
    const along = root.choices[param] === undefined ? alongNumbers : alongChoices;
    alone[param] = along(leaves, param, effect);
  }
  const inAll = new Pairs(params).gone(root);
  return { total, alone, inAll };
}

/** By parameter index: how much of its unit scale a leaf takes. */
function sharesOf(leaf: Node, params: number): Float64Array {
  return Float64Array.from({ length: params }, (_, param) => shareOf(leaf, param));
}

export function shareOf(box: Node, param: number): number {
  const choices = box.choices[param];
  return choices === undefined ? box.high[param]! - box.low[param]! : count(choices) / choices.length;
}

function count(choices: readonly boolean[]): number {
  let n = 0;
  for (const is of choices) if (is) n += 1;
  return n;
}

/** Integrates the squared mean effect, a step function, by going through its steps in order. */
function alongNumbers(leaves: readonly Node[], param: number, effect: (leaf: number) => number): number {
  const steps: { at: number; change: number }[] = [];
  let level = 0;
  for (const [i, leaf] of leaves.entries()) {
    if (leaf.low[param] === 0) level += effect(i);
    else steps.push({ at: leaf.low[param]!, change: effect(i) });
    if (leaf.high[param] !== 1) steps.push({ at: leaf.high[param]!, change: -effect(i) });
  }
  steps.sort((a, b) => a.at - b.at);
  let integral = 0;
  let from = 0;
  for (const { at, change } of [...steps, { at: 1, change: 0 }]) {
    integral += (at - from) * level * level;
    level += change;
    from = at;
  }
  return integral;
}

function alongChoices(leaves: readonly Node[], param: number, effect: (leaf: number) => number): number {
  const effects = leaves[0]!.choices[param]!.map(() => 0);
  for (const [i, leaf] of leaves.entries()) {
    for (const [choice, is] of leaf.choices[param]!.entries()) if (is) effects[choice]! += effect(i);
  }
  return effects.reduce((sum, value) => sum + value * value, 0) / effects.length;
}

/**
 * What is gone of a tree's variance when one parameter is averaged out. Two leaves run into each other then if it alone
 * keeps them apart; with values a and b, and shares p and q of the parameter's scale, what they have in common loses
 * p q (a - b)^2 between them. Such leaves lie on either side of one division, which leads to them without trying all.
 */
class Pairs {
  readonly #params: number;
  readonly #gone: Float64Array;

  constructor(params: number) {
    this.#params = params;
    this.#gone = new Float64Array(params);
  }

  gone(root: Node): Float64Array {
    this.#within(root);
    return this.#gone;
  }

  #within({ parts }: Node): void {
    if (parts === undefined) return;
    this.#within(parts.left);
    this.#within(parts.right);
    this.#between(parts.left, parts.right, parts.param);
  }

  /** Two boxes that `apart` alone keeps apart. */
  #between(a: Node, b: Node, apart: number): void {
    if (a.parts !== undefined) {
      const { param, left, right } = a.parts;
      if (param === apart || overlap(left, b, param) > 0) this.#between(left, b, apart);
      if (param === apart || overlap(right, b, param) > 0) this.#between(right, b, apart);
    } else if (b.parts !== undefined) this.#between(b, a, apart);
    else this.#gone[apart]! += this.#loss(a, b, apart);
  }

  #loss(a: Node, b: Node, apart: number): number {
    let loss = (a.value - b.value) ** 2 * shareOf(a, apart) * shareOf(b, apart);
    for (let param = 0; param < this.#params; param++) if (param !== apart) loss *= overlap(a, b, param);
    return loss;
  }
}

/** How much of a parameter's scale two boxes share. */
function overlap(a: Node, b: Node, param: number): number {
  const left = a.choices[param];
  const right = b.choices[param];
  if (left === undefined || right === undefined) {
    return Math.min(a.high[param]!, b.high[param]!) - Math.max(a.low[param]!, b.low[param]!);
  }
  let common = 0;
  for (let i = 0; i < left.length; i++) if (left[i] && right[i]) common += 1;
  return common / left.length;
}
