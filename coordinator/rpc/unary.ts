import {
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { Refused } from '../calls/refused.js';
import { SlowReaderError } from './followed.js';
import { statusOf, unexpected } from './status.js';

/** Makes a method of a service from a function that answers one request, or throws {@link Refused}. */
export type Unary = <Q, A>(answer: (request: Q) => Promise<A>) => handleUnaryCall<Q, A>;

export function createUnary(logger: Logger): Unary {
  return <Q, A>(answer: (request: Q) => Promise<A>) =>
    (call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>) => {
      answer(call.request).then(
        (response) => callback(null, response),
        (error: unknown) => callback(toStatus(error, logger)),
      );
    };
}

/** What a failed call is answered. */
export function toStatus(error: unknown, logger: Logger): Pick<ServiceError, 'code' | 'details'> {
  if (error instanceof SlowReaderError) return { code: status.RESOURCE_EXHAUSTED, details: error.message };
  return error instanceof Refused ? statusOf(error) : unexpected(logger, error);
}
