import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { CHANNEL_OPTIONS } from '../../proto/channel.js';
import { LEADER_KEY, STANDBY_KEY } from '../../proto/leader.js';

/** Who leads, as a standby knows it. */
export interface Leadership {
  /** Its host:port; undefined when nobody is known to lead. */
  readonly leader: string | undefined;
  /** The same, once it has been seen alive after this call; undefined when none was within some seconds. */
  confirmed(): Promise<string | undefined>;
}

/** A service and what answers its calls. */
export interface Service {
  readonly definition: ServiceDefinition;
  readonly handlers: object;
}

/** A call that is under way: how to refuse it, and how to hear of its end. */
interface OpenCall {
  refuse(answer: Refusal): void;
}

interface Refusal {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** What handlers of all four kinds are called with, as far as the door needs to know. */
interface ServerCall extends NodeJS.EventEmitter {
  readonly cancelled: boolean;
}
type Callback = Parameters<handleUnaryCall<unknown, unknown>>[1];
type Handler = (call: ServerCall, callback?: Callback) => void;

/**
 * The coordinator's port, which outlives its terms of leading. While it leads, calls go to the services of the term. While
 * it stands by, each call is refused with UNAVAILABLE and who leads instead. A worker's session waits for that answer
 * until the leader has been seen alive: when it has just died, the session is let in by the next one without a further
 * try, if that is this one, and sent to the next one otherwise.
 */
export class Door {
  readonly #server = new Server(CHANNEL_OPTIONS);
  readonly #open = new Set<OpenCall>();
  readonly #parked = new Map<ServerCall, () => void>();
  #handlers = new Map<string, Handler>();
  #leadership: Leadership | undefined;

  /** @param definitions of all services that will ever be served */
  constructor(definitions: readonly ServiceDefinition[]) {
    for (const definition of definitions) {
      const entries = Object.entries(definition).map(([name, { path, requestStream, responseStream }]) => [
        name,
        (call: ServerCall, callback?: Callback) => this.#take(path, requestStream && responseStream, call, callback),
      ]);
      this.#server.addService(definition, Object.fromEntries(entries));
    }
  }

  /** @param listen host:port; resolves to the port that was really taken */
  bind(listen: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  /** From now on these answer, those who wait included. */
  lead(services: readonly Service[]): void {
    this.#leadership = undefined;
    this.#handlers = handlersOf(services);
    for (const enter of [...this.#parked.values()]) enter();
  }

  /**
   * From now on calls are refused, those that are under way included.
   *
   * @param services what is answered all the same
   */
  standBy(leadership: Leadership, services: readonly Service[] = []): void {
    this.#leadership = leadership;
    this.#handlers = handlersOf(services);
    for (const call of [...this.#open]) call.refuse(refusal(undefined));
    this.#open.clear();
  }

  /** Stops taking calls and ends those that are open. */
  close(): void {
    this.#server.forceShutdown();
  }

  #take(path: string, waits: boolean, call: ServerCall, callback: Callback | undefined): void {
    const handler = this.#handlers.get(path);
    if (handler !== undefined) this.#enter(handler, call, callback);
    else if (this.#leadership === undefined) refuse(call, callback, refusal(undefined));
    else if (waits) this.#park(path, call, this.#leadership);
    else refuse(call, callback, refusal(this.#leadership.leader));
  }

  #enter(handler: Handler, call: ServerCall, callback: Callback | undefined): void {
    const left = (): void => void this.#open.delete(open);
    let answered = false;
    const answer: Callback | undefined =
      callback &&
      ((...response) => {
        if (answered) return;
        answered = true;
        left();
        callback(...response);
      });
    const open: OpenCall = { refuse: (why) => refuse(call, answer, why) };
    this.#open.add(open);
    for (const end of ['cancelled', 'finish', 'close', 'error']) call.once(end, left);
    handler(call, answer);
  }

  /** Lets a session in when this one leads, or tells it who does. */
  #park(path: string, call: ServerCall, leadership: Leadership): void {
    const leave = (): boolean => this.#parked.delete(call);
    this.#parked.set(call, () => {
      if (leave() && !call.cancelled) this.#take(path, true, call, undefined);
    });
    call.once('cancelled', leave);
    leadership.confirmed().then(
      (leader) => {
        if (leave()) refuse(call, undefined, refusal(leader));
      },
      () => {
        if (leave()) refuse(call, undefined, refusal(undefined));
      },
    );
  }
}

/** What answers each path. */
function handlersOf(services: readonly Service[]): Map<string, Handler> {
  const found = new Map<string, Handler>();
  for (const { definition, handlers } of services) {
    for (const [name, { path }] of Object.entries(definition)) {
      const handler = (handlers as Record<string, Handler>)[name]!;
      found.set(path, handler.bind(handlers));
    }
  }
  return found;
}

function refuse(call: ServerCall, callback: Callback | undefined, why: Refusal): void {
  if (callback !== undefined) callback(why);
  else call.emit('error', why);
}

function refusal(leader: string | undefined): Refusal {
  const metadata = new Metadata();
  metadata.set(STANDBY_KEY, '1');
  if (leader !== undefined) metadata.set(LEADER_KEY, leader);
  const details =
    leader === undefined
      ? 'this coordinator stands by, and no other is known to lead at the moment'
      : `this coordinator stands by: ${leader} leads`;
  return { code: status.UNAVAILABLE, details, metadata };
}
