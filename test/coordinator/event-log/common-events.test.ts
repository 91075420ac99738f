import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../../../coordinator/event-log/codec.js';
import { isCommonEvent } from '../../../coordinator/event-log/common-events.js';

/** An event that no quick look knows, so that a record with it goes through the schema as a whole. */
const uncommon = { type: 'StudyPaused', study: 'a', at: 1 };

type Json = Record<string, unknown>;

const logged: Json[] = readFileSync('test/golden/log/format-1.jsonl', 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .flatMap((line) => (JSON.parse(line) as { events: Json[] }).events);

/** What the schema makes of an event; undefined when it refuses it. */
function bySchema(event: Json): unknown {
  try {
    return decodeBatch(JSON.stringify({ v: 1, events: [event, uncommon] }), 1)[0];
  } catch {
    return undefined;
  }
}

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(0, 1, -1, 0.5, 1e300, '', 'NaN', 'lost', 'waiting', null, [], {}, { a: 'NaN' }, { a: null }, ['a']),
);

describe('the quick look at an event', () => {
  it('knows nearly all that a log consists of', () => {
    const types = ['TrialProposed', 'AttemptStarted', 'TrialReported', 'AttemptEnded'];
    const often = logged.filter(({ type }) => types.includes(type as string));
    expect(often.filter(isCommonEvent).length).toBeGreaterThan(0.8 * often.length);
  });

  it('says yes to nothing that the schema refuses or reads otherwise, whatever is damaged', () => {
    const common = logged.filter(isCommonEvent);
    const damaged = fc
      .record({ event: fc.constantFrom(...common), field: fc.nat(12), value: anything, drop: fc.boolean() })
      .map(({ event, field, value, drop }) => {
        const names = Object.keys(event);
        const name = names[field % names.length]!;
        const { [name]: _, ...rest } = event;
        return drop ? rest : { ...rest, [name]: value };
      });
    fc.assert(
      fc.property(damaged, (event) => {
        const json = JSON.parse(JSON.stringify(event)) as Json;
        fc.pre(isCommonEvent(json));
        expect(bySchema(json)).toEqual(json);
      }),
      { numRuns: 500 },
    );
  });
});
