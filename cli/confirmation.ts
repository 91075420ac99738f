/** A configuration with its values by seed; undefined where that trial has none. */
export interface Contender {
  readonly trial: number;
  readonly values: readonly (number | undefined)[];
}

export interface Summary {
  readonly count: number;
  readonly mean: number;
  /** Of the sample, with n - 1; NaN for fewer than two values. */
  readonly deviation: number;
}

/** The first contender against another, seed by seed. */
export interface Comparison {
  readonly trial: number;
  /** Seeds that both have a value for. */
  readonly pairs: number;
  /** How far the first is ahead on the average; negative when it is behind. */
  readonly lead: number;
  /** Half the width of the 95 % interval of the lead; NaN for fewer than two pairs. */
  readonly margin: number;
}

export interface Confirmation {
  readonly summaries: readonly (Summary & { readonly trial: number })[];
  readonly comparisons: readonly Comparison[];
  /** Whether the first is ahead of all others: beyond chance, on the average only, not at all, or not to be said. */
  readonly verdict: 'holds' | 'unsettled' | 'fails' | 'unknown';
}

/**
 * Whether the order of the first contender before the others is more than chance. Each seed is a pair, because what a
 * seed brings (first weights, order of images) it brings to all of them: Student's paired t.
 *
 * @param contenders in the order that is to be confirmed, values in the order of the seeds
 */
export function confirmOrder(contenders: readonly Contender[], maximize: boolean): Confirmation {
  const [first, ...others] = contenders;
  const summaries = contenders.map(({ trial, values }) => ({ trial, ...summarize(values.filter(isNumber)) }));
  const comparisons = others.map((other) => compare(first!, other, maximize));
  return { summaries, comparisons, verdict: verdictOf(summaries, comparisons) };
}

export function summarize(values: readonly number[]): Summary {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, deviation: count < 2 ? Number.NaN : Math.sqrt(squares / (count - 1)) };
}

function compare(first: Contender, other: Contender, maximize: boolean): Comparison {
  const leads = first.values.flatMap((value, seed) => {
    const rival = other.values[seed];
    return isNumber(value) && isNumber(rival) ? [maximize ? value - rival : rival - value] : [];
  });
  const { count, mean, deviation } = summarize(leads);
  return {
    trial: other.trial,
    pairs: count,
    lead: mean,
    margin: (tQuantile(count - 1) * deviation) / Math.sqrt(count),
  };
}

function verdictOf(summaries: readonly Summary[], comparisons: readonly Comparison[]): Confirmation['verdict'] {
  if (comparisons.length === 0 || summaries.some(({ count }) => count === 0)) return 'unknown';
  if (comparisons.some(({ pairs }) => pairs === 0)) return 'unknown';
  if (comparisons.some(({ lead }) => lead < 0)) return 'fails';
  return comparisons.every(({ lead, margin }) => lead > margin) ? 'holds' : 'unsettled';
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined && !Number.isNaN(value);
}

/** Student's t at 0.975 for 1 to 30 degrees of freedom. @see NIST/SEMATECH e-Handbook, table 1.3.6.7.2 */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const;

/** Beyond the table the value for 30, which errs on the side of doubt. */
function tQuantile(freedom: number): number {
  return T_975[Math.min(freedom, T_975.length) - 1] ?? Number.NaN;
}
