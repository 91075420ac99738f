import type { Logger } from 'pino';
import type { Coordinator, Follower } from '../coordinator.js';
import type { Event } from '../core/events.js';
import type { State } from '../core/state.js';
import type { Core } from '../core/transaction.js';
import type { ArtifactStore } from './port.js';

export interface KeeperOptions {
  readonly artifacts: ArtifactStore;
  readonly coordinator: Pick<Coordinator, 'view' | 'follow' | 'confirm'>;
  readonly logger: Logger;
  /** How long an artifact that nothing refers to is left alone, milliseconds: the event that will may be on its way. */
  readonly graceMs: number;
  /** Milliseconds since some moment; never goes back. */
  readonly now?: (() => number) | undefined;
}

/** Artifacts that an event is about to refer to. */
export interface Claim {
  /** Those that are there, and stay until the claim is released. */
  readonly present: ReadonlySet<string>;
  /** To be called once the event is durable, or will never be. */
  release(): void;
}

/** Keeps the store in step with the log: what the log refers to is there, and what it does not is deleted some time. */
export interface ArtifactKeeper {
  /** To be asked before an event refers to artifacts. */
  claim(artifacts: readonly string[]): Promise<Claim>;
  /** Deletes what nothing has referred to for the grace time, as far as sweeps have seen. Returns how many it were. */
  sweep(): Promise<number>;
  /** Waits until what durable events have let go of is deleted. */
  settled(): Promise<void>;
}

export function createArtifactKeeper(options: KeeperOptions): ArtifactKeeper {
  return new Keeper(options);
}

/**
 * A crash at any point leaves at most an artifact too much: uploads are durable before their event, and deletions come
 * after the event that lets go.
 */
class Keeper implements ArtifactKeeper, Follower {
  readonly #options: KeeperOptions;
  readonly #now: () => number;
  /** How many events that are being written refer to an artifact. */
  readonly #claims = new Map<string, number>();
  #state: State | undefined;
  /**
   * What nothing referred to at the last sweep, when it was stored, and since when that is known. Time counts from when this
   * keeper has seen it: the clocks of those who stored it may go wrong by hours.
   */
  #orphans = new Map<string, { readonly storedAt: number; readonly since: number }>();
  #deleting: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    options.coordinator.follow(this);
  }

  async claim(artifacts: readonly string[]): Promise<Claim> {
    for (const artifact of artifacts) this.#claims.set(artifact, (this.#claims.get(artifact) ?? 0) + 1);
    // The one that is being deleted now was chosen before it was claimed.
    await this.#deleting;
    const there = await Promise.all(artifacts.map((artifact) => this.#options.artifacts.has(artifact)));
    return {
      present: new Set(artifacts.filter((_, index) => there[index] !== undefined)),
      release: () => {
        for (const artifact of artifacts) this.#unclaim(artifact);
      },
    };
  }

  events(_: readonly Event[], { state }: Core): void {
    this.#state = state;
    const { dropped } = state.artifacts;
    if (dropped.size === 0) return;
    const unwanted = [...dropped];
    dropped.clear();
    this.#delete(unwanted);
  }

  committed(): void {}

  async sweep(): Promise<number> {
    const { artifacts, coordinator, graceMs, logger } = this.#options;
    const stored = new Map<string, number>();
    for await (const { id, storedAt } of artifacts.list()) stored.set(id, storedAt);
    const unwanted = await coordinator.view(({ state }) => {
      this.#state = state;
      return [...stored].filter(([id]) => this.#isUnwanted(id));
    });
    const now = this.#now();
    const known = this.#orphans;
    this.#orphans = new Map();
    for (const [id, storedAt] of unwanted) {
      const orphan = known.get(id);
      // It was asked for again meanwhile: somebody is about to refer to it.
      this.#orphans.set(id, orphan?.storedAt === storedAt ? orphan : { storedAt, since: now });
    }
    const orphans = [...this.#orphans].filter(([, { since }]) => now - since >= graceMs).map(([id]) => id);
    this.#delete(orphans);
    await this.settled();
    if (orphans.length > 0) logger.info({ orphans: orphans.length }, 'artifacts that nothing refers to are deleted');
    return orphans.length;
  }

  async settled(): Promise<void> {
    await this.#deleting;
  }

  #unclaim(artifact: string): void {
    const left = (this.#claims.get(artifact) ?? 0) - 1;
    if (left > 0) this.#claims.set(artifact, left);
    else this.#claims.delete(artifact);
  }

  /** The state may run ahead of the log here: what it refers to already is wanted. */
  #isUnwanted(artifact: string): boolean {
    return !this.#claims.has(artifact) && this.#state?.artifacts.has(artifact) !== true;
  }

  /** One after another, behind what is being deleted already. */
  #delete(artifacts: readonly string[]): void {
    if (artifacts.length === 0) return;
    this.#deleting = this.#deleting.then(async () => {
      // One that slept, and was overtaken meanwhile, does not know what its successor refers to.
      if (!(await this.#options.coordinator.confirm())) return;
      for (const artifact of artifacts) {
        if (!this.#isUnwanted(artifact)) continue;
        try {
          await this.#options.artifacts.delete(artifact);
        } catch (error) {
          // It is an orphan from now on, and the next sweep comes for it.
          this.#options.logger.warn({ err: error, artifact }, 'an artifact could not be deleted');
        }
      }
    });
  }
}
