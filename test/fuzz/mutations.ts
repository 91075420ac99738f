import fc from 'fast-check';

/** Bytes with some stretches replaced, doubled or left out. */
export function mutatedBytes(originals: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(12),
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constant(Uint8Array.of(255, 255, 255, 255, 15)),
      fc.constant('double' as const),
    ),
  );
  const mutated = fc.tuple(fc.constantFrom(...originals), fc.array(edit, { maxLength: 5 })).map(([original, edits]) =>
    edits.reduce<Uint8Array>((bytes, [place, length, piece]) => {
      const at = Math.floor(place * bytes.length);
      const put = piece === 'double' ? bytes.subarray(0, 2_000) : piece;
      return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + (piece === 'double' ? 0 : length))]);
    }, original),
  );
  return fc.oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) });
}

/** A text with some stretches replaced by pieces. */
export function mutatedText(originals: readonly string[], pieces: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(12), fc.constantFrom(...pieces));
  const mutated = fc.tuple(fc.constantFrom(...originals), fc.array(edit, { maxLength: 6 })).map(([original, edits]) =>
    edits.reduce((text, [place, length, piece]) => {
      const at = Math.floor(place * text.length);
      return text.slice(0, at) + piece + text.slice(at + length);
    }, original),
  );
  return fc.oneof(
    { weight: 4, arbitrary: mutated },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  );
}
