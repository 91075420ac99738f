import { once } from 'node:events';
import { type ClientDuplexStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createArtifactKeeper } from '../../../coordinator/artifacts/keeper.js';
import { openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import type { Leadership } from '../../../coordinator/rpc/door.js';
import { createServices, openDoor } from '../../../coordinator/rpc/server.js';
import type { Service } from '../../../coordinator/rpc/service.js';
import {
  Attach,
  type SessionRequest,
  type SessionResponse,
  StudyServiceClient,
  WorkerServiceClient,
} from '../../../proto/index.js';
import { isFromStandby, leaderOf } from '../../../proto/leader.js';
import { PROTOCOL_VERSION } from '../../../proto/version.js';

/** A leadership whose news come when the test says so. */
class Told implements Leadership {
  leader: string | undefined;
  readonly #waiting: ((leader: string | undefined) => void)[] = [];

  constructor(leader?: string) {
    this.leader = leader;
  }

  confirmed(): Promise<string | undefined> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get asked(): number {
    return this.#waiting.length;
  }

  confirm(leader: string | undefined): void {
    for (const resolve of this.#waiting.splice(0)) resolve(leader);
  }
}

let server: Awaited<ReturnType<typeof openDoor>>;
let studies: StudyServiceClient;
let workers: WorkerServiceClient;
beforeEach(async () => {
  server = await openDoor('127.0.0.1:0');
  studies = new StudyServiceClient(server.address, credentials.createInsecure());
  workers = new WorkerServiceClient(server.address, credentials.createInsecure());
});
afterEach(() => {
  studies.close();
  workers.close();
  server.close();
});

async function services(): Promise<Service[]> {
  const logger = pino({ level: 'silent' });
  const artifacts = openMemoryArtifacts();
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const coordinator = await Coordinator.open({ log: openMemoryLog(), leaseMs: 60_000, onFailure });
  const keeper = createArtifactKeeper({ artifacts, coordinator, logger, graceMs: 1000 });
  return createServices({
    coordinator,
    heartbeatMs: 10_000,
    leaseMs: 60_000,
    artifacts,
    keeper,
    maxArtifactBytes: 1000,
    logger,
  });
}

/** Lists the studies: their number, or who is said to lead. */
function list(): Promise<number | string> {
  return new Promise((resolve, reject) => {
    studies.listStudies({}, new Metadata(), {}, (error, answer) => {
      if (error === null) resolve(answer.studies.length);
      else if (error.code === status.UNAVAILABLE && isFromStandby(error)) resolve(leaderOf(error) ?? 'nobody');
      else reject(error);
    });
  });
}

type Session = ClientDuplexStream<SessionRequest, SessionResponse>;

function attach(): Session {
  const session = workers.session();
  session.on('error', () => {});
  const value = Attach.create({ protocolVersion: PROTOCOL_VERSION, workerId: 'w', slots: 1 });
  session.write({ body: { $case: 'attach', value } });
  return session;
}

const answerOf = async (session: Session): Promise<string | undefined> => {
  const [response] = (await once(session, 'data')) as [SessionResponse];
  return response.body?.$case;
};
const refusalOf = (session: Session): Promise<ServiceError> =>
  new Promise((resolve) => session.once('error', (error: ServiceError) => resolve(error)));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a coordinator that stands by', () => {
  it('says at once who leads, to whoever asks', async () => {
    server.door.standBy(new Told('lead:7070'));
    expect(await list()).toBe('lead:7070');
    server.door.standBy(new Told());
    expect(await list()).toBe('nobody');
  });

  it('sends a worker to the leader once that has been seen alive', async () => {
    const told = new Told('dead:7070');
    server.door.standBy(told);
    const refused = refusalOf(attach());
    await until(() => told.asked > 0);
    told.confirm('alive:7070');
    expect(leaderOf(await refused)).toBe('alive:7070');
  });

  it('lets a waiting worker in when it becomes the leader itself', async () => {
    const told = new Told('dead:7070');
    server.door.standBy(told);
    const session = attach();
    const answered = answerOf(session);
    await until(() => told.asked > 0);
    server.door.lead(await services());
    expect(await answered).toBe('attached');
    told.confirm(undefined);
    expect(await list()).toBe(0);
    session.cancel();
  });

  it('forgets a worker that has gone', async () => {
    const told = new Told();
    server.door.standBy(told);
    const session = attach();
    await until(() => told.asked > 0);
    const gone = refusalOf(session);
    session.cancel();
    await gone;
    server.door.lead(await services());
    expect(await list()).toBe(0);
  });
});

describe('a coordinator that steps down', () => {
  it('ends the sessions and answers the calls that are under way', async () => {
    server.door.lead([
      ...(await services()).map(({ definition, handlers }) => ({
        definition,
        // As of a coordinator that has failed: its commands are never answered.
        handlers: { ...handlers, listStudies: () => {} },
      })),
    ]);
    const session = attach();
    expect(await answerOf(session)).toBe('attached');
    const listed = list();
    const refused = refusalOf(session);
    // The call has arrived once a later one on the same connection is answered.
    await new Promise((resolve) => studies.listWorkers({}, resolve));
    server.door.standBy(new Told('next:7070'));
    expect((await refused).code).toBe(status.UNAVAILABLE);
    expect(await listed).toBe('nobody');
    expect(await list()).toBe('next:7070');
  });
});
