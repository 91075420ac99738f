import type { Page } from 'playwright-core';
import type { Studied } from '../dashboard/studied.js';
import type { Camera, Shot } from './camera.js';
import type { Lab } from './lab.js';
import { FINISHED } from './studies.js';

const press = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).first().click();
const heading = (page: Page): Promise<void> => page.getByRole('heading', { level: 1 }).waitFor();

/** What is seen while there is nothing, while it is on its way, and when it does not come. */
export async function takeStates(camera: Camera, { dashboard }: Lab): Promise<void> {
  const never = (pattern: string) => (page: Page) => page.route(pattern, () => new Promise(() => {}));
  const shots: Shot[] = [
    { name: 'empty-studies', address: '/' },
    { name: 'empty-workers', address: '/workers' },
    { name: 'empty-submit', address: '/submit' },
    { name: 'no-such-study', address: '/studies/nowhere' },
    { name: 'no-such-page', address: '/somewhere/else' },
    {
      name: 'loading-study',
      address: '/',
      prepare: async (page) => {
        await never('**/table')(page);
        await page.goto(`${dashboard}/studies/${FINISHED}`, { waitUntil: 'commit' });
        await page.getByText('Loading').waitFor();
      },
    },
    {
      name: 'failed-study',
      address: '/',
      prepare: async (page) => {
        const message = 'the coordinator failed on this request; its log says why';
        await page.route('**/table', (route) =>
          route.fulfill({ status: 500, json: { error: { code: 'internal', message } } }),
        );
        await page.goto(`${dashboard}/studies/${FINISHED}`);
        await page.getByRole('alert').waitFor();
      },
    },
    {
      name: 'submit-faults',
      address: '/submit',
      prepare: async (page) => {
        const wrong =
          'name: digits\nbudgte: {trials: 24}\nsampler: tpee\nspace:\n  lr: {log: [1, 1e-3]}\n  depth: {int: [1, 4.5]}\n';
        await page.getByLabel('Search file (YAML)').fill(wrong);
        await press('Submit')(page);
        await page.getByText('nothing was submitted').waitFor();
      },
    },
  ];
  for (const shot of shots) await camera.take({ ...shot, address: dashboard + shot.address, screenOnly: true });
}

/** What a visitor without a token sees, and one whose token is not known. */
export async function takeDoor(camera: Camera, { dashboard }: Lab): Promise<void> {
  const form = (page: Page): Promise<void> => page.getByLabel('Token').waitFor();
  const refused = async (page: Page): Promise<void> => {
    await page.getByLabel('Token').fill('assay_none');
    await press('Log in')(page);
    await page.getByRole('alert').waitFor();
  };
  await camera.take({ name: 'log-in', address: dashboard, prepare: form, screenOnly: true });
  await camera.take({ name: 'log-in-refused', address: dashboard, prepare: refused, screenOnly: true });
}

/** Every page, with what a lab has searched. */
export async function takePages(camera: Camera, { dashboard }: Lab): Promise<void> {
  const study = `/studies/${FINISHED}`;
  const shots: Shot[] = [
    { name: 'studies', address: '/', prepare: heading },
    { name: 'studies-compared', address: `/?compare=${FINISHED},digits-random`, prepare: heading },
    { name: 'study', address: study, prepare: heading },
    { name: 'study-filtered', address: `${study}?p.lr=0.05..0.5&top=50&sort=-value`, prepare: heading },
    { name: 'study-trial', address: `${study}?trial=0`, prepare: heading },
    { name: 'study-running', address: '/studies/talking', prepare: heading },
    { name: 'study-running-trial', address: '/studies/talking?trial=0', prepare: heading },
    { name: 'study-failing', address: '/studies/failing?trial=0', prepare: heading },
    { name: 'study-paused', address: '/studies/resting', prepare: heading },
    { name: 'study-homeless', address: '/studies/homeless', prepare: heading },
    { name: 'workers', address: '/workers', prepare: heading },
    { name: 'submit', address: '/submit', prepare: heading },
  ];
  for (const shot of shots) await camera.take({ ...shot, address: dashboard + shot.address });
  const dialogs: [name: string, address: string, button: string][] = [
    ['dialog-budget', '/studies/talking', 'Budget'],
    ['dialog-enqueue', '/studies/talking', 'Enqueue'],
    ['dialog-stop', '/studies/talking', 'Stop'],
    ['dialog-delete', study, 'Delete'],
    ['dialog-drain', '/workers', 'Drain'],
  ];
  for (const [name, address, button] of dialogs) {
    await camera.take({ name, address: dashboard + address, prepare: press(button), screenOnly: true });
  }
}

/** The page of a study of 10,000 trials. */
export async function takeLarge(camera: Camera, { address }: Studied): Promise<void> {
  const board = (page: Page): Promise<void> => page.locator('.board-trial').first().waitFor();
  await camera.take({ name: 'large', address: `${address}/studies/bench`, prepare: board });
  await camera.take({
    name: 'large-trial',
    address: `${address}/studies/bench?trial=77`,
    prepare: board,
    screenOnly: true,
  });
}

/** Pages whose coordinator has died, which is the end of it. */
export async function takeLost(camera: Camera, lab: Lab): Promise<void> {
  const places = { 'lost-studies': '/', 'lost-study': '/studies/talking?trial=0', 'lost-workers': '/workers' };
  const open: [string, Page][] = [];
  for (const [name, address] of Object.entries(places)) {
    for (const [size, theme] of [
      ['desktop', 'light'],
      ['desktop', 'dark'],
      ['phone', 'light'],
      ['phone', 'dark'],
    ] as const) {
      const page = await camera.open(lab.dashboard + address, size, theme);
      await heading(page);
      open.push([`${name}-${size}-${theme}`, page]);
    }
  }
  lab.killCoordinator();
  for (const [name, page] of open) {
    await page.bringToFront();
    await page.getByText('does not answer').first().waitFor();
    await camera.shoot(page, name, true);
    await page.close();
  }
}
