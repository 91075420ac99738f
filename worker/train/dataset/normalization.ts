import { z } from 'zod';
import { type Normalization, type NumberType, type Samples, sampleBytes } from './dataset.js';

/** What a study may ask for; see {@link normalization}. */
export type NormalizeMode = 'standard' | 'unit' | 'none';

/** What is known of the numbers of the training samples, by channel, as they are stored. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * How stored numbers become what a network sees: `standard` has mean 0 and variance 1 over the training samples, `unit`
 * maps bytes from 0..255 and other numbers from their range over the training samples to 0..1, `none` changes nothing.
 */
export function normalization(mode: NormalizeMode, type: NumberType, of: ChannelStatistics): Normalization {
  const each = (value: number): number[] => of.mean.map(() => value);
  switch (mode) {
    case 'standard':
      return { mean: of.mean, deviation: of.deviation.map((deviation) => deviation || 1) };
    case 'unit':
      if (type === 'u8') return { mean: each(0), deviation: each(255) };
      return { mean: of.low, deviation: of.high.map((high, channel) => high - of.low[channel]! || 1) };
    case 'none':
      return { mean: each(0), deviation: each(1) };
  }
}

const numbers = z.array(z.number());

export const channelStatisticsSchema: z.ZodType<ChannelStatistics> = z.object({
  mean: numbers,
  deviation: numbers,
  low: numbers,
  high: numbers,
});

/** Bytes that are read at a time. */
const CHUNK_BYTES = 1 << 20;

/** Passes over the training samples, in the order in which they are stored, so that the split's order changes no digit. */
export function measureChannels(samples: Samples, train: Uint32Array): ChannelStatistics {
  const order = train.slice().sort();
  return samples.type === 'u8' ? measureBytes(samples, order) : measureFloats(samples, order);
}

/** Counted in whole numbers, so that nothing is rounded on the way. */
function measureBytes(samples: Samples, order: Uint32Array): ChannelStatistics {
  const { channels } = samples;
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  passOver(samples, order, (bytes) => {
    for (let channel = 0; channel < channels; channel++) {
      const count = counts[channel]!;
      for (let at = channel; at < bytes.length; at += channels) count[bytes[at]!]!++;
    }
  });
  return byChannel(channels, (channel) => {
    const count = counts[channel]!;
    const total = count.reduce((sum, n) => sum + n, 0);
    const mean = count.reduce((sum, n, byte) => sum + n * byte, 0) / total;
    const variance = count.reduce((sum, n, byte) => sum + n * (byte - mean) ** 2, 0) / total;
    return { mean, variance, low: count.findIndex((n) => n > 0), high: count.findLastIndex((n) => n > 0) };
  });
}

function measureFloats(samples: Samples, order: Uint32Array): ChannelStatistics {
  const { channels, height, width } = samples;
  const total = order.length * height * width;
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  const low = new Float64Array(channels).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  passOver(samples, order, (bytes) => {
    const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    for (let at = 0, channel = 0; at < numbers.length; at++, channel = channel + 1 === channels ? 0 : channel + 1) {
      const number = numbers[at]!;
      sums[channel]! += number;
      if (number < low[channel]!) low[channel] = number;
      if (number > high[channel]!) high[channel] = number;
    }
  });
  const means = sums.map((sum) => sum / total);
  // A second pass: squares less the square of the mean would lose numbers that are large and alike.
  passOver(samples, order, (bytes) => {
    const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    for (let at = 0, channel = 0; at < numbers.length; at++, channel = channel + 1 === channels ? 0 : channel + 1) {
      squares[channel]! += (numbers[at]! - means[channel]!) ** 2;
    }
  });
  return byChannel(channels, (channel) => ({
    mean: means[channel]!,
    variance: squares[channel]! / total,
    low: low[channel]!,
    high: high[channel]!,
  }));
}

function passOver(samples: Samples, order: Uint32Array, use: (bytes: Uint8Array) => void): void {
  const size = sampleBytes(samples);
  const atATime = Math.max(1, Math.floor(CHUNK_BYTES / size));
  const bytes = new Uint8Array(atATime * size);
  for (let from = 0; from < order.length; from += atATime) {
    const some = order.subarray(from, from + atATime);
    const chunk = bytes.subarray(0, some.length * size);
    samples.pixels.read(some, chunk);
    use(chunk);
  }
}

function byChannel(
  channels: number,
  of: (channel: number) => { mean: number; variance: number; low: number; high: number },
): ChannelStatistics {
  const all = Array.from({ length: channels }, (_, channel) => of(channel));
  return {
    mean: all.map(({ mean }) => mean),
    deviation: all.map(({ variance }) => Math.sqrt(variance)),
    low: all.map(({ low }) => low),
    high: all.map(({ high }) => high),
  };
}
