import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Neighbours } from '../../../search/optuna/neighbours.js';
import type { Column, Selection } from '../../../search/optuna/observations.js';

/** Who is observed where: by slot, a centre and the trial's number; slots are given to other trials when they are free. */
interface Observation {
  readonly centre: number;
  readonly number: number;
  readonly selected: boolean;
}

function tableOf(observations: ReadonlyMap<number, Observation>, size: number): [Column, Selection] {
  const inUse = [...observations.keys()];
  const byNumber = inUse.sort((a, b) => observations.get(a)!.number - observations.get(b)!.number);
  const order = byNumber.toSorted((a, b) => observations.get(a)!.centre - observations.get(b)!.centre);
  const slots = byNumber.filter((slot) => observations.get(slot)!.selected);
  // What was there before stays in free slots, and behind the end.
  const ranks = new Int32Array(size).fill(3);
  for (const slot of inUse) ranks[slot] = slots.indexOf(slot);
  const centres = Float64Array.from({ length: size }, (_, slot) => observations.get(slot)?.centre ?? 0.5);
  const numbers = Int32Array.from({ length: size }, (_, slot) => observations.get(slot)?.number ?? 3);
  const padded = Int32Array.from({ length: size }, (_, i) => slots[i] ?? i);
  return [
    { name: 'x', categorical: false, log: false, values: centres, centres, order: Int32Array.from(order) },
    { slots: padded, n: slots.length, ranks, numbers, count: inUse.length },
  ];
}

const LEAST = 0.12;

/** The farther of two neighbours; at an end the only one there is, and the range's ends for one that is alone. */
function widthAt(sorted: readonly number[], at: number): number {
  const centre = sorted[at]!;
  const [first, last] = [at === 0, at === sorted.length - 1];
  const below = centre - (first ? 0 : sorted[at - 1]!);
  const above = (last ? 1 : sorted[at + 1]!) - centre;
  const width = first === last ? Math.max(below, above) : first ? above : below;
  return Math.min(Math.max(width, LEAST), 1);
}

const observation = fc.record({
  centre: fc.integer({ min: -2, max: 12 }).map((tenth) => tenth / 10),
  selected: fc.boolean(),
});

/** Of a slot that is drawn: who is in it from now on, or nobody. */
const change = fc.tuple(fc.nat(39), fc.option(observation));

describe('widths that follow their neighbours', () => {
  it('are those that would have been worked out anew', () => {
    const steps = fc.array(fc.array(change, { maxLength: 24 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(steps, (history) => {
        const observations = new Map<number, Observation>();
        const neighbours = new Neighbours(0, 1);
        let number = 0;
        for (const changes of history) {
          for (const [slot, who] of changes) {
            if (who === null) observations.delete(slot);
            else observations.set(slot, { ...who, number: (7 * number++) % 101 });
          }
          const [column, selection] = tableOf(observations, 40);
          neighbours.follow(column, selection, LEAST);
          const { slots, n } = selection;
          const places = Array.from({ length: n }, (_, i) => i);
          const centreOf = (place: number): number => column.centres[slots[place]!]!;
          const order = places.toSorted((one, other) => centreOf(one) - centreOf(other) || one - other);
          const ordered = new Int32Array(n);
          neighbours.ordered(selection, ordered);
          expect([...ordered]).toEqual(order);
          const sorted = order.map(centreOf);
          expect(order.map((place) => neighbours.widths[slots[place]!])).toEqual(
            sorted.map((_, at) => widthAt(sorted, at)),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
