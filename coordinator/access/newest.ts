import type { TokenRecord } from './token.js';

/**
 * What a bucket holds, as far as this side has heard. A write is heard of twice, by its answer and from the bucket, in either
 * order and with others' writes between: only one that is newer than all before it changes anything.
 */
export class NewestRecords {
  readonly #records = new Map<string, TokenRecord>();
  readonly #revisions = new Map<string, number>();
  readonly #listeners = new Set<() => void>();

  all(): Iterable<TokenRecord> {
    return this.#records.values();
  }

  find(id: string): TokenRecord | undefined {
    return this.#records.get(id);
  }

  /** @param record undefined where it was removed @param revision of the bucket, which grows with every write to it */
  take(id: string, record: TokenRecord | undefined, revision: number): void {
    if (revision <= (this.#revisions.get(id) ?? 0)) return;
    this.#revisions.set(id, revision);
    this.#change(id, record);
  }

  /** A removal, before its revision is known. */
  remove(id: string): void {
    this.#change(id, undefined);
  }

  follow(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #change(id: string, record: TokenRecord | undefined): void {
    if (record === undefined) this.#records.delete(id);
    else this.#records.set(id, record);
    for (const listener of this.#listeners) listener();
  }
}
