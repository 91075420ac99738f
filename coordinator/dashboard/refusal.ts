import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type RefusalCode, Refused } from '../calls/refused.js';

/** The one table that turns refusals into HTTP status codes. */
const STATUS: Record<RefusalCode, ContentfulStatusCode> = { not_found: 404, conflict: 409, invalid: 400, limit: 429 };

/** What a refused request is answered. */
export function answerOf({ code, message, faults }: Refused): { body: object; status: ContentfulStatusCode } {
  return { body: { error: { code, message, ...(faults === undefined ? {} : { faults }) } }, status: STATUS[code] };
}

/** @throws {Refused} when a part of an address is not a whole number that can be counted with */
export function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new Refused({ code: 'invalid', message: `${name} ${JSON.stringify(text)} must be a whole number` });
}
