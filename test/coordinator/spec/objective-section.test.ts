import { describe, expect, it } from 'vitest';
import { faultsOf, fileWith, warningsOf } from './faults-of.js';

/** A file with this training section and space, and no other lines after line 2. */
function training(train: string, space: string): string {
  return fileWith({ train: `train: ${train}`, space: `space: ${space}` });
}

const OPTIMIZER = 'optimizer: {learning_rate: 0.1}';
const REST = 'batch_size: 32, epochs: 1';
const architecture = (text: string) => `{dataset: digits, architecture: {${text}}, ${OPTIMIZER}, ${REST}}`;
const optimizer = (text: string) =>
  `{dataset: digits, architecture: {depth: 1, width: 8}, optimizer: {${text}}, ${REST}}`;

/** The faults without file, line and column. */
const saidOf = (text: string) => faultsOf(text).map((line) => line.slice(line.indexOf(' ') + 1));

describe('a train section', () => {
  it.each([
    [architecture('depth: -1, width: 8'), 'train.architecture.depth: must be at least 0, not the number -1'],
    [architecture('depth: 1.5, width: 8'), 'train.architecture.depth: must be an integer, not the number 1.5'],
    [architecture('depth: 1'), 'train.architecture: width is missing; it must be a number'],
    [
      architecture('depth: 1, width: 8, activation: rleu'),
      'train.architecture.activation: must be "relu", "leaky_relu", "elu", "selu", "tanh", "sigmoid" or "linear", not the text "rleu"',
    ],
    [
      architecture('depth: 1, width: 8, dropuot: 0.1'),
      'train.architecture.dropuot: unknown key "dropuot" (did you mean "dropout"?)',
    ],
    [optimizer('learning_rate: 0'), 'train.optimizer.learning_rate: must be greater than 0, not the number 0'],
    [
      optimizer('learning_rate: 1, nesterov: yes'),
      'train.optimizer.nesterov: must be true or false, not the text "yes"',
    ],
    [
      architecture('depth: 1, width: 8').replace('digits', '3'),
      'train.dataset: must be a text or a mapping, not the number 3',
    ],
    [
      architecture('depth: 1, width: 8').replace('digits', '{name: digits, train: 5}'),
      'train.dataset.train: must be at least 10, not the number 5',
    ],
    [
      architecture('depth: 1, width: 8').replace('digits', '{nam: digits, name: x}'),
      'train.dataset.nam: unknown key "nam" (did you mean "name"?)',
    ],
    [architecture('width: 8'), 'train.architecture: depth is missing; it must be a number'],
    [architecture('layers: 3'), 'train.architecture.layers: must be a list, not the number 3'],
    [
      architecture('layers: [{type: dense, units: 2, unit: 3}]'),
      'train.architecture.layers[0].unit: unknown key "unit" (did you mean "units"?)',
    ],
    [
      architecture('layers: [{type: conv2d, filters: 3}]'),
      'train.architecture.layers[0].type: must be "dense", "conv", "pooling", "global_average", "batch_norm", ' +
        '"activation", "dropout" or "flatten", not the text "conv2d"',
    ],
    [
      architecture('layers: [{type: dense, units: 8}, {type: conv, filters: 8}]'),
      'train.architecture.layers[1].type: must come earlier: conv is for pictures, and layer 1 (dense) has made rows of ' +
        'numbers of them, not the text "conv"',
    ],
    [
      optimizer('type: adam, learning_rate: 1, momentum: 0.9'),
      'train.optimizer.momentum: must be left out: adam has no momentum, it is for sgd, not the number 0.9',
    ],
    [
      optimizer('learning_rate: 1, schedule: {type: cosine, warm_up: 0.1}'),
      'train.optimizer.schedule.warm_up: unknown key "warm_up" (did you mean "warmup"?)',
    ],
    ['[]', 'train: must be a mapping like {dataset: digits, ...}, not a list'],
  ])('is refused as %s', (train, fault) => {
    expect(saidOf(training(train, '{x: 1}'))).toEqual([fault]);
  });
});

