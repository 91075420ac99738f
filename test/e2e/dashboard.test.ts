import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { axeFaults, NO_BROWSER, openBrowser } from './browser.js';
import { type Running, World, waitFor } from './processes.js';

/*
 * The dashboard in a real browser, with a real coordinator and worker behind it. Trials are of the null objective, so
 * that what is waited for is the page and not a training.
 */

/** A browser, a coordinator and a worker on a machine that does other things as well. */
const PATIENCE_MS = 120_000;
vi.setConfig({ testTimeout: PATIENCE_MS });

let browser: Browser;
let world: World;
let coordinator: Running;
let page: Page;
let faults: string[];

beforeAll(async () => {
  if (NO_BROWSER === undefined) browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.close();
});
beforeEach(async (test) => {
  if (NO_BROWSER !== undefined) test.skip(NO_BROWSER);
  world = new World();
  coordinator = await world.coordinator('--http', '127.0.0.1:0');
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(PATIENCE_MS / 2);
  faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
}, 60_000);
afterEach(async () => {
  await page?.close();
  await world?.close();
}, 60_000);

const address = (): string => {
  const found = coordinator.output().match(/"dashboard":"([^"]+)"/);
  return `http://${found?.[1]}`;
};

const SPACE = 'space:\n  lr: {log: [1e-4, 1]}\n  depth: {int: [1, 4]}\n  optimizer: [sgd, adam]\n';

function searchFile(name: string, trials: number, delayMs: number): string {
  return `name: ${name}\nmetric: {name: value, goal: maximize}\nbudget: {trials: ${trials}}\nseed: 3\nsampler: random\npruner: none\nnull: {steps: 3, value: $lr, delay_ms: ${delayMs}}\n${SPACE}`;
}

async function submit(name: string, trials: number, delayMs: number): Promise<void> {
  const file = path.join(world.folder, `${name}.yaml`);
  writeFileSync(file, searchFile(name, trials, delayMs));
  const { code, stderr } = await world.run('submit', file);
  if (code !== 0) throw new Error(stderr);
}

const row = (): ReturnType<Page['locator']> => page.locator('.board-trial');
const complete = (count: number): Promise<unknown> =>
  waitFor(`${count} complete trials`, async () => {
    const [study] = await world.json<{ counts: { complete: number } }[]>('studies', '--json');
    return (study?.counts.complete ?? 0) >= count;
  });

