import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { openStudied } from '../dashboard/studied.js';
import { Camera } from './camera.js';
import { Lab } from './lab.js';
import { takeDoor, takeLarge, takeLost, takePages, takeStates } from './pictures.js';
import { furnish } from './studies.js';

/*
 * Pictures of every page of the dashboard, light and dark, on a desktop and a phone, to be looked at:
 *   npm run screenshots -- --out DIR [--state DIR] [--only WORD]
 * A real coordinator with a finished study of 200 trainings behind it, and one in this process with 10,000 trials of 20
 * reports each. --state keeps what was searched, so that another run need not search again; --only takes the pictures
 * with WORD in their names. Needs Chromium (`apt-get install chromium`, or its path in CHROMIUM).
 */

const { values: options } = parseArgs({
  options: { out: { type: 'string' }, state: { type: 'string' }, only: { type: 'string', default: '' } },
});
if (options.out === undefined) {
  process.stderr.write('say where the pictures go: npm run screenshots -- --out DIR\n');
  process.exit(2);
}
const out = resolve(options.out);
mkdirSync(out, { recursive: true });
const state = resolve(options.state ?? mkdtempSync(join(tmpdir(), 'assay-screenshots-')));

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
const camera = new Camera(browser, out, options.only);
const empty = await Lab.open(mkdtempSync(join(tmpdir(), 'assay-screenshots-')));
const guarded = await Lab.open(mkdtempSync(join(tmpdir(), 'assay-screenshots-')), '--require-tokens');
const lab = await Lab.open(state);
try {
  await takeStates(camera, empty);
  await takeDoor(camera, guarded);
  await furnish(lab);
  await takePages(camera, lab);
  const studied = await openStudied(10_000, 20);
  await studied.run(10_000, 20);
  await takeLarge(camera, studied);
  studied.close();
  await takeLost(camera, lab);
} finally {
  lab.close();
  empty.close();
  guarded.close();
  await browser.close();
  if (options.state === undefined) rmSync(state, { recursive: true });
}
process.stdout.write(`${camera.count} pictures in ${out}\n`);
process.exit(0);
