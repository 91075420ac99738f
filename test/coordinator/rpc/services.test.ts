import { once } from 'node:events';
import {
  type CallOptions,
  type ClientDuplexStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createArtifactKeeper } from '../../../coordinator/artifacts/keeper.js';
import { openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import type { ArtifactStore } from '../../../coordinator/artifacts/port.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import { type RunningServer, startServer } from '../../../coordinator/rpc/server.js';
import {
  type Attach,
  type AttemptRef,
  type Dispatch,
  Outcome,
  SavedKind,
  type SessionRequest,
  type SessionResponse,
  StudyAction,
  StudyServiceClient,
  StudyState,
  WorkerServiceClient,
} from '../../../proto/index.js';
import { timeUsedMs } from '../../../proto/study-clock.js';
import { PROTOCOL_VERSION } from '../../../proto/version.js';

const SPEC = `
name: toy
metric: {name: value, goal: maximize}
budget: {trials: 2}
seed: 7
sampler: random
pruner: none
"null": {steps: 2, value: $x}
space: {x: {float: [0, 1]}}
`;

let server: RunningServer;
let artifacts: ArtifactStore;
let coordinator: Coordinator;
let studies: StudyServiceClient;
let workers: WorkerServiceClient;
/** The coordinator's clock. */
let nowMs: number;
beforeEach(async () => {
  const logger = pino({ level: 'silent' });
  nowMs = 1_000_000;
  coordinator = await Coordinator.open({
    log: openMemoryLog(),
    clock: () => nowMs,
    leaseMs: 60_000,
    onFailure: (error) => {
      throw error;
    },
  });
  artifacts = openMemoryArtifacts();
  server = await startServer('127.0.0.1:0', {
    coordinator,
    artifacts,
    keeper: createArtifactKeeper({ artifacts, coordinator, logger, graceMs: 60_000 }),
    maxArtifactBytes: 1_000_000,
    heartbeatMs: 10_000,
    leaseMs: 60_000,
    logger,
  });
  studies = new StudyServiceClient(server.address, credentials.createInsecure());
  workers = new WorkerServiceClient(server.address, credentials.createInsecure());
});
afterEach(() => {
  studies.close();
  workers.close();
  server.close();
});

type Unary<Q, A> = (
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  done: (error: ServiceError | null, answer: A) => void,
) => ClientUnaryCall;

/** Calls a unary method and gives its answer, or throws its status. */
function call<Q, A>(method: Unary<Q, A>, request: Q): Promise<A> {
  return new Promise((resolve, reject) => {
    method.call(studies, request, new Metadata(), {}, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

/** One end of a worker's session, played by the test. */
class PlayedWorker {
  readonly stream: ClientDuplexStream<SessionRequest, SessionResponse>;
  readonly #responses: SessionResponse[] = [];
  #wake: () => void = () => {};
  #sequence = 0;

  constructor(attach: Partial<Attach> = {}) {
    this.stream = workers.session();
    this.stream.on('data', (response: SessionResponse) => {
      this.#responses.push(response);
      this.#wake();
    });
    this.stream.on('error', () => {});
    const value: Attach = {
      protocolVersion: PROTOCOL_VERSION,
      workerId: 'w1',
      name: 'worker one',
      slots: 1,
      labels: {},
      backend: 'none',
      backendReason: '',
      objectives: ['null'],
      datasets: [],
      gpus: [],
      codeSources: [],
      memoryBytes: 0,
      running: [],
      version: '0',
      ...attach,
    };
    this.stream.write({ body: { $case: 'attach', value } });
  }

  async next(): Promise<SessionResponse> {
    while (this.#responses.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#responses.shift()!;
  }

  async nextDispatch(): Promise<Dispatch> {
    const { body } = await this.next();
    if (body?.$case !== 'dispatch') throw new Error(`expected a dispatch, got ${body?.$case}`);
    return body.value;
  }

  /** Reports step 1 and says that a checkpoint of it was saved, in one file. */
  save(attempt: AttemptRef, sha256: string, name = 'state'): void {
    this.#sequence += 1;
    const value = {
      sequence: this.#sequence,
      started: [],
      reports: [{ attempt, report: { step: 1, metrics: { value: 1 } } }],
      saved: [
        { attempt, kind: SavedKind.SAVED_KIND_CHECKPOINT, step: 1, files: [{ name, sha256, bytes: 7 }], metrics: {} },
      ],
      results: [],
    };
    this.stream.write({ body: { $case: 'progress', value } });
  }

  send(attempt: AttemptRef, steps: readonly number[], outcome?: Outcome): void {
    this.#sequence += 1;
    const value = {
      sequence: this.#sequence,
      started: [],
      reports: steps.map((step) => ({ attempt, report: { step, metrics: { value: step } } })),
      saved: [],
      results: outcome === undefined ? [] : [{ attempt, outcome, error: '', durationMs: 1 }],
    };
    this.stream.write({ body: { $case: 'progress', value } });
  }
}

const submit = (requestId = 'r1') =>
  call(studies.createStudy, { requestId, spec: SPEC, fileName: 'toy.yaml', codeDigest: '' });

describe('a session', () => {
  it('takes a worker through a whole study', async () => {
    await submit();
    const worker = new PlayedWorker();
    expect((await worker.next()).body).toMatchObject({
      $case: 'attached',
      value: { protocolVersion: PROTOCOL_VERSION, heartbeatIntervalMs: 10_000, leaseMs: 60_000, continued: [] },
    });
    const first = (await worker.nextDispatch()).assignments[0]!;
    expect(first).toMatchObject({ attempt: { study: 'toy', trial: 0, attempt: 1 }, objective: 'null' });
    const { x } = JSON.parse(first.paramsJson) as { x: number };
    expect(JSON.parse(first.configJson)).toMatchObject({ steps: 2, value: x });

    worker.send(first.attempt!, [1]);
    expect(await worker.nextDispatch()).toMatchObject({ acknowledged: 1, assignments: [] });
    worker.send(first.attempt!, [2], Outcome.OUTCOME_COMPLETED);
    const second = await worker.nextDispatch();
    expect(second).toMatchObject({ acknowledged: 2, assignments: [{ attempt: { trial: 1, attempt: 1 } }] });
    worker.send(second.assignments[0]!.attempt!, [1, 2], Outcome.OUTCOME_COMPLETED);
    expect(await worker.nextDispatch()).toMatchObject({ acknowledged: 3, assignments: [] });

    const { study } = (await call(studies.getLeaderboard, { study: '', top: 0 })).leaderboard!;
    expect(study).toMatchObject({ state: StudyState.STUDY_STATE_FINISHED, counts: { complete: 2 }, stepsRun: 4 });
  });

  it('that breaks lets the attempt go on in the next session', async () => {
    await submit();
    const worker = new PlayedWorker();
    await worker.next();
    const { attempt } = (await worker.nextDispatch()).assignments[0]!;
    worker.stream.cancel();
    const again = new PlayedWorker({ running: [attempt!] });
    expect((await again.next()).body).toMatchObject({ $case: 'attached', value: { continued: [attempt] } });
    again.send(attempt!, [1, 2], Outcome.OUTCOME_COMPLETED);
    expect(await again.nextDispatch()).toMatchObject({ acknowledged: 1, assignments: [{ attempt: { trial: 1 } }] });
  });

  it('ends the same worker’s older session, and what it did not present is assigned anew', async () => {
    await submit();
    const worker = new PlayedWorker();
    await worker.next();
    const { attempt } = (await worker.nextDispatch()).assignments[0]!;
    const again = new PlayedWorker();
    await once(worker.stream, 'end');
    await again.next();
    expect(await again.nextDispatch()).toMatchObject({ assignments: [{ attempt: { ...attempt, attempt: 2 } }] });
  });

  it('of a worker with another major version is refused in words', async () => {
    const worker = new PlayedWorker({ protocolVersion: '2.0' });
    expect((await worker.next()).body).toMatchObject({
      $case: 'refused',
      value: { reason: expect.stringMatching(/2\.0 does not go with .*: install the same version/) },
    });
  });

  it.each([
    ['no slots', { slots: 0 }, /slots 0 must be from 1/],
    ['no id', { workerId: '' }, /worker_id is empty/],
    ['an unnamed attempt', { running: [{ study: 'toy', trial: 0, attempt: 0 }] }, /attempt is not named/],
  ])('of a worker with %s ends with INVALID_ARGUMENT', async (_, attach, message) => {
    const worker = new PlayedWorker(attach);
    const [error] = (await once(worker.stream, 'error')) as [{ code: status; details: string }];
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toMatch(message);
  });

  it('that does not begin with an attach ends with INVALID_ARGUMENT', async () => {
    const stream = workers.session();
    stream.write({ body: { $case: 'heartbeat', value: { running: [], gpuUse: [] } } });
    const [error] = (await once(stream, 'error')) as [{ code: status }];
    expect(error.code).toBe(status.INVALID_ARGUMENT);
  });

  it('tells attempts that count no more to be abandoned', async () => {
    await submit();
    const worker = new PlayedWorker();
    await worker.next();
    await worker.nextDispatch();
    const stale = { study: 'toy', trial: 7, attempt: 1 };
    worker.stream.write({ body: { $case: 'heartbeat', value: { running: [stale], gpuUse: [] } } });
    expect(await worker.nextDispatch()).toMatchObject({ abandoned: [stale], acknowledged: 0 });
  });
});

describe('the study service', () => {
  it('answers a repeated request with the study that the first one made', async () => {
    expect((await submit('same')).study!.id).toBe('toy');
    expect((await submit('same')).study!.id).toBe('toy');
    expect((await submit('other')).study!.id).toBe('toy-2');
    expect((await call(studies.listStudies, {})).studies.map(({ id }) => id)).toEqual(['toy', 'toy-2']);
  });

  it('refuses a faulty file with every fault at its position, and creates nothing', async () => {
    const faulty = SPEC.replace('seed: 7', 'seeed: 7').replace('[0, 1]', '[1, 0]');
    const error = await call(studies.createStudy, {
      requestId: 'r',
      spec: faulty,
      fileName: 'toy.yaml',
      codeDigest: '',
    }).catch((refused: unknown) => refused as { code: status; details: string });
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect((error as { details: string }).details.split('\n')).toEqual([
      expect.stringMatching(/^toy\.yaml:5:1 seeed: /),
      expect.stringMatching(/^toy\.yaml:9:\d+ space\.x\.float/),
    ]);
    expect((await call(studies.listStudies, {})).studies).toEqual([]);
  });

  it('says why nothing runs', async () => {
    await submit();
    const noticeOf = async () => (await call(studies.getLeaderboard, { study: '', top: 0 })).leaderboard!.study!.notice;
    expect(await noticeOf()).toBe('nothing runs: no worker is attached');
    await new PlayedWorker({ objectives: ['train'] }).next();
    expect(await noticeOf()).toBe('nothing runs: worker one does not allow the objective null');
  });

  it('says what is used of a budget of time: from the first attempt on, without pauses', async () => {
    await call(studies.createStudy, {
      requestId: '',
      spec: SPEC.replace('{trials: 2}', '{time: 1m}'),
      fileName: '',
      codeDigest: '',
    });
    const usedMs = async (): Promise<number> => {
      const { leaderboard } = await call(studies.getLeaderboard, { study: '', top: 0 });
      return timeUsedMs(leaderboard!.study!, nowMs);
    };
    const control = (action: StudyAction): Promise<unknown> => call(studies.controlStudy, { study: 'toy', action });
    nowMs += 10_000;
    expect(await usedMs()).toBe(0);
    const worker = new PlayedWorker();
    await worker.next();
    const [first] = (await worker.nextDispatch()).assignments;
    nowMs += 5_000;
    expect(await usedMs()).toBe(5_000);
    await control(StudyAction.STUDY_ACTION_PAUSE);
    nowMs += 20_000;
    expect(await usedMs()).toBe(5_000);
    await control(StudyAction.STUDY_ACTION_RESUME);
    nowMs += 1_000;
    expect(await usedMs()).toBe(6_000);
    await control(StudyAction.STUDY_ACTION_STOP);
    await worker.nextDispatch();
    worker.send(first!.attempt!, [1], Outcome.OUTCOME_STOPPED);
    await expect.poll(async () => (await call(studies.listStudies, {})).studies[0]!.state).toBe('STUDY_STATE_FINISHED');
    nowMs += 30_000;
    expect(await usedMs()).toBe(6_000);
  });

  it('sends a watcher the board at once, after changes, and ends with the study', async () => {
    await submit();
    const boards = studies.watchLeaderboard({ study: '', top: 3, news: false });
    const states: string[] = [];
    const ended = once(boards, 'end');
    boards.on('data', ({ leaderboard }) => states.push(leaderboard.study.state));
    await once(boards, 'data');
    await call(studies.controlStudy, { study: 'toy', action: StudyAction.STUDY_ACTION_STOP });
    await ended;
    expect(states[0]).toBe(StudyState.STUDY_STATE_RUNNING);
    expect(states.at(-1)).toBe(StudyState.STUDY_STATE_FINISHED);
  });

  it.each([
    ['a study', { study: 'nope', trial: 0 }, /there is no study nope: the latest are toy/],
    ['a trial', { study: 'toy', trial: 9 }, /study toy has no trial 9: it has none yet/],
  ])('answers NOT_FOUND for %s that is not there, with what is', async (_, request, message) => {
    await submit();
    await expect(call(studies.getTrial, request)).rejects.toMatchObject({ code: status.NOT_FOUND, details: message });
  });

  it('refuses an action it does not know', async () => {
    await submit();
    const request = { study: 'toy', action: StudyAction.STUDY_ACTION_UNSPECIFIED };
    await expect(call(studies.controlStudy, request)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

describe('what a worker saves', () => {
  const ATTEMPT = { study: 'toy', trial: 0, attempt: 1 };

  async function begun(): Promise<PlayedWorker> {
    await submit();
    const worker = new PlayedWorker();
    await worker.next();
    await worker.nextDispatch();
    return worker;
  }

  async function uploaded(): Promise<string> {
    async function* content(): AsyncIterable<Uint8Array> {
      yield Buffer.from('content');
    }
    return (await artifacts.put(content())).id;
  }

  const checkpointStep = async (): Promise<number> =>
    (await call(studies.getTrial, { study: '', trial: 0 })).trial!.checkpointStep;

  it('is recorded once the store has it, and comes with the next attempt', async () => {
    const worker = await begun();
    const sha256 = await uploaded();
    worker.save(ATTEMPT, sha256);
    worker.send(ATTEMPT, [2]);
    worker.send(ATTEMPT, [], Outcome.OUTCOME_HANDED_BACK);
    const dispatched: Dispatch[] = [];
    while (!dispatched.some(({ assignments }) => assignments.length > 0)) dispatched.push(await worker.nextDispatch());
    const [assignment] = dispatched.at(-1)!.assignments;
    expect(assignment).toMatchObject({
      attempt: { ...ATTEMPT, attempt: 2 },
      checkpoint: { step: 1, files: [{ name: 'state', sha256, bytes: 7 }] },
    });
    expect(await checkpointStep()).toBe(1);
    const { trial } = await call(studies.getTrial, { study: '', trial: 0 });
    expect(trial!.reports.map(({ step }) => step)).toEqual([1]);
  });

  it('is not recorded when it was never uploaded, and holds nothing up', async () => {
    const worker = await begun();
    worker.save(ATTEMPT, '0'.repeat(64));
    worker.send(ATTEMPT, [2]);
    while ((await worker.nextDispatch()).acknowledged < 2);
    expect(await checkpointStep()).toBe(0);
    expect((await call(studies.getTrial, { study: '', trial: 0 })).trial!.lastStep).toBe(2);
  });

  it.each(['../state', '/etc/passwd', '.hidden', 'a//b', 'a/', '', 'a\\b', 'a/../b', 'nul\u0000'])(
    'has no file that leads out of its folder: %j',
    async (name) => {
      const worker = await begun();
      const failed = once(worker.stream, 'error');
      worker.save(ATTEMPT, await uploaded(), name);
      expect(await failed).toMatchObject([
        { code: status.INVALID_ARGUMENT, details: expect.stringContaining('saved') },
      ]);
      expect(await checkpointStep()).toBe(0);
    },
  );
});

describe('what the wire says of control', () => {
  it('an assignment names its GPUs; a rest wants a checkpoint; a drain is said with the next answer', async () => {
    const spec = SPEC.replace('pruner: none', 'pruner: {type: asha, promotion: true}').replace(
      'budget: {trials: 2}',
      'budget: {trials: 2}\nrequires: {gpu: 2}',
    );
    await call(studies.createStudy, { requestId: '', spec, fileName: '', codeDigest: '' });
    const gpu = (id: string) => ({ id, name: 'H100', memoryBytes: 0, driver: '', slots: 1 });
    const worker = new PlayedWorker({ slots: 2, gpus: [gpu('0'), gpu('1')] });
    await worker.next();
    const [first] = (await worker.nextDispatch()).assignments;
    expect(first!.gpus).toEqual(['0', '1']);
    worker.send(first!.attempt!, [1]);
    expect((await worker.nextDispatch()).stops).toMatchObject([{ attempt: first!.attempt, saveCheckpoint: true }]);
    const { worker: dismissed } = await call(studies.drainWorker, { worker: 'worker one', handBack: false });
    expect(dismissed).toMatchObject({ id: 'w1', draining: true });
    worker.send(first!.attempt!, [], Outcome.OUTCOME_STOPPED);
    expect(await worker.nextDispatch()).toMatchObject({ assignments: [], drain: 'DRAIN_MODE_FINISH' });
    const { trial } = await call(studies.getTrial, { study: '', trial: 0 });
    expect(trial).toMatchObject({ state: 'TRIAL_STATE_PAUSED', attempts: [{ end: 'paused', gpus: ['0', '1'] }] });
  });

  it.each(['1.0', '1.2'])('a worker of the neighbouring version %s works (P18)', async (protocolVersion) => {
    const worker = new PlayedWorker({ protocolVersion });
    expect((await worker.next()).body?.$case).toBe('attached');
  });

  it.each(['2.1', '1.3', '0.9', 'one'])('a worker of version %s is refused in one line', async (protocolVersion) => {
    const worker = new PlayedWorker({ protocolVersion });
    const { body } = await worker.next();
    expect(body).toMatchObject({
      $case: 'refused',
      value: { reason: expect.stringMatching(/^protocol version .*[^\n]$/) },
    });
  });

  it('a change that means nothing is an invalid argument, one that cannot be done a failed precondition', async () => {
    await submit();
    const nothing = { requestId: '', study: '', trials: undefined, time: undefined };
    await expect(call(studies.adjustStudy, nothing)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    const none = { ...nothing, trials: { $case: 'trialsTotal' as const, value: 0 } };
    await expect(call(studies.adjustStudy, none)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'trials 0 must be from 1 to 10000000',
    });
    await expect(call(studies.deleteStudy, { study: 'toy' })).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
    });
    await expect(call(studies.deleteStudy, { study: '' })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(call(studies.unquarantineWorker, { worker: 'x' })).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});
