import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTemplateText, substitute } from '../../../coordinator/core/objective-config.js';
import type { JsonTemplate } from '../../../coordinator/core/spec.js';

describe('substitution', () => {
  it('puts parameters in wherever they are the whole value', () => {
    const config = { lr: '$lr', deep: { list: ['$a', 1, ['$b']] }, text: 'costs $a' };
    expect(substitute(config, { lr: 0.1, a: 'x', b: true })).toEqual({
      lr: 0.1,
      deep: { list: ['x', 1, [true]] },
      text: 'costs $a',
    });
  });

  it('leaves out keys and items whose parameter is inactive', () => {
    const config = { momentum: '$m', list: ['$m', 2], inner: { only: '$m' }, none: null };
    expect(substitute(config, { lr: 1 })).toEqual({ list: [2], inner: {}, none: null });
  });

  it('makes two dollar signs one', () => {
    expect(substitute(['$$a', '$$', '$$$a', 'a$$'], { a: 1 })).toEqual(['$a', '$', '$$a', 'a$$']);
  });

  it('knows only parameters that were given, not what every object has', () => {
    expect(substitute({ a: '$constructor', b: '$toString' }, {})).toEqual({});
    expect(substitute({ a: '$constructor' }, { constructor: 1 })).toEqual({ a: 1 });
  });

  it('is null where a whole configuration is left out', () => {
    expect(substitute('$a', {})).toBeNull();
  });

  it('changes nothing without dollar signs, and never its arguments', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes('$') && !JSON.stringify(value).includes('__proto__'));
        const config = value as JsonTemplate;
        const before = JSON.stringify(config);
        expect(JSON.stringify(substitute(config, { a: 1 }))).toBe(before);
        expect(JSON.stringify(config)).toBe(before);
      }),
    );
  });
});

describe('a text of a template', () => {
  it.each([
    ['$lr', { kind: 'reference', param: 'lr' }],
    ['$opt.lr-2', { kind: 'reference', param: 'opt.lr-2' }],
    ['$', { kind: 'malformed' }],
    ['$1', { kind: 'malformed' }],
    ['$a b', { kind: 'malformed' }],
    ['$$a', { kind: 'literal', text: '$a' }],
    ['a$b', { kind: 'literal', text: 'a$b' }],
  ])('%s is read', (text, read) => {
    expect(readTemplateText(text)).toEqual(read);
  });
});
