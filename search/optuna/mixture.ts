/**
 * The logarithm of a mixture's density at candidates, which decides the winner among them. Optuna adds up logarithms
 * over all kernels and parameters; here equal kernels are taken together, probabilities are multiplied, and kernels that
 * are nothing beside the prior are left out. That agrees to about 1e-12, and only candidates that are that close to each
 * other could change places.
 */
export interface MixtureDensity {
  /** To be called whenever the kernels have been fitted. @param weights n + 1, unnormalized */
  prepare(weights: Float64Array, n: number): void;
  /**
   * @param candidates internal values by parameter
   * @param i          which one of them
   * @param enough     nobody asks how far above this the density is: any lower bound of it that is above will do
   */
  logDensity(candidates: readonly Float64Array[], i: number, enough: number): number;
}
