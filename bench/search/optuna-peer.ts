import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Goal, History, ParamSpec, Params, Space, Suggestion } from '../../search/index.js';
import type { Proposer } from './study.js';

/** One study after the other, a line of JSON for each call: {new}, {ask}, {tell}; an ask is answered by the parameters. */
const PYTHON = `
import json, sys
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
import warnings
warnings.simplefilter("ignore")
D = optuna.distributions
def distribution(p):
    if p["kind"] == "categorical":
        return D.CategoricalDistribution(p["choices"])
    if p["kind"] == "int":
        return D.IntDistribution(p["low"], p["high"], log=p["log"], step=p["step"])
    return D.FloatDistribution(p["low"], p["high"], log=p["log"], step=p.get("step"))
for line in sys.stdin:
    message = json.loads(line)
    if "new" in message:
        m = message["new"]
        space = {p["name"]: distribution(p) for p in m["params"]}
        study = optuna.create_study(direction=m["direction"], sampler=optuna.samplers.TPESampler(seed=m["seed"], **m["options"]))
        trials = {}
    elif "ask" in message:
        trial = study.ask()
        for name, d in space.items():
            trial._suggest(name, d)
        trials[message["ask"]] = trial
        print(json.dumps(trial.params), flush=True)
    else:
        number, value = message["tell"]
        study.tell(trials.pop(number), value)
`;

/** A release of Optuna with settings of its TPESampler, written VERSION or VERSION:JSON. */
export interface Peer {
  readonly name: string;
  /** A sampler of its own for one study. */
  readonly sampler: (space: Space, goal: Goal, seed: number) => Proposer;
  close(): void;
}

/**
 * Optuna's TPESampler in a process of its own, from a virtual environment that is made once.
 *
 * @returns the peer, or the reason why it cannot be had
 */
export function openPeer(wanted: string): Peer | string {
  const [version, ...rest] = wanted.split(':');
  const options = rest.length === 0 ? {} : (JSON.parse(rest.join(':')) as Record<string, unknown>);
  const python = pythonWithOptuna(version!);
  if (!path.isAbsolute(python)) return python;
  const child = spawn(python, ['-c', PYTHON], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = readAnswers(child);
  const send = (message: unknown): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const name = `Optuna ${version}${rest.length === 0 ? '' : ` ${Object.keys(options).join(' ')}`}`;
  return {
    name,
    sampler: (space, goal, seed) => {
      send({ new: { params: space.params satisfies readonly ParamSpec[], direction: goal, seed, options } });
      return {
        name,
        async suggest(_: History, number: number): Promise<Suggestion> {
          send({ ask: number });
          return { params: (await answers.next()) as Params };
        },
        told: (number, value) => send({ tell: [number, value] }),
      };
    },
    close: () => child.stdin.end(),
  };
}

function readAnswers(child: ChildProcess): { next(): Promise<unknown> } {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the Python process has ended');
      return JSON.parse(value);
    },
  };
}

/** @returns the absolute path of an interpreter that has this release of Optuna, or the reason why there is none */
export function pythonWithOptuna(version: string): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  const folder = path.join(cache, 'assay-bench', `optuna-${version}`);
  const python = path.join(folder, 'bin', 'python');
  const works = (): boolean => spawnSync(python, ['-c', 'import optuna']).status === 0;
  if (existsSync(python) && works()) return python;
  const steps = [
    ['python3', '-m', 'venv', '--clear', folder],
    [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `optuna==${version}`],
  ];
  for (const [command, ...args] of steps) {
    const { status, stderr, error } = spawnSync(command!, args, { encoding: 'utf8', timeout: 300_000 });
    if (status !== 0) return `without Optuna ${version}: ${error?.message ?? String(stderr).trim().split('\n').at(-1)}`;
  }
  return works() ? python : `without Optuna ${version}: it was installed but does not load`;
}
