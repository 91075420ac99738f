import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FuzzKind } from './kind.js';
import { openKinds } from './kinds.js';

/** The same inputs in every run; `npm run fuzz` tries others. */
const SEED = 20_261_125;
const COUNT = 60;
/** Memory that a coordinator may take more than before, of so few inputs. */
const MOST_GROWTH = 150e6;

let kinds: FuzzKind[];
beforeAll(async () => {
  kinds = await openKinds();
});
afterAll(async () => {
  for (const kind of kinds) await kind.close();
});

it('whatever comes in is taken or refused in words; nothing crashes, hangs or grows', async () => {
  for (const kind of kinds) {
    const tally = { accepted: 0, refused: 0 };
    const before = kind.memory?.() ?? 0;
    await kind.run(SEED, COUNT, (verdict) => {
      tally[verdict] += 1;
    });
    const grown = (kind.memory?.() ?? 0) - before;
    const { accepted, refused } = tally;
    expect({
      name: kind.name,
      tried: accepted + refused,
      someRefused: refused > 0,
      grows: grown > MOST_GROWTH,
    }).toEqual({
      name: kind.name,
      tried: COUNT,
      someRefused: true,
      grows: false,
    });
  }
}, 120_000);
