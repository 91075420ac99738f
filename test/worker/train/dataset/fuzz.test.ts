import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decode } from './decode.js';
import { DATA_KINDS, harm, whatIsWrong } from './harmed-files.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

/** Room that a healthy file needs many times over; what a header of 40 lies claims is far beyond it. */
const MOST_BYTES = 64 * 2 ** 20;

describe.each(DATA_KINDS)('%s that came to harm', (_, makers, sourceOf) => {
  const files = new Map<string, Uint8Array>();
  beforeAll(async () => {
    for (const [name, make] of makers) files.set(name, await make());
  });

  it('is read, or refused in one line that names a file; nothing crashes, hangs or takes room without end', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(harm, { minLength: 1, maxLength: 3 }), async (which, harms) => {
        const victim = [...files.keys()][which % files.size]!;
        for (const [name, bytes] of files) {
          folder.put(name, name === victim ? harms.reduce((harmed, next) => next(harmed), bytes) : bytes);
        }
        const before = process.memoryUsage();
        const result = await decode(sourceOf(folder.path)).catch((error: unknown) => error);
        expect(whatIsWrong(result, folder.path)).toBe('');
        if (result instanceof Error) refused += 1;
        const after = process.memoryUsage();
        expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(MOST_BYTES);
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(25);
  }, 120_000);
});
