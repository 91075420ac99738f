import { describe, expect, it } from 'vitest';
import { CoordinatorAddresses, splitAddresses } from '../../proto/leader.js';

/** The addresses that are tried, one after the other, when they answer like this: undefined is no answer. */
function tried(known: string, ...answers: (string | undefined)[]): string[] {
  const addresses = new CoordinatorAddresses(splitAddresses(known));
  return [...answers, undefined].map((leader) => {
    const { current } = addresses;
    addresses.failed(leader);
    return current;
  });
}

describe('the coordinators of a cluster', () => {
  it('are tried in turn while none answers', () => {
    expect(tried('a:1, b:2,c:3', undefined, undefined, undefined)).toEqual(['a:1', 'b:2', 'c:3', 'a:1']);
  });

  it('are left for the one that is said to lead, known or not', () => {
    expect(tried('a:1,b:2', 'b:2')).toEqual(['a:1', 'b:2']);
    expect(tried('a:1', 'z:9')).toEqual(['a:1', 'z:9']);
  });

  it('follow in turn when the one that was said to lead does not serve', () => {
    expect(tried('a:1,b:2,c:3', 'c:3', undefined)).toEqual(['a:1', 'c:3', 'b:2']);
    // Not the same one twice in a row.
    expect(tried('a:1,b:2,c:3', 'b:2', undefined)).toEqual(['a:1', 'b:2', 'c:3']);
  });

  it('are tried again when there is only one', () => {
    expect(tried('a:1', undefined, 'a:1')).toEqual(['a:1', 'a:1', 'a:1']);
  });
});
