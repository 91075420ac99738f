import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Needs } from '../../../coordinator/core/needs.js';
import type { Study } from '../../../coordinator/core/study.js';

/** As much of a study as its turn depends on. */
interface Asking {
  readonly running: Set<number>;
  readonly spec: { readonly priority: number; readonly requires: { readonly labels: Record<string, never> } };
}

it('always names the one of the highest priority, of these the one with the fewest slots, of these the first', () => {
  const asking = fc.record({ priority: fc.integer({ min: -1, max: 1 }), running: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(asking, { maxLength: 40 }), fc.array(fc.boolean(), { maxLength: 120 }), (askers, answers) => {
      const studies = askers.map(
        ({ priority, running }): Asking => ({
          running: new Set(Array.from({ length: running }, (_, i) => i)),
          spec: { priority, requires: { labels: {} } },
        }),
      );
      const left = [...studies];
      const needs = new Needs(studies as unknown as Study[]);
      for (const isServed of answers) {
        const byNeed = left.toSorted((a, b) => b.spec.priority - a.spec.priority || a.running.size - b.running.size);
        const [first] = byNeed;
        expect(needs.neediest).toBe(first);
        if (first === undefined) return;
        if (isServed) {
          first.running.add(first.running.size);
          needs.served();
        } else {
          left.splice(left.indexOf(first), 1);
          needs.dismiss();
        }
      }
    }),
  );
});
