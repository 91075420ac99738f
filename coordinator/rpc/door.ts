import type { Socket } from 'node:net';
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { takeBearer } from '../../proto/bearer.js';
import { CHANNEL_OPTIONS } from '../../proto/channel.js';
import { LEADER_KEY, STANDBY_KEY } from '../../proto/leader.js';
import { introduce } from '../access/caller.js';
import type { Certificates } from '../access/certificates.js';
import type { Gate, Turned } from '../access/gate.js';
import { createHandshakes } from '../access/handshakes.js';
import type { TokenRecord } from '../access/token.js';
import { LARGEST_REQUEST, LONGEST_IDLE_MS, MOST_STREAMS } from '../limits.js';
import { watchArrivals } from './arrivals.js';
import { createHealth, type Health, serviceName } from './health.js';
import { Listener } from './listener.js';
import { reflectionServices } from './reflection.js';
import { takeTriggerToken } from './scaler-token.js';
import type { Service } from './service.js';
import { type CallKind, type Connections, type Entry, remember, Turnstile } from './turnstile.js';

/** Who leads, as a standby knows it. */
export interface Leadership {
  /** Its host:port; undefined when nobody is known to lead. */
  readonly leader: string | undefined;
  /** The same, once it has been seen alive after this call; undefined when none was within some seconds. */
  confirmed(): Promise<string | undefined>;
}

/** A call that is under way: how to refuse it, and how to hear of its end. */
interface OpenCall {
  refuse(answer: Refusal): void;
}

interface Refusal {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata;
}

/** What handlers of all four kinds are called with, as far as the door needs to know. */
interface ServerCall extends NodeJS.EventEmitter {
  readonly cancelled: boolean;
  readonly metadata: Metadata;
  /** Of calls that bring one message. */
  readonly request?: unknown;
  getPeer(): string;
}
type Callback = Parameters<handleUnaryCall<unknown, unknown>>[1];
type Handler = (call: ServerCall, callback?: Callback) => void;

/** A call as it comes in. */
interface Asked {
  readonly path: string;
  readonly kind: CallKind;
  /** Whether it may last. */
  readonly streams: boolean;
  readonly call: ServerCall;
  readonly callback: Callback | undefined;
}

/**
 * The coordinator's port, which outlives its terms of leading. While it leads, calls go to the services of the term. While
 * it stands by, each call is refused with UNAVAILABLE and who leads instead. A worker's session waits for that answer
 * until the leader has been seen alive: when it has just died, the session is let in by the next one without a further
 * try, if that is this one, and sent to the next one otherwise. Health and reflection are answered always.
 */
