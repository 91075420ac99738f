import { nullConfigSchema, OBJECTIVE_KINDS, TRAIN_METRICS, trainConfigSchema } from '../../proto/objective.js';
import { commandConfigSchema, moduleConfigSchema } from '../../proto/own-code.js';
import { PRUNER_SETTINGS, SAMPLER_SETTINGS, type Setting, type Settings } from '../../search/index.js';
import { PARAM_NAME } from '../core/objective-config.js';
import {
  HIGHEST_PRIORITY,
  MOST_ATTEMPTS,
  MOST_CHOICES,
  MOST_ENQUEUED,
  MOST_GPUS,
  MOST_LABELS,
  MOST_PARALLEL,
  MOST_PARAMS,
  MOST_RELATIONS,
  MOST_REPEATS,
  MOST_TRIALS,
  STUDY_NAME,
} from '../limits.js';
import { OPERATORS } from './conditions.js';
import { DURATION } from './duration.js';
import { templateSchema } from './json-schema-template.js';
import { ARTIFACTS_PATTERN, OUTPUT_PATTERN } from './keep-section.js';
import type { JsonSchema } from './schema-issues.js';
import { ENDING_SAMPLERS, settingKey } from './settings-section.js';
import { SIZE } from './size.js';
import { DEFAULT_ATTEMPTS, LARGEST_SEED } from './study-sections.js';

/**
 * The JSON Schema (draft-07) of search files, for editors to complete and check by. It accepts everything that the
 * parser accepts; faults that take more than structure to see, such as a reference to nothing, only the parser finds.
 */
export function searchFileSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Assay search file',
    description: 'A hyperparameter search: what to train, what to vary, how to choose, when to end.',
    type: 'object',
    properties: sections(),
    required: ['name', 'space'],
    allOf: [
      { oneOf: OBJECTIVE_KINDS.map((kind) => ({ required: [kind] })) },
      { anyOf: [{ required: ['budget'] }, { properties: { sampler: endingSampler() }, required: ['sampler'] }] },
    ],
    additionalProperties: false,
    definitions: definitions(),
  };
}

function sections(): Record<string, JsonSchema> {
  return {
    name: { description: 'Name of the study: letters, digits, . _ and -.', type: 'string', pattern: STUDY_NAME.source },
    metric: metricSchema(),
    budget: budgetSchema(),
    parallel: integer('Most trials at a time. Default: every free slot of every worker.', 1, MOST_PARALLEL),
    repeats: integer(
      'Trials of each configuration, with a seed of their own each; their mean ranks it. Each counts in the budget. Default: 1.',
      1,
      MOST_REPEATS,
    ),
    seed: integer('What chance derives from. Default: drawn and printed.', 0, LARGEST_SEED),
    sampler: {
      description: 'How configurations are chosen, by name or with settings.',
      default: 'auto',
      anyOf: typedOptions(SAMPLER_SETTINGS),
    },
    pruner: {
      description: 'How hopeless trials are stopped early, by name or with settings.',
      default: 'median',
      anyOf: typedOptions(PRUNER_SETTINGS),
    },
    train: templateSchema(
      trainConfigSchema,
      'The built-in image classifier. $name stands for a parameter of the space.',
    ),
    module: templateSchema(
      moduleConfigSchema,
      'A JavaScript or TypeScript module that exports objective(trial): its file, or a mapping.',
    ),
    command: templateSchema(
      commandConfigSchema,
      'A program in any language: a text without quotes, a list of words, or a mapping. {name} stands for a parameter, {args} for --name=value of all active ones.',
    ),
    null: {
      description: 'Trains nothing and reports what it is told: for trying out the machinery.',
      anyOf: [templateSchema(nullConfigSchema, 'What to report.'), { type: 'null' }],
    },
    space: spaceSchema(),
    relations: {
      description: 'What must hold between parameters, like "width >= 16 * depth".',
      type: 'array',
      items: { type: 'string', minLength: 1 },
      maxItems: MOST_RELATIONS,
    },
    enqueue: enqueueSchema(),
    limits: limitsSchema(),
    keep: keepSchema(),
    requires: requiresSchema(),
    priority: {
      ...integer('Studies of a higher priority get free slots first.', -HIGHEST_PRIORITY, HIGHEST_PRIORITY),
      default: 0,
    },
  };
}

