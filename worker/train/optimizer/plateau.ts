/** See {@link Plateau}. */
export interface PlateauState {
  readonly share: number;
  /** The lowest loss so far; null before the first. */
  readonly best: number | null;
  readonly badEpochs: number;
}

/** Lets the learning rate fall when the loss does not: after more than `patience` epochs in a row without a lower one. */
export class Plateau {
  readonly #factor: number;
  readonly #patience: number;
  readonly #floor: number;
  state: PlateauState = { share: 1, best: null, badEpochs: 0 };

  /** @param floor share of the learning rate that it never falls below */
  constructor(factor: number, patience: number, floor: number) {
    this.#factor = factor;
    this.#patience = patience;
    this.#floor = floor;
  }

  /** Share of the learning rate that is left. */
  get share(): number {
    return this.state.share;
  }

  observe(loss: number): void {
    const { share, best, badEpochs } = this.state;
    if (best === null || loss < best) this.state = { share, best: loss, badEpochs: 0 };
    else if (badEpochs < this.#patience) this.state = { share, best, badEpochs: badEpochs + 1 };
    else this.state = { share: Math.max(this.#floor, share * this.#factor), best, badEpochs: 0 };
  }
}
