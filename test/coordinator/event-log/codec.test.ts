import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../../../coordinator/event-log/codec.js';
import { LogFormatError } from '../../../coordinator/event-log/port.js';

describe('a record of the event log', () => {
  it('of a later format is refused with both versions', () => {
    expect(() => decodeBatch('{"v":2,"events":[]}', 7)).toThrow(
      new LogFormatError('batch 7 of the event log has format 2; this program reads 1'),
    );
  });

  it.each([
    ['not JSON', '{"v":1,"ev'],
    ['no object', 'null'],
    ['an unknown event', '{"v":1,"events":[{"type":"TrialVanished","study":"a","at":1}]}'],
    ['an event without its study', '{"v":1,"events":[{"type":"StudyPaused","at":1}]}'],
    ['no event', '{"v":1,"events":[]}'],
  ])('that is damaged (%s) is refused by its number', (_, record) => {
    expect(() => decodeBatch(record, 7)).toThrow(LogFormatError);
    expect(() => decodeBatch(record, 7)).toThrow(/batch 7/);
  });
});