export class Door {
  /** Every service that can be called here. */
  readonly definitions: readonly ServiceDefinition[];
  readonly #gate: Gate;
  readonly #connections: Connections = {
    cut: (peer) => this.#listener?.cut(peer),
    drop: (peer) => this.#listener?.drop(peer),
  };
  readonly #server = new Server({
    ...CHANNEL_OPTIONS,
    'grpc.max_receive_message_length': LARGEST_REQUEST,
    'grpc.max_concurrent_streams': MOST_STREAMS,
    'grpc.max_connection_idle_ms': LONGEST_IDLE_MS,
    interceptors: [watchArrivals(this.#connections)],
  });
  readonly #turnstile = new Turnstile(this.#connections);
  #listener: Listener | undefined;
  readonly #open = new Set<OpenCall>();
  readonly #parked = new Map<ServerCall, () => void>();
  #handlers = new Map<string, Handler>();
  #leadership: Leadership | undefined;
  readonly #health: Health;
  /** What answers in every role. */
  readonly #always: ReadonlyMap<string, Handler>;

  /** Tell those who are not let in over TLS why not, in the words of gRPC: they would read of a lost connection else. */
  readonly #explainers: Server[] = [];

  /**
   * @param definitions of all services that will ever be served
   * @param gate asks every call who makes it, before anything else is looked at
   */
  constructor(definitions: readonly ServiceDefinition[], gate: Gate) {
    this.#gate = gate;
    this.#health = createHealth(definitions.map(serviceName));
    const always = [this.#health.service, ...reflectionServices()];
    this.#always = handlersOf(always);
    this.definitions = [...definitions, ...always.map((service) => service.definition)];
    for (const definition of this.definitions) {
      const entries = Object.entries(definition).map(([name, { path, requestStream, responseStream }]) => {
        const session = requestStream && responseStream && !this.#always.has(path);
        const streams = requestStream || responseStream;
        const kind = session ? 'session' : responseStream ? 'followed' : 'call';
        return [name, (call: ServerCall, callback?: Callback) => this.#ask({ path, kind, streams, call, callback })];
      });
      this.#server.addService(definition, Object.fromEntries(entries));
    }
  }

  /**
   * Opens the port.
   *
   * @param host without brackets
   * @param certificates what is shown in handshakes; without them everything is said in plain text
   * @returns the port that was really taken
   */
  bind(host: string, port: number, certificates?: Certificates): Promise<number> {
    const server = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    const take = (socket: Socket): void => server.injectConnection(socket);
    if (certificates === undefined) this.#listener = new Listener(take);
    else {
      const plain = this.#explainer(SPEAKS_TLS);
      const stranger = this.#explainer(WANTS_CERTIFICATE);
      const handshakes = { certificates, protocol: 'h2', secure: take, plain, stranger } as const;
      this.#listener = new Listener(createHandshakes(handshakes));
    }
    return this.#listener.listen(host, port);
  }

  /** Takes connections all of whose calls are refused for one reason. */
  #explainer(why: Refusal): (socket: Socket) => void {
    const server = new Server(CHANNEL_OPTIONS);
    const explain = (call: ServerCall, callback?: Callback): void => refuse({ call, callback }, why);
    for (const definition of this.definitions) {
      server.addService(definition, Object.fromEntries(Object.keys(definition).map((name) => [name, explain])));
    }
    this.#explainers.push(server);
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    return (socket) => injector.injectConnection(socket);
  }

  /** What other doors of this coordinator let in is counted together with what this one does. */
  get turnstile(): Turnstile {
    return this.#turnstile;
  }

  /** From now on these answer, those who wait included. */
  lead(services: readonly Service[]): void {
    this.#leadership = undefined;
    this.#handlers = handlersOf(services);
    this.#health.serve(new Set(['', ...services.map(({ definition }) => serviceName(definition))]));
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
    this.#health.serve(new Set(services.map(({ definition }) => serviceName(definition))));
    for (const call of [...this.#open]) call.refuse(refusal(undefined));
    this.#open.clear();
  }

  /** Stops taking calls and ends those that are open. */
  close(): void {
    this.#listener?.close();
    for (const explainer of this.#explainers) explainer.forceShutdown();
    this.#server.forceShutdown();
  }

  /** Lets a call on whose maker may make it, for as long as that is so. */
  #ask(asked: Asked): void {
    const { path, call } = asked;
    const trigger = takeTriggerToken(path, call.request);
    const admission = this.#gate.method(path, { token: takeBearer(call.metadata) ?? trigger });
    if (admission.ok) {
      introduce(call, admission.caller);
      // What is one question has one answer, also when it was to revoke the token that it came with.
      const watched = asked.streams && admission.record !== undefined;
      this.#take(watched ? this.#watched(asked, admission.record) : asked);
    } else this.#turnAway(asked, admission);
  }

  /** A call that is ended when its token is let in no more. */
  #watched(asked: Asked, record: TokenRecord): Asked {
    const { call, callback } = asked;
    // Not by the end of what it sends: the answer to an upload comes after that.
    const watched = { ...asked, callback: callback && answersOnce(callback, () => unwatch()) };
    const unwatch = this.#gate.watch(record, (why) => refuse(watched, turnedAway(why)));
    for (const end of ['cancelled', 'finish', 'close', 'error']) call.once(end, unwatch);
    return watched;
  }

  /** Whoever has no token has a share all the same: that of its address, to be refused with. */
  #turnAway(asked: Asked, why: Turned): void {
    this.#gate.tell(hostOf(asked.call.getPeer()), why.message);
    this.#turnstile.pass(asked.path, 'call', asked.call, {
      enter: (entry) => {
        entry.leave();
        refuse(asked, turnedAway(why));
      },
      refuse: () => refuse(asked, turnedAway(why)),
    });
  }

  #take(asked: Asked): void {
    if (this.#handlerOf(asked.path) !== undefined) this.#pass(asked);
    else if (this.#leadership === undefined) refuse(asked, refusal(undefined));
    else if (asked.kind === 'session') this.#park(asked, this.#leadership);
    else refuse(asked, refusal(this.#leadership.leader));
  }

  /** Lets a call in when it is its caller's turn, unless this one has stopped leading meanwhile. */
  #pass(asked: Asked): void {
    this.#turnstile.pass(asked.path, asked.kind, asked.call, {
      enter: (entry) => {
        const handler = this.#handlerOf(asked.path);
        if (handler !== undefined) this.#enter(handler, asked, entry);
        else {
          entry.leave();
          refuse(asked, refusal(this.#leadership?.leader));
        }
      },
      refuse: (details) => refuse(asked, { code: codeOfHaste(asked.path), details, metadata: new Metadata() }),
    });
  }

  #handlerOf(path: string): Handler | undefined {
    return this.#handlers.get(path) ?? this.#always.get(path);
  }

  #enter(handler: Handler, { path, call, callback }: Asked, entry: Entry): void {
    const left = (): void => {
      this.#open.delete(open);
      entry.leave();
    };
    const answer = callback && answersOnce(callback, left);
    const open: OpenCall = { refuse: (why) => refuse({ call, callback: answer }, why) };
    remember(call, entry);
    if (!this.#always.has(path)) this.#open.add(open);
    for (const end of ['cancelled', 'finish', 'close', 'error']) call.once(end, left);
    handler(call, answer);
  }

  /** Lets a session in when this one leads, or tells it who does. */
  #park(asked: Asked, leadership: Leadership): void {
    const { call } = asked;
    const leave = (): boolean => this.#parked.delete(call);
    this.#parked.set(call, () => {
      if (leave() && !call.cancelled) this.#take(asked);
    });
    for (const end of ['cancelled', 'error']) call.once(end, leave);
    leadership.confirmed().then(
      (leader) => {
        if (leave()) refuse(asked, refusal(leader));
      },
      () => {
        if (leave()) refuse(asked, refusal(undefined));
      },
    );
  }
}

