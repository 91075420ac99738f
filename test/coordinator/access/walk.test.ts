import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES } from '../../../coordinator/access/roles.js';
import { type Access, METHODS, ROUTES } from '../../../coordinator/access/table.js';
import { CHANGE_HEADER } from '../../../coordinator/dashboard/change-header.js';
import { Feeds } from '../../../coordinator/dashboard/feeds.js';
import { createApp } from '../../../coordinator/dashboard/server.js';
import { Portions } from '../../../coordinator/portions.js';
import { openDoor } from '../../../coordinator/rpc/server.js';
import { setBearer } from '../../../proto/bearer.js';
import { type Entered, startEntered } from './entered.js';

/*
 * Every method of every service and every route, asked for with every role, with none, and with tokens that are not let in.
 * What is asked for is empty, so what is let through is refused for other reasons or does nothing.
 */

let entered: Entered;
let client: Client;
beforeAll(async () => {
  entered = await startEntered();
  client = new Client(entered.rpc, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await entered.close();
});

const { door } = await openDoor('127.0.0.1:0');
door.close();
const methods = door.definitions.flatMap((definition) => Object.values(definition));
const BAD_TOKENS = { none: undefined, unknown: `assay_${'x'.repeat(43)}`, empty: '' };

/** Whether a role may, as the table says. */
function may(access: Access, role: string): boolean {
  return access === 'anyone' || access.some((one) => one === role);
}

describe('methods of gRPC', () => {
  it.each(methods.map(({ path }) => path))('%s stands in the table', (path) => {
    expect(Object.keys(METHODS)).toContain(path);
  });

  it('and nothing else does', () => {
    const known = new Set(methods.map(({ path }) => path));
    expect(Object.keys(METHODS).filter((path) => !known.has(path))).toEqual([]);
  });

  it.each(methods.map((method) => [method.path, method] as const))(
    '%s lets its roles in, and no others',
    async (path, method) => {
      const access = METHODS[path]!;
      for (const role of ROLES) {
        const { code, details } = await call(method, entered.secrets[role]);
        const denied = code === status.PERMISSION_DENIED && details.includes(`the role ${role}`);
        expect({ role, denied, code, details }).toMatchObject({ role, denied: !may(access, role) });
        expect(code).not.toBe(status.UNAUTHENTICATED);
      }
      for (const [word, token] of Object.entries(BAD_TOKENS)) {
        const { code } = await call(method, token);
        expect([path, word, code === status.UNAUTHENTICATED]).toEqual([path, word, access !== 'anyone']);
      }
    },
  );
});

describe('routes of HTTP', () => {
  it('stand in the table, and nothing else does', async () => {
    expect([...(await routes())].sort()).toEqual(Object.keys(ROUTES).sort());
  });

  it.each(Object.entries(ROUTES))('%s lets its roles in, and no others', async (route, access) => {
    for (const role of ROLES) {
      const { code, message } = await request(route, entered.secrets[role]);
      const denied = code === 403 && message.includes(`the role ${role}`);
      expect({ role, denied, code, message }).toMatchObject({ role, denied: !may(access, role) });
      expect(code).not.toBe(401);
    }
    for (const [word, token] of Object.entries(BAD_TOKENS)) {
      const { code } = await request(route, token);
      expect([route, word, code === 401]).toEqual([route, word, access !== 'anyone']);
    }
  });
});

describe('the table', () => {
  const open = (role: string): string[] =>
    Object.entries({ ...METHODS, ...ROUTES })
      .filter(([, access]) => access !== 'anyone' && may(access, role))
      .map(([name]) => name);

  it('lets those who look change nothing', () => {
    const looks = /\/(Get|List|Watch|Stream|Find|Download)\w+$|\/WhoAmI$|^GET |^\/(grpc|externalscaler)\./;
    expect(open('view').filter((name) => !looks.test(name))).toEqual([]);
  });

  it('lets workers run trials and move artifacts, and see no study', () => {
    expect(
      open('worker')
        .filter((name) => !/^\/(grpc|externalscaler)\./.test(name))
        .sort(),
    ).toEqual([
      '/assay.v1.AccessService/WhoAmI',
      '/assay.v1.ArtifactService/DownloadArtifact',
      '/assay.v1.ArtifactService/FindArtifacts',
      '/assay.v1.ArtifactService/UploadArtifact',
      '/assay.v1.WorkerService/Session',
    ]);
  });

  it('leaves what cannot be undone, workers, and tokens to admins, who may do everything', () => {
    const all = Object.entries({ ...METHODS, ...ROUTES }).filter(([, access]) => access !== 'anyone');
    expect(open('admin')).toHaveLength(all.length);
    const theirs = all.filter(([, access]) => access.length === 1).map(([name]) => name.replace(/^.*[./ ]/, ''));
    expect(theirs.sort()).toEqual(
      [
        'CreateToken',
        'DeleteStudy',
        'DrainWorker',
        'ListTokens',
        'RevokeToken',
        'UnquarantineWorker',
        ':id',
        'drain',
        'unquarantine',
      ]
        .map((name) => name.replace(/^.*[./ ]/, ''))
        .sort(),
    );
  });
});

describe('what is not in the table', () => {
  it('is refused to everybody, admins included', () => {
    const { gate } = entered.entrance;
    const admin = { token: entered.secrets.admin };
    expect(gate.method('/assay.v1.StudyService/Forgotten', admin)).toMatchObject({ ok: false, code: 'denied' });
    expect(gate.route('GET /api/forgotten', admin)).toMatchObject({ ok: false, code: 'denied' });
  });
});

/** The first thing that a method answers to an empty message. */
function call(
  { path, requestStream, responseStream }: MethodDefinition<unknown, unknown>,
  token: string | undefined,
): Promise<Pick<ServiceError, 'code' | 'details'>> {
  const metadata = new Metadata();
  if (token !== undefined) setBearer(metadata, token);
  const bytes = (buffer: Buffer): Buffer => buffer;
  const empty = Buffer.alloc(0);
  return new Promise((resolve) => {
    const done = (error: ServiceError | null): void => resolve(error ?? { code: status.OK, details: '' });
    if (!responseStream) {
      if (!requestStream) client.makeUnaryRequest(path, bytes, bytes, empty, metadata, done);
      else client.makeClientStreamRequest(path, bytes, bytes, metadata, done).end(empty);
      return;
    }
    const stream = requestStream
      ? client.makeBidiStreamRequest(path, bytes, bytes, metadata)
      : client.makeServerStreamRequest(path, bytes, bytes, empty, metadata);
    stream.on('error', done);
    for (const event of ['data', 'end']) {
      stream.on(event, () => {
        done(null);
        stream.cancel();
      });
    }
    if (requestStream) (stream as ClientDuplexStream<Buffer, Buffer>).end(empty);
  });
}

async function request(route: string, token: string | undefined): Promise<{ code: number; message: string }> {
  const [method = '', pattern = ''] = route.split(' ');
  const path = pattern.replace(':id', 'nothing').replace(':number', '0');
  const changes = method !== 'GET';
  const stop = new AbortController();
  const response = await fetch(entered.http + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(changes ? { [CHANGE_HEADER]: '1', 'content-type': 'application/json' } : {}),
    },
    ...(method === 'POST' ? { body: '{}' } : {}),
    signal: stop.signal,
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const message = isStream ? '' : await response.text();
  stop.abort();
  return { code: response.status, message };
}

/** All routes that the app has, as the table names them. */
async function routes(): Promise<Set<string>> {
  const portions = new Portions(entered.coordinator);
  const feeds = await Feeds.open(entered.coordinator, portions, Date.now);
  const app = createApp('127.0.0.1:0', entered.pages, { portions, feeds });
  feeds.close();
  return new Set(app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`));
}
