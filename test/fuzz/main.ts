import { parseArgs } from 'node:util';
import type { FuzzKind } from './kind.js';
import { openKinds } from './kinds.js';

/*
 * Tries inputs of all kinds, mutated and made up, and counts them. It ends with the first that crashes, hangs or is answered
 * out of line, and says how to see it again.
 *
 *   npm run fuzz -- [--runs 10000 | --minutes 10] [--only "search files"] [--seed 1]
 */

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    minutes: { type: 'string' },
    only: { type: 'string' },
    seed: { type: 'string' },
  },
});
const firstSeed = options.seed === undefined ? Date.now() % 2 ** 31 : Number(options.seed);
/** Inputs of one seed. */
const AT_A_TIME = 200;

console.log(`seed ${firstSeed}`);
row(['kind', 'inputs', 'accepted', 'refused', 'slowest', 'memory before', 'after']);
const kinds = await openKinds();
const chosen = kinds.filter(({ name }) => options.only === undefined || name === options.only);
try {
  for (const kind of chosen) await fuzz(kind);
} finally {
  for (const kind of kinds) await kind.close();
}

async function fuzz(kind: FuzzKind): Promise<void> {
  const tally = { accepted: 0, refused: 0, slowest: 0 };
  const until = Date.now() + (Number(options.minutes ?? 0) * 60_000) / chosen.length;
  const before = kind.memory?.();
  const goesOn = (): boolean =>
    options.minutes === undefined ? tally.accepted + tally.refused < Number(options.runs) : Date.now() < until;
  for (let seed = firstSeed; goesOn(); seed++) {
    await kind.run(seed, AT_A_TIME, (verdict, ms) => {
      tally[verdict] += 1;
      tally.slowest = Math.max(tally.slowest, ms);
    });
  }
  const inMegabytes = (bytes: number | undefined): string =>
    bytes === undefined ? '' : `${Math.round(bytes / 1e6)} MB`;
  const { accepted, refused, slowest } = tally;
  const counts = [accepted + refused, accepted, refused].map((count) => count.toLocaleString('en'));
  row([kind.name, ...counts, `${slowest.toFixed(1)} ms`, inMegabytes(before), inMegabytes(kind.memory?.())]);
}

function row(cells: readonly string[]): void {
  const widths = [30, 10, 10, 10, 12, 14, 8];
  console.log(
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join(' ')
      .trimEnd(),
  );
}
