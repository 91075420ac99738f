import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { LONGEST_ARRIVAL_MS, MOST_STREAMS } from '../limits.js';
import type { Connections } from './turnstile.js';

/**
 * Looks at calls as they begin, before there is a request: a connection on which more begin than it was told is possible is
 * cut (what comes before it was told is bounded by nothing else), and a request that does not arrive is not waited for.
 */
export function watchArrivals(connections: Connections): ServerInterceptor {
  const streams = new Map<string, number>();
  return (definition, call) => {
    // A session has its request with its first message, and may have very many: nothing is put in their way.
    if (definition.requestStream && definition.responseStream) return call as ServerInterceptingCall;
    const peer = call.getPeer();
    const open = (streams.get(peer) ?? 0) + 1;
    streams.set(peer, open);
    if (open > 2 * MOST_STREAMS) connections.cut(peer);
    return watched(call, () => {
      const left = (streams.get(peer) ?? 1) - 1;
      if (left === 0) streams.delete(peer);
      else streams.set(peer, left);
    });
  };
}

/** @param ended called once */
function watched(call: ServerInterceptingCallInterface, ended: () => void): ServerInterceptingCall {
  let open = true;
  const end = (): void => {
    clearTimeout(late);
    if (!open) return;
    open = false;
    ended();
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
        onCancel: end,
      }),
    sendStatus: (answer, next) => {
      end();
      next(answer);
    },
  });
}
