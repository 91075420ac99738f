import { TRAIN_METRICS } from '../../proto/objective.js';
import type { Goal } from '../../search/index.js';
import { didYouMean } from '../core/nearest.js';
import type { JsonTemplate, SearchSpec } from '../core/spec.js';
import { LABEL_KEY, LONGEST_LABEL, MOST_ATTEMPTS, MOST_GPUS, MOST_LABELS, MOST_TRIALS, STUDY_NAME } from '../limits.js';
import { formatDuration, LONGEST_DURATION_MS, parseDuration } from './duration.js';
import type { FaultList, Place } from './fault.js';
import type { Objective } from './objective-section.js';
import { scrapedMetrics } from './own-code-section.js';
import { describe, missing, readKeys, readMap, readNumber, readText, readWord } from './readers.js';
import { LARGEST_SIZE_BYTES, parseSize } from './size.js';
import type { SourceNode } from './source-tree.js';

export const LARGEST_SEED = 0xffff_ffff;
export const DEFAULT_ATTEMPTS = 3;

export function readName(node: SourceNode, faults: FaultList): string | undefined {
  const name = readText(node, faults, 'a name like digits');
  if (name === undefined || STUDY_NAME.test(name)) return name;
  const rule = 'must begin with a letter or digit and go on with at most 62 letters, digits, . _ or -';
  faults.add(node, `${rule}, not ${describe(node)}`);
  return undefined;
}

type Metric = SearchSpec['metric'];

const METRIC_KEYS = ['name', 'goal', 'value'] as const;

/** Reads `metric:`. What it leaves out depends on the objective. */
export function readMetric(
  node: SourceNode | undefined,
  root: Place,
  objective: Objective | undefined,
  faults: FaultList,
): Metric {
  const map = node === undefined ? undefined : readMap(node, faults, '{name: val_accuracy, goal: maximize}');
  const keys = map === undefined ? undefined : readKeys(map, METRIC_KEYS, faults);
  const nameNode = keys?.get('name')?.node;
  const goalNode = keys?.get('goal')?.node;
  const valueNode = keys?.get('value')?.node;
  const read = nameNode && readText(nameNode, faults, 'the name of a metric');
  if (nameNode === undefined && isOwnCode(objective) && scrapedMetrics(objective?.config).length !== 1) {
    missing(node ?? root, 'metric', 'metric: {name: val_accuracy, goal: maximize}', faults);
  }
  const name = read ?? defaultMetric(objective);
  const goal = (goalNode && readWord<Goal>(goalNode, ['maximize', 'minimize'], faults)) ?? usualGoal(name);
  const value = valueNode && readWord(valueNode, ['best', 'last'] as const, faults);
  if (nameNode !== undefined && objective !== undefined) checkMetricName(name, nameNode, objective, faults);
  if (objective?.kind === 'train') {
    if (goalNode !== undefined) checkGoal(name, goal, goalNode, faults);
    if (nameNode !== undefined && name.startsWith('test_')) warnOfTest(name, nameNode, faults);
  }
  return { name, goal, value: value ?? (objective?.kind === 'train' ? 'best' : 'last') };
}

function defaultMetric(objective: Objective | undefined): string {
  switch (objective?.kind) {
    case 'null':
      return nullMetric(objective.config) ?? 'value';
    case 'command':
    case 'module':
      return scrapedMetrics(objective.config)[0] ?? 'value';
    case 'train':
    case undefined:
      return 'val_accuracy';
  }
}

function nullMetric(config: JsonTemplate): string | undefined {
  const metric = config !== null && typeof config === 'object' && 'metric' in config ? config['metric'] : undefined;
  return typeof metric === 'string' && !metric.startsWith('$') ? metric : undefined;
}

/** Metrics of train that are better when smaller, beside losses. */
const COSTS: ReadonlySet<string> = new Set(['parameters', 'time']);

