import type { Condition, FloatParam, IntParam, ParamSpec, ParamValue } from '../../search/index.js';
import { PARAM_NAME } from '../core/objective-config.js';
import { MOST_CHOICES, MOST_PARAMS } from '../limits.js';
import { type Declared, readConditions } from './conditions.js';
import type { FaultList, Place } from './fault.js';
import { describe, looksLikeNumber, readAnyNumber, readBoolean, readKeys, readValue } from './readers.js';
import type { SourceEntry, SourceMap, SourceNode } from './source-tree.js';

/** A space as declared: also what is faulty is known by name, so that a reference to it is no second fault. */
export interface DeclaredSpace {
  readonly declared: ReadonlyMap<string, Declared>;
  /** The sound parameters with their conditions, in file order. */
  readonly params: readonly ParamSpec[];
}

export const NO_SPACE: DeclaredSpace = { declared: new Map(), params: [] };

/** Reads `space:`. */
export function readSpace(node: SourceNode, faults: FaultList): DeclaredSpace {
  if (node.kind !== 'map') {
    faults.add(node, `must be a mapping like {lr: {log: [1e-4, 1e-1]}}, not ${describe(node)}`);
    return NO_SPACE;
  }
  if (node.entries.length === 0)
    faults.add(node, 'has no parameters; write at least one, like "lr: {log: [1e-4, 1e-1]}"');
  if (node.entries.length > MOST_PARAMS) {
    faults.add(node, `has ${node.entries.length} parameters, at most ${MOST_PARAMS} are possible`);
    return NO_SPACE;
  }
  const declared = new Map<string, Declared>();
  for (const { key, keyPlace, node: form } of node.entries) {
    if (PARAM_NAME.test(key)) declared.set(key, { keyPlace, ...readParam(key, form, faults) });
    else
      faults.add(
        keyPlace,
        'a parameter name must begin with a letter or _ and go on with at most 62 letters, digits, _ . or -',
      );
  }
  const conditions = readConditions(declared, faults);
  const params = [...declared].flatMap(([name, { param }]) =>
    param === undefined ? [] : [conditioned(param, conditions.get(name))],
  );
  return { declared, params };
}

function conditioned(param: ParamSpec, when: readonly Condition[] | undefined): ParamSpec {
  return when === undefined || when.length === 0 ? param : { ...param, when };
}

type Form = Pick<Declared, 'param' | 'when'>;

function readParam(name: string, node: SourceNode, faults: FaultList): Form {
  if (node.kind === 'list') return { param: readChoices(name, node, faults), when: undefined };
  if (node.kind === 'map') return readMapping(name, node, faults);
  const value = readValue(node, faults);
  return { param: value === undefined ? undefined : { name, kind: 'categorical', choices: [value] }, when: undefined };
}

const KEYS = ['float', 'log', 'int', 'choice', 'choices', 'step', 'when'] as const;

/** What parameters have is in the log, in every export, and in what samplers learn from. */
function refusesSecret(map: SourceMap, faults: FaultList): boolean {
  const entry = map.entries.find(({ key }) => key === 'secret' || key === 'env');
  if (entry === undefined) return false;
  const instead = 'give it to the code as a variable, like command: {env: {API_KEY: {env: API_KEY, secret: true}}}';
  faults.add(
    entry.keyPlace,
    `a parameter's value is in the log and in every export, so it can be no secret; ${instead}`,
  );
  return true;
}

function readMapping(name: string, map: SourceMap, faults: FaultList): Form {
  if (refusesSecret(map, faults)) return { param: undefined, when: undefined };
  const keys = readKeys(map, KEYS, faults);
  const when = keys.get('when')?.node;
  const log = keys.get('log');
  // `log` is a range of its own, or beside another range says that it is logarithmic.
  const logIsFlag = log !== undefined && log.node.kind === 'scalar' && (keys.has('float') || keys.has('int'));
  const forms = ['float', 'int', 'choice', 'choices', ...(logIsFlag ? [] : ['log'])].filter((key) => keys.has(key));
  const [form] = forms;
  if (form === undefined && map.entries.length > keys.size) return { param: undefined, when };
  if (form === undefined || forms.length > 1) {
    const found = forms.length > 1 ? `${forms.join(' and ')} exclude each other` : 'says no kind of parameter';
    faults.add(map, `${found}; give one of float: [low, high], log: [low, high], int: [low, high] or choice: [a, b]`);
    return { param: undefined, when };
  }
  if (form === 'choice' || form === 'choices') return { param: readChoiceForm(name, keys, form, faults), when };
  const isLog = logIsFlag ? readBoolean(log.node, faults) === true : form === 'log';
  return { param: readNumeric(name, form === 'int', isLog, keys.get(form)!.node, keys.get('step'), faults), when };
}

