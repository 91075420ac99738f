import type { StoppingState } from './early-stopping.js';
import type { EpochMetrics } from './metrics.js';
import type { NamedArray } from './model/parameter.js';
import type { ScheduleState } from './optimizer/schedule.js';
import type { RandomState } from './random.js';

/**
 * Where a training is between two epochs: everything it needs to go on as if it had never been interrupted, to the bit
 * on one backend. All but the arrays is plain JSON.
 */
export interface TrainerState {
  /** The network: trained parameters and gathered statistics. */
  readonly weights: readonly NamedArray[];
  /** What the optimizer remembers. */
  readonly memory: readonly NamedArray[];
  /** The best epoch's weights and metrics, where they are to be restored at the end. */
  readonly best: { readonly weights: readonly NamedArray[]; readonly metrics: EpochMetrics } | undefined;
  readonly progress: TrainerProgress;
}

export interface TrainerProgress {
  readonly epochs: number;
  readonly steps: number;
  /** Spent on the epochs so far. */
  readonly seconds: number;
  /** Where the streams of random numbers are, by what draws from them. */
  readonly random: Readonly<Record<string, RandomState>>;
  readonly schedule: ScheduleState;
  readonly stopping: StoppingState | undefined;
}
