import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World, waitFor } from './processes.js';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** A search whose one trial prints, waits for a file, and prints more. */
function write(): string {
  const script = path.join(world.folder, 'talk.sh');
  writeFileSync(
    script,
    `echo "lr is $1"
echo '{"score": 0.5}' >&3
while [ ! -e go ]; do sleep 0.05; done
echo "and that was it" >&2
`,
  );
  const file = path.join(world.folder, 'search.yaml');
  const search = {
    name: 'talk',
    metric: { name: 'score', goal: 'maximize' },
    budget: { trials: 1 },
    sampler: 'random',
    command: { argv: ['sh', script, '{lr}'], workdir: world.folder },
    space: { lr: [0.25, 0.25001] },
    enqueue: [{ lr: 0.25 }],
  };
  writeFileSync(file, JSON.stringify(search));
  return file;
}

describe('what a trial prints', () => {
  it('is seen while it runs, followed, and kept', { timeout: 120_000 }, async () => {
    await world.coordinator();
    const submitted = await world.run('submit', write());
    expect(submitted).toMatchObject({ code: 0 });
    world.worker('printer', '--slots', '1', '--allow-command', world.folder);
    const seen = await waitFor('its first words', async () => {
      const { code, stdout } = await world.run('logs', 'talk', '0');
      return code === 0 && stdout.includes('lr is') && stdout;
    });
    expect(seen).toBe('lr is 0.25\n');
    const following = world.start('logs', 'talk', '0', '--follow');
    await waitFor('the follower to print it', () => following.output() === 'lr is 0.25\n');
    writeFileSync(path.join(world.folder, 'go'), '');
    await waitFor('the follower to end', () => following.child.exitCode !== null);
    expect(following.output()).toBe('lr is 0.25\nand that was it\n');
    expect((await world.run('logs', '0')).stdout).toBe('lr is 0.25\nand that was it\n');
    expect(await world.run('logs', '7')).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no trial 7/) });
  });
});
