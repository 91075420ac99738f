import { type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDoor } from '../../../coordinator/rpc/server.js';
import { wayTo } from '../../../proto/client-access.js';
import { StudyServiceClient } from '../../../proto/index.js';
import { leaderOf } from '../../../proto/leader.js';
import { type Entered, startEntered } from './entered.js';

let entered: Entered;
let standby: Awaited<ReturnType<typeof openDoor>>;
beforeEach(async () => {
  entered = await startEntered();
  standby = await openDoor('127.0.0.1:0', entered.entrance);
  standby.door.standBy({ leader: 'leader:7070', confirmed: async () => 'leader:7070' });
});
afterEach(async () => {
  standby.close();
  await entered.close();
});

async function ask(token?: string): Promise<ServiceError> {
  const way = wayTo(standby.address, token === undefined ? {} : { token });
  const client = new StudyServiceClient(standby.address, way.credentials, way.options);
  const error = await new Promise<ServiceError | null>((resolve) => client.listStudies({}, resolve));
  client.close();
  return error!;
}

it('a standby tells who leads to who may ask, and to nobody else', async () => {
  const told = await ask(entered.secrets.view);
  expect([told.code, leaderOf(told)]).toEqual([status.UNAVAILABLE, 'leader:7070']);
  for (const [token, code] of [
    [undefined, status.UNAUTHENTICATED],
    ['assay_unknown', status.UNAUTHENTICATED],
    [entered.secrets.worker, status.PERMISSION_DENIED],
  ] as const) {
    const error = await ask(token);
    expect([error.code, leaderOf(error), error.details.includes('leader')]).toEqual([code, undefined, false]);
  }
});
