import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
const THEMES = ['light', 'dark'] as const;
/** What is drawn on a canvas has no end that could be waited for. */
const DRAWING_MS = 700;

export interface Shot {
  /** The picture's name, without size, theme and ending. */
  readonly name: string;
  readonly address: string;
  /** Brings the page to what is to be seen. */
  readonly prepare?: (page: Page) => Promise<void>;
  /** Only what is on the screen, not the page to its end. */
  readonly screenOnly?: boolean;
}

/** Takes each picture light and dark, on a desktop and a phone. */
export class Camera {
  readonly #browser: Browser;
  readonly #folder: string;
  readonly #only: string;
  /** Pictures that were taken. */
  count = 0;

  /** @param only part of the names of those that are wanted; '' for all */
  constructor(browser: Browser, folder: string, only: string) {
    this.#browser = browser;
    this.#folder = folder;
    this.#only = only;
  }

  /** A page that is left open, to be photographed again after something has happened. */
  async open(address: string, size: keyof typeof SIZES, colorScheme: (typeof THEMES)[number]): Promise<Page> {
    const page = await this.#browser.newPage({ viewport: SIZES[size], colorScheme });
    await page.goto(address);
    return page;
  }

  async take({ name, address, prepare, screenOnly = false }: Shot): Promise<void> {
    for (const size of ['desktop', 'phone'] as const) {
      for (const theme of THEMES) {
        if (!`${name}-${size}-${theme}`.includes(this.#only)) continue;
        const page = await this.open(address, size, theme);
        await prepare?.(page);
        await this.shoot(page, `${name}-${size}-${theme}`, screenOnly);
        await page.close();
      }
    }
  }

  /** @param screenOnly whether the page's end, below the screen, is left out */
  async shoot(page: Page, name: string, screenOnly: boolean): Promise<void> {
    if (!screenOnly) await scrollThrough(page);
    await page.waitForTimeout(DRAWING_MS);
    await page.screenshot({ path: join(this.#folder, `${name}.png`), fullPage: !screenOnly });
    this.count += 1;
    process.stdout.write(`${name}\n`);
  }
}

/** Plots are made when they come near the screen. */
async function scrollThrough(page: Page): Promise<void> {
  const height = (await page.evaluate('document.documentElement.scrollHeight')) as number;
  for (let y = 0; y < height; y += 500) {
    await page.evaluate(`scrollTo(0, ${y})`);
    await page.waitForTimeout(150);
  }
  await page.evaluate('scrollTo(0, 0)');
}
