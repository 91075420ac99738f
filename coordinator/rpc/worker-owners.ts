interface Owner {
  readonly token: string;
  /** Its worker's session is open. */
  open: boolean;
  /** When it was closed, milliseconds of the process. */
  closedAt: number;
}

/** Owners that are remembered before those are looked for whose time is over; after that, twice as many as were left. */
const MANY = 1_000;

/**
 * Which token a worker's id belongs to: the one that came first with it, as long as its session is open or its attempts may
 * still live. Ids are drawn at random but can be read by whoever may look, and without this whoever has any worker's token
 * could close another's session and go on with its attempts.
 */
export class WorkerOwners {
  readonly #owners = new Map<string, Owner>();
  readonly #keepMs: number;
  readonly #isLetIn: (token: string) => boolean;
  readonly #clock: () => number;
  #many = MANY;

  /**
   * @param keepMs  how long an id stays its token's after its session has closed
   * @param isLetIn whether a token is still good: one that was revoked owns nothing, so that its successor can go on
   */
  constructor(
    keepMs: number,
    isLetIn: (token: string) => boolean = () => true,
    clock: () => number = () => performance.now(),
  ) {
    this.#keepMs = keepMs;
    this.#isLetIn = isLetIn;
    this.#clock = clock;
  }

  /**
   * @param token '' where no token is asked for
   * @returns why the id is another's; undefined when it is this token's from now on
   */
  claim(worker: string, token: string): string | undefined {
    const owner = this.#owners.get(worker);
    if (owner !== undefined && owner.token !== token && this.#stands(owner)) {
      return 'a worker of this id works under another token: revoke that one, or wait until it is gone and its lease is over';
    }
    if (this.#owners.size >= this.#many) this.#forget();
    this.#owners.set(worker, { token, open: true, closedAt: 0 });
    return undefined;
  }

  /** The worker's session has closed. */
  release(worker: string): void {
    const owner = this.#owners.get(worker);
    if (owner === undefined) return;
    owner.open = false;
    owner.closedAt = this.#clock();
  }

  #stands({ token, open, closedAt }: Owner): boolean {
    return this.#isLetIn(token) && (open || this.#clock() - closedAt < this.#keepMs);
  }

  #forget(): void {
    for (const [worker, owner] of this.#owners) if (!this.#stands(owner)) this.#owners.delete(worker);
    this.#many = Math.max(MANY, 2 * this.#owners.size);
  }
}
