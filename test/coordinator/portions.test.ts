import { describe, expect, it } from 'vitest';
import type { Core } from '../../coordinator/core/transaction.js';
import { Portions, type Work } from '../../coordinator/portions.js';

const CORE = {} as Core;

/** Remembers between which turns what was done. */
class Turns {
  readonly done: string[] = [];
  #turn = 0;

  async view<T>(look: (core: Core) => T): Promise<T> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#turn += 1;
    return look(CORE);
  }

  *work(name: string, steps: number, cost: number): Work<string> {
    for (let i = 0; i < steps; i += 1) {
      this.done.push(`${name}@${this.#turn}`);
      yield cost;
    }
    return name;
  }
}

describe('portions', () => {
  it('do in one turn what is within their measure', async () => {
    const turns = new Turns();
    const portions = new Portions(turns, 100);
    expect(await portions.do(() => turns.work('a', 5, 40))).toBe('a');
    expect(turns.done).toEqual(['a@1', 'a@1', 'a@1', 'a@2', 'a@2']);
  });

  it('of several that are under way come in turn, never two at a time', async () => {
    const turns = new Turns();
    const portions = new Portions(turns, 100);
    await Promise.all([
      portions.do(() => turns.work('long', 3, 100)),
      portions.do(() => turns.work('other', 2, 100)),
      portions.do(() => turns.work('short', 1, 10)),
    ]);
    expect(turns.done).toEqual(['long@1', 'other@2', 'short@3', 'long@4', 'other@5', 'long@6']);
  });

  it('begin anew when what they need had to be brought', async () => {
    let tries = 0;
    const portions = new Portions({
      // What the coordinator does when a study is not in memory.
      view: async (look) => {
        try {
          return look(CORE);
        } catch {
          return look(CORE);
        }
      },
    });
    function* work(): Work<number> {
      tries += 1;
      yield 5_000;
      if (tries === 1) throw new Error('away');
      return tries;
    }
    expect(await portions.do(work)).toBe(2);
  });

  it('of others go on when one fails', async () => {
    const turns = new Turns();
    const portions = new Portions(turns, 100);
    const failing = portions.do((): Work<never> => {
      throw new Error('no study x');
    });
    const other = portions.do(() => turns.work('a', 2, 100));
    await expect(failing).rejects.toThrow('no study x');
    expect(await other).toBe('a');
  });
});
