/**
 * What a suggestion of `optuna-tpe` and of `auto` costs as a history grows, beside Optuna itself on the same machine where
 * pip can install it: a space of six parameters of all kinds. Part of `npm run bench:suggest`.
 *
 *     node dist/bench/suggest-optuna.js [--marks 100,1000,10000,100000] [--python /path/to/python]
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { createSampler, createSpace, History, type Params, Rng, type SamplerOptions } from '../search/index.js';
import { pythonWithOptuna } from './search/optuna-peer.js';

const SPACE = createSpace([
  { name: 'lr', kind: 'float', low: 1e-5, high: 1e-1, log: true },
  { name: 'momentum', kind: 'float', low: 0, high: 1, log: false },
  { name: 'dropout', kind: 'float', low: 0, high: 0.5, log: false, step: 0.05 },
  { name: 'depth', kind: 'int', low: 1, high: 8, log: false, step: 1 },
  { name: 'width', kind: 'int', low: 16, high: 512, log: true, step: 1 },
  { name: 'activation', kind: 'categorical', choices: ['relu', 'tanh', 'gelu'] },
]);

/** The same space, objective and order of calls; prints the median of the timed asks for each mark. */
const PYTHON = `
import json, math, statistics, sys, time
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
D = optuna.distributions
space = {
    "lr": D.FloatDistribution(1e-5, 1e-1, log=True), "momentum": D.FloatDistribution(0, 1),
    "dropout": D.FloatDistribution(0, 0.5, step=0.05), "depth": D.IntDistribution(1, 8),
    "width": D.IntDistribution(16, 512, log=True), "activation": D.CategoricalDistribution(["relu", "tanh", "gelu"]),
}
def loss(p):
    return (math.log10(p["lr"]) + 3) ** 2 + (p["momentum"] - 0.7) ** 2 + 0.1 * (p["depth"] - 3) ** 2 + (p["activation"] != "tanh")
multivariate, mark, timed = json.loads(sys.argv[1])
study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
def one():
    start = time.perf_counter()
    trial = study.ask(space)
    took = time.perf_counter() - start
    study.tell(trial, loss(trial.params))
    return took
filler = optuna.samplers.RandomSampler(seed=2)
study.add_trials([
    optuna.trial.create_trial(params=params, distributions=space, value=loss(params))
    for params in ({name: filler.sample_independent(study, None, name, d) for name, d in space.items()} for _ in range(mark))
])
study.sampler = optuna.samplers.TPESampler(seed=1, multivariate=multivariate, constant_liar=True)
one()
print(json.dumps([optuna.__version__, 1000 * statistics.median(one() for _ in range(timed))]))
`;

function loss(params: Params): number {
  const lr = Math.log10(Number(params['lr'])) + 3;
  const momentum = Number(params['momentum']) - 0.7;
  const depth = Number(params['depth']) - 3;
  return lr * lr + momentum * momentum + 0.1 * depth * depth + (params['activation'] === 'tanh' ? 0 : 1);
}

/** Median milliseconds of an ask at a history of `mark` trials that were filled in at random. */
function ours(options: SamplerOptions, mark: number, timed: number): number {
  const sampler = createSampler(options, SPACE, 'minimize', 1);
  const filler = createSampler({ type: 'random' }, SPACE, 'minimize', 2);
  const history = new History('minimize', 'best');
  const asks: number[] = [];
  for (let number = 0; number < mark + timed; number++) {
    const from = performance.now();
    const { params, draws } = (number < mark ? filler : sampler).suggest(history, number)!;
    if (number > mark) asks.push(performance.now() - from);
    history.propose(number, params, sampler.name, draws);
    history.start(number);
    history.report(number, 1, loss(params) + 0.01 * new Rng(3, number).normal());
    history.end(number, 'complete');
  }
  return median(asks);
}

/** @returns the version and the median, or the reason why there are none */
function optunas(python: string, multivariate: boolean, mark: number, timed: number): [string, number] | string {
  const run = spawnSync(python, ['-c', PYTHON, JSON.stringify([multivariate, mark, timed])], { encoding: 'utf8' });
  if (run.error !== undefined) return `no Python: ${run.error.message}`;
  if (run.status !== 0) return `no Optuna: ${run.stderr.trim().split('\n').at(-1)}`;
  return JSON.parse(run.stdout);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const { values: args } = parseArgs({
  options: {
    marks: { type: 'string', default: '100,1000,10000,100000' },
    python: { type: 'string' },
  },
});
/** Optuna itself takes seconds per suggestion beyond. */
const OPTUNA_MAX = 10_000;

const python = args.python ?? pythonWithOptuna('5.0.0');
const marks = args.marks.split(',').map(Number);
for (const multivariate of [true, false]) {
  const samplers: readonly SamplerOptions[] = [{ type: 'optuna-tpe', multivariate }, { type: 'auto' }];
  // The first ones are compiled while they run.
  for (const options of samplers) ours(options, 300, 400);
  const rows = marks.map((mark) => {
    const [exact, auto] = samplers.map((options) => ours(options, mark, mark > OPTUNA_MAX ? 20 : 60));
    const theirs = mark > OPTUNA_MAX ? 'not run' : optunas(python, multivariate, mark, 20);
    if (typeof theirs === 'string')
      return { trials: mark, 'optuna-tpe': exact!.toFixed(3), auto: auto!.toFixed(3), Optuna: theirs };
    const [version, ms] = theirs;
    return {
      trials: mark,
      'optuna-tpe': exact!.toFixed(3),
      auto: auto!.toFixed(3),
      Optuna: `${ms.toFixed(1)} (${version})`,
      'times as fast': `${Math.round(ms / exact!)} / ${Math.round(ms / auto!)}`,
    };
  });
  console.log(
    `\nOptuna's TPESampler, ${multivariate ? 'multivariate' : 'univariate'}, and ours: median milliseconds of an ask`,
  );
  console.table(rows);
}
