import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What one process measured. */
export interface Rate {
  /** Images per second. */
  readonly rate: number;
  /** Images per second of processor time. */
  readonly cpuRate: number;
  /** What it computed on. */
  readonly what: string;
}

/** One kind of process to measure: its name, and the command line. */
export interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

export async function measure({ name, command: [program, ...args] }: Contender): Promise<Rate> {
  const { stdout } = await run(program, args, { maxBuffer: 1 << 24 });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  try {
    return rateOf(JSON.parse(line));
  } catch (error) {
    throw new Error(`${name} printed no rate: ${line}`, { cause: error });
  }
}

/** Ours, or what the bench of another engine prints: its images per second, and how many cores it kept busy. */
function rateOf(printed: Partial<Rate> & { imgPerSec?: number; cpuPerWall?: number }): Rate {
  const { rate = printed.imgPerSec, what = '' } = printed;
  if (rate === undefined) throw new Error('no rate in it');
  return { rate, cpuRate: printed.cpuRate ?? rate / (printed.cpuPerWall ?? 1), what };
}

/** What two processes printed that worked in turn: seconds of processor time of each one's blocks. */
export async function measureTurns(contenders: readonly Contender[]): Promise<(readonly number[])[]> {
  const failed = new AbortController();
  const blocksOf = async ({ name, command: [program, ...args] }: Contender): Promise<readonly number[]> => {
    const { stdout } = await run(program, args, { maxBuffer: 1 << 24, signal: failed.signal });
    const { blocks } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as { blocks?: number[] };
    if (blocks === undefined || blocks.length < 2) throw new Error(`${name} measured no blocks`);
    return blocks;
  };
  try {
    return await Promise.all(contenders.map(blocksOf));
  } finally {
    failed.abort(); // One waits for ever for another that has failed.
  }
}

/** Rates of several contenders, taken in turn so that whatever else the machine does meets all of them. */
export async function alternate(contenders: readonly Contender[], rounds: number): Promise<Map<string, Rate[]>> {
  const rates = new Map<string, Rate[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const inTurn = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of inTurn) rates.get(contender.name)!.push(await measure(contender));
  }
  return rates;
}

export interface Ratio {
  readonly mean: number;
  /** The 95 % interval of the mean, by Student's t over the rounds' logarithms. */
  readonly low: number;
  readonly high: number;
}

/** Two-sided 97.5 % points of Student's t, by degrees of freedom from 1. */
const STUDENT = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145];

/** How the rates of one relate to those of another, round by round. */
export function ratio(ones: readonly number[], others: readonly number[]): Ratio {
  const logs = ones.map((one, round) => Math.log(one / others[round]!));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / Math.max(1, logs.length - 1);
  const reach = (STUDENT[logs.length - 2] ?? 1.96) * Math.sqrt(variance / logs.length);
  return { mean: Math.exp(mean), low: Math.exp(mean - reach), high: Math.exp(mean + reach) };
}

/**
 * How the sum of ones relates to that of others, pair by pair: whatever happens rarely has its share in it.
 *
 * @see Cochran 1977, Sampling Techniques, chapter 6, for the variance of a ratio of sums
 */
export function ratioOfSums(ones: readonly number[], others: readonly number[]): Ratio {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const count = ones.length;
  const mean = sum(ones) / sum(others);
  const variance = sum(ones.map((one, pair) => (one - mean * others[pair]!) ** 2)) / (count - 1);
  const reach = ((STUDENT[count - 2] ?? 1.96) * Math.sqrt(variance * count)) / sum(others);
  return { mean, low: mean - reach, high: mean + reach };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
