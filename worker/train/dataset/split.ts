import { ObjectiveError } from '../../objectives/errors.js';
import { Random } from '../random.js';
import type { CutOptions, Parts, Split } from './dataset.js';

/** The share of the training samples that is taken for validation where nobody says how many. */
const VALIDATION_SHARE = 0.2;

/**
 * Draws which samples are trained on and which are measured on. Each side has every class in the same proportion as
 * the whole, to within one sample, so that a metric does not depend on a lucky draw. Samples that their source has set
 * apart for validation or test stay apart: of these only the number can be chosen.
 *
 * @param name   the data set, for messages
 * @param labels one per sample
 * @throws {ObjectiveError} when more samples are wanted than there are, or none would be left to train or measure on
 */
export function splitStratified(name: string, labels: Uint16Array, parts: Parts, wanted: CutOptions): Split {
  const random = new Random(wanted.seed ?? 0);
  const pool = interleaveClasses(labels, 0, parts.train, random);
  const counts = countSamples(name, parts, wanted);
  const { train, validation, test } = counts;
  const cutValidation = parts.validation > 0 ? 0 : validation;
  const cutTest = parts.test > 0 ? 0 : test;
  const forTraining = pool.slice(cutValidation + cutTest).slice(0, train);
  const cutForValidation = pool.slice(0, cutValidation);
  random.shuffle(forTraining);
  random.shuffle(cutForValidation);
  return {
    train: forTraining,
    validation:
      parts.validation > 0 ? choose(labels, parts.train, parts.validation, validation, random) : cutForValidation,
    test:
      parts.test > 0
        ? choose(labels, parts.train + parts.validation, parts.test, test, random)
        : pool.slice(cutValidation, cutValidation + cutTest),
  };
}

/** How many samples each side gets. */
function countSamples(name: string, parts: Parts, wanted: CutOptions): Parts {
  const { train: all } = parts;
  const test = apart(name, 'test on', wanted.test, parts.test) ?? inAll(wanted.test ?? 0, all);
  const validation =
    apart(name, 'validate on', wanted.validation, parts.validation) ??
    inAll(wanted.validation ?? VALIDATION_SHARE, all);
  const cut = (parts.validation > 0 ? 0 : validation) + (parts.test > 0 ? 0 : test);
  const train = wanted.train === undefined ? all - cut : inAll(wanted.train, all);
  if (train < 1 || train + cut > all) {
    const said = wanted.train === undefined ? 'the rest' : String(train);
    const others = [
      ...(parts.validation > 0 ? [] : [`${validation} to validate on`]),
      ...(parts.test > 0 || test === 0 ? [] : [`${test} to test on`]),
    ];
    const sides = [`${said} to train`, ...others].join(' and ');
    throw new ObjectiveError(`data set ${name} has ${all} images: ${sides} are more than that; ask for fewer`);
  }
  if (validation < 1) throw new ObjectiveError(`data set ${name} has ${all} images: none is left to validate on`);
  return { train, validation, test };
}

/** How many of the samples that the source has set apart; undefined where it has not. */
function apart(name: string, what: string, wanted: number | undefined, there: number): number | undefined {
  if (there === 0) return undefined;
  const count = wanted === undefined ? there : inAll(wanted, there);
  if (count <= there) return count;
  throw new ObjectiveError(`data set ${name} has ${there} images of its own to ${what}, not ${count}; ask for fewer`);
}

function inAll(wanted: number, all: number): number {
  return wanted < 1 ? Math.round(wanted * all) : wanted;
}

function choose(labels: Uint16Array, from: number, count: number, wanted: number, random: Random): Uint32Array {
  if (wanted === count) return Uint32Array.from({ length: count }, (_, i) => from + i);
  return interleaveClasses(labels, from, count, random).slice(0, wanted);
}

/**
 * A range of the samples, shuffled within their class, in an order of which every stretch has the classes in
 * proportion: the k-th of a class's n samples stands at (k + 1/2) / n of the way.
 */
function interleaveClasses(labels: Uint16Array, from: number, count: number, random: Random): Uint32Array {
  const byClass = groupByClass(labels, from, count);
  const samples = new Uint32Array(count);
  const places = new Float64Array(count);
  let filled = 0;
  for (const group of byClass) {
    random.shuffle(group);
    // Without iterators: all of this runs once, at the start of every trial, before the compiler has seen it.
    for (let rank = 0; rank < group.length; rank++) {
      samples[filled] = group[rank]!;
      places[filled++] = (rank + 0.5) / group.length;
    }
  }
  // Of equal places the lower class comes first, as the classes stand in `samples`.
  const order = sortByPlace(places);
  for (let at = 0; at < count; at++) order[at] = samples[order[at]!]!;
  return order;
}

/**
 * Indices by rising place, of equal ones the lower first. Places in [0, 1) are spread evenly, so that dealing them out and
 * putting neighbours right takes a few milliseconds where sorting takes twenty, at the start of every trial.
 */
function sortByPlace(places: Float64Array): Uint32Array {
  const { length } = places;
  const buckets = new Uint32Array(length);
  const starts = new Uint32Array(length + 1);
  for (let i = 0; i < length; i++) {
    buckets[i] = Math.floor(places[i]! * length);
    starts[buckets[i]! + 1]!++;
  }
  for (let bucket = 0; bucket < length; bucket++) starts[bucket + 1]! += starts[bucket]!;
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[starts[buckets[i]!]!++] = i;
  for (let at = 1; at < length; at++) {
    const index = order[at]!;
    let to = at;
    for (; to > 0 && places[order[to - 1]!]! > places[index]!; to--) order[to] = order[to - 1]!;
    order[to] = index;
  }
  return order;
}

function groupByClass(labels: Uint16Array, from: number, count: number): Uint32Array[] {
  let most = -1;
  for (let i = from; i < from + count; i++) if (labels[i]! > most) most = labels[i]!;
  const sizes = new Uint32Array(most + 1);
  for (let i = from; i < from + count; i++) sizes[labels[i]!]!++;
  const groups = Array.from(sizes, (size) => new Uint32Array(size));
  const filled = new Uint32Array(most + 1);
  for (let i = from; i < from + count; i++) {
    const label = labels[i]!;
    groups[label]![filled[label]!++] = i;
  }
  return groups;
}
