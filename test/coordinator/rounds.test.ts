import { expect, it } from 'vitest';
import { Rounds } from '../../coordinator/rounds.js';

it('makes one at a time for all who ask, and none that is older than a question', async () => {
  const rounds = new Rounds();
  const made: ((value: string) => void)[] = [];
  const make = (): Promise<string> => new Promise((resolve) => made.push(resolve));
  const first = rounds.ask('a', make);
  const others = [rounds.ask('a', make), rounds.ask('a', make), rounds.ask('a', make)];
  const another = rounds.ask('b', make);
  expect(made).toHaveLength(2);
  made[0]!('one');
  expect(await first).toBe('one');
  await Promise.resolve();
  expect(made).toHaveLength(3);
  made[2]!('two');
  expect(await Promise.all(others)).toEqual(['two', 'two', 'two']);
  made[1]!('of b');
  expect(await another).toBe('of b');
  const later = rounds.ask('a', make);
  expect(made).toHaveLength(4);
  made[3]!('three');
  expect(await later).toBe('three');
});

it('goes on after a failure', async () => {
  const rounds = new Rounds();
  const failed = rounds.ask('a', () => Promise.reject(new Error('no study')));
  const next = rounds.ask('a', () => Promise.resolve('there'));
  await expect(failed).rejects.toThrow('no study');
  expect(await next).toBe('there');
});
