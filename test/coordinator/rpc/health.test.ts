import { join } from 'node:path';
import {
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  loadPackageDefinition,
  makeClientConstructor,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as healthService } from 'grpc-health-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStandbyServices, openDoor } from '../../../coordinator/rpc/server.js';
import {
  AccessServiceService,
  ArtifactServiceService,
  ExternalScalerService,
  StudyServiceService,
  WorkerServiceService,
} from '../../../proto/index.js';
import { packagePath } from '../../../proto/package-path.js';

const LEADERS = [WorkerServiceService, StudyServiceService, ArtifactServiceService, AccessServiceService];
const OURS = [...LEADERS, ExternalScalerService];
const NAMES = ['Worker', 'Study', 'Artifact', 'Access'].map((name) => `assay.v1.${name}Service`);
const SCALER = 'externalscaler.ExternalScaler';

interface HealthClient {
  check(
    request: { service: string },
    done: (error: ServiceError | null, answer: { status: string }) => void,
  ): ClientUnaryCall;
  watch(request: { service: string }): ClientReadableStream<{ status: string }>;
  close(): void;
}

let server: Awaited<ReturnType<typeof openDoor>>;
let health: HealthClient;
beforeEach(async () => {
  server = await openDoor('127.0.0.1:0');
  const Health = makeClientConstructor(healthService, 'Health');
  health = new Health(server.address, credentials.createInsecure()) as unknown as HealthClient;
});
afterEach(() => {
  health.close();
  server.close();
});

const check = (service: string): Promise<string> =>
  new Promise((resolve) =>
    health.check({ service }, (error, answer) => resolve(error === null ? answer.status : status[error.code]!)),
  );
const checkAll = (): Promise<string[]> => Promise.all(['', ...NAMES, SCALER].map(check));

const standby = () => createStandbyServices({ look: () => Promise.reject(new Error('not asked')), logger: null! });
const leaderOnly = () =>
  LEADERS.map((definition) => ({
    definition,
    handlers: Object.fromEntries(Object.keys(definition).map((name) => [name, () => {}])),
  }));

describe('grpc.health.v1', () => {
  it('serves nothing while the coordinator starts', async () => {
    expect(await checkAll()).toEqual(Array(6).fill('NOT_SERVING'));
  });

  it('serves on a standby what a standby answers', async () => {
    server.door.standBy({ leader: undefined, confirmed: async () => undefined }, standby());
    expect(await checkAll()).toEqual([...Array<string>(5).fill('NOT_SERVING'), 'SERVING']);
  });

  it('serves everything on a leader, and no longer when it has stepped down', async () => {
    server.door.lead([...standby(), ...leaderOnly()]);
    expect(await checkAll()).toEqual(Array(6).fill('SERVING'));
    server.door.standBy({ leader: undefined, confirmed: async () => undefined });
    expect(await checkAll()).toEqual(Array(6).fill('NOT_SERVING'));
  });

  it('tells whoever watches', async () => {
    const seen: string[] = [];
    const watch = health.watch({ service: 'assay.v1.StudyService' });
    watch.on('error', () => {});
    const two = new Promise<void>((resolve) => {
      watch.on('data', (answer: { status: string }) => {
        if (seen.push(answer.status) === 1) server.door.lead([...standby(), ...leaderOnly()]);
        else resolve();
      });
    });
    await two;
    expect(seen).toEqual(['NOT_SERVING', 'SERVING']);
    server.door.standBy({ leader: undefined, confirmed: async () => undefined });
    await new Promise((resolve) => watch.once('data', resolve));
    expect(seen[2]).toBe('NOT_SERVING');
    watch.cancel();
  });

  it('does not know other services', async () => {
    expect(await check('assay.v1.Nothing')).toBe('NOT_FOUND');
  });
});

describe('reflection', () => {
  /** Asks as grpcurl does. */
  async function reflect(...requests: object[]): Promise<Record<string, never>[]> {
    const file = packagePath('node_modules/@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto');
    const loaded = loadPackageDefinition(loadSync(file, { includeDirs: [join(file, '../../../../..')] }));
    const { ServerReflection } = (loaded as never)['grpc']['reflection']['v1'] as {
      ServerReflection: ServiceClientConstructor;
    };
    const client = new ServerReflection(server.address, credentials.createInsecure());
    const stream = (client as unknown as { serverReflectionInfo(): NodeJS.ReadWriteStream })['serverReflectionInfo']();
    const answers: Record<string, never>[] = [];
    stream.on('data', (answer) => answers.push(answer));
    for (const request of requests) stream.write(request as never);
    stream.end();
    await new Promise((resolve) => stream.on('end', resolve));
    client.close();
    return answers;
  }

  it('lists every service that the door has', async () => {
    const [answer] = await reflect({ listServices: '' });
    const { service } = answer!['listServicesResponse'] as unknown as { service: { name: string }[] };
    expect(service.map(({ name }) => name).sort()).toEqual([...NAMES, SCALER, 'grpc.health.v1.Health'].sort());
  });

  it('knows every method', async () => {
    const methods = OURS.flatMap((definition) => Object.values(definition)).map(({ path }) =>
      path.slice(1).replace('/', '.'),
    );
    expect(methods.length).toBeGreaterThan(20);
    const answers = await reflect(...methods.map((fileContainingSymbol) => ({ fileContainingSymbol })));
    expect(answers.map((answer) => answer['fileDescriptorResponse'] !== undefined)).toEqual(methods.map(() => true));
  });
});
