import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World } from './processes.js';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe('the demo under chaos', () => {
  it('has a worker and the coordinator killed, and ends with the exact count and a replay that matches', {
    timeout: 240_000,
  }, async () => {
    const { code, stdout, stderr } = await world.run('demo', '--chaos', '--trials', '4');
    expect(stderr).toMatch(
      /assay: chaos, after [123] of 4 trials: worker demo-1 ended \(killed by SIGKILL\) and was started again/,
    );
    expect(stderr).toMatch(/assay: chaos, after [23] of 4 trials: the coordinator ended \(killed by SIGKILL\)/);
    expect(stdout).toMatch(/^exactly 4 trials: 4 complete\ndigits: all 4 suggestions recomputed, each as in the log$/m);
    expect(code).toBe(0);
  });
});
