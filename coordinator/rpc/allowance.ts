import { LONGEST_WAIT_MS, UNITS_AT_ONCE, UNITS_PER_SECOND } from '../limits.js';

/** What one caller may still ask for: units that come back at a steady rate. More can be spent than there is. */
export class Allowance {
  #units = UNITS_AT_ONCE;
  #at: number;

  /** @param now milliseconds */
  constructor(now: number) {
    this.#at = now;
  }

  /** True when it is as if nothing had ever been spent. */
  isWhole(now: number): boolean {
    this.#refill(now);
    return this.#units === UNITS_AT_ONCE;
  }

  /**
   * Takes units for one call.
   *
   * @returns milliseconds that the call has to wait for them; undefined when that would be too long, and none were taken
   */
  take(units: number, now: number): number | undefined {
    this.#refill(now);
    const left = this.#units - units;
    if (left >= 0) {
      this.#units = left;
      return 0;
    }
    const waitMs = (-left / UNITS_PER_SECOND) * 1_000;
    if (waitMs > LONGEST_WAIT_MS) return undefined;
    this.#units = left;
    return waitMs;
  }

  /** Takes units for what has been done already. @returns milliseconds until there are units again */
  spend(units: number, now: number): number {
    this.#refill(now);
    this.#units -= units;
    return this.#units >= 0 ? 0 : (-this.#units / UNITS_PER_SECOND) * 1_000;
  }

  #refill(now: number): void {
    this.#units = Math.min(UNITS_AT_ONCE, this.#units + ((now - this.#at) / 1_000) * UNITS_PER_SECOND);
    this.#at = now;
  }
}
