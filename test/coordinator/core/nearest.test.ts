import { describe, expect, it } from 'vitest';
import { didYouMean, nearestName } from '../../../coordinator/core/nearest.js';

const KNOWN = ['learning_rate', 'momentum', 'depth', 'width', 'lr'];

describe('the nearest name', () => {
  it.each([
    ['learning_rat', 'learning_rate'],
    ['learningrate', 'learning_rate'],
    ['momentun', 'momentum'],
    ['dpeth', 'depth'],
    ['DEPTH', 'depth'],
    ['l', 'lr'],
  ])('to %s is %s', (name, nearest) => {
    expect(nearestName(name, KNOWN)).toBe(nearest);
  });

  it.each(['height', 'xyz', '', 'x'.repeat(1000)])('to "%s" is none', (name) => {
    expect(nearestName(name, KNOWN)).toBeUndefined();
  });

  it('is offered in words', () => {
    expect(didYouMean('wdith', KNOWN)).toBe(' (did you mean "width"?)');
    expect(didYouMean('nothing', KNOWN)).toBe('');
  });
});
