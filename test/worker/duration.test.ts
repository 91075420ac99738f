import { expect, it } from 'vitest';
import { formatDuration } from '../../worker/duration.js';

it.each([
  [900_000, '15m'],
  [5_400_000, '1h30m'],
  [90_500, '1m30s500ms'],
  [86_400_000, '24h'],
  [0, '0s'],
])('writes %d ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
