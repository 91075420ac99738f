import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { openClient, type StudyClient, type Watched } from '../../cli/client.js';
import { UserError } from '../../cli/fail.js';
import type { Patience } from '../../cli/leader-stubs.js';
import { StudyAction, type StudyServiceServer } from '../../proto/index.js';
import { LEADER_KEY, STANDBY_KEY } from '../../proto/leader.js';
import { board, study } from './canned.js';
import { type FakeCoordinator, failure, shown, startFakeCoordinator } from './fake-coordinator.js';

const QUICK: Patience = { callMs: 5_000, retryMs: 5_000, standbyMs: 2_000, awayMs: 5_000, pauseMs: 10 };
const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function connect(calls: Partial<StudyServiceServer> = {}, patience = QUICK): Promise<StudyClient> {
  const coordinator = await startFakeCoordinator(calls);
  const client = openClient(coordinator.address, patience);
  open.push(client, coordinator);
  return client;
}

async function failureOf(promise: Promise<unknown>): Promise<UserError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw new Error(`not a UserError: ${String(error)}`);
  return error;
}

async function collect(events: AsyncIterable<Watched>): Promise<Watched[]> {
  const all: Watched[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('the client', () => {
  it('says that no coordinator is there, at once', async () => {
    const gone: FakeCoordinator = await startFakeCoordinator();
    gone.close();
    const client = openClient(gone.address, { ...QUICK, retryMs: 60_000 });
    open.push(client);
    const error = await failureOf(client.listStudies());
    expect(error.message).toBe(
      `no coordinator at ${gone.address} (connection refused): ` +
        'start one with "assay coordinator" or name another with --coordinator',
    );
    expect(error.exitCode).toBe(1);
  });

  it.each([
    ['INVALID_ARGUMENT', status.INVALID_ARGUMENT],
    ['NOT_FOUND', status.NOT_FOUND],
    ['FAILED_PRECONDITION', status.FAILED_PRECONDITION],
  ])("passes the coordinator's words on for %s, with exit code 2", async (_name, code) => {
    const client = await connect({ getLeaderboard: (_call, done) => done(failure(code, 'no study "x"')) });
    const error = await failureOf(client.getLeaderboard('x', 0));
    expect([error.message, error.exitCode]).toEqual(['no study "x"', 2]);
  });

  it('explains an internal failure, with exit code 1', async () => {
    const client = await connect({ listWorkers: (_call, done) => done(failure(status.INTERNAL, 'disk full')) });
    const error = await failureOf(client.listWorkers());
    expect(error.message).toBe(`the coordinator at ${client.address} failed: disk full`);
    expect(error.exitCode).toBe(1);
  });

  it('explains a service that is none', async () => {
    const client = await connect({
      listWorkers: (_call, done) => done(failure(status.UNIMPLEMENTED, 'no such method')),
    });
    expect((await failureOf(client.listWorkers())).message).toMatch(/does not know this request: it is an older/);
  });

  it('gives a call up after its time', async () => {
    const client = await connect({ listWorkers: () => undefined }, { ...QUICK, callMs: 50 });
    expect((await failureOf(client.listWorkers())).message).toMatch(/did not answer in time/);
  });

  it('repeats a creation whose answer was lost with the same request id', async () => {
    const ids: string[] = [];
    const client = await connect({
      createStudy: (call, done) => {
        ids.push(call.request.requestId);
        if (ids.length < 3) done(failure(status.UNAVAILABLE, 'Connection dropped'));
        else done(null, { study: study() });
      },
    });
    expect((await client.createStudy('name: digits', 'digits.yaml')).id).toBe('digits');
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    await client.createStudy('name: digits', 'digits.yaml');
    expect(new Set(ids).size).toBe(2);
  });

  it('does not repeat what the coordinator refused', async () => {
    let calls = 0;
    const client = await connect({
      controlStudy: (_call, done) => {
        calls++;
        done(failure(status.FAILED_PRECONDITION, 'digits has finished'));
      },
    });
    await failureOf(client.controlStudy('', StudyAction.STUDY_ACTION_PAUSE));
    expect(calls).toBe(1);
  });
});

describe('a followed board', () => {
  it('ends with the finished study', async () => {
    const client = await connect();
    const events = await collect(client.watchLeaderboard('', 5, new AbortController().signal));
    expect(events.map((event) => (event.kind === 'board' ? event.board.study?.state : event.kind))).toEqual([
      'STUDY_STATE_RUNNING',
      'STUDY_STATE_FINISHED',
    ]);
  });

  it('takes whole boards from a coordinator that knows of no news', async () => {
    const client = await connect();
    const events = await collect(client.watchNews('', new AbortController().signal));
    expect(
      events.map((event) => (event.kind === 'board' ? [event.ended, event.board.rows.length > 0] : 'away')),
    ).toEqual([
      [undefined, true],
      [undefined, true],
    ]);
  });

  it('goes on with the same study after its coordinator was away', async () => {
    const asked: string[] = [];
    const client = await connect({
      watchLeaderboard: (call) => {
        asked.push(call.request.study);
        const finished = asked.length > 1;
        call.write(shown(board({ study: study(finished ? { state: 'STUDY_STATE_FINISHED' } : {}) })));
        call.end();
      },
    });
    const events = await collect(client.watchLeaderboard('', 0, new AbortController().signal));
    expect(events.map(({ kind }) => kind)).toEqual(['board', 'away', 'board']);
    expect(asked).toEqual(['', 'digits']);
  });

  it('fails when its coordinator was never there', async () => {
    const client = await connect({
      watchLeaderboard: (call) => {
        call.emit('error', failure(status.NOT_FOUND, 'no study yet'));
      },
    });
    const error = await failureOf(collect(client.watchLeaderboard('', 0, new AbortController().signal)));
    expect([error.message, error.exitCode]).toEqual(['no study yet', 2]);
  });

  it('ends quietly when nobody follows it any more', async () => {
    const client = await connect({ watchLeaderboard: (call) => void call.write(shown(board())) });
    const controller = new AbortController();
    let seen = 0;
    for await (const event of client.watchLeaderboard('', 0, controller.signal)) {
      seen++;
      expect(event.kind).toBe('board');
      controller.abort();
    }
    expect(seen).toBe(1);
  });
});

describe('the client of a cluster', () => {
  /** A coordinator that stands by, and says that another one leads. */
  async function standby(leader?: () => string | undefined): Promise<FakeCoordinator & { asked: number }> {
    const refuse = (): Partial<ServiceError> => {
      coordinator.asked += 1;
      const metadata = new Metadata();
      metadata.set(STANDBY_KEY, '1');
      const led = leader?.();
      if (led !== undefined) metadata.set(LEADER_KEY, led);
      return { ...failure(status.UNAVAILABLE, 'this coordinator stands by'), metadata };
    };
    const started = await startFakeCoordinator({
      listStudies: (_call, done) => done(refuse()),
      watchLeaderboard: (call) => void call.emit('error', refuse()),
    });
    const coordinator = { ...started, asked: 0 };
    open.push(coordinator);
    return coordinator;
  }
  const opened = (addresses: readonly string[], patience = QUICK): StudyClient => {
    const client = openClient(addresses.join(','), patience);
    open.push(client);
    return client;
  };
  const gone = async (): Promise<string> => {
    const coordinator = await startFakeCoordinator();
    coordinator.close();
    return coordinator.address;
  };

  it('tries each of the addresses before it says that nobody is there', async () => {
    const leader = await startFakeCoordinator();
    open.push(leader);
    expect(await opened([await gone(), leader.address]).listStudies()).toHaveLength(1);
    const error = await failureOf(opened([await gone(), await gone()]).listStudies());
    expect(error.message).toMatch(/^no coordinator at 127[^ ]*,127[^ ]* \(connection refused\)/);
  });

  it('follows a standby to who leads, whether it knew that address or not', async () => {
    const leader = await startFakeCoordinator();
    open.push(leader);
    const waiting = await standby(() => leader.address);
    const client = opened([waiting.address]);
    expect(await client.listStudies()).toHaveLength(1);
    expect(await client.listStudies()).toHaveLength(1);
    expect(waiting.asked).toBe(1);
    const events = await collect(opened([waiting.address]).watchLeaderboard('', 0, new AbortController().signal));
    expect(events.map(({ kind }) => kind)).toEqual(['board', 'board']);
  });

  it('waits while a standby still names a leader that has died, longer than for a lost connection', async () => {
    const leader = await startFakeCoordinator();
    open.push(leader);
    const dead = await gone();
    const since = Date.now();
    const waiting = await standby(() => (Date.now() - since < 1_000 ? dead : leader.address));
    const client = opened([waiting.address, dead], { ...QUICK, retryMs: 200, standbyMs: 20_000 });
    expect(await client.listStudies()).toHaveLength(1);
    expect(Date.now() - since).toBeGreaterThan(900);
  });

  it('asks again where an answer takes longer than a call may: the log elects its leader', async () => {
    let asked = 0;
    const busy = await startFakeCoordinator({
      listStudies: (_call, done) => {
        asked += 1;
        if (asked > 1) done(null, { studies: [study()] });
      },
    });
    open.push(busy);
    const client = opened([busy.address, await gone()], { ...QUICK, callMs: 200, standbyMs: 20_000 });
    expect(await client.listStudies()).toHaveLength(1);
  });

  it('says in the end that nobody leads', async () => {
    const waiting = await standby();
    const error = await failureOf(opened([waiting.address], { ...QUICK, standbyMs: 300 }).listStudies());
    expect(error.message).toMatch(/leads: this coordinator stands by/);
    expect(error.exitCode).toBe(1);
  });
});
