import type { ServiceError } from '@grpc/grpc-js';

/**
 * Metadata of a standby's UNAVAILABLE: host:port of the coordinator that leads. Absent where nobody leads at the moment.
 * A standby marks all of its refusals with {@link STANDBY_KEY}.
 */
export const LEADER_KEY = 'assay-leader';
export const STANDBY_KEY = 'assay-standby';

/** Who leads, as a standby that refused a call says. */
export function leaderOf(error: Pick<ServiceError, 'metadata'>): string | undefined {
  const [leader] = error.metadata?.get(LEADER_KEY) ?? [];
  return typeof leader === 'string' && leader !== '' ? leader : undefined;
}

/** Whether a call was refused by a standby, rather than lost. */
export function isFromStandby(error: Pick<ServiceError, 'metadata'>): boolean {
  return (error.metadata?.get(STANDBY_KEY) ?? []).length > 0;
}

/** The addresses in HOST:PORT,HOST:PORT. */
export function splitAddresses(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

/** The coordinators of a cluster, in turn: the one that is said to lead, else the next of those that are known. */
export class CoordinatorAddresses {
  readonly #known: readonly string[];
  #next = 0;
  #told: string | undefined;

  /** @param known at least one */
  constructor(known: readonly string[]) {
    this.#known = known;
  }

  get count(): number {
    return this.#known.length;
  }

  /** The one to try now. */
  get current(): string {
    return this.#told ?? this.#known[this.#next]!;
  }

  /** The current one did not serve. @param leader who leads, if it said so */
  failed(leader: string | undefined): void {
    const failed = this.current;
    if (leader !== undefined && leader !== failed) {
      this.#told = leader;
      return;
    }
    this.#told = undefined;
    this.#next = (this.#next + 1) % this.#known.length;
    if (this.current === failed) this.#next = (this.#next + 1) % this.#known.length;
  }
}
