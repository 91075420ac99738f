import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressOf, complete, eventually, finish, searchFile, setStage, submit } from './stage.js';

const stage = setStage();

describe('the studies page', () => {
  it('says what to do while there is nothing, then shows each study and the way to it', async () => {
    const { page, world, faults } = stage;
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).host));
    await page.goto(addressOf(stage));
    await page.getByText('No study yet.').waitFor();
    world.worker('w', '--slots', '2');
    await submit(stage, 'first', searchFile('first', 4, 0));
    await page.getByRole('link', { name: 'first' }).click();
    await page.getByRole('heading', { name: 'first' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/studies/first');
    await complete(stage, 4);
    await page.getByRole('region', { name: 'Timeline' }).scrollIntoViewIfNeeded();
    await page.getByRole('region', { name: 'Timeline' }).locator('canvas').waitFor();
    expect([...asked], 'hosts that were asked for anything').toEqual([new URL(addressOf(stage)).host]);
    expect(faults).toEqual([]);
  });

  it('finds and sorts, and sets the histories of two studies beside each other', async () => {
    const { page } = stage;
    await finish(stage, 'one', 4);
    await submit(stage, 'two', searchFile('two', 6, 0));
    await page.goto(addressOf(stage));
    const names = page.getByRole('rowheader').getByRole('link');
    await page.getByRole('columnheader', { name: 'study' }).getByRole('button').click();
    await eventually(() => names.allTextContents()).toEqual(['one', 'two']);
    await page.getByRole('columnheader', { name: 'study' }).getByRole('button').click();
    await eventually(() => names.allTextContents()).toEqual(['two', 'one']);
    await page.getByLabel('Compare one').check();
    await page.getByLabel('Compare two').check();
    const plot = page.getByRole('img', { name: 'Best value so far of one, two' });
    await plot.waitFor();
    await page.getByLabel('Find studies').fill('tw');
    await eventually(() => names.allTextContents()).toEqual(['two']);
    await page.reload();
    await plot.waitFor();
    await eventually(() => names.allTextContents()).toEqual(['two']);
  });
});

describe('the submit page', () => {
  it('submits a pasted file, or says what is wrong with it where the command line would', async () => {
    const { page, world } = stage;
    await page.goto(`${addressOf(stage)}/submit`);
    const text = searchFile('pasted', 3, 0);
    const wrong = text.replace('[1e-4, 1]', '[1e-4, 1e-5]');
    await page.getByLabel('Search file (YAML)').fill(wrong);
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByText('nothing was submitted').waitFor();
    const file = path.join(world.folder, 'wrong.yaml');
    writeFileSync(file, wrong);
    const { stderr } = await world.run('check', file);
    const [, line, column, words] = /wrong\.yaml:(\d+):(\d+):? *(.*)/.exec(stderr)!;
    const fault = page.getByRole('listitem').filter({ hasText: `line ${line}, column ${column}` });
    expect(words).toContain((await fault.locator('code').textContent())!);
    await fault.getByRole('button').click();
    expect(await page.evaluate('document.activeElement.value.slice(document.activeElement.selectionStart)')).toBe(
      wrong
        .split('\n')
        .slice(Number(line) - 1)
        .join('\n')
        .slice(Number(column) - 1),
    );
    await page.getByLabel('Search file (YAML)').fill(text);
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('heading', { name: 'pasted' }).waitFor();
  });
});

describe('the workers page', () => {
  it('shows who works at what, and drains a worker', async () => {
    const { page, world } = stage;
    const worker = world.worker('leaver', '--slots', '2', '--label', 'zone=west');
    await submit(stage, 'busy', searchFile('busy', 10_000, 300));
    await page.goto(`${addressOf(stage)}/workers`);
    await page.getByRole('heading', { name: 'leaver' }).waitFor();
    await page.getByText('zone=west').waitFor();
    await page
      .getByRole('link', { name: /^busy, trial \d+$/ })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Drain' }).click();
    await page.getByRole('dialog').getByText('takes nothing more').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
    await eventually(() => worker.child.exitCode).toBe(0);
    await page.getByText('No worker is attached.').waitFor();
  });
});
