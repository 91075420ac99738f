import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packagePath } from '../proto/package-path.js';
import {
  alternate,
  type Contender,
  measure,
  measureTurns,
  median,
  type Rate,
  ratio,
  ratioOfSums,
} from './training/measure.js';
import { MODELS, type Model } from './training/networks.js';
import { gpusHere, type Sharer, shareOut } from './training/sharing.js';
import { openSlots, runTrial } from './training/start-times.js';
import { makeTurns } from './training/turns.js';

/*
 * How fast the built-in training is, in images per second of training with SGD:
 *   npm run bench:train [-- --backends wasm,tfjs-node] [--rounds 5] [--seconds 5]
 *                       [--models mlp,cnn] [--batches 32,128]
 *                       [--prototype DIR] [--python PATH] [--endurance 500] [--only rates,overhead,slots,starts]
 *   npm run bench:train -- --only rates,sharing --backends webgpu --python PATH --torch cuda [--sharing 1,4,16]
 * Beside it, in turn with it: a bare loop over the same layers without epochs, metrics and pauses; the layers library of
 * TensorFlow.js on the same backend; another bench (--prototype: a folder with a bench.mjs that is called with
 * "wasm 1 simd MODEL BATCH layers sgd SECONDS" and prints JSON with imgPerSec); PyTorch, of a Python that has it,
 * on the devices of --torch.
 * Every figure comes from a process of its own; in brackets the figure per second of processor time, which says more where
 * others use the machine too. What a trial's steps cost beside bare ones is measured in processor time of two processes on
 * one core that work in turn, a few steps each. Bare steps have the same layers, kernels and optimizer, over as many
 * pictures, which lie in memory as floats and are taken in another order each time round; the trial's lie in a file, as all
 * slots of a worker share them. Then two slots against one, the start of a trial, and many trials in a row on one worker.
 * `sharing`: so many trials at once in one worker's slots, on its first GPU where it has one; with --python also of a
 * command trial in PyTorch.
 */

