import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressOf, eventually, finish, setStage, submit } from './stage.js';

const stage = setStage();

/** A search of trials that run a shell script. */
async function submitScript(name: string, lines: string[], more = ''): Promise<string> {
  const { world } = stage;
  const script = path.join(world.folder, `${name}.sh`);
  writeFileSync(script, `${lines.join('\n')}\n`);
  await submit(
    stage,
    name,
    `name: ${name}\nmetric: {name: score, goal: maximize}\nbudget: {trials: 1}\nsampler: random\n${more}command: {argv: [sh, ${script}]}\nspace:\n  lr: {log: [1e-4, 1]}\n`,
  );
  world.worker('w', '--slots', '1', '--allow-command');
  return script;
}

describe("a trial's panel", () => {
  it('shows what it prints while it runs, as a terminal would, and what was kept of that afterwards', async () => {
    const { page, world, faults } = stage;
    const go = path.join(world.folder, 'go');
    await submitScript('talk', [
      `printf '\\033[32mloading\\033[0m 10%%\\rloading 100%%\\n'`,
      `echo '{"score": 0.5}' >&3`,
      `while [ ! -e ${go} ]; do sleep 0.05; done`,
      'echo "and that was it"',
    ]);
    await page.goto(`${addressOf(stage)}/studies/talk?trial=0`);
    const output = page.getByRole('region', { name: 'Output' });
    await output.getByText('live').waitFor();
    await eventually(() => output.getByRole('textbox').inputValue()).toBe('loading 100%');
    writeFileSync(go, '');
    await output.getByText('kept').waitFor();
    expect(await output.getByRole('textbox').inputValue()).toBe('loading 100%\nand that was it');
    expect(faults).toEqual([]);
  });

  it('says of each attempt who tried, how long and how it ended', async () => {
    const { page } = stage;
    await submitScript('flaky', ['echo "no such file: weights.pt" >&2', 'exit 3'], 'limits: {attempts: 2}\n');
    await page.goto(`${addressOf(stage)}/studies/flaky?trial=0`);
    const attempts = page.getByRole('list', { name: 'Attempts' }).getByRole('listitem');
    await eventually(() => attempts.count()).toBe(2);
    for (const attempt of await attempts.all()) {
      await attempt.getByText(/on w: failed, \d+ (ms|s)/).waitFor();
      await attempt.getByText('exited with code 3').waitFor();
    }
    const output = page.getByRole('region', { name: 'Output' }).getByRole('textbox');
    await eventually(() => output.inputValue()).toBe('no such file: weights.pt');
  });

  it('says why it was pruned: the rule and its numbers', async () => {
    const { page, world } = stage;
    world.worker('w', '--slots', '1');
    await submit(
      stage,
      'cut',
      'name: cut\nmetric: {name: value, goal: maximize}\nbudget: {trials: 2}\nsampler: random\npruner: {type: threshold, lower: 0.5}\nnull: {steps: 3, value: $x, delay_ms: 400}\nspace:\n  x: {float: [0, 1]}\nenqueue: [{x: 0.9}, {x: 0.25}]\n',
    );
    await page.goto(`${addressOf(stage)}/studies/cut?trial=1`);
    const panel = page.getByRole('complementary');
    await panel.getByText('pruned', { exact: true }).first().waitFor();
    const { trial } = await world.json<{ trial: { reason: string } }>('show', 'cut', '1', '--json');
    expect(trial.reason).toMatch(/0\.25.*0\.5/);
    await panel.getByText(trial.reason).first().waitFor();
  });

  it('says what there was to go by when it was proposed', async () => {
    const { page } = stage;
    await finish(stage, 'seen', 6);
    await page.goto(`${addressOf(stage)}/studies/seen?trial=5`);
    await page
      .getByRole('complementary')
      .getByText(/random, when \d+ trials? had ended/)
      .waitFor();
  });
});