describe('the studies page', () => {
  it('says what to do while there is nothing, then shows each study and the way to it', async () => {
    await page.goto(address());
    await page.getByText('No study yet.').waitFor();
    world.worker('w', '--slots', '2');
    await submit('first', 4, 0);
    await page.getByRole('link', { name: 'first' }).click();
    await page.getByRole('heading', { name: 'first' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/studies/first');
    expect(faults).toEqual([]);
  });

  it('sets the histories of two studies beside each other', async () => {
    world.worker('w', '--slots', '2');
    await submit('one', 4, 0);
    await submit('two', 4, 0);
    await page.goto(address());
    await page.getByLabel('Compare one').check();
    await page.getByLabel('Compare two').check();
    await page.getByRole('img', { name: 'Best value so far of one, two' }).waitFor();
    await page.reload();
    await page.getByRole('img', { name: 'Best value so far of one, two' }).waitFor();
  });
});

describe('the page of a study', () => {
  it('grows while the study runs, and ranks as the command line does', async () => {
    await submit('live', 12, 100);
    await page.goto(`${address()}/studies/live`);
    await page.getByText('nothing runs: no worker is attached').first().waitFor();
    world.worker('w', '--slots', '2');
    await page.getByText('12 / 12').waitFor();
    await page.locator('.study-head').getByText('finished').waitFor();
    const board = await world.json<{ rows: { rank: number; trial: { number: number } }[] }>('leaderboard', '--json');
    const shown = await row().evaluateAll((rows) =>
      rows.map(({ children }) => [Number(children[0]?.textContent), Number(children[1]?.textContent)]),
    );
    expect(shown).toEqual(board.rows.map(({ rank, trial }) => [rank, trial.number]));
    expect(faults).toEqual([]);
  });

  it('sorts and filters, keeps both in its address, and shows the chosen trial everywhere', async () => {
    world.worker('w', '--slots', '2');
    await submit('chosen', 10, 0);
    await complete(10);
    await page.goto(`${address()}/studies/chosen`);
    await page.getByRole('columnheader', { name: 'depth' }).getByRole('button').click();
    await page.getByRole('button', { name: 'Parameters' }).click();
    await page.getByRole('group', { name: 'optimizer' }).getByLabel('sgd').uncheck();
    await page.getByText(/^\d+ of 10 trials$/).waitFor();
    const filtered = await row().count();
    expect(filtered).toBeGreaterThan(0);
    expect(filtered).toBeLessThan(10);
    await row().first().click();
    await page.getByRole('complementary').getByRole('heading', { name: 'Parameters' }).waitFor();
    const link = page.url();
    expect(link).toMatch(/sort=p%3Adepth/);
    expect(link).toMatch(/p\.optimizer=adam/);
    const other = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await other.goto(link);
    await other.locator('.board-trial[aria-selected="true"]').waitFor();
    expect(await other.locator('.board-trial').count()).toBe(filtered);
    await other.close();
    await page.getByRole('region', { name: /^Leaderboard/ }).press('ArrowDown');
    await page.waitForURL((url) => url.href !== link);
    expect(faults).toEqual([]);
  });

  it('filters the board by what is brushed on an axis of the parallel coordinates', async () => {
    world.worker('w', '--slots', '2');
    await submit('brushed', 10, 0);
    await complete(10);
    await page.goto(`${address()}/studies/brushed`);
    const plot = page.getByRole('region', { name: 'Parallel coordinates' });
    await plot.scrollIntoViewIfNeeded();
    const canvas = plot.locator('canvas');
    await canvas.waitFor();
    const box = (await canvas.boundingBox())!;
    // The first axis stands 40 pixels from the left and begins 36 pixels from the top.
    await page.mouse.move(box.x + 40, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 40, box.y + 150, { steps: 10 });
    await page.mouse.up();
    await page.waitForURL(/p\.lr=/);
    await page.getByText(/^\d+ of 10 trials$/).waitFor();
  });

  it('goes on where it was after the coordinator was killed and started again', async () => {
    world.worker('w', '--slots', '2');
    await submit('restart', 30, 150);
    const http = new URL(address()).host;
    await page.goto(`${address()}/studies/restart`);
    await row().nth(3).waitFor();
    await coordinator.end('SIGKILL');
    await page.getByText('The coordinator does not answer.').waitFor();
    coordinator = await world.coordinator('--http', http);
    await page.getByText('30 / 30').waitFor();
    expect(await page.getByText('The coordinator does not answer.').count()).toBe(0);
    const numbers = await row().evaluateAll((rows) => rows.map(({ children }) => Number(children[1]?.textContent)));
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe('what can be done on the pages', () => {
  it('pauses, resumes, extends, enqueues and stops a study; what cannot be undone asks once', async () => {
    world.worker('w', '--slots', '1');
    await submit('steered', 200, 200);
    await page.goto(`${address()}/studies/steered`);
    const head = page.locator('.study-head');
    await head.getByRole('button', { name: 'Pause' }).click();
    await head.getByText('paused', { exact: true }).waitFor();
    await head.getByRole('button', { name: 'Resume' }).click();
    await head.getByText('running', { exact: true }).waitFor();
    await head.getByRole('button', { name: 'Budget' }).click();
    await page.getByLabel('trials in all').fill('150');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('/ 150').waitFor();
    await head.getByRole('button', { name: 'Enqueue' }).click();
    await page.getByLabel('lr').fill('7');
    await page.getByRole('dialog').getByRole('button', { name: 'Enqueue' }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await page.getByLabel('lr').fill('0.9999');
    await page.getByRole('dialog').getByRole('button', { name: 'Enqueue' }).click();
    await row().filter({ hasText: '0.9999' }).waitFor();
    await head.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await head.getByText('running', { exact: true }).waitFor();
    await head.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await head.getByText('finished', { exact: true }).waitFor();
    expect(faults).toEqual([]);
  });

  it('invalidates a trial, which leaves the ranking', async () => {
    world.worker('w', '--slots', '2');
    await submit('ranked', 6, 0);
    await complete(6);
    await page.goto(`${address()}/studies/ranked`);
    await row().nth(5).waitFor();
    const best = await row().first().locator('div').nth(1).textContent();
    await row().first().click();
    await page.getByRole('complementary').getByRole('button', { name: 'Invalidate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Invalidate' }).click();
    await page.locator('.board-trial.invalidated').waitFor();
    expect(await row().first().locator('div').nth(1).textContent()).not.toBe(best);
    const board = await world.json<{ rows: { trial: { number: number } }[] }>('leaderboard', '--json');
    expect(board.rows.map(({ trial }) => trial.number)).not.toContain(Number(best));
  });

  it('submits a pasted file, or says what is wrong with it where the command line would', async () => {
    await page.goto(`${address()}/submit`);
    const text = searchFile('pasted', 3, 0);
    await page.getByLabel('Search file (YAML)').fill(text.replace('[1e-4, 1]', '[1e-4, 1e-5]'));
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByText('nothing was submitted').waitFor();
    const file = path.join(world.folder, 'wrong.yaml');
    writeFileSync(file, text.replace('[1e-4, 1]', '[1e-4, 1e-5]'));
    const { stderr } = await world.run('check', file);
    const [, line, column] = /wrong\.yaml:(\d+):(\d+)/.exec(stderr)!;
    await page.getByRole('button', { name: `line ${line}, column ${column}` }).waitFor();
    await page.getByLabel('Search file (YAML)').fill(text);
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('heading', { name: 'pasted' }).waitFor();
  });

  it('drains a worker', async () => {
    const worker = world.worker('leaver');
    await page.goto(`${address()}/workers`);
    await page.getByRole('heading', { name: 'leaver' }).waitFor();
    await page.getByRole('button', { name: 'Drain' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
    await waitFor('the worker to leave', () => worker.child.exitCode === 0);
  });
});

describe('accessibility', () => {
  it('has no serious fault on any page, light and dark', async () => {
    world.worker('w', '--slots', '2');
    await submit('plain', 10, 0);
    await complete(10);
    for (const colorScheme of ['light', 'dark'] as const) {
      // Our own pages add no script; axe has to be let in.
      const context = await browser.newContext({ bypassCSP: true, colorScheme });
      const own = await context.newPage();
      for (const place of ['/', '/studies/plain?trial=2', '/workers', '/submit']) {
        await own.goto(address() + place);
        await own.getByRole('heading', { level: 1 }).waitFor();
        expect(await axeFaults(own), `${place}, ${colorScheme}`).toEqual([]);
      }
      await context.close();
    }
  });
});
