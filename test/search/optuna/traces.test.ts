import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { faultsOf, replayTrace } from '../../../bench/optuna/replay.js';
import { parseTrace } from '../../../bench/optuna/trace.js';

const golden = fileURLToPath(new URL('../../golden/optuna/', import.meta.url));

describe.each(['scalar', 'simd', 'v4.9', 'released'])('golden traces of Optuna, %s', (folder) => {
  it.each(readdirSync(golden + folder))('%s: suggests, prunes and draws the same', (name) => {
    const tally = replayTrace(parseTrace(readFileSync(`${golden}${folder}/${name}`, 'utf8')));
    expect(tally.first).toBeUndefined();
    expect(faultsOf(tally)).toBe(0);
    expect(tally.exact).toBeGreaterThan(0);
    expect(tally.positionsRight).toBeGreaterThan(0);
    // Ties are few; more of them would mean that the densities have become inexact.
    expect(tally.tied).toBeLessThan(10);
  });
});
