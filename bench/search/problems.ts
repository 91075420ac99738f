import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  createSpace,
  fillParams,
  type Goal,
  type ParamSpec,
  type Params,
  Rng,
  type Space,
} from '../../search/index.js';
import { loadOnnxRuntime } from './onnx-runtime.js';

/** A function to optimise whose best value is known. */
export interface Problem {
  readonly name: string;
  readonly goal: Goal;
  readonly best: number;
  readonly space: Space;
  evaluate(params: Params): number | Promise<number>;
  /** How long a trial takes in simulated seconds; where absent, durations are drawn. */
  duration?(params: Params): Promise<number>;
}

/** The training grids that `tabular.json` in the folder describes; each configuration's value is known beforehand. */
export function loadTabular(folder: string): Problem[] {
  const index: Record<string, TabularEntry> = JSON.parse(readFileSync(join(folder, 'tabular.json'), 'utf8'));
  return Object.entries(index).map(([name, entry]) => tabular(name, entry, folder));
}

interface TabularEntry {
  readonly file: string;
  readonly direction: Goal;
  readonly best: number;
  readonly space: readonly { readonly name: string; readonly kind: 'int' | 'categorical'; readonly choices: number }[];
}

function tabular(name: string, entry: TabularEntry, folder: string): Problem {
  const names = entry.space.map((param) => param.name);
  const values = readTable(join(folder, entry.file));
  return {
    name,
    goal: entry.direction,
    best: entry.best,
    space: createSpace(entry.space.map(tabularParam)),
    evaluate: (params) => {
      const key = names.map((param) => params[param]).join('');
      const value = values.get(key);
      if (value === undefined) throw new Error(`${name} has no configuration ${key}`);
      return value;
    },
  };
}

function tabularParam({ name, kind, choices }: TabularEntry['space'][number]): ParamSpec {
  if (kind === 'int') return { name, kind, low: 0, high: choices - 1, log: false, step: 1 };
  return { name, kind, choices: Array.from({ length: choices }, (_, choice) => choice) };
}

function readTable(path: string): Map<string, number> {
  const table = new Map<string, number>();
  for (const line of gunzipSync(readFileSync(path)).toString().split('\n')) {
    const comma = line.indexOf(',');
    if (comma > 0) table.set(line.slice(0, comma), Number(line.slice(comma + 1)));
  }
  return table;
}

/** Best known accuracies at epoch 52: 300,000 random configurations, refined locally. */
const LCBENCH_BEST: Readonly<Record<string, number>> = { '167168': 89.4262, '189906': 95.2667, '3945': 99.6579 };
export const LCBENCH_TASKS: readonly string[] = Object.keys(LCBENCH_BEST);
const EPOCHS = 52;
const LCBENCH_INPUTS = [
  'batch_size',
  'learning_rate',
  'momentum',
  'weight_decay',
  'num_layers',
  'max_units',
  'max_dropout',
];

/**
 * The LCBench surrogate of YAHPO Gym on some OpenML tasks, run by ONNX Runtime.
 *
 * @returns the problems, or the reason why there are none
 */
export async function loadLcbench(folder: string, tasks: readonly string[]): Promise<Problem[] | string> {
  if (!existsSync(join(folder, 'lcbench-surrogate.onnx'))) return 'lcbench-surrogate.onnx is not there';
  const runtime = await loadOnnxRuntime();
  if (typeof runtime === 'string') return runtime;
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await runtime.InferenceSession.create(join(folder, 'lcbench-surrogate.onnx'), options);
  const codes: Record<string, number> = JSON.parse(
    readFileSync(join(folder, 'lcbench-encoding.json'), 'utf8'),
  ).OpenML_task_id;
  const problems: Problem[] = [];
  for (const task of tasks) {
    const code = codes[task];
    if (code === undefined) throw new Error(`task ${task} is not in lcbench-encoding.json`);
    const predict: Predict = async (configurations) => {
      const n = configurations.length;
      const inputs = configurations.flatMap((params) => [
        EPOCHS,
        ...LCBENCH_INPUTS.map((name) => Number(params[name])),
      ]);
      const outputs = await session.run({
        x_cat: new runtime.Tensor('int32', new Int32Array(n).fill(code), [n, 1]),
        x_cont: new runtime.Tensor('float32', Float32Array.from(inputs), [n, 1 + LCBENCH_INPUTS.length]),
      });
      const data = Object.values(outputs)[0]!.data;
      const width = data.length / n;
      return configurations.map((_, i) => ({ seconds: data[i * width]!, accuracy: data[i * width + 1]! }));
    };
    problems.push(await lcbench(task, predict));
  }
  return problems;
}

/** Seconds so far and accuracy in percent after the last epoch. */
type Predict = (configurations: readonly Params[]) => Promise<{ seconds: number; accuracy: number }[]>;

async function lcbench(task: string, predict: Predict): Promise<Problem> {
  const space = lcbenchSpace();
  return {
    name: `lcbench/${task}`,
    goal: 'maximize',
    best: LCBENCH_BEST[task] ?? (await findBest(space, predict)),
    space,
    evaluate: async (params) => (await predict([params]))[0]!.accuracy,
    duration: async (params) => Math.max(1, (await predict([params]))[0]!.seconds),
  };
}

/** The best accuracy of 200,000 random configurations, and of redrawing a few parameters of the best ones at a time. */
async function findBest(space: Space, predict: Predict): Promise<number> {
  const BATCH = 2000;
  const KEPT = 20;
  let leaders: { params: Params; accuracy: number }[] = [];
  const look = async (configurations: readonly Params[]) => {
    const found = await predict(configurations);
    leaders.push(...configurations.map((params, i) => ({ params, accuracy: found[i]!.accuracy })));
    leaders = leaders.sort((a, b) => b.accuracy - a.accuracy).slice(0, KEPT);
  };
  for (let batch = 0; batch < 100; batch++) {
    const rng = new Rng(1, batch);
    await look(Array.from({ length: BATCH }, () => fillParams(space, {}, rng)!));
  }
  for (let round = 0; round < 50; round++) {
    const rng = new Rng(2, round);
    const near = leaders.flatMap(({ params }) =>
      Array.from({ length: BATCH / KEPT }, () => {
        const kept = Object.entries(params).filter(() => rng.next() < 0.75);
        return fillParams(space, Object.fromEntries(kept), rng)!;
      }),
    );
    await look(near);
  }
  return leaders[0]!.accuracy;
}

function lcbenchSpace(): Space {
  return createSpace([
    { name: 'batch_size', kind: 'int', low: 16, high: 512, log: true, step: 1 },
    { name: 'learning_rate', kind: 'float', low: 1e-4, high: 0.1, log: true },
    { name: 'momentum', kind: 'float', low: 0.1, high: 0.99, log: false },
    { name: 'weight_decay', kind: 'float', low: 1e-5, high: 0.1, log: false },
    { name: 'num_layers', kind: 'int', low: 1, high: 5, log: false, step: 1 },
    { name: 'max_units', kind: 'int', low: 64, high: 1024, log: true, step: 1 },
    { name: 'max_dropout', kind: 'float', low: 0, high: 1, log: false },
  ]);
}
