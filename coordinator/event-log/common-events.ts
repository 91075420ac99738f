/** A value out of JSON, with the names that events use. */
type Loose = { readonly [name in Name]?: unknown };
type Name =
  | 'type'
  | 'study'
  | 'at'
  | 'trial'
  | 'attempt'
  | 'step'
  | 'metrics'
  | 'params'
  | 'seed'
  | 'origin'
  | 'basedOn'
  | 'draws'
  | 'repeatOf'
  | 'rerunOf'
  | 'requestId'
  | 'worker'
  | 'workerName'
  | 'gpus'
  | 'knownStep'
  | 'end'
  | 'fate'
  | 'reason'
  | 'retryAt';

const ENDS: ReadonlySet<unknown> = new Set([
  'completed',
  'stopped',
  'paused',
  'failed',
  'timed_out',
  'lost',
  'handed_back',
  'refused',
]);
const FATES: ReadonlySet<unknown> = new Set(['waiting', 'paused', 'complete', 'pruned', 'failed']);
const NO_NUMBERS: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity']);

/**
 * Whether a value is one of the four events that nearly all of a log consists of, in its common form. What it says yes to
 * the full schema accepts as well, at many times the cost: a log is read at every start. A no says nothing.
 */
export function isCommonEvent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const event: Loose = value;
  if (typeof event.study !== 'string' || !Number.isFinite(event.at) || !isWhole(event.trial, 0)) return false;
  switch (event.type) {
    case 'TrialReported':
      return isWhole(event.attempt, 1) && Number.isSafeInteger(event.step) && isRecord(event.metrics, isLogged);
    case 'TrialProposed':
      return isCommonProposal(event);
    case 'AttemptStarted':
      return (
        isWhole(event.attempt, 1) &&
        typeof event.worker === 'string' &&
        typeof event.workerName === 'string' &&
        event.gpus === undefined &&
        (event.knownStep === undefined || isWhole(event.knownStep, 1))
      );
    case 'AttemptEnded':
      return (
        isWhole(event.attempt, 1) &&
        ENDS.has(event.end) &&
        FATES.has(event.fate) &&
        typeof event.reason === 'string' &&
        (event.retryAt === undefined || Number.isFinite(event.retryAt))
      );
    default:
      return false;
  }
}

function isCommonProposal(event: Loose): boolean {
  return (
    isRecord(event.params, isParam) &&
    isWhole(event.seed, 0) &&
    typeof event.origin === 'string' &&
    isWhole(event.basedOn, 0) &&
    event.draws === undefined &&
    (event.repeatOf === undefined || isWhole(event.repeatOf, 0)) &&
    event.rerunOf === undefined &&
    event.requestId === undefined
  );
}

function isWhole(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function isRecord(value: unknown, fits: (value: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const name in value) if (!fits((value as Record<string, unknown>)[name])) return false;
  return true;
}

function isLogged(value: unknown): boolean {
  return typeof value === 'number' ? Number.isFinite(value) : NO_NUMBERS.has(value);
}

function isParam(value: unknown): boolean {
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' || typeof value === 'boolean';
}