/** The first answer is the answer. @param before called before it leaves */
function answersOnce(callback: Callback, before: () => void): Callback {
  let answered = false;
  return (...response) => {
    if (answered) return;
    answered = true;
    before();
    callback(...response);
  };
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

/** Whoever moves artifacts comes again by itself; a person is told. */
function codeOfHaste(path: string): status {
  return path.includes('.ArtifactService/') ? status.UNAVAILABLE : status.RESOURCE_EXHAUSTED;
}

function refuse({ call, callback }: Pick<Asked, 'call' | 'callback'>, why: Refusal): void {
  if (callback !== undefined) callback(why);
  else call.emit('error', why);
}

const SPEAKS_TLS: Refusal = {
  code: status.FAILED_PRECONDITION,
  details: 'this coordinator speaks TLS and was spoken to in plain text: name its certificate authority with --ca',
};

const WANTS_CERTIFICATE: Refusal = {
  code: status.UNAUTHENTICATED,
  details: 'this coordinator asks for a certificate of an authority of its own: name one with --cert and --key',
};

/** Without the port, which is another one with each connection. */
function hostOf(peer: string): string {
  return peer.replace(/:\d+$/, '');
}

function turnedAway({ code, message }: Turned): Refusal {
  return { code: code === 'denied' ? status.PERMISSION_DENIED : status.UNAUTHENTICATED, details: message };
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
