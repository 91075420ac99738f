import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSpace, fillParams, type Params, Rng, type Space } from '../../search/index.js';
import { loadOnnxRuntime, type OnnxRuntime, type OnnxSession } from '../search/onnx-runtime.js';

/** Epochs of a whole training. */
export const EPOCHS = 52;
/** One run of the surrogate costs more than ten rows of it, so that curves are had in pieces that end where rungs stand. */
const PIECES = [3, 9, 27, EPOCHS];

/** Training the network of one configuration: what is known after each epoch, from the first on. */
export interface Curve {
  /** Since the beginning; never less than an epoch before. */
  readonly seconds: readonly number[];
  /** In percent. */
  readonly accuracies: readonly number[];
}

/** A task of the LCBench surrogate as something to train on. */
export interface Task {
  readonly name: string;
  readonly space: Space;
  /** Accuracy after the last epoch of the best in a thousand random configurations. */
  readonly threshold: number;
  /** A configuration's training up to an epoch at least; goes on from what an earlier call has found. */
  train(params: Params, epochs: number, known: Curve): Promise<Curve>;
}

/** The 99.9th percentiles of 20,000 random configurations, looked up where they have been taken already. */
const THRESHOLDS: Readonly<Record<string, number>> = { '167168': 83.34, '189906': 89.97, '3945': 99.569 };
export const TASKS: readonly string[] = ['167168', '189906', '3945'];

/**
 * The LCBench surrogate of YAHPO Gym on some OpenML tasks, run by ONNX Runtime.
 *
 * @returns the tasks, or the reason why there are none
 */
export async function loadTasks(folder: string, names: readonly string[]): Promise<Task[] | string> {
  const file = join(folder, 'lcbench-surrogate.onnx');
  if (!existsSync(file)) return `${folder} has no lcbench-surrogate.onnx; name a folder that has with --benchmarks`;
  const runtime = await loadOnnxRuntime();
  if (typeof runtime === 'string') return runtime;
  const session = await runtime.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const encoding: Encoding = JSON.parse(readFileSync(join(folder, 'lcbench-encoding.json'), 'utf8'));
  const tasks: Task[] = [];
  for (const name of names) {
    const code = encoding.OpenML_task_id[name];
    if (code === undefined) throw new Error(`task ${name} is not in lcbench-encoding.json`);
    const surrogate = new Surrogate(runtime, session, code);
    const threshold = THRESHOLDS[name] ?? (await findThreshold(surrogate));
    tasks.push({
      name,
      space: SPACE,
      threshold,
      train: (params, epochs, known) => train(surrogate, params, epochs, known),
    });
  }
  return tasks;
}

interface Encoding {
  readonly OpenML_task_id: Readonly<Record<string, number>>;
}

const SPACE: Space = createSpace([
  { name: 'batch_size', kind: 'int', low: 16, high: 512, log: true, step: 1 },
  { name: 'learning_rate', kind: 'float', low: 1e-4, high: 0.1, log: true },
  { name: 'momentum', kind: 'float', low: 0.1, high: 0.99, log: false },
  { name: 'weight_decay', kind: 'float', low: 1e-5, high: 0.1, log: false },
  { name: 'num_layers', kind: 'int', low: 1, high: 5, log: false, step: 1 },
  { name: 'max_units', kind: 'int', low: 64, high: 1024, log: true, step: 1 },
  { name: 'max_dropout', kind: 'float', low: 0, high: 1, log: false },
]);

async function train(surrogate: Surrogate, params: Params, epochs: number, known: Curve): Promise<Curve> {
  const from = known.seconds.length;
  if (from >= epochs) return known;
  const to = PIECES.find((end) => end >= epochs) ?? EPOCHS;
  const rows = Array.from({ length: to - from }, (_, i) => ({ params, epoch: from + i + 1 }));
  const seconds = [...known.seconds];
  const accuracies = [...known.accuracies];
  for (const row of await surrogate.ask(rows)) {
    // What the surrogate says of time wobbles a little; an epoch takes some.
    seconds.push(Math.max((seconds.at(-1) ?? 0) + 0.01, row.seconds));
    accuracies.push(row.accuracy);
  }
  return { seconds, accuracies };
}

async function findThreshold(surrogate: Surrogate): Promise<number> {
  const BATCH = 1000;
  const accuracies: number[] = [];
  for (let batch = 0; batch < 20; batch++) {
    const rng = new Rng(1, batch);
    const rows = Array.from({ length: BATCH }, () => ({ params: fillParams(SPACE, {}, rng)!, epoch: EPOCHS }));
    for (const { accuracy } of await surrogate.ask(rows)) accuracies.push(accuracy);
  }
  return accuracies.sort((a, b) => a - b)[Math.floor(0.999 * accuracies.length)]!;
}

class Surrogate {
  readonly #runtime: OnnxRuntime;
  readonly #session: OnnxSession;
  readonly #code: number;

  constructor(runtime: OnnxRuntime, session: OnnxSession, code: number) {
    this.#runtime = runtime;
    this.#session = session;
    this.#code = code;
  }

  async ask(
    rows: readonly { readonly params: Params; readonly epoch: number }[],
  ): Promise<{ readonly seconds: number; readonly accuracy: number }[]> {
    const { Tensor } = this.#runtime;
    const names = SPACE.params.map(({ name }) => name);
    const inputs = rows.flatMap(({ params, epoch }) => [epoch, ...names.map((name) => Number(params[name]))]);
    const outputs = await this.#session.run({
      x_cat: new Tensor('int32', new Int32Array(rows.length).fill(this.#code), [rows.length, 1]),
      x_cont: new Tensor('float32', Float32Array.from(inputs), [rows.length, 1 + names.length]),
    });
    const data = Object.values(outputs)[0]!.data;
    const width = data.length / rows.length;
    return rows.map((_, i) => ({ seconds: data[i * width]!, accuracy: data[i * width + 1]! }));
  }
}
