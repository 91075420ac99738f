import { InvalidArgumentError, Option } from 'commander';
import { parseDuration as durationOf } from '../coordinator/spec/duration.js';
import { parseSize as sizeOf } from '../coordinator/spec/size.js';
import { DEFAULT_ADDRESS } from '../proto/channel.js';
import { splitAddresses } from '../proto/leader.js';

/** `--coordinator HOST:PORT`, for every command that talks to one. */
export function coordinatorOption(): Option {
  return new Option('-c, --coordinator <host:port>', 'the coordinator to talk to; several of a cluster with commas')
    .env('ASSAY_COORDINATOR')
    .default(DEFAULT_ADDRESS)
    .argParser(parseAddresses);
}

/** HOST:PORT,HOST:PORT. */
export function parseAddresses(text: string): string {
  return splitAddresses(text)
    .map((address) => parseAddress(address))
    .join(',');
}

/** The words that name a coordinator in a command to be typed again; none for the default. */
export function coordinatorWords(address: string): string[] {
  return address === DEFAULT_ADDRESS ? [] : ['--coordinator', address];
}

/** HOST:PORT as gRPC takes it. IPv6 addresses stand in brackets. @param lowestPort 0 where any free port will do */
export function parseAddress(text: string, lowestPort: unknown = 1): string {
  const found = /^(\[[0-9a-fA-F:.%]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(found?.[2]);
  const lowest = lowestPort === 0 ? 0 : 1;
  if (found !== null && port >= lowest && port <= 65_535) return text;
  throw new InvalidArgumentError(
    `It must be HOST:PORT with a port from ${lowest} to 65535, such as ${DEFAULT_ADDRESS}.`,
  );
}

/** An address to listen at; port 0 takes any free one. */
export function parseListenAddress(text: string): string {
  return parseAddress(text, 0);
}

/** A parser for whole numbers from `low` to `high`. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    const range = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

/** A trial's number as it is typed: "7" or "#7". */
export function parseTrialNumber(text: string): number {
  return wholeNumber(0, 0xffff_ffff)(text.replace(/^#/, ''));
}

/** A whole number to set, or with a plus sign before it one to add. */
export interface Amount {
  readonly value: number;
  readonly more: boolean;
}

/** A parser for `60` and `+20`, or for `2h` and `+30m`. */
export function amount(parse: (text: string) => number): (text: string) => Amount {
  return (text) => ({ value: parse(text.replace(/^\+/, '')), more: text.startsWith('+') });
}

/** A number of attempts at a time; `all` for every free slot, which is 0 here. */
export function parseParallel(text: string): number {
  if (text === 'all') return 0;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= 100_000) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 to 100000, or all for every free slot.');
}

/** A priority; it may be negative. */
export function parsePriority(text: string): number {
  const value = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(value) <= 1000) return value;
  throw new InvalidArgumentError('It must be a whole number from -1000 to 1000.');
}

/** A duration such as "500ms", "10s", "1h30m", in milliseconds. */
export function parseDuration(text: string): number {
  const ms = durationOf(text) ?? 0;
  if (ms >= 1) return ms;
  throw new InvalidArgumentError('It must be a duration such as 500ms, 10s, 15m or 1h30m.');
}

/** A size such as "512MiB", in bytes. */
export function parseSize(text: string): number {
  const bytes = sizeOf(text) ?? 0;
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('It must be a size such as 64KiB, 512MiB or 2GiB.');
}
