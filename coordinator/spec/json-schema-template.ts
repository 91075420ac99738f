import type { z } from 'zod';
import { inputSchema, type JsonSchema } from './schema-issues.js';

/** The schema of a section in which a parameter may stand in the place of every single value. */
export function templateSchema(schema: z.ZodType, about: string): JsonSchema {
  const { $schema: _, ...section } = inputSchema(schema);
  return { description: about, ...withReferences(section, '') };
}

const REFERENCE: JsonSchema = { $ref: '#/definitions/reference' };

function withReferences(schema: JsonSchema, path: string): JsonSchema {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    const { anyOf: _, oneOf: __, ...words } = schema;
    const mapped = alternatives.map((inner) => withoutWords(withReferences(inner, path)));
    return { ...describe(path), ...words, anyOf: unique(mapped.flatMap((inner) => inner.anyOf ?? [inner])) };
  }
  if (schema.properties !== undefined) {
    const properties = Object.entries(schema.properties).map(([key, inner]) => [
      key,
      withReferences(inner, path === '' ? key : `${path}.${key}`),
    ]);
    return { ...describe(path), ...schema, properties: Object.fromEntries(properties) };
  }
  if (schema.items !== undefined) return { ...describe(path), ...schema, items: withReferences(schema.items, path) };
  return scalar(schema, path);
}

