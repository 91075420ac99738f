const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** A number of bytes that nothing here comes near: 1024 TiB. */
export const LARGEST_SIZE_BYTES: number = 2 ** 50;

/** Sizes as files spell them: `512MiB`, `1.5GiB`, `4GB`. */
export const SIZE: RegExp = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;

/** @returns whole bytes, or undefined when the text is no size */
export function parseSize(text: string): number | undefined {
  const [, count, unit] = SIZE.exec(text) ?? [];
  return count === undefined || unit === undefined ? undefined : Math.round(Number(count) * UNITS[unit]!);
}
