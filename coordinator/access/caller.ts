import type { Role } from './roles.js';

/** Who makes a call or a request, as the door it came through has found out. */
export interface Caller {
  /** The id of its token, which is no secret; '' where no token is asked for. */
  readonly token: string;
  readonly role: Role;
}

/** Whoever reaches a door that asks for no token: this machine's own people, or everybody under `--insecure`. */
export const ANYBODY: Caller = { token: '', role: 'admin' };

const callers = new WeakMap<object, Caller>();

/** @param call a gRPC call, or the request of HTTP (`context.env.incoming`) */
export function callerOf(call: object): Caller {
  return callers.get(call) ?? ANYBODY;
}

/** Says whose a call is. Doors do so before any handler sees it. */
export function introduce(call: object, caller: Caller): void {
  callers.set(call, caller);
}
