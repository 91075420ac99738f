import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadAhead } from '../../../../worker/train/dataset/read-ahead.js';
import { Random } from '../../../../worker/train/random.js';

/** Bytes of a file that say where they stand. */
function fileOf(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 2_654_435_761) >>> 24);
}

function readerOf(file: Uint8Array, size: number): { readonly ahead: ReadAhead; readonly calls: number[] } {
  const calls: number[] = [];
  const ahead = new ReadAhead((to, position) => {
    expect(position + to.length).toBeLessThanOrEqual(file.length);
    calls.push(to.length);
    to.set(file.subarray(position, position + to.length));
  }, size);
  return { ahead, calls };
}

const shuffled = (count: number): Uint32Array => {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  new Random(1).shuffle(order);
  return order;
};

/** Takes all of an order, so many at a time; what was not had is undefined. */
function takeAll(ahead: ReadAhead, order: Uint32Array, size: number, batch: number): (Buffer | undefined)[] {
  return Array.from({ length: Math.ceil(order.length / batch) }, (_, step) => {
    const indices = order.subarray(step * batch, (step + 1) * batch);
    const to = Buffer.alloc(indices.length * size);
    return ahead.take(indices, to) ? to : undefined;
  });
}

describe('ReadAhead', () => {
  it('gives each sample where it was asked for, or says that it has not read it', () => {
    const orders = fc.uniqueArray(fc.nat(400), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(orders, fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 70 }), (order, size, batch) => {
        const file = fileOf(401 * size);
        const { ahead } = readerOf(file, size);
        ahead.expect(Uint32Array.from(order));
        const taken = takeAll(ahead, Uint32Array.from(order), size, batch);
        for (const [step, bytes] of taken.entries()) {
          const wanted = order
            .slice(step * batch, (step + 1) * batch)
            .map((i) => file.subarray(i * size, (i + 1) * size));
          expect(bytes?.equals(Buffer.concat(wanted)) ?? true).toBe(true);
        }
      }),
    );
  });

  it('gives samples whole that are as large as one call, or larger', () => {
    for (const size of [128 << 10, (128 << 10) + 1, 300_000]) {
      const file = fileOf(4 * size);
      const { ahead } = readerOf(file, size);
      const order = Uint32Array.of(2, 0, 1, 3);
      ahead.expect(order);
      for (const [step, bytes] of takeAll(ahead, order, size, 1).entries()) {
        const wanted = file.subarray(order[step]! * size, (order[step]! + 1) * size);
        expect(bytes?.equals(wanted) ?? true).toBe(true);
      }
    }
  });

  it('reads a shuffled set of many windows in few calls, and the same again in another order', () => {
    const [size, count] = [700, 30_000];
    const file = fileOf(size * count);
    const { ahead, calls } = readerOf(file, size);
    for (const order of [shuffled(count), shuffled(count).reverse()]) {
      calls.length = 0;
      ahead.expect(order);
      for (const [step, bytes] of takeAll(ahead, order, size, 64).entries()) {
        const last = order[Math.min(step * 64 + 63, count - 1)]!;
        expect(bytes?.subarray(-size).equals(file.subarray(last * size, (last + 1) * size))).toBe(true);
      }
      expect(calls.length).toBeLessThan(count / 20);
      expect(Math.max(...calls)).toBeLessThanOrEqual(128 << 10);
    }
  });

  it('leaves alone samples that lie far from each other, that are twice there, or too large for its window', () => {
    const far = readerOf(fileOf(1), 3_000);
    far.ahead.expect(shuffled(40_000));
    const twice = readerOf(fileOf(1), 1);
    twice.ahead.expect(Uint32Array.of(1, 2, 1));
    const large = readerOf(fileOf(1), 5 << 20);
    large.ahead.expect(Uint32Array.of(0, 1));
    expect(far.ahead.take(shuffled(40_000).subarray(0, 32), new Uint8Array(96_000))).toBe(false);
    expect(twice.ahead.take(Uint32Array.of(1, 2, 1), new Uint8Array(3))).toBe(false);
    expect(large.ahead.take(Uint32Array.of(0, 1), new Uint8Array(10 << 20))).toBe(false);
    expect([...far.calls, ...twice.calls, ...large.calls]).toEqual([]);
  });

  it('does not take others for those that were expected, and goes on with these afterwards', () => {
    const file = fileOf(100);
    const { ahead } = readerOf(file, 10);
    ahead.expect(Uint32Array.of(4, 2, 9));
    const to = new Uint8Array(10);
    expect(ahead.take(Uint32Array.of(2), to)).toBe(false);
    expect(ahead.take(Uint32Array.of(4), to)).toBe(true);
    expect(ahead.take(Uint32Array.of(9), to)).toBe(false);
    expect(ahead.take(Uint32Array.of(2), to)).toBe(true);
    expect([...to]).toEqual([...file.subarray(20, 30)]);
    expect(ahead.take(Uint32Array.of(9, 1), new Uint8Array(20))).toBe(false);
  });

  it('gives nothing of a window that could not be read whole', () => {
    let broken = true;
    const ahead = new ReadAhead(() => {
      if (broken) throw new Error('torn');
    }, 1);
    ahead.expect(Uint32Array.of(0, 1, 2, 3));
    expect(() => ahead.take(Uint32Array.of(0), new Uint8Array(1))).toThrow('torn');
    broken = false;
    expect(ahead.take(Uint32Array.of(0), new Uint8Array(1))).toBe(false);
    broken = true;
    expect(() => ahead.take(Uint32Array.of(1), new Uint8Array(1))).toThrow('torn');
  });
});