function usualGoal(name: string): Goal {
  return /(^|_)(loss|error)$/.test(name) || COSTS.has(name) ? 'minimize' : 'maximize';
}

/** Only the code itself knows what it reports, so it is to be said; what is scraped may be checked. */
function isOwnCode(objective: Objective | undefined): boolean {
  return objective?.kind === 'command' || objective?.kind === 'module';
}

function checkMetricName(name: string, node: SourceNode, objective: Objective, faults: FaultList): void {
  if (isOwnCode(objective)) {
    const scraped = scrapedMetrics(objective.config);
    if (scraped.length > 0 && !scraped.includes(name)) {
      faults.warn(node, `is not among what is scraped${didYouMean(name, scraped)}: ${scraped.join(', ')}`);
    }
    return;
  }
  const known: readonly string[] = objective.kind === 'train' ? TRAIN_METRICS : [defaultMetric(objective)];
  if (known.includes(name)) return;
  faults.add(
    node,
    `${objective.kind} reports no ${JSON.stringify(name)}${didYouMean(name, known)}; it reports ${known.join(', ')}`,
  );
}

function checkGoal(name: string, goal: Goal, node: SourceNode, faults: FaultList): void {
  if (goal === usualGoal(name)) return;
  faults.warn(node, `${goal}s ${name}, so the worst trial wins; ${usualGoal(name)} is usual`);
}

/** Allowed, because somebody may know what they do; said loudly, because most do not. */
function warnOfTest(name: string, node: SourceNode, faults: FaultList): void {
  faults.warn(
    node,
    `the search will choose by ${name}: the winner is then fitted to the test images, its figure flatters it, and ` +
      `nothing is left to judge it by; search by val_${name.slice('test_'.length)} instead`,
  );
}

type Budget = SearchSpec['budget'];

/** Reads `budget:`. */
export function readBudget(node: SourceNode, faults: FaultList): Budget | undefined {
  const map = readMap(node, faults, '{trials: 60, time: 2h}');
  if (map === undefined) return undefined;
  const keys = readKeys(map, ['trials', 'time'], faults);
  const trialsNode = keys.get('trials')?.node;
  const timeNode = keys.get('time')?.node;
  if (trialsNode === undefined && timeNode === undefined) {
    faults.add(map, 'sets no limit; give trials, time or both, like {trials: 60, time: 2h}');
  }
  const trials = trialsNode && readNumber(trialsNode, faults, { low: 1, high: MOST_TRIALS, int: true });
  const timeMs = timeNode && readDuration(timeNode, faults);
  return { ...(trials === undefined ? {} : { trials }), ...(timeMs === undefined ? {} : { timeMs }) };
}

/** A time to spend, in milliseconds: more than nothing, at most a year. */
export function readDuration(node: SourceNode, faults: FaultList): number | undefined {
  const ms = node.kind === 'scalar' ? parseDuration(node.text) : undefined;
  if (ms === undefined) {
    const unit =
      node.kind === 'scalar' && typeof node.value === 'number'
        ? `; add a unit, like ${node.text}s or ${node.text}m`
        : '';
    faults.add(node, `must be a duration like 90s, 15m, 2h or 1h30m, not ${describe(node)}${unit}`);
    return undefined;
  }
  if (ms >= 1 && ms <= LONGEST_DURATION_MS) return ms;
  faults.add(
    node,
    ms < 1
      ? 'is no time at all, must be longer'
      : `is longer than ${formatDuration(LONGEST_DURATION_MS)}, must be at most that`,
  );
  return undefined;
}

type Limits = SearchSpec['limits'];

