import { readFileSync } from 'node:fs';
import type { Distribution } from '../../../search/optuna/distribution.js';

/** A number, or the name of one that JSON does not have. */
type Written = number | 'NaN' | 'Infinity' | '-Infinity';

/** Vectors for the parts, made by running numpy and Optuna; see test/golden/optuna/README.md. */
interface Units {
  readonly random_state: readonly {
    readonly seed: number;
    readonly random: readonly number[];
    readonly 'uniform(-3,7)': readonly number[];
    readonly 'choice(4,p=[.1,.2,.05,.65],size=8)': readonly number[];
    readonly 'shuffle(range(13))': readonly number[];
    readonly 'choice([3,9,27,81,5]) x6': readonly number[];
    readonly 'rand(3)': readonly number[];
    readonly end_pos: number;
    readonly end_key0: number;
  }[];
  readonly argsort_kind: 'scalar' | 'simd';
  readonly argsort: readonly { readonly values: readonly number[]; readonly order: readonly number[] }[];
  readonly pairwise_sum: readonly { readonly seed: number; readonly n: number; readonly sum: number }[];
  readonly gamma: readonly (readonly [n: number, good: number])[];
  readonly weights: readonly (readonly [n: number, weights: readonly number[]])[];
  readonly log_ndtr: readonly (readonly Written[])[];
  readonly log_gauss_mass: readonly (readonly Written[])[];
  readonly ndtri_exp: readonly (readonly Written[])[];
  readonly ppf: readonly (readonly Written[])[];
  readonly parzen: readonly ParzenUnit[];
}

export interface ParzenUnit {
  readonly space: Readonly<Record<string, Distribution>>;
  readonly observations: Readonly<Record<string, readonly number[]>>;
  readonly weights: readonly number[];
  readonly kernels: Readonly<Record<string, { readonly mu?: readonly number[]; readonly sigma?: readonly number[] }>>;
  readonly sample_seed: number;
  readonly samples: Readonly<Record<string, readonly number[]>>;
  readonly log_pdf: readonly number[];
}

export function readUnits(kind: 'scalar' | 'simd'): Units {
  return JSON.parse(readFileSync(new URL(`../../golden/optuna/units-${kind}.json`, import.meta.url), 'utf8'));
}

export function columns(written: readonly (readonly Written[])[]): number[][] {
  return written.map((column) => column.map(Number));
}
