import type { Refusal } from '../core/lookup.js';
import type { Fault } from '../spec/index.js';

/** Why a call is refused, beside what the core refuses: what it asks for is not well formed. */
export type RefusalCode = Refusal['code'] | 'invalid';

/** An expected refusal on its way to the caller, whichever door that came through. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: RefusalCode;
  /** Those of a search file, where the call brought one. */
  readonly faults: readonly Fault[] | undefined;

  constructor({ code, message }: { readonly code: RefusalCode; readonly message: string }, faults?: readonly Fault[]) {
    super(message);
    this.code = code;
    this.faults = faults;
  }
}