/** Reads `limits:`. */
export function readLimits(node: SourceNode | undefined, faults: FaultList): Limits {
  const map = node === undefined ? undefined : readMap(node, faults, '{trial_time: 15m, attempts: 3}');
  if (map === undefined) return { attempts: DEFAULT_ATTEMPTS };
  const keys = readKeys(map, ['trial_time', 'memory', 'output', 'attempts'], faults);
  const timeNode = keys.get('trial_time')?.node;
  const attemptsNode = keys.get('attempts')?.node;
  const trialTimeMs = timeNode && readDuration(timeNode, faults);
  const attempts = attemptsNode && readNumber(attemptsNode, faults, { low: 1, high: MOST_ATTEMPTS, int: true });
  const memoryNode = keys.get('memory')?.node;
  const outputNode = keys.get('output')?.node;
  const memoryBytes = memoryNode && readSize(memoryNode, SMALLEST_MEMORY_BYTES, '4GiB', faults);
  const outputBytes = outputNode && readSize(outputNode, SMALLEST_OUTPUT_BYTES, '100MiB', faults);
  return {
    ...(trialTimeMs === undefined ? {} : { trialTimeMs }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(outputBytes === undefined ? {} : { outputBytes }),
    attempts: attempts ?? DEFAULT_ATTEMPTS,
  };
}

/** No process of an attempt runs in less. */
const SMALLEST_MEMORY_BYTES = 64 * 2 ** 20;
const SMALLEST_OUTPUT_BYTES = 1024;

/** A size like `4GiB`, in bytes. */
export function readSize(node: SourceNode, low: number, like: string, faults: FaultList): number | undefined {
  const bytes = node.kind === 'scalar' ? parseSize(node.text) : undefined;
  if (bytes === undefined) {
    const bare = node.kind === 'scalar' && typeof node.value === 'number';
    const hint = bare ? `; add a unit, like ${node.text}MiB or ${node.text}GiB` : '';
    faults.add(node, `must be a size like ${like}, not ${describe(node)}${hint}`);
    return undefined;
  }
  if (bytes >= low && bytes <= LARGEST_SIZE_BYTES) return bytes;
  faults.add(node, bytes < low ? `is too little, must be at least ${low / 1024}KiB` : 'is more than any machine has');
  return undefined;
}

/** Reads `requires:`. */
export function readRequires(node: SourceNode | undefined, faults: FaultList): SearchSpec['requires'] {
  const map = node === undefined ? undefined : readMap(node, faults, '{gpu: 1, memory: 8GiB}');
  if (map === undefined) return { labels: {} };
  const keys = readKeys(map, ['gpu', 'memory', 'labels'], faults);
  const gpuNode = keys.get('gpu')?.node;
  const memoryNode = keys.get('memory')?.node;
  const labelsNode = keys.get('labels')?.node;
  const gpu = gpuNode && readNumber(gpuNode, faults, { low: 0, high: MOST_GPUS, int: true });
  const memoryBytes = memoryNode && readSize(memoryNode, SMALLEST_MEMORY_BYTES, '8GiB', faults);
  return {
    labels: labelsNode === undefined ? {} : readLabels(labelsNode, faults),
    ...(gpu === undefined ? {} : { gpu }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  };
}

function readLabels(node: SourceNode, faults: FaultList): Readonly<Record<string, string>> {
  const labels = readMap(node, faults, '{zone: west}');
  if (labels === undefined) return {};
  if (labels.entries.length > MOST_LABELS) {
    faults.add(labels, `has ${labels.entries.length} labels, at most ${MOST_LABELS} are possible`);
    return {};
  }
  const read: [string, string][] = [];
  for (const { key, keyPlace, node: value } of labels.entries) {
    if (!LABEL_KEY.test(key))
      faults.add(
        keyPlace,
        'a label must begin with a letter or digit and go on with at most 62 letters, digits, _ . / or -',
      );
    // Labels are compared as texts, so a number counts as it is written.
    if (value.kind !== 'scalar' || value.value === null || value.text.length > LONGEST_LABEL) {
      faults.add(value, `must be a text of at most ${LONGEST_LABEL} characters, not ${describe(value)}`);
    } else read.push([key, value.text]);
  }
  return Object.fromEntries(read);
}
