import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REDACTED, Redactor } from '../../../worker/own-code/redactor.js';

const SECRET = 'p4ss/w0rd+"and more"';
const redactor = new Redactor([SECRET]);

describe('cutting secrets out', () => {
  it.each([
    ['as it is', `key=${SECRET};`, `key=${REDACTED};`],
    ['twice', `${SECRET}${SECRET}`, `${REDACTED}${REDACTED}`],
    ['as JSON writes it', JSON.stringify({ key: SECRET }), `{"key":"${REDACTED}"}`],
    ['as an address writes it', `?key=${encodeURIComponent(SECRET)}`, `?key=${REDACTED}`],
    ['in Base64', `Basic ${Buffer.from(SECRET).toString('base64')}`, `Basic ${REDACTED}`],
  ])('finds one %s', (_, text, clean) => {
    expect(redactor.text(text).replace(/=+$/, '')).toBe(clean);
    expect(redactor.bytes(Buffer.from(text), false).toString().replace(/=+$/, '')).toBe(clean);
  });

  it('finds each line of one that has several', () => {
    const key = new Redactor(['-----BEGIN-----\nabcdef\nghijkl\n']);
    expect(key.text('loaded abcdef, then\nghijkl')).toBe(`loaded ${REDACTED}, then\n${REDACTED}`);
  });

  it('leaves texts without one as they are, to the last byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(redactor.bytes(Buffer.from(bytes), true)).toEqual(Buffer.from(bytes));
      }),
    );
    expect(new Redactor(['', '1', 'abc']).text('1 abc')).toBe('1 abc');
  });

  it('leaves no four characters of one where a text was cut', () => {
    const secret = 'Zk9!vLq2#x';
    const one = new Redactor([secret]);
    const words = fc.string({ unit: fc.constantFrom('a', ' ', '\n'), maxLength: 20 });
    fc.assert(
      fc.property(words, words, fc.nat(10), fc.nat(10), (before, after, from, to) => {
        // What is left of a longer text of which the ends are gone.
        const end = secret.slice(from);
        const beginning = secret.slice(0, to);
        const clean = one.text(`${end}${before}${secret}${after}${beginning}…`, true);
        for (let i = 0; i + 4 <= secret.length; i++) expect(clean).not.toContain(secret.slice(i, i + 4));
      }),
    );
  });
});
