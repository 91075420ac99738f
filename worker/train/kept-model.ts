import { type NamedArray, type Parameter, readParameters } from './model/parameter.js';

/** Which report is a trial's value. */
export interface ValueMetric {
  readonly name: string;
  readonly maximize: boolean;
  /** Whether the best report counts, and not the last one. */
  readonly best: boolean;
}

/** A network's weights after one step, with the metric that they are kept for. */
export interface KeptWeights {
  readonly step: number;
  /** Undefined where there was none, or it was not a number. */
  readonly value: number | undefined;
  readonly weights: readonly NamedArray[];
}

/** Keeps the weights that belong to a trial's value: those of its best report, or of its last. */
export class KeptModel {
  readonly #metric: ValueMetric;
  #kept: KeptWeights | undefined;

  constructor(metric: ValueMetric, kept?: KeptWeights) {
    this.#metric = metric;
    this.#kept = kept;
  }

  get kept(): KeptWeights | undefined {
    return this.#kept;
  }

  /** After a report: takes the weights if they are those of the value now. */
  async observe(step: number, metrics: Readonly<Record<string, number>>, weights: readonly Parameter[]): Promise<void> {
    const given = metrics[this.#metric.name];
    const value = given === undefined || Number.isNaN(given) ? undefined : given;
    if (this.#isValue(value)) this.#kept = { step, value, weights: await readParameters(weights) };
  }

  #isValue(value: number | undefined): boolean {
    if (!this.#metric.best || this.#kept === undefined) return true;
    if (value === undefined) return false;
    const { value: before } = this.#kept;
    if (before === undefined) return true;
    return this.#metric.maximize ? value > before : value < before;
  }
}
