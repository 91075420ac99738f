import { decodeSnapshot, SnapshotDamagedError, SnapshotUnreadableError } from './format.js';
import type { SnapshotStore } from './port.js';

/** Reads snapshots, and is not kept waiting by a store that does not answer. */
export class SnapshotReader {
  readonly #store: SnapshotStore;
  readonly #breathe: () => Promise<void>;
  readonly #patienceMs: number | undefined;

  /**
   * @param breathe    lets everything else that waits have its turn
   * @param patienceMs how long the store may take for an answer; as long as it likes when undefined
   */
  constructor(store: SnapshotStore, breathe: () => Promise<void>, patienceMs: number | undefined) {
    this.#store = store;
    this.#breathe = breathe;
    this.#patienceMs = patienceMs;
  }

  /** @throws {SnapshotUnreadableError} when the store does not say */
  list(): Promise<readonly string[]> {
    return this.#readable(() => this.#store.list());
  }

  /**
   * What the lines of a snapshot say.
   *
   * @throws {SnapshotDamagedError} when it is not there, cannot be read, or is not whole
   */
  async read(kind: 'state' | 'study', name: string): Promise<unknown[]> {
    return this.#readable(async () => {
      const bytes = await this.#store.get(name);
      if (bytes === undefined) throw new SnapshotDamagedError(`there is no ${name}`);
      return decodeSnapshot(kind, bytes, this.#breathe);
    });
  }

  /** What cannot be read, or not in time, is as good as damaged: the log has it too. */
  async #readable<T>(read: () => Promise<T>): Promise<T> {
    const patienceMs = this.#patienceMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      if (patienceMs === undefined) return;
      timer = setTimeout(() => reject(new Error(`it did not come within ${patienceMs / 1_000} s`)), patienceMs);
    });
    try {
      return await Promise.race([read(), late]);
    } catch (cause) {
      if (cause instanceof SnapshotDamagedError) throw cause;
      throw new SnapshotUnreadableError(`it cannot be read (${String(cause)})`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}
