import type { Attach } from '../../proto/index.js';
import {
  LABEL_KEY,
  LONGEST_BACKEND_REASON,
  LONGEST_LABEL,
  LONGEST_WORD,
  LONGEST_WORKER_NAME,
  MOST_DATASETS,
  MOST_GPUS,
  MOST_HELD,
  MOST_LABELS,
  MOST_SLOTS,
} from '../limits.js';

/**
 * What is too much or too long in what a worker says of itself; undefined when nothing is. Names are shown to people, on
 * terminals too, so they hold no control characters.
 */
export function attachFault(attach: Attach): string | undefined {
  const { workerId, name, slots, labels, backend, backendReason, objectives, datasets, gpus, codeSources } = attach;
  return (
    (workerId === '' ? 'worker_id is empty' : undefined) ??
    wordFault('worker_id', workerId, LONGEST_WORKER_NAME) ??
    wordFault('name', name, LONGEST_WORKER_NAME) ??
    (slots < 1 || slots > MOST_SLOTS ? `slots ${slots} must be from 1 to ${MOST_SLOTS}` : undefined) ??
    labelsFault(labels) ??
    wordFault('backend', backend, LONGEST_WORD) ??
    wordFault('version', attach.version, LONGEST_WORD) ??
    wordFault('backend_reason', backendReason, LONGEST_BACKEND_REASON) ??
    wordsFault('objectives', objectives, MOST_LABELS) ??
    wordsFault('code_sources', codeSources, MOST_LABELS) ??
    wordsFault('datasets', datasets, MOST_DATASETS) ??
    countFault('gpus', gpus, MOST_GPUS) ??
    first(gpus, (gpu) => first([gpu.id, gpu.name, gpu.driver], (word) => wordFault('gpus', word, LONGEST_WORD))) ??
    countFault('running', attach.running, MOST_HELD)
  );
}

function labelsFault(labels: Attach['labels']): string | undefined {
  const entries = Object.entries(labels);
  return (
    countFault('labels', entries, MOST_LABELS) ??
    first(entries, ([key, value]) => {
      if (LABEL_KEY.test(key)) return wordFault(`label ${key}`, value, LONGEST_LABEL);
      const rule = 'it must begin with a letter or digit and go on with at most 62 letters, digits, _ . / or -';
      return `a label is called ${JSON.stringify(key.slice(0, 80))}: ${rule}`;
    })
  );
}

function wordsFault(what: string, words: readonly string[], most: number): string | undefined {
  return countFault(what, words, most) ?? first(words, (word) => wordFault(what, word, LONGEST_WORD));
}

function countFault(what: string, list: readonly unknown[], most: number): string | undefined {
  return list.length > most ? `${what} has ${list.length} entries, at most ${most} are possible` : undefined;
}

function wordFault(what: string, word: string, longest: number): string | undefined {
  if (word.length > longest) return `${what} has ${word.length} characters, at most ${longest} are possible`;
  return /\p{Cc}/u.test(word) ? `${what} ${JSON.stringify(word)} must not hold control characters` : undefined;
}

function first<T>(list: readonly T[], faultOf: (one: T) => string | undefined): string | undefined {
  for (const one of list) {
    const fault = faultOf(one);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
