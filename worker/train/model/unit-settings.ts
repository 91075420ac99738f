import type { ActivationName, InitializerName } from '../../../proto/architecture.js';

/** What the units of a dense layer and the filters of a convolution have in common. */
export interface UnitSettings {
  readonly activation: ActivationName;
  readonly initializer: InitializerName;
}
