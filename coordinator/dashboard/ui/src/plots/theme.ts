import { useEffect, useState } from 'react';

/** Colours of the page, for what is drawn on a canvas. */
export interface Palette {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly surface: string;
  readonly accent: string;
  readonly good: string;
  readonly bad: string;
  readonly warm: string;
  readonly faded: string;
}

const NAMES = ['text', 'quiet', 'line', 'surface', 'accent', 'good', 'bad', 'warm', 'faded'] as const;

function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as unknown as Palette;
}

/** The page's colours, read again when the theme changes. */
export function usePalette(): Palette {
  const [palette, setPalette] = useState(readPalette);
  useEffect(() => {
    const read = (): void => setPalette(readPalette());
    const media = matchMedia('(prefers-color-scheme: dark)');
    const observer = new MutationObserver(read);
    media.addEventListener('change', read);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      media.removeEventListener('change', read);
      observer.disconnect();
    };
  }, []);
  return palette;
}
