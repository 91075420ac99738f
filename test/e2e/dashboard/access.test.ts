import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { axeFaults } from './browser.js';
import { addressOf, finish, searchFile, setStage, submit } from './stage.js';

const stage = setStage();
const press = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).first().click();

/** Every page, and what opens on it: where, what to do there, what is seen then. */
const PLACES: readonly [place: string, prepare?: ((page: Page) => Promise<void>) | undefined, shown?: string][] = [
  ['/'],
  ['/?compare=plain,busy'],
  ['/studies/plain?trial=2'],
  ['/studies/plain', press('Parameters ▾')],
  ['/studies/plain', press('Budget'), 'Save'],
  ['/studies/plain', press('Delete'), 'gone for good'],
  ['/studies/busy', press('Enqueue'), 'Try a configuration'],
  ['/studies/nowhere', undefined, 'That did not work.'],
  ['/somewhere', undefined, 'There is nothing here.'],
  ['/workers', undefined, 'slots busy'],
  ['/workers', press('Drain'), 'takes nothing more'],
  ['/submit'],
  [
    '/submit',
    async (page) => {
      await page.getByLabel('Search file (YAML)').fill('name: 7');
      await press('Submit')(page);
    },
    'nothing was submitted',
  ],
];

describe('accessibility', () => {
  it('axe finds no serious fault on any page, light and dark, on a desk and on a phone', {
    timeout: 400_000,
  }, async () => {
    await finish(stage, 'plain', 10);
    await submit(stage, 'busy', searchFile('busy', 50, 20_000));
    for (const [colorScheme, width] of [
      ['light', 1440],
      ['dark', 1440],
      ['light', 390],
    ] as const) {
      // Our own pages add no script; axe has to be let in.
      const context = await stage.browser.newContext({
        bypassCSP: true,
        colorScheme,
        viewport: { width, height: 900 },
      });
      for (const [place, prepare, shown] of PLACES) {
        const page = await context.newPage();
        await page.goto(addressOf(stage) + place);
        await page.getByRole('main').getByText(/\w/).first().waitFor();
        await prepare?.(page);
        if (shown !== undefined) await page.getByText(shown).first().waitFor();
        expect(await axeFaults(page), `${place} ${shown ?? ''}, ${colorScheme}, ${width} pixels`).toEqual([]);
        await page.close();
      }
      await context.close();
    }
  });

  it('lets a keyboard reach what a mouse reaches, and gives the focus back', async () => {
    const { page } = stage;
    await finish(stage, 'keys', 5);
    await page.goto(`${addressOf(stage)}/studies/keys`);
    await page.getByRole('heading', { name: 'keys' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.getByRole('button', { name: 'Budget' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Budget');
    await page.getByRole('region', { name: /^Leaderboard/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.locator('.board-trial[aria-selected="true"]').waitFor();
    await page.getByRole('complementary').getByRole('button', { name: 'Close' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
  });
});