function definitions(): Record<string, JsonSchema> {
  return {
    value: { type: ['number', 'string', 'boolean'] },
    choices: {
      description: 'One of these.',
      type: 'array',
      items: { $ref: '#/definitions/value' },
      minItems: 1,
      maxItems: MOST_CHOICES,
      uniqueItems: true,
    },
    range: {
      description: '[low, high], both included.',
      type: 'array',
      items: { type: 'number' },
      minItems: 2,
      maxItems: 2,
    },
    integerRange: {
      description: '[low, high], both included.',
      type: 'array',
      items: { type: 'integer' },
      minItems: 2,
      maxItems: 2,
    },
    duration: {
      description: 'A time like 90s, 15m, 2h or 1h30m.',
      type: 'string',
      pattern: DURATION.source,
    },
    size: { description: 'A size like 512MiB or 4GiB.', type: 'string', pattern: SIZE.source },
    reference: {
      description: 'A parameter of the space.',
      type: 'string',
      pattern: `^\\$${PARAM_NAME.source.slice(1)}`,
    },
    when: whenSchema(),
  };
}

function metricSchema(): JsonSchema {
  return object('What is measured, and which way is better.', {
    name: {
      description: `Name of the metric; train reports ${TRAIN_METRICS.join(', ')}.`,
      type: 'string',
      default: 'val_accuracy',
    },
    goal: {
      description: 'Default: minimize for a loss or an error, maximize otherwise.',
      enum: ['maximize', 'minimize'],
    },
    value: {
      description: "Which report is the trial's value. Default: best for train, last otherwise.",
      enum: ['best', 'last'],
    },
  });
}

function budgetSchema(): JsonSchema {
  return {
    ...object('When the search ends: whichever comes first.', {
      trials: integer('Number of trials.', 1, MOST_TRIALS),
      time: { $ref: '#/definitions/duration' },
    }),
    minProperties: 1,
  };
}

function spaceSchema(): JsonSchema {
  return {
    description: 'The parameters and the values they can take.',
    type: 'object',
    propertyNames: { pattern: PARAM_NAME.source },
    minProperties: 1,
    maxProperties: MOST_PARAMS,
    additionalProperties: {
      anyOf: [
        { ...ref('value'), description: 'A fixed value.' },
        ref('choices'),
        form('A number.', 'float', ref('range'), { step: { type: 'number', exclusiveMinimum: 0 } }),
        form('A number on a logarithmic scale.', 'float', ref('range'), { log: { type: 'boolean' } }),
        form('A number on a logarithmic scale.', 'log', ref('range'), {}),
        form('An integer.', 'int', ref('integerRange'), { step: { type: 'integer', minimum: 1 } }),
        form('An integer on a logarithmic scale.', 'int', ref('integerRange'), { log: { type: 'boolean' } }),
        form('One of a list.', 'choice', ref('choices'), {}),
        form('One of a list.', 'choices', ref('choices'), {}),
      ],
    },
  };
}

function form(about: string, key: string, value: JsonSchema, more: Record<string, JsonSchema>): JsonSchema {
  return { ...object(about, { [key]: value, ...more, when: ref('when') }), required: [key] };
}

function whenSchema(): JsonSchema {
  return {
    description: 'The parameter is there only when all of this holds, like {optimizer: sgd} or {depth: {">=": 2}}.',
    type: 'object',
    minProperties: 1,
    additionalProperties: {
      anyOf: [
        ref('value'),
        { type: 'array', items: ref('value'), minItems: 1 },
        {
          type: 'object',
          properties: Object.fromEntries(
            OPERATORS.map((operator) => [operator, operator === '!=' ? ref('value') : { type: 'number' }]),
          ),
          minProperties: 1,
          additionalProperties: false,
        },
      ],
    },
  };
}

