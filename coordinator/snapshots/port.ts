/**
 * Where snapshots lie, as named texts. All adapters pass one contract test. Nothing in it is needed to know what happened:
 * that is in the log, and whatever is missing or damaged here is made from it again.
 */
export interface SnapshotStore {
  /** Writes a text under a name, in place of what had it before; what dies meanwhile leaves the name as it was. */
  put(name: string, text: AsyncIterable<string>): Promise<void>;
  /** The bytes of a text, in pieces of any length; undefined when there is none of that name. */
  get(name: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  list(): Promise<readonly string[]>;
  /** Does nothing where there is none. */
  delete(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Names are letters, digits, `.`, `_` and `-`, and begin with a letter. */
export const SNAPSHOT_NAME: RegExp = /^[a-z][A-Za-z0-9._-]{0,127}$/;
