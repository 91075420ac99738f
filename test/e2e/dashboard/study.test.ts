import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  addressOf,
  type BoardJson,
  complete,
  eventually,
  finish,
  ranksByCommand,
  rows,
  searchFile,
  setStage,
  shownRanks,
  submit,
} from './stage.js';

const stage = setStage();
const place = (study: string): string => `${addressOf(stage)}/studies/${study}`;

describe('the board', () => {
  it('grows while the study runs, and ranks as the command line does', async () => {
    const { page, world, faults } = stage;
    await submit(stage, 'live', searchFile('live', 12, 100));
    await page.goto(place('live'));
    await page.getByText('nothing runs: no worker is attached').first().waitFor();
    world.worker('w', '--slots', '2');
    await page.getByText('12 / 12').waitFor();
    await page.locator('.study-head').getByText('finished').waitFor();
    expect(await shownRanks(stage)).toEqual(await ranksByCommand(stage));
    expect(faults).toEqual([]);
  });

  it('has room for the titles of its columns on a narrow page', async () => {
    const { page } = stage;
    await finish(stage, 'narrow', 2);
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto(place('narrow'));
    await rows(stage).first().waitFor();
    const cut = await page
      .getByRole('columnheader')
      .evaluateAll((heads) =>
        heads.filter((head) => head.scrollWidth > head.clientWidth).map((head) => head.textContent),
      );
    expect(cut).toEqual([]);
  });

  it('sorts and filters, keeps both in its address, and shows the chosen trial beside it', async () => {
    const { page, browser, faults } = stage;
    await finish(stage, 'chosen', 10);
    await page.goto(place('chosen'));
    await page.getByRole('columnheader', { name: 'depth' }).getByRole('button').click();
    await page.getByRole('button', { name: 'Parameters' }).click();
    await page.getByRole('group', { name: 'optimizer' }).getByLabel('sgd').uncheck();
    await page.getByText(/^\d+ of 10 trials$/).waitFor();
    const filtered = await rows(stage).count();
    expect(filtered).toBeGreaterThan(0);
    expect(filtered).toBeLessThan(10);
    await rows(stage).first().click();
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

  it('shows what lies in a range, or is among the best few percent, and all of it again', async () => {
    const { page, world } = stage;
    await finish(stage, 'ranged', 20);
    const { rows: ranked } = await world.json<BoardJson>('leaderboard', '--top', '20', '--json');
    const inRange = ranked.filter(
      ({ trial: { params } }) => Number(params['lr']) >= 0.001 && Number(params['lr']) <= 0.1,
    );
    expect(inRange.length).toBeGreaterThan(2);
    expect(inRange.length).toBeLessThan(20);
    const numbers = async (): Promise<number[]> => (await shownRanks(stage)).map(([, number]) => number);
    await page.goto(place('ranged'));
    await page.getByRole('button', { name: 'Parameters' }).click();
    for (const [label, value] of [
      ['least lr', '0.001'],
      ['largest lr', '0.1'],
    ] as const) {
      await page.getByLabel(label).fill(value);
      await page.getByLabel(label).blur();
    }
    await eventually(numbers).toEqual(inRange.map(({ trial }) => trial.number));
    expect(page.url()).toContain('p.lr=0.001..0.1');
    await page.locator('.filters select').selectOption('25');
    const best = ranked.slice(0, 5).map(({ trial }) => trial.number);
    await eventually(numbers).toEqual(inRange.map(({ trial }) => trial.number).filter((one) => best.includes(one)));
    await page.getByRole('button', { name: 'Show all' }).click();
    await eventually(numbers).toEqual(ranked.map(({ trial }) => trial.number));
    await page.getByLabel('complete').uncheck();
    await page.getByText('0 of 20 trials').waitFor();
  });

  it('gives its trials away: one as YAML, all as the files that the command line writes', async () => {
    const { page, world } = stage;
    await finish(stage, 'given', 5);
    await page.goto(place('given'));
    const [best] = (await world.json<BoardJson>('leaderboard', '--json')).rows;
    await rows(stage).first().click();
    await page.getByRole('button', { name: 'Copy as YAML' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = (await page.evaluate('navigator.clipboard.readText()')) as string;
    expect(parse(copied)).toEqual(best!.trial.params);
    const [csv, json] = [await download('CSV', 'given.csv'), await download('JSON', 'given.json')];
    expect(csv).toBe((await world.run('export', 'given', '--format', 'csv')).stdout);
    expect(JSON.parse(json)).toEqual(await world.json('export', 'given', '--format', 'json'));
  });
});

describe('the plots', () => {
  it('filter the board by what is brushed on an axis of the parallel coordinates', async () => {
    const { page } = stage;
    await finish(stage, 'brushed', 10);
    await page.goto(place('brushed'));
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

  it('choose a trial everywhere, and show the one that was chosen elsewhere', async () => {
    const { page } = stage;
    await finish(stage, 'shared', 6);
    await page.goto(place('shared'));
    const plot = page.getByRole('region', { name: 'Timeline' });
    await plot.scrollIntoViewIfNeeded();
    const canvas = plot.locator('canvas');
    await canvas.waitFor();
    const warm = (): Promise<unknown> => page.evaluate(CHOSEN_PIXELS);
    await eventually(warm).toBe(0);
    const { width, height } = (await canvas.boundingBox())!;
    for (let x = 80; x < width && !page.url().includes('trial='); x += 6) {
      for (const y of [0.3, 0.5, 0.7]) await canvas.click({ position: { x, y: y * height } });
    }
    const chosen = new URL(page.url()).searchParams.get('trial')!;
    await page.getByRole('heading', { name: `Trial ${chosen}`, exact: true }).waitFor();
    expect(await page.locator('.board-trial[aria-selected="true"] > div').nth(1).textContent()).toBe(chosen);
    await eventually(warm).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Close' }).click();
    await eventually(warm).toBe(0);
  });
});

/** What a link gives, and under which name. */
async function download(link: string, name: string): Promise<string> {
  const downloading = stage.page.waitForEvent('download');
  await stage.page.getByRole('link', { name: link, exact: true }).click();
  const given = await downloading;
  expect(given.suggestedFilename()).toBe(name);
  return readFileSync(await given.path(), 'utf8');
}

/** Runs in the page: how many pixels of the timeline have the colour of a chosen trial. */
const CHOSEN_PIXELS = `(() => {
  const canvas = document.querySelector('section[aria-label="Timeline"] canvas');
  if (!canvas) return -1;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] === 0xb3 && data[i + 1] === 0x5c && data[i + 2] === 0) count += 1;
  return count;
})()`;

describe('a page whose coordinator cannot be heard', () => {
  it('goes on where it was after the coordinator was killed and started again', async () => {
    const { page, world, coordinator } = stage;
    world.worker('w', '--slots', '2');
    await submit(stage, 'restart', searchFile('restart', 24, 200));
    const http = new URL(addressOf(stage)).host;
    await page.goto(place('restart'));
    await rows(stage).nth(3).waitFor();
    await coordinator.end('SIGKILL');
    await page.getByText('The coordinator does not answer.').waitFor();
    stage.coordinator = await world.coordinator('--http', http);
    await page.getByText('24 / 24').waitFor();
    expect(await page.getByText('The coordinator does not answer.').count()).toBe(0);
    expect(await shownRanks(stage)).toEqual(await ranksByCommand(stage));
  });

  it('misses nothing and shows nothing twice, however often its connection breaks', async () => {
    const { page, world, faults } = stage;
    world.worker('w', '--slots', '2');
    await submit(stage, 'broken', searchFile('broken', 24, 100));
    const line = await openBreakableLine(new URL(addressOf(stage)));
    try {
      await page.goto(`http://${line.host}/studies/broken`);
      await page.evaluate('window.sameDocument = true');
      for (let breaks = 1; breaks <= 5; breaks += 1) {
        await complete(stage, breaks * 4);
        line.break();
      }
      await page.getByText('24 / 24').waitFor();
      await eventually(() => shownRanks(stage)).toEqual(await ranksByCommand(stage));
      expect(await page.evaluate('window.sameDocument'), 'the page was not loaded again').toBe(true);
      expect(faults).toEqual([]);
    } finally {
      line.close();
    }
  });
});

/** A way to an address that can be cut: all connections end, and new ones are let through again. */
async function openBreakableLine(to: URL): Promise<{ host: string; break(): void; close(): void }> {
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    break: cut,
    close: () => {
      cut();
      server.close();
    },
  };
}
