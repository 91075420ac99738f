import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Everything that was written by hand below some folders. */
function textOf(folders: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !/(^|\/)(ui|gen)\//.test(file))
        .map((file) => readFileSync(path.join(root, folder, file), 'utf8')),
    )
    .join('\n');
}

/** The numbers of the rules that a text names. */
const cited = (text: string): Set<number> => new Set([...text.matchAll(/\bP(\d{1,2})\b/g)].map(([, n]) => Number(n)));

it('every rule of the protocol is cited by the code that keeps it and by a test, and no other is', () => {
  const architecture = readFileSync(path.join(root, 'ARCHITECTURE.md'), 'utf8');
  const rules = [...architecture.matchAll(/^\*\*P(\d+) /gm)].map(([, n]) => Number(n));
  expect(rules).toEqual(rules.map((_, i) => i + 1));
  const sorted = (numbers: Set<number>): number[] => [...numbers].toSorted((a, b) => a - b);
  // A range is no citation of what is in it.
  const code = textOf(['coordinator', 'worker', 'proto']).replaceAll(/P\d+ to P\d+/g, '');
  expect(sorted(cited(code))).toEqual(rules);
  expect(sorted(cited(textOf(['test'])))).toEqual(rules);
});
