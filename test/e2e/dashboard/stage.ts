import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { type Running, World, waitFor } from '../processes.js';
import { NO_BROWSER, openBrowser } from './browser.js';

/*
 * The dashboard in a real browser, with a real coordinator and workers behind it. Most trials are of the null objective,
 * so that what is waited for is the page and not a training.
 */

/** A browser, a coordinator and a worker on a machine that does other things as well. */
const PATIENCE_MS = 120_000;

const DESKTOP = { width: 1440, height: 900 };

/** What each test has to itself, the browser aside. */
export interface Stage {
  browser: Browser;
  world: World;
  coordinator: Running;
  page: Page;
  /** What the page has thrown. */
  faults: string[];
}

/** Opens a browser for the tests of a file, which are skipped where there is none. */
export function setBrowser(): () => Browser {
  vi.setConfig({ testTimeout: PATIENCE_MS });
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (NO_BROWSER === undefined) browser = await openBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach((test) => {
    if (NO_BROWSER !== undefined) test.skip(NO_BROWSER);
  });
  return () => browser!;
}

/** Sets a stage for each test of a file. */
export function setStage(): Stage {
  const browser = setBrowser();
  const stage = {} as Stage;
  beforeEach(async () => {
    stage.browser = browser();
    stage.world = new World();
    stage.coordinator = await stage.world.coordinator('--http', '127.0.0.1:0');
    const context = await stage.browser.newContext({
      viewport: DESKTOP,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    stage.page = await context.newPage();
    stage.page.setDefaultTimeout(PATIENCE_MS / 2);
    stage.faults = [];
    stage.page.on('pageerror', (error) => stage.faults.push(error.message));
  }, 60_000);
  afterEach(async () => {
    await stage.page?.context().close();
    await stage.world?.close();
  }, 60_000);
  return stage;
}

/** http://host:port of a stage's dashboard. */
export function addressOf({ coordinator }: Stage): string {
  const found = coordinator.output().match(/"dashboard":"([^"]+)"/);
  return `http://${found?.[1]}`;
}

const SPACE = 'space:\n  lr: {log: [1e-4, 1]}\n  depth: {int: [1, 4]}\n  optimizer: [sgd, adam]\n';

/** A search whose trials take three steps, `delayMs` each, and are worth their `lr`. */
export function searchFile(name: string, trials: number, delayMs: number): string {
  return `name: ${name}\nmetric: {name: value, goal: maximize}\nbudget: {trials: ${trials}}\nseed: 3\nsampler: random\npruner: none\nnull: {steps: 3, value: $lr, delay_ms: ${delayMs}}\n${SPACE}`;
}

export async function submit({ world }: Pick<Stage, 'world'>, name: string, text: string): Promise<void> {
  const file = path.join(world.folder, `${name}.yaml`);
  writeFileSync(file, text);
  const { code, stderr } = await world.run('submit', file);
  if (code !== 0) throw new Error(stderr);
}

/** A study that a worker of two slots has finished. */
export async function finish(stage: Stage, name: string, trials: number): Promise<void> {
  stage.world.worker('w', '--slots', '2');
  await submit(stage, name, searchFile(name, trials, 0));
  await complete(stage, trials);
}

export function complete({ world }: Stage, count: number): Promise<unknown> {
  return waitFor(`${count} complete trials`, async () => {
    const [study] = await world.json<{ counts: { complete: number } }[]>('studies', '--json');
    return (study?.counts.complete ?? 0) >= count;
  });
}

/** An expectation of what a page shows sooner or later. */
export function eventually<T>(look: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: PATIENCE_MS / 2, interval: 100 });
}

/** The board's rows. */
export function rows({ page }: Stage): Locator {
  return page.locator('.board-trial');
}

/** Rank and trial of each row on the board, from above; unranked rows have 0. */
export function shownRanks(stage: Stage): Promise<[rank: number, trial: number][]> {
  return rows(stage).evaluateAll((all) =>
    all.map(({ children }) => [Number(children[0]?.textContent), Number(children[1]?.textContent)]),
  );
}

export interface BoardJson {
  readonly rows: readonly { readonly rank: number; readonly trial: TrialJson }[];
}

export interface TrialJson {
  readonly number: number;
  readonly state: string;
  readonly value: number | null;
  readonly params: Readonly<Record<string, number | string>>;
}

/** What the command line says of the latest study. */
export async function ranksByCommand({ world }: Stage): Promise<[rank: number, trial: number][]> {
  const { rows: ranked } = await world.json<BoardJson>('leaderboard', '--json');
  return ranked.map(({ rank, trial }) => [rank, trial.number]);
}
