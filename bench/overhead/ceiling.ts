import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Event } from '../../coordinator/core/events.js';
import { openSqliteLog } from '../../coordinator/event-log/sqlite.js';
import { CHANNEL_OPTIONS } from '../../proto/channel.js';
import { type Assignment, type SessionRequest, type SessionResponse, WorkerServiceService } from '../../proto/index.js';

type Call = ServerDuplexStream<SessionRequest, SessionResponse>;

export interface Ceiling {
  readonly address: string;
  /** Trials per second over `trials` trials, from the moment that `slots` are filled. */
  rate(trials: number, slots: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * What this machine can do at most: the same messages, the same transport and the same log, but nothing decides, nothing
 * is checked and nothing is remembered. A result comes in, two events are made durable (everything that waits goes into one
 * batch), the next assignment goes out.
 */
export async function startCeiling(): Promise<Ceiling> {
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-ceiling-'));
  const log = openSqliteLog(path.join(folder, 'log.db'));
  const server = new Server(CHANNEL_OPTIONS);
  let waiting: { readonly call: Call; readonly sequence: number }[] = [];
  let onProgress: () => void = () => {};
  let scheduled = false;
  let head = 0;
  let trial = 0;

  const commit = async (): Promise<void> => {
    const wants = waiting;
    waiting = [];
    scheduled = false;
    const events = wants.flatMap((): Event[] => [ended(trial), started(trial + 1)]);
    head = await log.append(events, head);
    const answers = new Map<Call, { sequence: number; trials: number[] }>();
    for (const { call, sequence } of wants) {
      const answer = answers.get(call) ?? { sequence, trials: [] };
      answers.set(call, { sequence: Math.max(sequence, answer.sequence), trials: [...answer.trials, trial++] });
    }
    for (const [call, { sequence, trials }] of answers) call.write(dispatch(sequence, trials));
    onProgress();
  };
  const want = (call: Call, sequence: number): void => {
    waiting.push({ call, sequence });
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => void commit());
  };
  server.addService(WorkerServiceService, {
    session(call: Call): void {
      call.on('data', ({ body }: SessionRequest) => {
        if (body?.$case === 'attach') {
          call.write(ATTACHED);
          for (let slot = 0; slot < body.value.slots; slot += 1) want(call, 0);
        } else if (body?.$case === 'progress') {
          for (const _ of body.value.results) want(call, body.value.sequence);
        }
      });
      call.on('error', () => {});
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    rate(trials, slots) {
      let begun = 0;
      return new Promise((resolve) => {
        onProgress = () => {
          if (begun === 0 && trial >= slots) begun = performance.now();
          if (trial >= slots + trials) resolve((trials / (performance.now() - begun)) * 1000);
        };
      });
    },
    async close() {
      server.forceShutdown();
      await log.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const ATTACHED: SessionResponse = {
  body: {
    $case: 'attached',
    value: { protocolVersion: '1.0', heartbeatIntervalMs: 10_000, leaseMs: 60_000, continued: [] },
  },
};

const ended = (trial: number): Event => ({
  type: 'AttemptEnded',
  study: 'ceiling',
  trial,
  attempt: 1,
  at: 0,
  end: 'completed',
  fate: 'complete',
  reason: '',
});

const started = (trial: number): Event => ({
  type: 'AttemptStarted',
  study: 'ceiling',
  trial,
  attempt: 1,
  at: 0,
  worker: 'w',
  workerName: 'w',
});

const dispatch = (acknowledged: number, trials: readonly number[]): SessionResponse => ({
  body: {
    $case: 'dispatch',
    value: {
      assignments: trials.map(assignment),
      stops: [],
      abandoned: [],
      acknowledged,
      drain: 'DRAIN_MODE_UNSPECIFIED',
    },
  },
});

const assignment = (trial: number): Assignment => ({
  attempt: { study: 'ceiling', trial, attempt: 1 },
  objective: 'null',
  configJson: '{"steps":1,"value":0.123456789}',
  paramsJson: '{"lr":0.123456789,"depth":2,"optimizer":"sgd"}',
  seed: 1,
  timeLimitMs: 0,
  datasetDigest: '',
  gpus: [],
  memoryLimitBytes: 0,
  outputLimitBytes: 0,
  checkpoint: undefined,
  checkpointEvery: 0,
  saveWeights: false,
  metric: undefined,
  codeDigest: '',
  traceparent: '',
});
