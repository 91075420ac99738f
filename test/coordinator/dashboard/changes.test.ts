import { describe, expect, it } from 'vitest';
import { Changes } from '../../../coordinator/dashboard/changes.js';
import { attemptOf, Scenario } from '../core/scenario.js';

describe('what has changed since a position', () => {
  it('is known trial by trial, and forgotten with its study', () => {
    const changes = new Changes(0);
    const scene = new Scenario();
    const follow = (): void => changes.follow(scene.recent, scene.core.state);
    scene.create({ budget: { trials: 1 } });
    scene.attach('w1');
    follow();
    const { events } = scene.core.state;
    scene.result(attemptOf(0), 'completed');
    follow();
    expect(changes.after('digits', 0, 1)).toEqual([0]);
    expect(changes.after('digits', events, 1)).toEqual([0]);
    expect(changes.after('digits', scene.core.state.events, 1)).toEqual([]);
    scene.run({ type: 'DeleteStudy', study: 'digits' });
    follow();
    expect(changes.after('digits', 0, 1)).toEqual([]);
  });
});
