import type { Random } from '../random.js';

/** Where a network's parts take their chance from. */
export interface ModelRandom {
  readonly weights: Random;
  readonly dropout: Random;
}
