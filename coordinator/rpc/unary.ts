import {
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { Refused } from '../calls/refused.js';
import type { Encoded } from './encoded.js';
import { SlowReaderError } from './followed.js';
import { statusOf, unexpected } from './status.js';
import { CallerGoneError, inTurn } from './turnstile.js';

/**
 * Makes a method of a service from a function that answers one request, or throws {@link Refused}.
 *
 * @param costOf given for what takes the coordinator's time: it is done in its caller's turn, and costs so many units; the
 *   answer is undefined when the request was refused
 */
export type Unary = <Q, A extends object>(
  answer: (request: Q) => Promise<A | Encoded<A>>,
  costOf?: (request: Q, answer: Partial<A> | Encoded<A>) => number,
) => handleUnaryCall<Q, A>;

export function createUnary(logger: Logger): Unary {
  return <Q, A extends object>(
    answer: (request: Q) => Promise<A | Encoded<A>>,
    costOf?: (request: Q, answer: Partial<A> | Encoded<A>) => number,
  ) => {
    const answerInTurn = async (call: ServerUnaryCall<Q, A>): Promise<A | Encoded<A>> => {
      if (costOf === undefined) return answer(call.request);
      // What was refused has been looked at all the same.
      const attempt = (): Promise<Attempt<A | Encoded<A>>> =>
        answer(call.request).then(
          (made) => ({ made }),
          (error: unknown) => ({ error }),
        );
      const came = await inTurn(call, attempt, ({ made }) => costOf(call.request, made ?? {}));
      if (came.made === undefined) throw came.error;
      return came.made;
    };
    return (call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>) => {
      answerInTurn(call).then(
        // The service takes it: see `takesEncoded`.
        (response) => callback(null, response as A),
        (error: unknown) => callback(toStatus(error, logger)),
      );
    };
  };
}

interface Attempt<A> {
  readonly made?: A;
  readonly error?: unknown;
}

/** What a failed call is answered. */
export function toStatus(error: unknown, logger: Logger): Pick<ServiceError, 'code' | 'details'> {
  if (error instanceof SlowReaderError) return { code: status.RESOURCE_EXHAUSTED, details: error.message };
  if (error instanceof CallerGoneError) return { code: status.CANCELLED, details: 'the call was given up' };
  return error instanceof Refused ? statusOf(error) : unexpected(logger, error);
}
