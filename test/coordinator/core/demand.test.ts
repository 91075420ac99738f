import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Pool, slotsWanted, UNBOUNDED_SLOTS } from '../../../coordinator/core/demand.js';
import { attemptOf, Scenario } from './scenario.js';

const CPU: Pool = { labels: {}, gpus: 0 };
const GPU: Pool = { labels: {}, gpus: 1 };

let scene: Scenario;
beforeEach(() => {
  scene = new Scenario();
});
const wanted = (pool: Pool = CPU): number => slotsWanted(scene.core.state, pool);

describe('slots wanted', () => {
  it('are none without a study, and none when the last has finished', () => {
    expect(wanted()).toBe(0);
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    expect(wanted()).toBe(1);
    scene.result(attemptOf(0), 'completed');
    expect(wanted()).toBe(0);
  });

  it('count what runs as well as what would start, so that taking something up sends nobody away', () => {
    scene.create({ budget: { trials: 5 } });
    expect(wanted()).toBe(5);
    scene.attach('w1', { slots: 3 });
    expect(scene.study().running.size).toBe(3);
    expect(wanted()).toBe(5);
  });

  it('are the same after a restart, before any worker has come back', () => {
    scene.create({ budget: { trials: 5 } });
    scene.attach('w1', { slots: 3 });
    scene = scene.restarted();
    expect(wanted()).toBe(5);
  });

  it('are at most what a study may run at a time', () => {
    scene.create({ budget: { trials: 50 }, parallel: 4 });
    expect(wanted()).toBe(4);
    scene.attach('w1', { slots: 3 });
    expect(wanted()).toBe(4);
  });

  it('of a paused study are those of what still runs', () => {
    scene.create({ budget: { trials: 5 } });
    scene.attach('w1', { slots: 2 });
    scene.run({ type: 'ControlStudy', study: 'digits', action: 'pause' });
    expect(wanted()).toBe(2);
    scene.run({ type: 'ControlStudy', study: 'digits', action: 'resume' });
    expect(wanted()).toBe(5);
  });

  it('count a trial that waits for another try', () => {
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    scene.result(attemptOf(0), 'failed', 'out of luck');
    expect(scene.study().running.size).toBe(0);
    expect(wanted()).toBe(1);
  });

  it('are without bound for a study that only its time ends', () => {
    scene.create({ budget: { timeMs: 60_000 } });
    expect(wanted()).toBe(UNBOUNDED_SLOTS);
    scene.create({ name: 'other', budget: { timeMs: 60_000 }, parallel: 3 });
    expect(wanted()).toBe(UNBOUNDED_SLOTS);
  });

  it('end with the space, whatever the budget', () => {
    const two = [{ kind: 'categorical', name: 'x', choices: ['a', 'b'] }] as const;
    scene.create({ budget: { trials: 9 }, sampler: { type: 'grid' }, params: two });
    scene.attach('w1', { slots: 3 });
    expect(scene.study().exhausted).toBe(true);
    expect(wanted()).toBe(2);
  });

  it('are those that the pool could fill: by GPUs, by memory, by labels', () => {
    scene.create({ budget: { trials: 2 }, requires: { labels: {}, gpu: 1 } });
    expect([wanted(CPU), wanted(GPU)]).toEqual([0, 2]);
    scene.create({ name: 'wide', budget: { trials: 3 }, requires: { labels: {}, gpu: 4 } });
    expect([wanted(GPU), wanted({ ...GPU, gpus: 4 })]).toEqual([2, 2 + 3 * 4]);
    scene.create({ name: 'large', budget: { trials: 1 }, requires: { labels: {}, memoryBytes: 8 } });
    expect([wanted({ ...CPU, memoryBytes: 7 }), wanted({ ...CPU, memoryBytes: 8 }), wanted(CPU)]).toEqual([0, 1, 1]);
    scene.create({ name: 'west', budget: { trials: 1 }, requires: { labels: { zone: 'west' } } });
    expect(wanted({ ...CPU, memoryBytes: 7, labels: { zone: 'east' } })).toBe(0);
    expect(wanted({ ...CPU, memoryBytes: 7, labels: { zone: 'west', more: 'yes' } })).toBe(1);
  });

  it('are what the plan fills when it is given more than enough slots', () => {
    const study = fc.record({
      trials: fc.integer({ min: 1, max: 12 }),
      parallel: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
      paused: fc.boolean(),
    });
    const before = fc.array(fc.constantFrom<'completed' | 'handed_back'>('completed', 'handed_back'), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(study, { minLength: 1, maxLength: 3 }), before, (studies, ends) => {
        scene = new Scenario();
        scene.attach('w1', { slots: 2 });
        for (const [i, { trials, parallel }] of studies.entries()) {
          scene.create({ name: `s${i}`, budget: { trials }, ...(parallel === undefined ? {} : { parallel }) });
        }
        for (const end of ends) {
          const [held] = scene.core.fleet.workers.get('w1')!.attempts.values();
          if (held !== undefined) scene.result(held, end);
        }
        for (const [i, { paused }] of studies.entries()) {
          if (paused && scene.study(`s${i}`).status === 'running') {
            scene.run({ type: 'ControlStudy', study: `s${i}`, action: 'pause' });
          }
        }
        const asked = wanted();
        scene.attach('w2', { slots: 100 });
        const running = [...scene.core.state.studies.values()].map((each) => each.running.size);
        expect(running.reduce((sum, count) => sum + count, 0)).toBe(asked);
      }),
    );
  });
});
