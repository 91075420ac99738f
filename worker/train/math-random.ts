import { Random } from './random.js';

let random = new Random(0);

/**
 * Replaces `Math.random` of this process by a generator that {@link seedMathRandom} seeds. To be called before
 * TensorFlow.js is loaded: parts of it keep a reference to the function they find.
 */
export function replaceMathRandom(): void {
  Math.random = () => random.next();
}

export function seedMathRandom(seed: number): void {
  random = new Random(seed);
}