function scalar(schema: JsonSchema, path: string): JsonSchema {
  const { description, default: fallback, ...value } = schema;
  const words = {
    ...describe(path),
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
  return { ...words, anyOf: [withoutSafeBounds(value), REFERENCE] };
}

/** Integers are bounded by what a double can count to; saying so tells nobody anything. */
function withoutSafeBounds(schema: JsonSchema): JsonSchema {
  const bounds = Object.entries(schema).filter(([, value]) => Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER);
  return Object.fromEntries(bounds);
}

function withoutWords(schema: JsonSchema): JsonSchema {
  const { description: _, ...rest } = schema;
  return rest;
}

function unique(schemas: readonly JsonSchema[]): JsonSchema[] {
  const byText = new Map(schemas.map((schema) => [JSON.stringify(schema), schema]));
  return [...byText.values()];
}

/** What editors say about a key that its own schema does not describe. */
const ABOUT: Readonly<Record<string, string>> = {
  dataset: 'A data set by name, or a mapping that says where it lies below the folder of data sets of the workers.',
  'dataset.name': 'digits is generated; mnist, fashion-mnist, kmnist, cifar10 and cifar100 are downloaded once.',
  'dataset.data': 'The folder in which the files of a named data set lie already.',
  'dataset.idx': 'MNIST-style files: a folder with the usual names, or a file of images.',
  'dataset.labels': 'The file of labels. For cifar100: fine, for 100 classes, or coarse, for 20.',
  'dataset.test_idx': 'A file of images to test on.',
  'dataset.test_labels': 'The file of their labels.',
  'dataset.cifar10': "CIFAR-10's binary version: the folder with its files, or its archive.",
  'dataset.cifar100': "CIFAR-100's binary version: the folder with its files, or its archive.",
  'dataset.images': 'Images in a folder for each class, below train, validation and test where these are there.',
  'dataset.size': 'What all images are brought to: a side, or height and width. Default: all have one size already.',
  'dataset.colour': 'rgb, the default, or grey.',
  'dataset.fit':
    'Of an image of another shape: cover (the default) cuts off, contain surrounds with black, stretch distorts.',
  'dataset.csv': 'A table of numbers with a column of classes.',
  'dataset.label': 'The column of classes: its name, or its number from 1 where the first row names none.',
  'dataset.test_csv': 'A table to test on.',
  'dataset.columns': 'Columns to learn from. Default: all but the label.',
  'dataset.ignore': 'Columns to leave out.',
  'dataset.header': 'Whether the first row names the columns. Default: true.',
  'dataset.delimiter': 'What stands between two values. Default: a comma.',
  'dataset.shape': 'Height, width and, beyond grey, channels of the image that each row is.',
  'dataset.npy': 'A NumPy array of samples.',
  'dataset.test_npy': 'A NumPy array of samples to test on.',
  'dataset.train': 'Samples to train on: a number, or a share below 1. Default: all that are left.',
  'dataset.validation':
    'Samples to validate with, a number or a share below 1: of those set apart for it, or of the training samples.',
  'dataset.test': 'Samples kept apart for the last word, a number or a share below 1. Default: those set apart for it.',
  'dataset.seed': 'Decides which samples go where.',
  'dataset.normalize':
    'What the network sees: standard (mean 0 and variance 1 over the training samples, the default), unit (0 to 1), none.',
  augment: 'Changes training images at random, anew in every epoch. Lengths are pixels.',
  'augment.shift': 'Move by up to so many pixels up or down and left or right.',
  'augment.flip': 'Chance of being mirrored left to right.',
  'augment.crop': 'Enlarge a window that is up to so many pixels smaller than the image.',
  'augment.cutout': 'Paint over a square of this side, anywhere in the image.',
  'augment.rotate': 'Turn by up to so many degrees either way.',
  architecture: 'The network.',
  'architecture.type':
    'mlp: layers that see all of the one before. cnn: blocks of convolution and pooling, then a dense layer.',
  'architecture.depth': 'Hidden layers, or blocks.',
  'architecture.width': 'Units in each hidden layer, or filters of the first block; each pooling doubles them.',
  'architecture.dropout': 'Fraction of hidden units dropped while training, 0 to below 1.',
  'architecture.activation': 'What each hidden unit makes of its sum.',
  'architecture.batch_norm': 'Normalize sums over the batch before the activation.',
  'architecture.initializer':
    "How weights are drawn; auto: He's for the rectifiers, LeCun's for selu, Glorot's for the others.",
  'architecture.layers': 'Everything between the images and the logits, one layer after another.',
  'architecture.layers.type': 'What the layer does.',
  'architecture.layers.units': 'Units of a dense layer.',
  'architecture.layers.filters': 'Filters of a convolution.',
  'architecture.layers.kernel': 'Side of the square that a filter sees, in pixels.',
  'architecture.layers.stride': 'Pixels from one place to the next. Default: 1, for pooling the size.',
  'architecture.layers.padding': 'same: zeros around the picture keep its size. valid: filters stay inside.',
  'architecture.layers.kind': 'What pooling makes of a square.',
  'architecture.layers.size': 'Side of the square that becomes one pixel.',
  'architecture.layers.rate': 'Fraction of inputs dropped while training, 0 to below 1.',
  'architecture.layers.activation': 'What each unit makes of its sum.',
  'architecture.layers.initializer': 'How weights are drawn.',
  'architecture.kernel': 'Side of the square that a filter sees, in pixels. CNN only.',
  'architecture.pooling': 'What each block makes of every square of 2 by 2 pixels. CNN only.',
  'architecture.dense': 'Units of the hidden layer between blocks and classes; 0 for none. CNN only.',
  loss: 'Default: categorical_crossentropy for more than two classes, binary_crossentropy for two.',
  label_smoothing: "Share of each image's target spread over all classes in training, 0 to below 1.",
  optimizer: 'How weights follow the gradient.',
  'optimizer.type': 'The rule.',
  'optimizer.learning_rate': 'Size of a step.',
  'optimizer.momentum': 'Share of the last step that is added to the next, 0 to below 1. SGD only.',
  'optimizer.nesterov': 'Look ahead by the momentum before taking the gradient. SGD with momentum only.',
  'optimizer.rho': 'Share of the past in the running means. RMSprop (default 0.9) and Adadelta (0.95) only.',
  'optimizer.beta1': 'Share of the past in the running mean of gradients. Adam and AdamW only, default 0.9.',
  'optimizer.beta2': 'Share of the past in the running mean of their squares. Adam and AdamW only, default 0.999.',
  'optimizer.epsilon': 'What keeps a division from zero. All but SGD.',
  'optimizer.weight_decay':
    'Share of the learning rate by which kernels shrink at each step. Default 0.01 for AdamW, 0 otherwise.',
  'optimizer.clip_norm': 'Largest norm of all gradients together; larger ones are scaled down.',
  'optimizer.clip_value': 'Largest absolute value of each number of a gradient.',
  'optimizer.schedule': 'The way of the learning rate, by name or with settings.',
  'optimizer.schedule.type':
    'linear, cosine, exponential: down to the final share at the last step. step: by a factor every so many epochs. ' +
    'plateau: by a factor when the validation loss does not fall.',
  'optimizer.schedule.warmup': 'Share of all steps in which the learning rate rises from zero, 0 to below 1.',
  'optimizer.schedule.final':
    'Share of the learning rate at the last step (linear, cosine, exponential; default 0.01), or that a plateau never ' +
    'falls below (default 0).',
  'optimizer.schedule.every': 'Epochs between two falls. step only, default 10.',
  'optimizer.schedule.factor': 'What a fall leaves of the learning rate. step and plateau only, default 0.1.',
  'optimizer.schedule.patience': 'Epochs without a lower validation loss. plateau only, default 10.',
  l1: 'Weight of the sum of absolute kernel weights in the loss.',
  l2: 'Weight of the sum of squared kernel weights in the loss.',
  batch_size: 'Images in a step.',
  epochs: 'Passes over the training images; there is a report after each.',
  checkpoint_every:
    'A checkpoint after so many epochs. Default: each epoch where trials are paused, else now and then.',
  early_stopping: 'When a trial ends by itself.',
  'early_stopping.metric': 'What must get better.',
  'early_stopping.patience': 'Epochs in a row that may bring nothing better.',
  'early_stopping.min_delta': 'What counts as better: more than so much.',
  'early_stopping.restore_best':
    'End with the weights of the best epoch; if that was not the last, its metrics are reported once more.',
  test: 'Measure the test images too: test_accuracy and test_loss.',
  steps: 'Number of reports.',
  value: 'What each report says.',
  delay_ms: 'Milliseconds before each report.',
  metric: 'Name of the metric.',
  file: "The module's file, as seen from the code's folder.",
  export: 'Name of the exported function. Default: objective.',
  config: 'What the function gets as trial.config.',
  argv: 'The program and its arguments; words of a nested list are there together or not at all.',
  env: 'Environment variables to set: to a value, or to what a variable of the worker holds, like {env: API_KEY}, which never leaves the worker and is cut out of what the code prints.',
  scrape: 'Regular expressions whose named groups are metrics, and step, found in the lines that the program prints.',
  workdir: "Folder on the worker: absolute, or as seen from the folder that the worker's operator allowed.",
  upload: 'Folder to upload when the study is submitted, as seen from the search file.',
  'upload.dir': 'The folder.',
  'upload.ignore': 'What to leave out, in the words of a .gitignore file.',
  git: 'A commit that workers fetch.',
  'git.url': 'URL of the repository.',
  'git.revision': 'The whole commit id.',
  pass_env:
    "Names of variables of the worker's environment that the code may see, where the worker's operator allows it.",
};

function describe(path: string): JsonSchema {
  const about = ABOUT[path];
  return about === undefined ? {} : { description: about };
}
