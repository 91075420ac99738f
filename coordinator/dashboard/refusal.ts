import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Refusal } from '../core/lookup.js';
import type { Fault } from '../spec/index.js';

type Code = Refusal['code'] | 'invalid';

/** The one table that turns refusals into HTTP status codes. */
const STATUS: Record<Code, ContentfulStatusCode> = { not_found: 404, conflict: 409, invalid: 400 };

/** An expected refusal on its way to the browser. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: ContentfulStatusCode;
  readonly body: {
    readonly error: { readonly code: Code; readonly message: string; readonly faults?: readonly Fault[] };
  };

  /** @param faults of a search file, each with its position */
  constructor({ code, message }: { readonly code: Code; readonly message: string }, faults?: readonly Fault[]) {
    super(message);
    this.status = STATUS[code];
    this.body = { error: { code, message, ...(faults === undefined ? {} : { faults }) } };
  }
}

/** @throws {HttpRefusal} when a part of an address is not a whole number that can be counted with */
export function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new HttpRefusal({ code: 'invalid', message: `${name} ${JSON.stringify(text)} must be a whole number` });
}
