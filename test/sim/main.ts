import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANT_NAMES } from './mutants.js';
import { type SimResult, simulate } from './world.js';

/*
 *   npm run sim -- --seeds 10000 [--from SEED] [--mutant NAME] [--trace]
 *
 * Runs that many worlds, in one process for each core. A world in which an invariant breaks prints itself and the
 * command that runs it again; --trace prints everything that happens in it.
 */

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    mutant: { type: 'string' },
    trace: { type: 'boolean', default: false },
    /** Of how many processes this is which one: set for the children alone. */
    share: { type: 'string' },
  },
});

/** Of what is wrong, so many characters are shown: two boards that differ are long. */
const LONGEST_WHAT = 2_000;
/** Violations shown in full; the rest is counted. */
const SHOWN = 5;

/** What a child tells its parent. */
interface Tally {
  seeds: number;
  events: number;
  steps: number;
  virtualMs: number;
  broken: number;
}

const seeds = whole('seeds', values.seeds);
const from = whole('from', values.from);
if (values.mutant !== undefined && !MUTANT_NAMES.includes(values.mutant)) {
  fail(`--mutant ${values.mutant} does not exist; known: ${MUTANT_NAMES.join(', ')}`);
}
if (values.share !== undefined) await runShare(values.share);
else await runAll();

async function runAll(): Promise<void> {
  const processes = Math.min(values.trace ? 1 : availableParallelism(), seeds);
  const begin = performance.now();
  const total: Tally = { seeds: 0, events: 0, steps: 0, virtualMs: 0, broken: 0 };
  const children = Array.from({ length: processes }, (_, i) => {
    const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--share', `${i}/${processes}`]);
    child.on('message', (tally) => {
      for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += (tally as Tally)[key];
    });
    return new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
  });
  const codes = await Promise.all(children);
  const seconds = (performance.now() - begin) / 1000;
  const days = (total.virtualMs / 86_400_000).toFixed(1);
  console.log(
    `${total.seeds} seeds, ${total.broken} violated; ${total.events} events, ${total.steps} steps, ${days} days of virtual time`,
  );
  console.log(
    `${seconds.toFixed(1)} s, ${Math.round(total.seeds / seconds)} seeds per second in ${processes} processes`,
  );
  if (codes.some((code) => code !== 0)) process.exitCode = 1;
}

async function runShare(share: string): Promise<void> {
  // Without its parent nobody hears of what it finds.
  process.on('disconnect', () => process.exit(1));
  const [index, of] = share.split('/').map(Number) as [number, number];
  const tally: Tally = { seeds: 0, events: 0, steps: 0, virtualMs: 0, broken: 0 };
  for (let seed = from + index; seed < from + seeds; seed += of) {
    const result = await simulate(seed, {
      mutant: values.mutant,
      trace: values.trace ? (line) => console.log(line) : undefined,
    });
    tally.seeds += 1;
    tally.events += result.events;
    tally.steps += result.steps;
    tally.virtualMs += result.virtualMs;
    if (result.violation === undefined) continue;
    tally.broken += 1;
    if (tally.broken <= SHOWN) show(result);
  }
  await new Promise((resolve) => process.send?.(tally, resolve));
  process.exit(tally.broken > 0 ? 1 : 0);
}

function show({ seed, violation }: SimResult): void {
  const mutant = values.mutant === undefined ? '' : ` --mutant ${values.mutant}`;
  const { invariant, what, atMs } = violation!;
  console.log(
    `seed ${seed}: "${invariant}" broken after ${(atMs / 1000).toFixed(1)} s: ${what.slice(0, LONGEST_WHAT)}`,
  );
  console.log(`  npm run sim -- --from ${seed} --seeds 1${mutant} --trace`);
}

function whole(name: string, text: string): number {
  if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
  return fail(`--${name} ${JSON.stringify(text)} must be a whole number from 1 on`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
