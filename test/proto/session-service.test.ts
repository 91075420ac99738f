import { describe, expect, it } from 'vitest';
import { SessionRequest, WorkerServiceService } from '../../proto/index.js';

const { requestSerialize } = WorkerServiceService.session;
const output = (data: Buffer): SessionRequest => ({
  body: { $case: 'output', value: { attempt: { study: 'digits', trial: 1, attempt: 1 }, totalBytes: 7, data } },
});

describe('a message of a session', () => {
  it('stays as it was written when others are written after it, whatever their length', () => {
    const lengths = [3, 100_000, 0, 200, 100_001, 5];
    const requests = lengths.map((length, i) => output(Buffer.alloc(length, i + 1)));
    const written = requests.map((request) => requestSerialize(request));
    const fresh = requests.map((request) => Buffer.from(SessionRequest.encode(request).finish()));
    expect(written.map((bytes) => bytes.toString('hex'))).toEqual(fresh.map((bytes) => bytes.toString('hex')));
  });

  it('has nothing of one before it that could not be written', () => {
    const value = { study: 'digits', trial: -1, attempt: 1 };
    const wrong = {
      body: { $case: 'output', value: { attempt: value, totalBytes: 7, data: Buffer.alloc(9) } },
    } as const;
    expect(() => requestSerialize(wrong)).toThrow(/invalid/);
    const right = output(Buffer.of(1, 2, 3));
    expect(requestSerialize(right)).toEqual(Buffer.from(SessionRequest.encode(right).finish()));
  });
});
