import type { SearchSpec } from './spec.js';
import type { Study } from './study.js';
import type { Trial } from './trial.js';

/** What of a trial is kept as artifacts. */
export const KINDS = ['checkpoint', 'weights', 'output'] as const;

/** References as JSON. */
export interface ReferencesRecord {
  readonly counts: readonly (readonly [artifact: string, count: number])[];
  readonly dropped: readonly string[];
}

/** Counts what studies and trials refer to, so that what nothing refers to any more is found without looking at all of them. */
export class References {
  readonly #counts: Map<string, number>;
  /** Artifacts that lost their last reference; whoever deletes them takes them out. */
  readonly dropped: Set<string>;

  constructor({ counts, dropped }: ReferencesRecord = { counts: [], dropped: [] }) {
    this.#counts = new Map(counts);
    this.dropped = new Set(dropped);
  }

  get record(): ReferencesRecord {
    return { counts: [...this.#counts], dropped: [...this.dropped] };
  }

  has(artifact: string): boolean {
    return this.#counts.has(artifact);
  }

  /** Follows one trial from one event to the next; whether what it refers to has changed. */
  follow(before: Trial | undefined, after: Trial): boolean {
    // By name, because this is asked of every event.
    if (
      before?.checkpoint === after.checkpoint &&
      before?.weights === after.weights &&
      before?.output === after.output
    ) {
      return false;
    }
    for (const kind of KINDS) {
      const old = before?.[kind];
      const now = after[kind];
      if (old === now) continue;
      for (const { artifact } of now?.files ?? []) this.#hold(artifact);
      for (const { artifact } of old?.files ?? []) this.#release(artifact);
    }
    return true;
  }

  /** A study came, with the code that was uploaded for it. */
  study({ objective }: Pick<SearchSpec, 'objective'>): void {
    if (objective.codeDigest !== undefined) this.#hold(objective.codeDigest);
  }

  /** A study is forgotten with all that it and its trials refer to. */
  forget({ spec, trials }: Pick<Study, 'spec' | 'trials'>): void {
    if (spec.objective.codeDigest !== undefined) this.#release(spec.objective.codeDigest);
    for (const trial of trials) {
      for (const kind of KINDS) for (const { artifact } of trial[kind]?.files ?? []) this.#release(artifact);
    }
  }

  #hold(artifact: string): void {
    this.#counts.set(artifact, (this.#counts.get(artifact) ?? 0) + 1);
    this.dropped.delete(artifact);
  }

  #release(artifact: string): void {
    const left = (this.#counts.get(artifact) ?? 0) - 1;
    if (left > 0) this.#counts.set(artifact, left);
    else {
      this.#counts.delete(artifact);
      this.dropped.add(artifact);
    }
  }
}

/** Keeps the set of trials that have something. */
export function indexHolding({ holding }: Pick<Study, 'holding'>, trial: Trial): void {
  if (KINDS.some((kind) => trial[kind] !== undefined)) holding.add(trial.number);
  else holding.delete(trial.number);
}