describe('a reference', () => {
  it('to a parameter that does not exist names the nearest', () => {
    expect(saidOf(training(architecture('depth: $dept, width: 8'), '{depth: {int: [1, 4]}}'))).toEqual([
      'train.architecture.depth: there is no parameter "dept" in space (did you mean "depth"?)',
    ]);
  });

  it.each([
    ['{int: [0, 65]}', '$depth can be 65, but must be at most 64'],
    ['{int: [-1, 4]}', '$depth can be -1, but must be at least 0'],
    ['{float: [1, 4]}', '$depth can be 2.146, but must be an integer'],
    ['[1, deep]', '$depth can be "deep", but must be a number'],
    ['1.5', '$depth can be 1.5, but must be an integer'],
  ])('to a parameter that is %s is checked at its ends and choices', (param, fault) => {
    expect(saidOf(training(architecture('depth: $depth, width: 8'), `{depth: ${param}}`))).toEqual([
      `train.architecture.depth: ${fault}`,
    ]);
  });

  it('to a real parameter whose steps are whole numbers may stand for an integer', () => {
    expect(saidOf(training(architecture('depth: $depth, width: 8'), '{depth: {float: [1, 4], step: 1}}'))).toEqual([]);
  });

  it('names every choice that does not fit', () => {
    const train = architecture('depth: 1, width: 8, activation: $a');
    expect(saidOf(training(train, '{a: [relu, gelu, swish]}'))).toEqual([
      'train.architecture.activation: $a can be "gelu", but must be "relu", "leaky_relu", "elu", "selu", "tanh", "sigmoid" or "linear"',
      'train.architecture.activation: $a can be "swish", but must be "relu", "leaky_relu", "elu", "selu", "tanh", "sigmoid" or "linear"',
    ]);
  });

  it('may be left out with its key where that key is optional', () => {
    const train = optimizer('type: $o, learning_rate: 0.1, momentum: $m');
    expect(saidOf(training(train, '{o: [sgd, adam], m: {float: [0, 0.9], when: {o: sgd}}}'))).toEqual([]);
  });

  it('to parameters whose conditions form a cycle is no second fault', () => {
    const space = '{depth: {int: [1, 4], when: {w: 1}}, w: {int: [1, 8], when: {depth: 1}}}';
    expect(saidOf(training(architecture('depth: $depth, width: $w'), space))).toEqual([
      'space.depth.when: the conditions form a cycle: depth -> w -> depth; remove one of them',
    ]);
  });

  it('must not be left out where its key is needed', () => {
    const train = optimizer('type: $o, learning_rate: $lr');
    expect(saidOf(training(train, '{o: [sgd, adam], lr: {log: [0.1, 1], when: {o: sgd}}}'))).toEqual([
      'train.optimizer.learning_rate: is needed when o is "adam", but $lr is there only when o is "sgd"',
    ]);
  });

  it('must not be left out because of a parameter that train does not name', () => {
    const space = '{big: [true, false], lr: {log: [0.1, 1], when: {big: true}}}';
    expect(saidOf(training(optimizer('learning_rate: $lr'), space))).toEqual([
      'train.optimizer.learning_rate: is needed when big is false, but $lr is there only when big is true',
    ]);
  });

  it('is checked in values that only a condition further up allows', () => {
    const train = optimizer('learning_rate: 0.1, momentum: $m');
    const space =
      '{a: {int: [1, 9]}, b: {choice: [x, y], when: {a: {">=": 3, "<": 5}}}, m: {float: [0.5, 2], when: {b: y}}}';
    expect(saidOf(training(train, space))).toEqual(['train.optimizer.momentum: $m can be 2, but must be less than 1']);
  });

  it('may stand for a whole data set name or any single value', () => {
    const train =
      '{dataset: {name: $d, seed: $s}, architecture: {depth: 1, width: 8}, optimizer: {learning_rate: 0.1, nesterov: $n}, batch_size: 8, epochs: 1}';
    expect(saidOf(training(train, '{d: [digits, mnist], s: {int: [0, 9]}, n: [true, false]}'))).toEqual([]);
  });

  it('that is none needs its dollar sign doubled', () => {
    const train = (dataset: string) => architecture('depth: 1, width: 8').replace('digits', () => dataset);
    expect(saidOf(training(train('$1x'), '{x: 1}'))).toEqual([
      'train.dataset: the text "$1x" is no parameter name; write $$ for a dollar sign at the beginning',
    ]);
    expect(saidOf(training(train('$$1x'), '{x: 1}'))).toEqual([]);
  });

  it('to a parameter with a fault of its own is no second fault', () => {
    expect(saidOf(training(architecture('depth: $depth, width: 8'), '{depth: {int: [4, 1]}}'))).toEqual([
      'space.depth.int: low 4 is greater than high 1; write [1, 4]',
    ]);
  });
});

describe('a parameter that train does not use', () => {
  it('is warned of', () => {
    expect(
      warningsOf(training(architecture('depth: $depth, width: 8'), '{depth: {int: [1, 4]}, lr: {log: [0.1, 1]}}')),
    ).toEqual(['f:4:31 space.lr: is searched but not used; write $lr where train should have its value']);
  });

  it('is used when another depends on it that is used', () => {
    const space =
      '{big: [true, false], depth: {int: [1, 4]}, width: {int: [1, 9], when: {big: true}}, d: {float: [0, 0.5], when: {big: true}}}';
    expect(warningsOf(training(architecture('depth: $depth, width: 8, dropout: $d'), space))).toEqual([
      'f:4:51 space.width: is searched but not used; write $width where train should have its value',
    ]);
  });
});
