// What the dashboard costs: the browser with a study of 10,000 trials of 20 reports each, and the coordinator with fifty
// pages looking at it. Needs Chromium (`apt-get install chromium`, or its path in CHROMIUM).
import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import { openStudied, type Studied } from './dashboard/studied.js';

const TRIALS = 10_000;
const STEPS = 20;
const BROWSER = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** Live updates that are looked at, and how far they are apart: as far as the coordinator sends them. */
const UPDATES = 40;
const UPDATE_INTERVAL_MS = 250;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** Runs in the page: scrolls the board for two seconds and answers when each frame came. */
const SCROLL = `new Promise((resolve) => {
  const board = document.querySelector('.board');
  const stamps = [];
  const start = performance.now();
  const step = (now) => {
    stamps.push(now);
    board.scrollTop += 400;
    if (now - start < 2000) requestAnimationFrame(step);
    else resolve(stamps);
  };
  requestAnimationFrame(step);
})`;

const rows: [string, string, string][] = [];
const say = (what: string, figure: string, bound: string): void => {
  rows.push([what, figure, bound]);
  console.log(`${what}: ${figure} (bound: ${bound})`);
};

await measureStreams();
if (existsSync(BROWSER)) await measureBrowser();
else console.log(`no browser at ${BROWSER}: its figures are left out`);
console.log(`\n| what | measured | bound |\n|---|---|---|\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}`);
process.exit(0);

/** A search of 500 trials per second, with and without fifty readers, in turn. */
async function measureStreams(): Promise<void> {
  const ratios: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const alone = await searchCpu(0);
    const watched = await searchCpu(50);
    ratios.push(watched.wallMs / alone.wallMs);
    console.log(
      `round ${round + 1}: alone ${alone.wallMs.toFixed(0)} ms (${alone.cpuMs.toFixed(0)} ms CPU), watched by 50 ${watched.wallMs.toFixed(0)} ms (${watched.cpuMs.toFixed(0)} ms CPU)`,
    );
  }
  ratios.sort((a, b) => a - b);
  say('search of 500 trials/s, 50 open event streams / none', `${ratios[2]!.toFixed(3)} x the time`, '1.10');
}

/** Five seconds of a search that is fed 500 trials a second: how long it really took, and what it cost this process. */
async function searchCpu(readers: number): Promise<{ wallMs: number; cpuMs: number }> {
  const studied = await openStudied(1_000_000, 1);
  await studied.run(2_000, 1);
  const hangUp = new AbortController();
  const streams = await Promise.all(
    Array.from({ length: readers }, () =>
      fetch(`${studied.address}/api/studies/bench/events?after=0`, { signal: hangUp.signal }),
    ),
  );
  for (const { body } of streams) void drain(body!);
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let tick = 0; tick < 100; tick += 1) {
    await studied.run(25, 1);
    const due = start + (tick + 1) * 50;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  }
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  hangUp.abort();
  studied.close();
  return { wallMs, cpuMs: (user + system) / 1000 };
}

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  try {
    for await (const _ of body);
  } catch {
    // The reader hung up.
  }
}

async function measureBrowser(): Promise<void> {
  const studied = await openStudied(TRIALS + 5_000, STEPS);
  await studied.run(TRIALS, STEPS);
  const browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const transferred = countBytes(page);
  await measureLoad(page, studied);
  await page.waitForTimeout(3_000);
  say(
    'first load, compressed',
    `${Math.round(transferred.code() / 1024)} kB of pages, ${Math.round(transferred.data() / 1024)} kB of data`,
    'pages 600 kB',
  );
  await measureScroll(page, browser.version());
  await measureUpdate(page, studied);
  await browser.close();
  studied.close();
}

function countBytes(page: Page): { code: () => number; data: () => number } {
  let code = 0;
  let data = 0;
  page.on('requestfinished', (request) => {
    void request.sizes().then(({ responseBodySize }) => {
      if (request.url().includes('/api/')) data += responseBodySize;
      else code += responseBodySize;
    });
  });
  return { code: () => code, data: () => data };
}

/** Interactive: a click on the first row of the board has chosen it. */
async function measureLoad(page: Page, studied: Studied): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now();
    await page.goto(`${studied.address}/studies/bench`, { waitUntil: 'commit' });
    await page.locator('.board-trial').first().click();
    await page.locator('.board-trial[aria-selected="true"]').first().waitFor();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  say(
    `study page of ${TRIALS} trials interactive`,
    `${times[2]!.toFixed(0)} ms (worst ${times[4]!.toFixed(0)})`,
    '2,000 ms',
  );
}

/** Frames while the board scrolls for two seconds. */
async function measureScroll(page: Page, version: string): Promise<void> {
  const frames = (await page.evaluate(SCROLL)) as number[];
  const rate = (frames.length - 1) / ((frames.at(-1)! - frames[0]!) / 1000);
  say(`scrolling the board (Chromium ${version}, headless, software renderer)`, `${rate.toFixed(0)} frames/s`, '50');
}

/**
 * What a live update takes of the page's thread, script, layout and paint, plots included, by the browser's own count of
 * that thread's CPU time: on a busy machine the wall's would count what others take.
 */
async function measureUpdate(page: Page, studied: Studied): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busyMs = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
  };
  await page.evaluate("document.querySelector('.board').scrollTo(0, 0)");
  const idle = await busyMs();
  await page.waitForTimeout(UPDATES * UPDATE_INTERVAL_MS);
  const before = await busyMs();
  for (let update = 0; update < UPDATES; update += 1) {
    await studied.run(25, STEPS);
    await page.waitForTimeout(UPDATE_INTERVAL_MS);
  }
  const perUpdate = ((await busyMs()) - before - (before - idle)) / UPDATES;
  say(`live update of 25 trials among ${TRIALS}, mean of ${UPDATES}`, `${perUpdate.toFixed(1)} ms`, '16 ms');
}
