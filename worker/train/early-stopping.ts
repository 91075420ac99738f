import type { EarlyStoppingConfig } from '../../proto/optimization.js';
import type { EpochMetrics } from './metrics.js';

/** See {@link EarlyStopping}. */
export interface StoppingState {
  /** The best value so far; null before the first. */
  readonly best: number | null;
  /** Epochs since then. */
  readonly waited: number;
}

/** Notices when a trial has no more to gain: when `patience` epochs in a row have brought nothing better. */
export class EarlyStopping {
  readonly #config: EarlyStoppingConfig;
  state: StoppingState = { best: null, waited: 0 };

  constructor(config: EarlyStoppingConfig) {
    this.#config = config;
  }

  get restoresBest(): boolean {
    return this.#config.restore_best;
  }

  get exhausted(): boolean {
    return this.state.waited >= this.#config.patience;
  }

  /** @returns whether this epoch is the best so far */
  observe(metrics: EpochMetrics): boolean {
    const { metric, min_delta } = this.#config;
    const value = metrics[metric];
    const { best, waited } = this.state;
    const gain = best === null ? Number.POSITIVE_INFINITY : metric.endsWith('_loss') ? best - value : value - best;
    const isBetter = gain > min_delta;
    this.state = isBetter ? { best: value, waited: 0 } : { best, waited: waited + 1 };
    return isBetter;
  }
}
