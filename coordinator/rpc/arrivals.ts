import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { LONGEST_ARRIVAL_MS, MOST_GIVEN_UP, MOST_STREAMS } from '../limits.js';
import type { Connections } from './turnstile.js';

/** For how long it is remembered that a call was given up, milliseconds. */
const REMEMBERED_MS = 1_000;

/** What is known of a connection that has calls. */
interface Connection {
  open: number;
  /** Since the first of them was, for at most {@link REMEMBERED_MS}. */
  givenUp: number;
}

/**
 * Looks at calls as they begin, before there is a request: a connection on which more begin than it was told is possible is
 * cut (what comes before it was told is bounded by nothing else), and a request that does not arrive is not waited for. One
 * whose calls are given up by the dozen is cut as well: to begin a call and to end it costs more here than there.
 */
export function watchArrivals(connections: Connections): ServerInterceptor {
  const known = new Map<string, Connection>();
  const giveUp = (peer: string, connection: Connection): void => {
    connection.givenUp += 1;
    if (connection.givenUp === MOST_GIVEN_UP + 1) connections.cut(peer);
    if (connection.givenUp > 1) return;
    const forget = (): void => {
      connection.givenUp = 0;
      if (connection.open === 0) known.delete(peer);
    };
    setTimeout(forget, REMEMBERED_MS).unref();
  };
  return (definition, call) => {
    // A session has its request with its first message, and may have very many: nothing is put in their way.
    if (definition.requestStream && definition.responseStream) return call as ServerInterceptingCall;
    const peer = call.getPeer();
    const connection = known.get(peer) ?? { open: 0, givenUp: 0 };
    known.set(peer, connection);
    connection.open += 1;
    if (connection.open > 2 * MOST_STREAMS) connections.cut(peer);
    return watched(call, (isGivenUp) => {
      connection.open -= 1;
      if (isGivenUp) giveUp(peer, connection);
      else if (connection.open === 0 && connection.givenUp === 0) known.delete(peer);
    });
  };
}

/** @param ended called once, with whether its maker does not wait for an answer any more */
function watched(call: ServerInterceptingCallInterface, ended: (isGivenUp: boolean) => void): ServerInterceptingCall {
  let open = true;
  const end = (isGivenUp: boolean): void => {
    clearTimeout(late);
    if (!open) return;
    open = false;
    ended(isGivenUp);
  };
  const late = setTimeout(() => {
    const details = `the request did not arrive within ${LONGEST_ARRIVAL_MS / 1_000} s`;
    call.sendStatus({ code: status.DEADLINE_EXCEEDED, details });
  }, LONGEST_ARRIVAL_MS);
  return new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMessage: (message, pass) => {
          clearTimeout(late);
          pass(message);
        },
        onCancel: () => end(true),
      }),
    sendStatus: (answer, next) => {
      end(false);
      next(answer);
    },
  });
}