const { values: options } = parseArgs({
  options: {
    backends: { type: 'string', default: 'wasm' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    prototype: { type: 'string' },
    python: { type: 'string' },
    endurance: { type: 'string', default: '0' },
    models: { type: 'string', default: MODELS.join() },
    batches: { type: 'string', default: '32,128' },
    torch: { type: 'string', default: 'cpu' },
    sharing: { type: 'string', default: '1,4,16' },
    only: { type: 'string', default: 'rates,overhead,slots,starts' },
  },
});
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
const backends = options.backends.split(',').filter((name) => name !== '');
const SUBJECT = fileURLToPath(new URL('./training/subject.js', import.meta.url));
const batches = options.batches.split(',').map(Number);
const models = MODELS.filter((model) => options.models.split(',').includes(model));

const subject = (name: string, backend: string, model: Model, batch: number): Contender => ({
  name: `${name} ${backend}`,
  command: [process.execPath, SUBJECT, name, backend, model, String(batch), String(seconds)],
});

print(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.versions.node}, ${rounds} rounds of ${seconds} s each`);
const parts = options.only.split(',');
if (parts.includes('rates')) for (const model of models) for (const batch of batches) await compare(model, batch);
if (parts.includes('overhead')) {
  for (const backend of backends) {
    for (const model of models) for (const batch of batches) await measureOverhead(backend, model, batch);
  }
}
if (parts.includes('slots')) for (const model of models) await compareSlots(model);
if (parts.includes('sharing')) {
  const gpu = (await gpusHere(1))[0];
  print(
    `\ntrials at once on ${gpu === undefined ? 'the cores' : `${gpu.name}, driver ${gpu.driver}`}, images/s in all`,
  );
  for (const model of models) for (const batch of batches) await compareSharing(model, batch);
}
if (parts.includes('starts')) await measureStarts();
if (Number(options.endurance) > 0) await endure(Number(options.endurance));
process.exit(0);

async function compare(model: Model, batch: number): Promise<void> {
  const own = backends.flatMap((backend) => {
    // The layers library comes with no WebGPU of its own, and plain JavaScript takes seconds for a step of a CNN.
    const others = backend === 'webgpu' || backend === 'cpu' ? ['bare'] : ['bare', 'tfjs'];
    return ['assay', ...others].map((name) => subject(name, backend, model, batch));
  });
  const rates = await alternate([...own, ...prototype(model, batch), ...torch(model, batch)], rounds);
  print(`\n${model}, batch ${batch}`);
  for (const [name, each] of rates) print(`  ${name.padEnd(18)} ${figures(each)}`);
  for (const backend of backends) {
    const assay = rates.get(`assay ${backend}`)!;
    for (const [name, each] of rates) {
      if (name === `assay ${backend}` || !(name.endsWith(backend) || !name.includes(' '))) continue;
      print(`  assay ${backend} / ${name}: ${ratios(assay, each)}`);
    }
  }
}

async function measureOverhead(backend: string, model: Model, batch: number): Promise<void> {
  const [trial, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'assay-turns-'));
    makeTurns(folder);
    const side = (name: string): Contender => {
      const { command } = subject(name, backend, model, batch);
      return { name, command: onCore(round, [...command, folder]) };
    };
    const blocks = await measureTurns([side('trial'), side('bare-steps')]);
    trial.push(...blocks[0]!);
    bare.push(...blocks[1]!);
    rmSync(folder, { recursive: true });
  }
  const { mean, low, high } = ratioOfSums(trial, bare);
  const percent = (value: number): string => `${((value - 1) * 100).toFixed(1)} %`;
  print(
    `overhead on ${backend}, ${model}, batch ${batch}: ${percent(mean)} of processor time (${percent(low)} to ${percent(high)}), ${trial.length} pairs`,
  );
}

/** Two processes on one core meet the same neighbours; the next round takes another core. */
function onCore(round: number, command: Contender['command']): Contender['command'] {
  if (process.platform !== 'linux') return command;
  return ['taskset', '--cpu-list', String(round % cpus().length), ...command];
}

function prototype(model: Model, batch: number): Contender[] {
  if (options.prototype === undefined) return [];
  const bench = join(options.prototype, 'bench.mjs');
  const args = ['wasm', '1', 'simd', model, String(batch), 'layers', 'sgd', String(seconds)];
  return [{ name: 'prototype', command: [process.execPath, bench, ...args] }];
}

function torch(model: Model, batch: number): Contender[] {
  const { python } = options;
  if (python === undefined) return [];
  const script = packagePath('bench', 'training', 'pytorch.py');
  const contender = (name: string, threads: number, device: string): Contender => ({
    name,
    command: [python, script, model, String(batch), String(seconds), String(threads), device],
  });
  return options.torch.split(',').flatMap((device) => {
    if (device !== 'cpu') return [contender(`torch-${device}`, 1, device)];
    return [1, 2].map((threads) => contender(`torch-${threads}-thread`, threads, device));
  });
}

async function compareSharing(model: Model, batch: number): Promise<void> {
  const counts = options.sharing.split(',').map(Number);
  const sharers: readonly Sharer[] = [
    ...backends.map((backend) => ({ type: 'train', backend }) as const),
    ...(options.python === undefined ? [] : [{ type: 'command', python: options.python } as const]),
  ];
  print(`${`${model}, batch ${batch}`.padEnd(20)} ${counts.map((count) => String(count).padStart(10)).join('')}`);
  for (const sharer of sharers) {
    const cells: string[] = [];
    for (const count of counts) {
      const rate = await shareOut(sharer, model, batch, count, seconds).catch(String);
      cells.push((typeof rate === 'number' ? round(rate) : rate).padStart(10));
    }
    print(`  ${(sharer.type === 'train' ? sharer.backend : 'PyTorch command').padEnd(18)} ${cells.join('')}`);
  }
}

/** Two trials at a time in two processes, against one at a time. */
async function compareSlots(model: Model): Promise<void> {
  const one: number[] = [];
  const two: number[] = [];
  const contender = subject('assay', backends[0]!, model, 128);
  for (let round = 0; round < rounds; round++) {
    one.push((await measure(contender)).rate);
    const both = await Promise.all([measure(contender), measure(contender)]);
    two.push(both[0].rate + both[1].rate);
  }
  const { mean, low, high } = ratio(two, one);
  print(
    `\n${model}, batch 128, two slots: ${round(median(two))} images/s, one: ${round(median(one))}; ` +
      `${mean.toFixed(2)} times as many (${low.toFixed(2)} to ${high.toFixed(2)})`,
  );
}

/** From the assignment until the child has data and network, and so trains. */
async function measureStarts(): Promise<void> {
  const warm: number[] = [];
  const cold: number[] = [];
  const first = openSlots(1, backends[0]!);
  await runTrial(first);
  await first.close();
  for (let round = 0; round < Math.max(5, rounds); round++) {
    const ready = openSlots(1, backends[0]!);
    await ready.probe();
    warm.push((await runTrial(ready)).startedMs);
    await ready.close();
    const empty = openSlots(1, backends[0]!);
    cold.push((await runTrial(empty)).startedMs);
    await empty.close();
  }
  print(
    `\na trial begins to train after ${round(median(warm))} ms in a warm slot (limit 50), worst ${round(Math.max(...warm))}`,
  );
  print(`and after ${round(median(cold))} ms in a new process (limit 2000), worst ${round(Math.max(...cold))}`);
}

/** Trials in a row on one worker: what the worker's own memory does, and what is left in the temporary folder. */
async function endure(trials: number): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'assay-endurance-'));
  process.env['TMPDIR'] = scratch;
  const slots = openSlots(1, backends[0]!);
  await slots.probe();
  print(`\n${trials} trials in a row on one worker`);
  print('  trials  worker RSS MiB  heap MiB');
  for (let trial = 1; trial <= trials; trial++) {
    await runTrial(slots);
    if (trial % Math.ceil(trials / 10) !== 0) continue;
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    print(`  ${String(trial).padStart(6)}  ${mebibytes(rss)}  ${mebibytes(heapUsed)}`);
  }
  await slots.close();
  print(`  files left: ${readdirSync(scratch).length}; processes left: ${childCount()}`);
  rmSync(scratch, { recursive: true });
}

function childCount(): number {
  try {
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === process.pid).length;
  } catch {
    return Number.NaN; // No such folder on this system.
  }
}

function parentOf(pid: string): number {
  try {
    const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return Number(words[1]);
  } catch {
    return 0; // It has ended meanwhile.
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1).padStart(14);
}

function figures(rates: readonly Rate[]): string {
  const spread = `${round(Math.min(...rates.map(({ rate }) => rate)))} to ${round(Math.max(...rates.map(({ rate }) => rate)))}`;
  const wall = round(median(rates.map(({ rate }) => rate)));
  return `${wall.padStart(8)} images/s, ${spread} [${round(median(cpuRates(rates)))}] ${rates[0]!.what}`;
}

function ratios(ones: readonly Rate[], others: readonly Rate[]): string {
  const text = (of: (rates: readonly Rate[]) => number[]): string => {
    const { mean, low, high } = ratio(of(ones), of(others));
    return `${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  };
  return `${text((rates) => rates.map(({ rate }) => rate))} [${text(cpuRates)}]`;
}

function cpuRates(rates: readonly Rate[]): number[] {
  return rates.map(({ cpuRate }) => cpuRate);
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
