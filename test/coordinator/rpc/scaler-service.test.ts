import { once } from 'node:events';
import { type ClientReadableStream, type ClientUnaryCall, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScalerServiceOptions } from '../../../coordinator/rpc/scaler-service.js';
import { createStandbyServices, openDoor } from '../../../coordinator/rpc/server.js';
import { ExternalScalerClient, type IsActiveResponse, StudyServiceClient } from '../../../proto/index.js';
import { isFromStandby } from '../../../proto/leader.js';
import { startEntered } from '../access/entered.js';
import { attemptOf, Scenario } from '../core/scenario.js';

let scene: Scenario;
let server: Awaited<ReturnType<typeof openDoor>>;
let keda: ExternalScalerClient;
beforeEach(async () => {
  scene = new Scenario();
  server = await openDoor('127.0.0.1:0');
  const look: ScalerServiceOptions['look'] = async (see) => see(scene.core.state);
  const services = createStandbyServices({ look, logger: pino({ level: 'silent' }), intervalMs: 5 });
  server.door.standBy({ leader: 'elsewhere:7070', confirmed: async () => 'elsewhere:7070' }, services);
  keda = new ExternalScalerClient(server.address, credentials.createInsecure());
});
afterEach(() => {
  keda.close();
  server.close();
});

const scaled = (scalerMetadata: Record<string, string> = {}) => ({
  name: 'workers',
  namespace: 'assay',
  scalerMetadata,
});
const ref = scaled({ scalerAddress: 'coordinator:7070' });

function ask<A>(call: (answered: (error: ServiceError | null, answer: A) => void) => ClientUnaryCall): Promise<A> {
  return new Promise((resolve, reject) => {
    call((error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
}

const isActive = async (): Promise<boolean> =>
  (await ask<IsActiveResponse>((answered) => keda.isActive(ref, answered))).result;
const metrics = (scalerMetadata: Record<string, string> = {}, metricName = 'slots-wanted') =>
  ask<{ metricValues: readonly object[] }>((answered) =>
    keda.getMetrics({ scaledObjectRef: scaled(scalerMetadata), metricName }, answered),
  );

describe('the external scaler, asked as KEDA asks it', () => {
  it('says what one worker takes, and how much is wanted', async () => {
    const spec = await ask((answered) => keda.getMetricSpec(scaled({ slotsPerWorker: '4' }), answered));
    expect(spec).toEqual({ metricSpecs: [{ metricName: 'slots-wanted', targetSize: 4, targetSizeFloat: 4 }] });
    scene.create({ budget: { trials: 10 } });
    expect(await metrics()).toEqual({
      metricValues: [{ metricName: 'slots-wanted', metricValue: 10, metricValueFloat: 10 }],
    });
  });

  it('measures what its workers could run', async () => {
    scene.create({ budget: { trials: 10 }, requires: { labels: { zone: 'west' }, gpu: 1, memoryBytes: 2 ** 30 } });
    const right = { labels: 'pool=a, zone=west', gpus: '1', memory: '1GiB' };
    expect(await metrics(right)).toMatchObject({ metricValues: [{ metricValue: 10 }] });
    for (const wrong of [{ labels: 'zone=east' }, { gpus: '0' }, { memory: '1023MiB' }]) {
      expect(await metrics({ ...right, ...wrong })).toMatchObject({ metricValues: [{ metricValue: 0 }] });
    }
  });

  it('is active while anything is to run', async () => {
    expect(await isActive()).toBe(false);
    scene.create({ budget: { trials: 1 } });
    expect(await isActive()).toBe(true);
    scene.attach('w1');
    scene.result(attemptOf(0), 'completed');
    expect(await isActive()).toBe(false);
  });

  it('pushes whether it is active at once and with every change, and nothing in between', async () => {
    const stream: ClientReadableStream<IsActiveResponse> = keda.streamIsActive(ref);
    stream.on('error', () => {});
    const said: boolean[] = [];
    const next = async (): Promise<boolean> => {
      const [response] = (await once(stream, 'data')) as [IsActiveResponse];
      said.push(response.result);
      return response.result;
    };
    expect(await next()).toBe(false);
    const active = next();
    scene.create({ budget: { trials: 1 } });
    expect(await active).toBe(true);
    const idle = next();
    scene.run({ type: 'ControlStudy', study: 'digits', action: 'pause' });
    expect(await idle).toBe(false);
    stream.cancel();
    expect(said).toEqual([false, true, false]);
  });

  it.each([
    [{ slotsPerWorker: '0' }, 'slotsPerWorker "0" must be a whole number from 1 to 1024'],
    [{ gpus: 'two' }, 'gpus "two" must be a whole number from 0 to 1024'],
    [{ memory: '16' }, 'memory "16" must be a size such as 16GiB'],
    [{ labels: 'zone' }, 'labels "zone" must be KEY=VALUE with commas between them'],
    [{ slotPerWorker: '4' }, 'there is no "slotPerWorker" (did you mean "slotsPerWorker"?)'],
  ])('refuses %j', async (metadata, message) => {
    const error = await metrics(metadata).catch((refused: unknown) => refused as ServiceError);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect((error as ServiceError).details).toContain(`trigger metadata: ${message}`);
  });

  it('knows one metric', async () => {
    await expect(metrics({}, 'lag')).rejects.toThrow('there is no metric "lag", only slots-wanted');
  });

  it('is all that a standby answers', async () => {
    const studies = new StudyServiceClient(server.address, credentials.createInsecure());
    const refused = await ask((answered) => studies.listStudies({}, answered)).catch((error: unknown) => error);
    studies.close();
    expect(isFromStandby(refused as ServiceError)).toBe(true);
  });
});

describe('where tokens are asked for', () => {
  it('is let in by what KEDA finds in the environment of the workers, and by nothing else', async () => {
    const entered = await startEntered();
    const client = new ExternalScalerClient(entered.rpc, credentials.createInsecure());
    const codeOf = (metadata: Record<string, string>): Promise<status> =>
      ask((answered) => client.isActive(scaled(metadata), answered)).then(
        () => status.OK,
        (error: ServiceError) => error.code,
      );
    const codeOfMetrics = (metadata: Record<string, string>): Promise<status> =>
      ask((answered) =>
        client.getMetrics({ scaledObjectRef: scaled(metadata), metricName: 'slots-wanted' }, answered),
      ).then(
        () => status.OK,
        (error: ServiceError) => error.code,
      );
    const { worker, view } = entered.secrets;
    expect(await codeOf({ tokenFromEnv: worker })).toBe(status.OK);
    expect(await codeOfMetrics({ tokenFromEnv: view })).toBe(status.OK);
    for (const metadata of [{}, { tokenFromEnv: `assay_${'x'.repeat(43)}` }, { token: worker }] as const) {
      expect(await codeOf({ ...metadata })).toBe(status.UNAUTHENTICATED);
      expect(await codeOfMetrics({ ...metadata })).toBe(status.UNAUTHENTICATED);
    }
    client.close();
    await entered.close();
  });
});