function enqueueSchema(): JsonSchema {
  return {
    description: 'Configurations to try first, in this order; what a row leaves out is drawn.',
    type: 'array',
    items: { type: 'object', additionalProperties: ref('value') },
    maxItems: MOST_ENQUEUED,
  };
}

function limitsSchema(): JsonSchema {
  return object('What a trial may take.', {
    trial_time: { ...ref('duration'), description: 'Longest time of one attempt. Default: no limit.' },
    memory: {
      ...ref('size'),
      description: 'Most memory that all processes of one attempt may take together. Default: no limit.',
    },
    output: {
      ...ref('size'),
      description: 'Most that they may print; the end of it is kept. Default: what the worker allows, 512MiB.',
    },
    attempts: {
      ...integer('Attempts at a trial that loses its worker or fails.', 1, MOST_ATTEMPTS),
      default: DEFAULT_ATTEMPTS,
    },
  });
}

function keepSchema(): JsonSchema {
  return object('What is kept of trials that have ended.', {
    artifacts: {
      description: 'Models: of all trials, of none, of the best (top 5) or of those that ended last (last 5).',
      type: 'string',
      pattern: ARTIFACTS_PATTERN,
      default: 'top 5',
    },
    output: {
      description: 'The end of what they printed: all, none, or of those that ended last (last 100).',
      type: 'string',
      pattern: OUTPUT_PATTERN,
      default: 'all',
    },
  });
}

function requiresSchema(): JsonSchema {
  return object('What an attempt needs of its worker.', {
    gpu: integer(
      'GPUs of one worker. 1 is a share of one where attempts share them, more are whole ones, 0 is none. Default: one where there is one.',
      0,
      MOST_GPUS,
    ),
    memory: { ...ref('size'), description: 'Memory that is set aside for it.' },
    labels: {
      description: 'Labels that a worker must have.',
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      maxProperties: MOST_LABELS,
    },
  });
}

/** A name, or a mapping with that name as its type and its settings. */
function typedOptions(table: Readonly<Record<string, Settings>>): JsonSchema[] {
  const withSettings = Object.entries(table).map(([type, settings]) => ({
    type: 'object',
    properties: {
      type: { const: type },
      ...Object.fromEntries(
        Object.entries(settings).map(([name, setting]) => [settingKey(name), settingSchema(setting)]),
      ),
    },
    required: ['type'],
    additionalProperties: false,
  }));
  return [{ enum: Object.keys(table) }, ...withSettings];
}

function settingSchema(setting: Setting): JsonSchema {
  const words = {
    description: setting.about,
    ...(setting.fallback === undefined ? {} : { default: setting.fallback }),
  };
  switch (setting.kind) {
    case 'int':
    case 'number':
      return { ...words, type: setting.kind === 'int' ? 'integer' : 'number', ...bounds(setting.low, setting.high) };
    case 'boolean':
      return { ...words, type: 'boolean' };
    case 'choice':
      return { ...words, enum: setting.choices };
  }
}

function bounds(low: number, high: number): JsonSchema {
  return {
    ...(low === -Number.MAX_VALUE ? {} : { minimum: low }),
    ...(high === Number.MAX_VALUE ? {} : { maximum: high }),
  };
}

/** Samplers that need no budget. */
function endingSampler(): JsonSchema {
  const names = Object.keys(SAMPLER_SETTINGS).filter((name) => ENDING_SAMPLERS.has(name));
  return { anyOf: [{ enum: names }, { type: 'object', properties: { type: { enum: names } }, required: ['type'] }] };
}

function object(about: string, properties: Record<string, JsonSchema>): JsonSchema {
  return { description: about, type: 'object', properties, additionalProperties: false };
}

function integer(about: string, low: number, high: number): JsonSchema {
  return { description: about, type: 'integer', minimum: low, maximum: high };
}

function ref(definition: string): JsonSchema {
  return { $ref: `#/definitions/${definition}` };
}
