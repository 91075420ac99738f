import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { World, waitFor } from './processes.js';

const SECRET = 'Xk7-hunter2-Qz9';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Everything in files below a folder, as text that keeps every byte. */
function everythingIn(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

it('a secret reaches the code that asks for it, and nothing else whatever the code does with it', async () => {
  const script = `
echo "logging in with $LOGIN"
[ "$LOGIN" = "$(cat expected)" ] && echo '{"m": 1}' >&3 || echo '{"m": 0}' >&3
echo "{\\"$LOGIN\\": 2, \\"m\\": $ASSAY_PARAM_X}" >&3
echo "Error: denied for $LOGIN" >&2
[ "$ASSAY_TRIAL" != 1 ]`;
  const file = join(world.folder, 'secret.yaml');
  const command = { argv: ['bash', '-c', script], env: { LOGIN: { env: 'THE_LOGIN', secret: true } } };
  writeFileSync(join(world.folder, 'expected'), SECRET);
  writeFileSync(
    file,
    `name: s\nmetric: {name: m}\nlimits: {attempts: 1}\nbudget: {trials: 3}\ncommand: ${JSON.stringify(command)}\nspace: {x: {float: [0.5, 1]}}\n`,
  );
  process.env['THE_LOGIN'] = SECRET;
  try {
    const coordinator = await world.coordinator('--http', '127.0.0.1:0', '--log-level', 'debug');
    const shy = world.worker('shy', '--allow-command', world.folder, '--log-level', 'debug');
    await world.run('submit', file);
    await waitFor('the refusal', () => coordinator.output().includes('gives no study its variable THE_LOGIN'));
    await shy.end('SIGKILL');
    const worker = world.worker(
      'willing',
      '--allow-command',
      world.folder,
      '--allow-env',
      'THE_LOGIN',
      '--log-level',
      'debug',
    );
    const board = await world.run('leaderboard', 's', '--watch');
    expect(board.stdout).toContain('2 complete');
    const failed = await world.run('show', 's', '1');
    expect(failed.stdout).toContain('denied for [secret]');
    const logs = await world.run('logs', 's', '0');
    expect(logs.stdout).toContain('logging in with [secret]');
    const [, http] = /"dashboard":"([^"]+)"/.exec(coordinator.output()) ?? [];
    const pages = await Promise.all(
      ['table', 'curves', 'trials/0', 'trials/1', 'export.csv', 'export.json'].map(async (path) =>
        (await fetch(`http://${http}/api/studies/s/${path}`)).text(),
      ),
    );
    expect(pages.join('\n')).toContain('"[secret]"');
    expect(everythingIn(join(world.folder, 'state'))).toContain('{env: THE_LOGIN'.replace('{env: ', ''));
    const seen = [
      ...[board, failed, logs].flatMap(({ stdout, stderr }) => [stdout, stderr]),
      ...pages,
      ...[coordinator, shy, worker].map((process) => process.output()),
      everythingIn(join(world.folder, 'state')),
    ];
    expect(seen.join('\n')).not.toContain(SECRET);
  } finally {
    delete process.env['THE_LOGIN'];
  }
}, 180_000);