function readChoiceForm(
  name: string,
  keys: ReadonlyMap<string, SourceEntry>,
  form: string,
  faults: FaultList,
): ParamSpec | undefined {
  for (const key of ['step', 'log']) {
    const entry = keys.get(key);
    if (entry !== undefined)
      faults.add(entry.keyPlace, `a choice has no ${key}; leave it out, or give a range with float or int`);
  }
  return readChoices(name, keys.get(form)!.node, faults);
}

function readChoices(name: string, node: SourceNode, faults: FaultList): ParamSpec | undefined {
  if (node.kind !== 'list') {
    faults.add(node, `must be a list of choices like [a, b], not ${describe(node)}`);
    return undefined;
  }
  if (node.items.length === 0) {
    faults.add(node, 'has no choices; list at least one');
    return undefined;
  }
  if (node.items.length > MOST_CHOICES) {
    faults.add(node, `has ${node.items.length} choices, at most ${MOST_CHOICES} are possible; a range needs no list`);
    return undefined;
  }
  const choices = new Set<ParamValue>();
  for (const item of node.items) {
    const choice = readValue(item, faults);
    if (choice === undefined) continue;
    if (choices.has(choice)) faults.add(item, `the choice ${JSON.stringify(choice)} is listed twice; keep one`);
    choices.add(choice);
  }
  warnOfQuotedNumbers(node.items, faults);
  return choices.size === 0 ? undefined : { name, kind: 'categorical', choices: [...choices] };
}

function warnOfQuotedNumbers(items: readonly SourceNode[], faults: FaultList): void {
  const values = items.map((item) => (item.kind === 'scalar' ? item.value : null));
  if (!values.some((value) => typeof value === 'number')) return;
  for (const [i, value] of values.entries()) {
    if (typeof value !== 'string' || !looksLikeNumber(value)) continue;
    faults.warn(items[i]!, `${JSON.stringify(value)} is a text among numbers; without quotes it would be a number`);
  }
}

function readNumeric(
  name: string,
  int: boolean,
  log: boolean,
  node: SourceNode,
  stepEntry: SourceEntry | undefined,
  faults: FaultList,
): ParamSpec | undefined {
  const range = readRange(node, int, log, faults);
  const step = stepEntry === undefined ? undefined : readStep(stepEntry, int, log, faults);
  if (range === undefined || step === null) return undefined;
  const { low } = range;
  const high = step === undefined ? range.high : reachable(low, range.high, step, node, faults);
  if (int) return { name, kind: 'int', low, high, log, step: step ?? 1 } satisfies IntParam;
  return { name, kind: 'float', low, high, log, ...(step === undefined ? {} : { step }) } satisfies FloatParam;
}

function readRange(
  node: SourceNode,
  int: boolean,
  log: boolean,
  faults: FaultList,
): { low: number; high: number } | undefined {
  if (node.kind !== 'list' || node.items.length !== 2) {
    const found = node.kind === 'list' ? `a list of ${node.items.length}` : describe(node);
    faults.add(node, `must be a range [low, high], not ${found}`);
    return undefined;
  }
  const [low, high] = node.items.map((item) => readBound(item, int, faults));
  if (low === undefined || high === undefined) return undefined;
  if (low > high) {
    faults.add(node, `low ${low} is greater than high ${high}; write [${high}, ${low}]`);
    return undefined;
  }
  if (log && low <= 0) {
    faults.add(node.items[0]!, `low is ${low}, must be greater than 0 on a logarithmic scale`);
    return undefined;
  }
  if (!Number.isFinite(high - low)) {
    faults.add(node, 'the range is too wide for double precision; bring low and high closer together');
    return undefined;
  }
  return { low, high };
}

function readBound(node: SourceNode, int: boolean, faults: FaultList): number | undefined {
  const value = readAnyNumber(node, faults, int ? 'an integer' : 'a number');
  if (value === undefined || !int || Number.isSafeInteger(value)) return value;
  faults.add(
    node,
    Number.isInteger(value)
      ? `is ${value}, must be within 2^53`
      : `must be an integer, not ${value}; use float for real numbers`,
  );
  return undefined;
}

/** @returns null when the step has a fault */
function readStep({ keyPlace, node }: SourceEntry, int: boolean, log: boolean, faults: FaultList): number | null {
  if (log) {
    faults.add(keyPlace, 'a logarithmic range has no step; leave out one of the two');
    return null;
  }
  const step = readBound(node, int, faults);
  if (step === undefined) return null;
  if (step > 0) return step;
  faults.add(node, `is ${step}, must be greater than 0`);
  return null;
}

/** The last value that whole steps from `low` reach. */
function reachable(low: number, high: number, step: number, node: Place, faults: FaultList): number {
  // The tolerance lets 0 to 1 in steps of 0.1 end at 1, whatever binary fractions make of it.
  const steps = Math.floor((high - low) / step + 1e-9);
  if (Math.abs(low + steps * step - high) <= 1e-9 * Math.max(step, Math.abs(high))) return high;
  const last = Number((low + steps * step).toPrecision(15));
  faults.warn(node, `steps of ${step} from ${low} do not end at ${high}; the largest value is ${last}`);
  return last;
}
