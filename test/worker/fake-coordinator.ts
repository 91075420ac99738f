import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import {
  Assignment,
  type Attach,
  Attached,
  type AttemptRef,
  Dispatch,
  type Progress,
  type SessionRequest,
  type SessionResponse,
  WorkerServiceService,
} from '../../proto/index.js';
import { PROTOCOL_VERSION } from '../../proto/version.js';

type Call = ServerDuplexStream<SessionRequest, SessionResponse>;

/** A server that says to workers what a test tells it to. */
export interface FakeCoordinator {
  readonly address: string;
  /** The next session that a worker opens. */
  nextSession(): Promise<FakeSession>;
  close(): void;
}

/** @param port 0 for any free one */
export async function startFakeCoordinator(port = 0): Promise<FakeCoordinator> {
  const sessions = new Mailbox<FakeSession>();
  const server = new Server();
  server.addService(WorkerServiceService, { session: (call: Call) => sessions.put(new FakeSession(call)) });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, taken) =>
      error === null ? resolve(taken) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${bound}`,
    nextSession: () => sessions.take(),
    close: () => server.forceShutdown(),
  };
}

/** The coordinator's end of one stream. */
export class FakeSession {
  readonly #call: Call;
  readonly #requests = new Mailbox<NonNullable<SessionRequest['body']> | undefined>();

  constructor(call: Call) {
    this.#call = call;
    call.on('data', ({ body }: SessionRequest) => this.#requests.put(body));
    call.on('cancelled', () => this.#requests.put(undefined));
    call.on('error', () => {});
  }

  /** The next request; undefined when the worker has ended the stream. */
  next(): Promise<SessionRequest['body']> {
    return this.#requests.take();
  }

  async nextAttach(): Promise<Attach> {
    const body = await this.next();
    if (body?.$case !== 'attach') throw new Error(`expected an attach, got ${body?.$case}`);
    return body.value;
  }

  /** The next progress; what comes before it is passed over. */
  async nextProgress(): Promise<Progress> {
    for (;;) {
      const body = await this.next();
      if (body === undefined) throw new Error('expected progress, but the worker ended the stream');
      if (body.$case === 'progress') return body.value;
    }
  }

  /** Reads the attach and answers it. */
  async attach(answer: Partial<Attached> = {}): Promise<Attach> {
    const attach = await this.nextAttach();
    const value = Attached.create({
      protocolVersion: PROTOCOL_VERSION,
      heartbeatIntervalMs: 10_000,
      leaseMs: 60_000,
      continued: attach.running.map((ref) => ({ ...ref })),
      ...answer,
    });
    this.send({ $case: 'attached', value });
    return attach;
  }

  dispatch(dispatch: Partial<Dispatch>): void {
    this.send({ $case: 'dispatch', value: Dispatch.create(dispatch) });
  }

  send(body: NonNullable<SessionResponse['body']>): void {
    this.#call.write({ body });
  }

  /** Breaks the stream, as a lost connection does. */
  break(code: status = status.UNAVAILABLE, details = 'broken by the test'): void {
    this.#call.emit('error', { code, details });
  }
}

export function ref(trial: number, attempt = 1): AttemptRef {
  return { study: 'digits', trial, attempt };
}

export function assignment(trial: number, overrides: Partial<Assignment> = {}): Assignment {
  return Assignment.create({
    attempt: ref(trial),
    objective: 'null',
    configJson: '{}',
    paramsJson: '{}',
    seed: 7,
    ...overrides,
  });
}

/** Values that are awaited, in order. */
class Mailbox<T> {
  readonly #values: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  put(value: T): void {
    const first = this.#waiting.shift();
    if (first === undefined) this.#values.push(value);
    else first(value);
  }

  take(): Promise<T> {
    if (this.#values.length > 0) return Promise.resolve(this.#values.shift()!);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
