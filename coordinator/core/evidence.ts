/** Distinct reasons remembered of one study. Beyond it a failure is nobody else's. */
const MOST_REASONS = 200;

/** Evidence as JSON. */
export interface EvidenceRecord {
  readonly workedOn: readonly string[];
  readonly failedOn: readonly (readonly [words: string, workers: readonly string[]])[];
}

/** What a study's attempts say about the workers they ran on: where its code works, and what fails on more than one. */
export class Evidence {
  readonly #workedOn: Set<string>;
  readonly #failedOn: Map<string, Set<string>>;

  constructor({ workedOn, failedOn }: EvidenceRecord = { workedOn: [], failedOn: [] }) {
    this.#workedOn = new Set(workedOn);
    this.#failedOn = new Map(failedOn.map(([words, workers]) => [words, new Set(workers)]));
  }

  get record(): EvidenceRecord {
    const failedOn = [...this.#failedOn].map(([words, workers]) => [words, [...workers]] as const);
    return { workedOn: [...this.#workedOn], failedOn };
  }

  /** An attempt has reported a step, or has come to its end, on this worker. */
  worked(worker: string): void {
    this.#workedOn.add(worker);
  }

  failed(worker: string, reason: string): void {
    const words = wordsOf(reason);
    const known = this.#failedOn.get(words);
    if (known !== undefined) known.add(worker);
    else if (this.#failedOn.size < MOST_REASONS) this.#failedOn.set(words, new Set([worker]));
  }

  worksElsewhere(worker: string): boolean {
    return isElsewhere(this.#workedOn, worker);
  }

  /** Whether an attempt failed for the same reason on another worker. */
  failsElsewhere(worker: string, reason: string): boolean {
    return isElsewhere(this.#failedOn.get(wordsOf(reason)) ?? [], worker);
  }
}

/** Two failures are alike when they differ in numbers alone: addresses, sizes, times, process ids. */
function wordsOf(reason: string): string {
  return reason.replaceAll(/\d+/g, '#');
}

function isElsewhere(workers: Iterable<string>, worker: string): boolean {
  for (const other of workers) if (other !== worker) return true;
  return false;
}
