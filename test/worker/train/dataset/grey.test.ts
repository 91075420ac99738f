import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GreyRows } from '../../../../worker/train/dataset/grey.js';

describe('grey bytes', () => {
  it('become (byte - mean) / deviation, however many there are and however many there were', () => {
    const grey = new GreyRows(33.25, 78.5);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50_000, size: 'max' }), (bytes) => {
        const rows = grey.fill(bytes.length, (to) => to.set(bytes));
        expect(rows).toHaveLength(bytes.length);
        const worst = bytes.reduce((so, byte, i) => Math.max(so, Math.abs(rows[i]! - (byte - 33.25) / 78.5)), 0);
        expect(worst).toBeLessThan(1e-6);
      }),
      { numRuns: 50 },
    );
  });

  it('leave the reader as many bytes as it is to fill', () => {
    let room = -1;
    new GreyRows(0, 1).fill(70_001, (to) => {
      room = to.length;
    });
    expect(room).toBe(70_001);
  });
});
