import { SOBOL_DIRECTIONS } from './sobol-directions.js';

const BITS = 30;

export const SOBOL_MAX_DIMENSIONS: number = SOBOL_DIRECTIONS.length;

/**
 * Point number `index`, from 0, of the unscrambled Sobol sequence in Gray-code order; the first one is the origin.
 *
 * @throws {RangeError} for more dimensions than there are direction numbers for
 * @see Antonov and Saleev 1979; Joe and Kuo 2008
 */
export function sobolPoint(index: number, dimensions: number): number[] {
  if (dimensions > SOBOL_MAX_DIMENSIONS) {
    throw new RangeError(`dimensions ${dimensions} must be <= ${SOBOL_MAX_DIMENSIONS} for a Sobol sequence`);
  }
  const gray = index ^ (index >>> 1);
  return Array.from({ length: dimensions }, (_, dimension) => {
    let x = 0;
    for (const [bit, direction] of directions(dimension).entries()) if ((gray >>> bit) & 1) x ^= direction;
    return x / 2 ** BITS;
  });
}

const cache = new Map<number, readonly number[]>();

function directions(dimension: number): readonly number[] {
  const known = cache.get(dimension);
  if (known !== undefined) return known;
  const made = dimension === 0 ? Array.from({ length: BITS }, (_, i) => 2 ** (BITS - 1 - i)) : recurrence(dimension);
  cache.set(dimension, made);
  return made;
}

function recurrence(dimension: number): number[] {
  const [polynomial, initial] = SOBOL_DIRECTIONS[dimension]!;
  const degree = initial.length;
  const made = initial.map((m, i) => m * 2 ** (BITS - 1 - i));
  for (let i = degree; i < BITS; i++) {
    let x = made[i - degree]! ^ (made[i - degree]! >>> degree);
    for (let k = 1; k < degree; k++) if ((polynomial >>> (degree - k)) & 1) x ^= made[i - k]!;
    made.push(x);
  }
  return made;
}

/** Point number `index`, from 0, of the unscrambled Halton sequence in the first prime bases. @see Halton 1960 */
export function haltonPoint(index: number, dimensions: number): number[] {
  return firstPrimes(dimensions).map((base) => radicalInverse(index, base));
}

function radicalInverse(index: number, base: number): number {
  let rest = index;
  let weight = 1 / base;
  let x = 0;
  // Digits too small to change a number below 1 are left out, the zeros beyond the index's own come along.
  while (1 - weight < 1) {
    const digit = rest % base;
    x += digit * weight;
    weight /= base;
    rest = (rest - digit) / base;
  }
  return x;
}

function firstPrimes(n: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < n; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}
