import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WorkerOwners } from '../../../coordinator/rpc/worker-owners.js';
import type { SessionResponse } from '../../../proto/index.js';
import { PROTOCOL_VERSION } from '../../../proto/version.js';
import { createConnect } from '../../../worker/connect.js';
import type { Closed, Link } from '../../../worker/link.js';
import { type Entered, startEntered } from './entered.js';
import { LogLines } from './log-lines.js';

let entered: Entered;
let log: LogLines;
beforeEach(async () => {
  log = new LogLines();
  entered = await startEntered({ requireTokens: true }, log.logger);
});
afterEach(() => entered.close());

/** A worker that says it is `w`, and the first thing that comes of it. */
async function attach(token: string): Promise<{ readonly came: SessionResponse | Closed; readonly link: Link }> {
  let come: (came: SessionResponse | Closed) => void = () => {};
  const came = new Promise<SessionResponse | Closed>((resolve) => {
    come = resolve;
  });
  const link = createConnect(entered.rpc, { token })({ response: come, closed: come });
  const value = {
    protocolVersion: PROTOCOL_VERSION,
    workerId: 'w',
    name: 'w',
    slots: 1,
    labels: {},
    backend: '',
    backendReason: '',
    objectives: ['null'],
    datasets: [],
    version: '',
    gpus: [],
    codeSources: [],
    memoryBytes: 0,
    running: [],
  };
  link.send({ body: { $case: 'attach', value } });
  return { came: await came, link };
}

const ATTACHED = { body: { $case: 'attached' } };
const ANOTHERS = { reason: expect.stringContaining('works under another token'), retry: true };

describe("a worker's id", () => {
  it('is not taken over by whoever has another token, and the log says who tried', async () => {
    const [own, other] = [await entered.letIn('worker'), await entered.letIn('worker')];
    const worker = await attach(own.secret);
    expect(worker.came).toMatchObject(ATTACHED);
    expect((await attach(other.secret)).came).toMatchObject(ANOTHERS);
    await log.find(({ msg }) => msg === 'worker refused');
    // The first one was not cut off.
    worker.link.send({ body: { $case: 'heartbeat', value: { running: [], gpuUse: [] } } });
    expect(log.lines.some(({ msg }) => msg === 'worker detached')).toBe(false);
    worker.link.close('over');
    await log.find(({ msg }) => msg === 'worker detached');
    // Its attempts may still live.
    expect((await attach(other.secret)).came).toMatchObject(ANOTHERS);
    const back = await attach(own.secret);
    expect(back.came).toMatchObject(ATTACHED);
    back.link.close('over');
  });

  it('goes to the token that comes after one that was revoked', async () => {
    const [own, next] = [await entered.letIn('worker'), await entered.letIn('worker')];
    await attach(own.secret);
    await entered.entrance.gate.tokens!.revoke(own.record);
    const { came, link } = await attach(next.secret);
    expect(came).toMatchObject(ATTACHED);
    link.close('over');
  });

  it('is free when its worker has gone and no attempt of it can live', () => {
    let now = 0;
    const owners = new WorkerOwners(
      100,
      () => true,
      () => now,
    );
    expect(owners.claim('w', 'a')).toBeUndefined();
    now = 1_000;
    expect(owners.claim('w', 'b')).toContain('another token');
    owners.release('w');
    now = 1_099;
    expect(owners.claim('w', 'b')).toContain('another token');
    now = 1_100;
    expect(owners.claim('w', 'b')).toBeUndefined();
  });
});
