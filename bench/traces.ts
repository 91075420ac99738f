import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { emptyTally, faultsOf, replayTrace, type Tally } from './optuna/replay.js';
import { parseTrace } from './optuna/trace.js';

/* Replays golden traces of Optuna: `npm run traces -- DIR...`. Exits with 1 when anything is wrong. */

const paths = process.argv.slice(2).flatMap(tracesIn);
if (paths.length === 0) {
  console.error('usage: traces DIR|FILE... (golden traces of Optuna, *.json)');
  process.exit(2);
}

const total = emptyTally();
let skipped = 0;
for (const path of paths) {
  try {
    const tally = replayTrace(parseTrace(readFileSync(path, 'utf8')));
    add(total, tally);
    console.log(`${basename(path, '.json').padEnd(32)} ${shown(tally)}`);
    if (tally.first !== undefined) console.log(`  first: ${tally.first}`);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.endsWith('not reimplemented')) throw error;
    skipped++;
    console.log(`${basename(path, '.json').padEnd(32)} skipped: ${error.message}`);
  }
}
console.log(`${`total of ${paths.length - skipped} traces`.padEnd(32)} ${shown(total)}`);
process.exit(faultsOf(total) > 0 ? 1 : 0);

function tracesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith('.json') && !name.startsWith('units'));
  return names.sort().map((name) => join(path, name));
}

function shown(tally: Tally): string {
  const { exact, close, tied, wrong, prunesRight, prunesWrong, positionsRight, positionsWrong } = tally;
  return [
    `suggestions: ${exact} exact, ${close} within 1e-9, ${tied} tied, ${wrong} wrong`,
    `pruning: ${prunesRight} exact, ${prunesWrong} wrong`,
    `positions: ${positionsRight} exact, ${positionsWrong} wrong`,
  ].join('; ');
}

function add(sum: Tally, tally: Tally): void {
  for (const key of Object.keys(sum) as (keyof Tally)[]) if (key !== 'first') sum[key] += tally[key];
}
