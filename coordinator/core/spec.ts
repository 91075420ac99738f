import type { Goal, ParamSpec, Params, PrunerOptions, SamplerOptions } from '../../search/index.js';

/** JSON with `$name` strings standing for parameters. */
export type JsonTemplate =
  | null
  | boolean
  | number
  | string
  | readonly JsonTemplate[]
  | { readonly [key: string]: JsonTemplate };

/**
 * A search file, checked and with its defaults filled in: what `StudyCreated` records, so that replay never parses YAML.
 * Times are milliseconds.
 */
export interface SearchSpec {
  readonly name: string;
  readonly metric: {
    readonly name: string;
    readonly goal: Goal;
    /** Which report is the trial's value: its best or its last. */
    readonly value: 'best' | 'last';
  };
  /** At least one of the two, unless the sampler ends by itself. */
  readonly budget: { readonly trials?: number; readonly timeMs?: number };
  /** Largest number of attempts at a time; absent: every free slot. */
  readonly parallel?: number;
  /** Trials of each configuration, with a seed of their own each; absent: one. */
  readonly repeats?: number;
  /** Given or drawn by the coordinator, below 2^32; always present in events. */
  readonly seed?: number;
  readonly sampler: SamplerOptions;
  readonly pruner: PrunerOptions;
  readonly objective: {
    readonly kind: 'train' | 'module' | 'command' | 'null';
    readonly config: JsonTemplate;
    /** SHA-256 of the archive of uploaded code, in hexadecimal digits. */
    readonly codeDigest?: string;
  };
  readonly params: readonly ParamSpec[];
  readonly relations: readonly string[];
  /** Configurations to run first, in this order; parameters left out are drawn. */
  readonly enqueue: readonly Params[];
  /** What is kept of a study's trials when they have ended; absent in logs of before it could be said. */
  readonly keep?: Keep;
  readonly limits: {
    readonly trialTimeMs?: number;
    /** Most memory that all processes of an attempt may take together. */
    readonly memoryBytes?: number;
    /** Most that they may print. */
    readonly outputBytes?: number;
    readonly attempts: number;
  };
  /** Studies of a higher priority get free slots first; absent: 0. */
  readonly priority?: number;
  readonly requires: {
    readonly labels: Readonly<Record<string, string>>;
    /** GPUs for each attempt: 1 is a share of one where they are shared, more are whole. Absent: one if there is one. */
    readonly gpu?: number;
    /** Memory set aside for each attempt. */
    readonly memoryBytes?: number;
  };
}

/** Which trials keep something: all, none, the best or the last so many. */
export type KeepRule =
  | { readonly rule: 'all' }
  | { readonly rule: 'none' }
  | { readonly rule: 'top'; readonly count: number }
  | { readonly rule: 'last'; readonly count: number };

/** See {@link SearchSpec.keep}. */
export interface Keep {
  /** Models. */
  readonly artifacts: KeepRule;
  /** Ends of outputs; never `top`. */
  readonly output: KeepRule;
}
