import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSearchFile, summarizeSearch } from '../../../coordinator/spec/index.js';
import { faultsOf, fileWith, warningsOf } from './faults-of.js';

const WHOLE = `
name: digits
metric: {name: val_accuracy, goal: maximize}
budget: {trials: 60, time: 2h}
parallel: 8
seed: 7
sampler: {type: tpe, startup_trials: 12}
pruner: {type: asha, min_step: 3, factor: 3}
train:
  dataset: mnist
  architecture: {type: mlp, depth: $depth, width: $width}
  optimizer: {type: $optimizer, learning_rate: $lr, momentum: $momentum}
  batch_size: $batch
  epochs: 20
space:
  lr: {log: [1e-4, 1e-1]}
  depth: {int: [1, 4]}
  width: {int: [32, 512], step: 32}
  batch: [32, 64, 128]
  optimizer: [sgd, adam]
  momentum: {float: [0.5, 0.99], when: {optimizer: sgd}}
relations: ["width >= 16 * depth"]
enqueue:
  - {optimizer: adam, lr: 0.01, depth: 2, width: 128, batch: 64}
limits: {trial_time: 15m, attempts: 5}
keep: {artifacts: last 7, output: none}
requires: {labels: {gpu: a100, memory: 80}}
`;

describe('a search file', () => {
  it('becomes a spec with every section in it', () => {
    const result = parseSearchFile(WHOLE, 'digits.yaml');
    expect(result).toEqual({
      ok: true,
      warnings: [],
      spec: {
        name: 'digits',
        metric: { name: 'val_accuracy', goal: 'maximize', value: 'best' },
        budget: { trials: 60, timeMs: 7_200_000 },
        parallel: 8,
        seed: 7,
        sampler: { type: 'tpe', startupTrials: 12 },
        pruner: { type: 'asha', minStep: 3, factor: 3 },
        objective: {
          kind: 'train',
          config: {
            dataset: 'mnist',
            architecture: { type: 'mlp', depth: '$depth', width: '$width' },
            optimizer: { type: '$optimizer', learning_rate: '$lr', momentum: '$momentum' },
            batch_size: '$batch',
            epochs: 20,
          },
        },
        params: [
          { name: 'lr', kind: 'float', low: 1e-4, high: 0.1, log: true },
          { name: 'depth', kind: 'int', low: 1, high: 4, log: false, step: 1 },
          { name: 'width', kind: 'int', low: 32, high: 512, log: false, step: 32 },
          { name: 'batch', kind: 'categorical', choices: [32, 64, 128] },
          { name: 'optimizer', kind: 'categorical', choices: ['sgd', 'adam'] },
          {
            name: 'momentum',
            kind: 'float',
            low: 0.5,
            high: 0.99,
            log: false,
            when: [{ param: 'optimizer', test: { in: ['sgd'] } }],
          },
        ],
        relations: ['width >= 16 * depth'],
        enqueue: [{ lr: 0.01, depth: 2, width: 128, batch: 64, optimizer: 'adam' }],
        limits: { trialTimeMs: 900_000, attempts: 5 },
        keep: { artifacts: { rule: 'last', count: 7 }, output: { rule: 'none' } },
        requires: { labels: { gpu: 'a100', memory: '80' } },
      },
    });
  });

  it('gives enqueued rows in the order of the space', () => {
    const result = parseSearchFile(WHOLE, 'digits.yaml');
    expect(result.ok && Object.keys(result.spec.enqueue[0]!)).toEqual(['lr', 'depth', 'width', 'batch', 'optimizer']);
  });

  it('puts in defaults for what it leaves out', () => {
    const result = parseSearchFile(fileWith({}), 'f');
    expect(result).toMatchObject({
      ok: true,
      spec: {
        metric: { name: 'val_accuracy', goal: 'maximize', value: 'best' },
        budget: { trials: 3 },
        sampler: { type: 'auto' },
        pruner: { type: 'median' },
        relations: [],
        enqueue: [],
        limits: { attempts: 3 },
        keep: { artifacts: { rule: 'top', count: 5 }, output: { rule: 'all' } },
        requires: { labels: {} },
      },
    });
    expect(result.ok && ['seed', 'parallel'].filter((key) => key in result.spec)).toEqual([]);
  });

  it('minimizes a loss unless told otherwise', () => {
    const result = parseSearchFile(fileWith({ metric: 'metric: {name: val_loss}' }), 'f');
    expect(result).toMatchObject({ ok: true, spec: { metric: { name: 'val_loss', goal: 'minimize', value: 'best' } } });
  });

  it('ranks other objectives than train by their last report', () => {
    const result = parseSearchFile(fileWith({ train: 'null: {steps: 3, metric: score, value: $depth}' }), 'f');
    expect(result).toMatchObject({
      ok: true,
      spec: { metric: { name: 'score', value: 'last' }, objective: { kind: 'null' } },
    });
  });

  it('takes an empty null section', () => {
    expect(parseSearchFile(fileWith({ train: 'null:' }), 'f')).toMatchObject({
      ok: true,
      spec: { metric: { name: 'value' }, objective: { kind: 'null', config: {} } },
    });
  });

  it('needs no budget for a grid', () => {
    expect(parseSearchFile(fileWith({ budget: '', sampler: 'sampler: grid' }), 'f')).toMatchObject({
      ok: true,
      spec: { budget: {}, sampler: { type: 'grid' } },
    });
  });

  it('follows aliases', () => {
    const space = 'space: {depth: &depth {int: [1, 4]}, other: *depth}';
    const result = parseSearchFile(fileWith({ train: 'null:', space }), 'f');
    expect(result.ok && result.spec.params.map(({ kind }) => kind)).toEqual(['int', 'int']);
  });

  it.each([
    [
      'nothing to run',
      { train: '' },
      'f:1:1: says nothing to run; add a train section, like "train: {dataset: digits, ...}"',
    ],
    [
      'two objectives',
      { null: 'null:' },
      'f:5:1 null: a search has one objective, and train is there already; remove one',
    ],
    ['no name', { name: '' }, 'f:1:1: name is missing; write it like "name: digits"'],
    ['no budget', { budget: '' }, 'f:1:1: budget is missing; write it like "budget: {trials: 60}"'],
    [
      'no space',
      { space: '', train: 'null:' },
      'f:1:1: space is missing; write it like "space: {lr: {log: [1e-4, 1e-1]}}"',
    ],
    [
      'an unknown section',
      { keep: 'bugdet: {trials: 3}' },
      'f:5:1 bugdet: unknown key "bugdet" (did you mean "budget"?)',
    ],
    ['a budget of nothing', { budget: 'budget: {trials: 0}' }, 'f:2:18 budget.trials: is 0, must be at least 1'],
    [
      'an empty budget',
      { budget: 'budget: {}' },
      'f:2:9 budget: sets no limit; give trials, time or both, like {trials: 60, time: 2h}',
    ],
    [
      'a time without a unit',
      { budget: 'budget: {time: 90}' },
      'f:2:16 budget.time: must be a duration like 90s, 15m, 2h or 1h30m, not the number 90; add a unit, like 90s or 90m',
    ],
    ['a time of nothing', { budget: 'budget: {time: 0s}' }, 'f:2:16 budget.time: is no time at all, must be longer'],
    ['a seed beyond 32 bits', { seed: 'seed: 4294967296' }, 'f:5:7 seed: is 4294967296, must be at most 4294967295'],
    [
      'a seed in quotes',
      { seed: 'seed: "7"' },
      'f:5:7 seed: must be an integer, not the text "7"; write it without quotes',
    ],
    ['a fractional count', { parallel: 'parallel: 1.5' }, 'f:5:11 parallel: must be an integer, not 1.5'],
    [
      'an unknown sampler',
      { sampler: 'sampler: tpee' },
      'f:5:10 sampler: there is no sampler "tpee" (did you mean "tpe"?); known: ',
    ],
    [
      'an unknown setting',
      { sampler: 'sampler: {type: tpe, startup: 3}' },
      'f:5:22 sampler.startup: unknown key "startup"; known here: type, startup_trials',
    ],
    [
      'a setting out of range',
      { pruner: 'pruner: {type: asha, factor: 1}' },
      'f:5:30 pruner.factor: is 1, must be at least 2',
    ],
    [
      'a pruner that lacks what it needs',
      { pruner: 'pruner: threshold' },
      'f:5:9 pruner: pruner threshold needs lower, upper or both',
    ],
    [
      'a threshold pruner of Optuna without thresholds',
      { pruner: 'pruner: {type: optuna-threshold, warmup_steps: 2}' },
      'f:5:9 pruner: pruner optuna-threshold needs lower, upper or both',
    ],
    [
      'a metric that is never reported',
      { metric: 'metric: {name: val_acc}' },
      'f:5:16 metric.name: train reports no "val_acc"; it reports val_accuracy, ',
    ],
    [
      'a goal that is none',
      { metric: 'metric: {goal: max}' },
      'f:5:16 metric.goal: must be "maximize" or "minimize", not the text "max"',
    ],
    [
      'a name with a space',
      { name: 'name: my study' },
      'f:1:7 name: must begin with a letter or digit and go on with at most 62 letters, digits, . _ or -, not the text "my study"',
    ],
    [
      'a name that is a number',
      { name: 'name: 7' },
      'f:1:7 name: must be a name like digits, not the number 7; put it in quotes',
    ],
    [
      'a label that is a list',
      { requires: 'requires: {labels: {gpu: [a, b]}}' },
      'f:5:26 requires.labels.gpu: must be a text of at most 255 characters, not a list',
    ],
    [
      'a rule of keeping that there is not',
      { keep: 'keep: {artifacts: best 5}' },
      'f:5:19 keep.artifacts: must be all, none, top 5 or last 5, not the text "best 5"',
    ],
    [
      'keeping the top of none',
      { keep: 'keep: {artifacts: top 0}' },
      'f:5:19 keep.artifacts: must be all, none, top 5 or last 5, not the text "top 0"',
    ],
    [
      'keeping more than can be counted',
      { keep: 'keep: {artifacts: top 9999999}' },
      'f:5:19 keep.artifacts: keeps 9999999, at most 1000000 can be counted; write all',
    ],
    [
      'keeping the best outputs',
      { keep: 'keep: {output: top 5}' },
      'f:5:16 keep.output: must be all, none or last 100: failed trials have no rank, and their output matters most',
    ],
    [
      'a grid that cannot be numbered',
      {
        sampler: 'sampler: grid',
        train: 'null:',
        space: `space: {${Array.from({ length: 20 }, (_, i) => `p${i}: {int: [0, 9]}`).join(', ')}}`,
      },
      'f:5:10 sampler: there are 100000000000000000000 configurations, too many to number; at most 2^53 can be',
    ],
  ])('refuses %s', (_, sections, fault) => {
    const faults = faultsOf(fileWith(sections));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it('reports every fault at once, in the order of the file', () => {
    const faults = faultsOf(
      fileWith({
        name: 'name: "?"',
        budget: 'budget: {trials: 0, tme: 3}',
        space: 'space: {depth: {int: [4, 1]}}',
        seed: 'seed: -1',
      }),
    );
    expect(faults.map((fault) => fault.split(' ').slice(0, 2).join(' '))).toEqual([
      'f:1:7 name:',
      'f:2:18 budget.trials:',
      'f:2:21 budget.tme:',
      'f:4:22 space.depth.int:',
      'f:5:7 seed:',
    ]);
  });

  it('warns when the worst trial would win', () => {
    expect(warningsOf(fileWith({ metric: 'metric: {name: val_accuracy, goal: minimize}' }))).toEqual([
      'f:5:36 metric.goal: minimizes val_accuracy, so the worst trial wins; maximize is usual',
    ]);
  });
});

describe('the metric of train', () => {
  it('warns when the test images would decide, and has them measured', () => {
    const text = fileWith({ metric: 'metric: {name: test_accuracy}' });
    expect(warningsOf(text)).toEqual([
      'f:5:16 metric.name: the search will choose by test_accuracy: the winner is then fitted to the test images, its ' +
        'figure flatters it, and nothing is left to judge it by; search by val_accuracy instead',
    ]);
    const result = parseSearchFile(text, 'f');
    expect(result.ok && result.spec.objective.config).toMatchObject({ dataset: 'digits', test: true });
    expect(result.ok && result.spec.metric.goal).toBe('maximize');
  });

  it.each([
    ['parameters', 'minimize'],
    ['time', 'minimize'],
    ['val_loss', 'minimize'],
    ['test_loss', 'minimize'],
    ['images_per_s', 'maximize'],
  ])('%s is one to %s', (name, goal) => {
    const result = parseSearchFile(fileWith({ metric: `metric: {name: ${name}}` }), 'f');
    expect(result.ok && result.spec.metric.goal).toBe(goal);
  });

  it('names the nearest when there is no such metric', () => {
    expect(faultsOf(fileWith({ metric: 'metric: {name: test_acuracy}' }))[0]).toContain(
      'train reports no "test_acuracy" (did you mean "test_accuracy"?)',
    );
  });
});

describe('the examples', () => {
  const examples = readdirSync('examples').filter((name) => name.endsWith('.yaml'));

  it.each(examples)('%s passes without a warning', (name) => {
    expect(warningsOf(readFileSync(`examples/${name}`, 'utf8'))).toEqual([]);
  });
});

describe('the summary', () => {
  const summaryOf = (text: string) => {
    const result = parseSearchFile(text, 'f');
    return result.ok ? summarizeSearch(result.spec) : undefined;
  };

  it('is a line with what matters', () => {
    expect(summaryOf(WHOLE)).toBe('digits: 6 parameters, 60 trials, at most 2h, sampler tpe, pruner asha');
  });

  it('counts the configurations of a finite space, inactive parameters aside', () => {
    const space = 'space: {depth: {int: [1, 4]}, b: {choice: [x, y, z], when: {depth: 1}}}';
    expect(summaryOf(fileWith({ train: 'null:', space, relations: 'relations: ["depth > 0"]' }))).toBe(
      'x: 2 parameters, at most 6 configurations, 3 trials, sampler auto, pruner median',
    );
  });

  it('counts ten points of a continuous parameter on a grid that does not say', () => {
    const space = 'space: {depth: {float: [1, 4]}}';
    expect(summaryOf(fileWith({ train: 'null:', space, budget: '', sampler: 'sampler: grid' }))).toBe(
      'x: 1 parameter, 10 configurations, sampler grid, pruner median',
    );
  });
});

describe('repeats', () => {
  const repeats = (line: string, more: Readonly<Record<string, string>> = {}) =>
    faultsOf(fileWith({ repeats: line, ...more }));

  it('are part of the spec where there are more than one', () => {
    const specOf = (line: string) => {
      const result = parseSearchFile(fileWith({ repeats: line }), 'f');
      return result.ok ? result.spec.repeats : result.faults;
    };
    expect([specOf('repeats: 3'), specOf('repeats: 1'), specOf('')]).toEqual([3, undefined, undefined]);
  });

  it('are a whole number that the budget has room for', () => {
    expect(repeats('repeats: 0')).toEqual([expect.stringContaining('repeats: is 0, must be')]);
    expect(repeats('repeats: 4')).toEqual([
      'f:5:10 repeats: is 4, but the budget ends after 3 trials: no configuration would get them all',
    ]);
  });

  it('are refused for a sampler that follows Optuna', () => {
    expect(repeats('repeats: 2', { sampler: 'sampler: optuna-tpe' })).toEqual([
      'f:5:10 repeats: optuna-tpe follows Optuna, which has no repeats; leave them out, or use a sampler like auto',
    ]);
  });
});

describe('a search file that would hold up a coordinator', () => {
  const params = (count: number, line: (i: number) => string) =>
    `space:\n${Array.from({ length: count }, (_, i) => `  p${i}: ${line(i)}`).join('\n')}`;
  const objective = { train: "'null': {steps: 1}" };

  it('by relations that take long to be asked gets fewer draws, and is told how many', () => {
    const relation = `p0 + ${Array.from({ length: 300 }, (_, i) => `p${i}`).join(' + ')}`
      .slice(0, 950)
      .replace(/ \+ p?\d*$/, '');
    const relations = `relations: [${Array.from({ length: 100 }, () => `"${relation} < 0"`).join(', ')}]`;
    expect(faultsOf(fileWith({ ...objective, space: params(1000, () => '{float: [0, 1]}'), relations }))).toEqual([
      expect.stringMatching(/none of [1-9] drawn did; loosen them$/),
    ]);
  });

  it('by conditions that are too tangled to be numbered is refused for a grid, and no other sampler needs that', () => {
    const space = `${params(30, () => '[x, y]')}\n${Array.from({ length: 300 }, (_, i) => {
      const when = Array.from({ length: 15 }, (__, k) => `p${(i * 7 + k * 11) % 30}: x`).join(', ');
      return `  q${i}: {int: [0, 3], when: {${when}}}`;
    }).join('\n')}`;
    expect(faultsOf(fileWith({ ...objective, space, sampler: 'sampler: grid' }))).toEqual([
      expect.stringContaining('the conditions depend on each other in too many ways to number the configurations'),
    ]);
    expect(faultsOf(fileWith({ ...objective, space }))).toEqual([]);
  });

  it('by more conditions on large parameters than can be told apart is refused for a grid', () => {
    const space = `space:\n  a: {int: [0, 99998]}\n${Array.from({ length: 50 }, (_, i) => `  b${i}: {int: [0, 1], when: {a: {">": ${i}}}}`).join('\n')}`;
    expect(faultsOf(fileWith({ ...objective, space, sampler: 'sampler: grid' }))).toEqual([
      expect.stringContaining('parameter a has too many values for the 50 conditions on it'),
    ]);
  });

  it('by faults without end is read until there are a thousand', () => {
    const rows = `enqueue: [${Array.from({ length: 2000 }, (_, i) => `x${i}`).join(', ')}]`;
    const choices = `space: {a: [${Array.from({ length: 3000 }, () => '[]').join(', ')}]}`;
    for (const sections of [{ enqueue: rows }, { space: choices }]) {
      const faults = faultsOf(fileWith({ ...objective, ...sections }));
      expect(faults.length).toBeLessThanOrEqual(201);
    }
    expect(faultsOf(fileWith({ ...objective, space: choices })).at(-1)).toMatch(
      /and at least 800 more faults from here on$/,
    );
  });

  it('by a long chain of conditions is read all the same, in the order of the file or against it', () => {
    const chain = (parent: (i: number) => number) =>
      params(1000, (i) =>
        parent(i) in { [-1]: 0, 1000: 0 } ? '{int: [0, 3]}' : `{int: [0, 3], when: {p${parent(i)}: 1}}`,
      );
    for (const step of [-1, 1]) expect(faultsOf(fileWith({ ...objective, space: chain((i) => i + step) }))).toEqual([]);
  });
});
