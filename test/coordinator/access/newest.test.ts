import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NewestRecords } from '../../../coordinator/access/newest.js';
import type { TokenRecord } from '../../../coordinator/access/token.js';

const record = (id: string, revokedAtMs = 0): TokenRecord => ({
  id,
  sha256: id,
  kind: 'token',
  role: 'view',
  name: '',
  createdAtMs: 1,
  expiresAtMs: 0,
  revokedAtMs,
  parent: '',
});

describe('the newest of what was heard', () => {
  it('is not undone by what was written before it and heard of after it', () => {
    const records = new NewestRecords();
    let changes = 0;
    records.follow(() => {
      changes += 1;
    });
    records.take('a', record('a', 7), 2);
    records.take('a', record('a'), 1);
    expect(records.find('a')).toEqual(record('a', 7));
    expect(changes).toBe(1);
  });

  it('is not brought back by the echo of a write after it was removed', () => {
    const records = new NewestRecords();
    records.take('a', record('a'), 1);
    records.remove('a');
    records.take('a', record('a'), 1);
    expect([...records.all()]).toEqual([]);
    records.take('a', undefined, 2);
    records.take('a', record('a', 7), 3);
    expect(records.find('a')).toEqual(record('a', 7));
  });

  it('is the same in whatever order it was heard', () => {
    const write = fc.record({
      id: fc.constantFrom('a', 'b'),
      isRemoved: fc.boolean(),
      at: fc.integer({ min: 1, max: 99 }),
    });
    const shuffled = fc
      .array(write, { maxLength: 20 })
      .map((writes) =>
        writes.map(({ id, isRemoved, at }, n) => ({
          id,
          revision: n + 1,
          content: isRemoved ? undefined : record(id, at),
        })),
      )
      .chain((writes) => fc.shuffledSubarray(writes, { minLength: writes.length }).map((heard) => ({ writes, heard })));
    fc.assert(
      fc.property(shuffled, ({ writes, heard }) => {
        const records = new NewestRecords();
        for (const { id, content, revision } of [...heard, ...heard]) records.take(id, content, revision);
        for (const id of ['a', 'b']) {
          expect(records.find(id)).toEqual(writes.findLast((one) => one.id === id)?.content);
        }
      }),
    );
  });
});
