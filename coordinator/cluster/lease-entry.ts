/** Who holds the lease. */
export interface Holder {
  /** Drawn once per process. */
  readonly id: string;
  /** host:port that workers and clients reach it at. */
  readonly address: string;
}

/** What stands in the one place where a cluster writes down who leads. */
export interface Entry {
  readonly holder: Holder;
  /** Grows with every write. */
  readonly revision: number;
}

/** The place where a cluster writes down who leads. What nobody writes again is gone after a time. */
export interface LeaseEntry {
  /** How long what was written stays, milliseconds. */
  readonly ttlMs: number;
  /** What stands there; undefined when nothing does. @throws whatever, when nobody can say now */
  look(): Promise<Entry | undefined>;
  /**
   * Writes a holder in the place of the entry of that revision, or where there is none.
   *
   * @returns the new entry's revision
   * @throws {EntryChangedError} when something else stands there; whatever else, when nobody can say whether it was written
   */
  write(holder: Holder, revision: number | undefined): Promise<number>;
  /** Takes the entry of that revision away, if it can. */
  erase(revision: number): Promise<void>;
}

/** Something else stands in the place than what was to be replaced. */
export class EntryChangedError extends Error {
  override readonly name = 'EntryChangedError';
}
