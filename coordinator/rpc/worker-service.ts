import type { Logger } from 'pino';
import type { Attach, Attached, SessionRequest, WorkerServiceServer } from '../../proto/index.js';
import { incompatibility, PROTOCOL_VERSION } from '../../proto/version.js';
import type { Tokens } from '../access/tokens.js';
import type { ArtifactKeeper } from '../artifacts/keeper.js';
import type { Coordinator, Follower } from '../coordinator.js';
import type { AttemptName } from '../core/attempt-name.js';
import type { RecordProgress } from '../core/commands.js';
import type { State } from '../core/state.js';
import type { Study } from '../core/study.js';
import { attemptNumber } from '../core/trial.js';
import { fromAttach, fromHeartbeat, fromProgress, fromRef, ProtocolError, toAssignment, toRef } from './convert.js';
import type { LiveOutputs } from './live-outputs.js';
import { Outgoing } from './outgoing.js';
import { carrySession } from './session-stream.js';
import type { SessionInput, WorkerSessions, WorkerStream } from './sessions.js';
import { WorkerOwners } from './worker-owners.js';

export interface WorkerServiceOptions {
  readonly coordinator: Pick<Coordinator, 'post' | 'follow'>;
  readonly keeper: Pick<ArtifactKeeper, 'claim'>;
  /** Told to workers: how often they are to be heard, and how long their attempts live without it. */
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly logger: Logger;
  /** Through which workers are asked what their attempts print; absent: nobody asks. */
  readonly outputs?: LiveOutputs | undefined;
  /** The tokens that are let in; absent: none is asked for. */
  readonly tokens?: Pick<Tokens, 'isGood'> | undefined;
  /** Names the traces of attempts; absent: nothing is traced. */
  readonly tracer?: { traceparent(study: Study, attempt: AttemptName): string } | undefined;
}

/** The workers' service over gRPC. */
export function createWorkerService(options: WorkerServiceOptions): WorkerServiceServer {
  const sessions = createWorkerSessions(options);
  return {
    session: (call) => carrySession(call, sessions),
  };
}

/** The sessions themselves. What one commit has for one worker leaves as one message, after the commit is durable. */
export function createWorkerSessions(options: WorkerServiceOptions): WorkerSessions {
  const { coordinator, leaseMs, tokens, tracer } = options;
  // A lease may be given anew once, by a coordinator that has slept.
  const owners = new WorkerOwners(2 * leaseMs, (token) => tokens?.isGood(token) ?? true);
  const sessions: Sessions = { byWorker: new Map(), pending: new Set(), attaching: new Set(), owners };
  coordinator.follow(dispatcher(sessions, tracer));
  return { open: (stream) => new Session(stream, sessions, options) };
}

/** The sessions that workers have open, by worker, and those that have something to send after this commit. */
interface Sessions {
  readonly byWorker: Map<string, Session>;
  readonly pending: Set<Session>;
  /** Of those, the ones whose attach is answered with this commit. */
  readonly attaching: Set<Session>;
  readonly owners: WorkerOwners;
}

/** Routes durable events to the sessions of the workers that they concern. */
function dispatcher({ byWorker, pending, attaching }: Sessions, tracer: WorkerServiceOptions['tracer']): Follower {
  return {
    events(events, { state }) {
      for (const session of attaching) session.leaveOutWhatEnded(state);
      for (const event of events) {
        if (event.type !== 'AttemptStarted' && event.type !== 'StopRequested') continue;
        const study = state.studies.get(event.study);
        // Stopped, ended and deleted within one batch.
        if (study === undefined) continue;
        const trial = study.trials[event.trial]!;
        const session = byWorker.get(trial.attempts[event.attempt - 1]!.worker);
        if (session === undefined) continue;
        if (event.type === 'AttemptStarted') {
          session.outgoing.assign(toAssignment(study, trial, tracer?.traceparent(study, event)));
        } else {
          session.outgoing.stop({ attempt: toRef(event), reason: event.reason, saveCheckpoint: event.why === 'rest' });
        }
        pending.add(session);
      }
    },
    committed() {
      for (const session of pending) session.flush();
      pending.clear();
      attaching.clear();
    },
  };
}

/** One stream of one worker: attaches, then takes heartbeats and progress until it ends or is replaced. */
class Session implements SessionInput {
  readonly outgoing: Outgoing = new Outgoing();
  readonly #stream: WorkerStream;
  readonly #sessions: Sessions;
  readonly #options: WorkerServiceOptions;
  #logger: Logger;
  #worker: string | undefined;
  /** The answer to the attach, until it leaves. */
  #attached: Attached | undefined;
  #open = true;
  /** What was received and waits until the store has been asked for what an earlier message refers to. */
  #waiting: Promise<void> | undefined;

  constructor(stream: WorkerStream, sessions: Sessions, options: WorkerServiceOptions) {
    this.#stream = stream;
    this.#sessions = sessions;
    this.#options = options;
    this.#logger = options.logger;
  }

  receive(request: SessionRequest): void {
    if (!this.#open) return;
    try {
      this.#take(request);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#logger.warn({ err: error }, 'worker broke the protocol');
      this.#stream.fail(error.message);
      this.close();
    }
  }

  /** What went on when the worker attached may have ended later in the same batch: that worker is not to go on with it. */
  leaveOutWhatEnded({ studies }: State): void {
    if (this.#attached === undefined) return;
    const continued = this.#attached.continued.filter(({ study, trial: number, attempt }) => {
      const trial = studies.get(study)?.trials[number];
      return trial?.status === 'running' && attemptNumber(trial) === attempt;
    });
    this.#attached = { ...this.#attached, continued };
  }

  flush(): void {
    const attached = this.#attached;
    this.#attached = undefined;
    if (this.#open && attached !== undefined) this.#stream.write({ body: { $case: 'attached', value: attached } });
    const dispatch = this.outgoing.take();
    if (this.#open && dispatch !== undefined) this.#stream.write({ body: { $case: 'dispatch', value: dispatch } });
  }

  /** Ends this side. The worker's attempts keep their leases. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stream.end();
    this.#sessions.pending.delete(this);
    this.#sessions.attaching.delete(this);
    const worker = this.#worker;
    if (worker === undefined || this.#sessions.byWorker.get(worker) !== this) return;
    this.#sessions.byWorker.delete(worker);
    this.#sessions.owners.release(worker);
    this.#options.outputs?.closed(worker, this.#ask);
    this.#logger.info('worker detached');
    this.#inOrder(() => this.#options.coordinator.post({ type: 'DetachWorker', worker }, () => {}));
  }

  #take({ body }: SessionRequest): void {
    if (body === undefined) throw new ProtocolError('a session request has no body');
    const worker = this.#worker;
    if (body.$case === 'attach') {
      if (worker !== undefined) throw new ProtocolError('a session attaches once');
      this.#attach(body.value);
      return;
    }
    if (worker === undefined) throw new ProtocolError('a session begins with an attach');
    const { coordinator } = this.#options;
    switch (body.$case) {
      case 'heartbeat':
        coordinator.post({ type: 'HearWorker', worker, ...fromHeartbeat(body.value) }, (outcome) => {
          if (!outcome.ok) return;
          const { abandoned, leaving } = outcome.reply;
          if (abandoned.length === 0 && leaving === undefined) return;
          this.outgoing.abandon(abandoned);
          this.outgoing.leave(leaving);
          this.#sessions.pending.add(this);
        });
        break;
      case 'progress': {
        const { sequence } = body.value;
        const progress = fromProgress(worker, body.value);
        if (progress.saved.length === 0) this.#inOrder(() => this.#record(progress, sequence));
        else this.#inOrder(() => this.#recordSaved(progress, sequence), true);
        break;
      }
      case 'output': {
        const { attempt, totalBytes, data } = body.value;
        this.#options.outputs?.heard(fromRef(attempt), { totalBytes, data });
        break;
      }
      case 'drain':
        this.#logger.info('worker drains');
        this.#inOrder(() => coordinator.post({ type: 'DrainWorker', worker }, () => {}));
        break;
    }
  }

  readonly #ask = (attempt: AttemptName): void => {
    this.#stream.write({ body: { $case: 'outputWanted', value: { attempt: toRef(attempt) } } });
  };

  #record(progress: RecordProgress, sequence: number, done: () => void = () => {}): void {
    this.#options.coordinator.post(progress, (outcome) => {
      done();
      if (!outcome.ok) return;
      this.outgoing.abandon(outcome.reply.abandoned);
      this.outgoing.leave(outcome.reply.leaving);
      this.outgoing.acknowledge(sequence);
      this.#sessions.pending.add(this);
    });
  }

  /** Nothing is recorded that refers to what the store does not have. */
  async #recordSaved(progress: RecordProgress, sequence: number): Promise<void> {
    const artifacts = progress.saved.flatMap(({ files }) => files.map(({ artifact }) => artifact));
    const claim = await this.#options.keeper.claim(artifacts);
    const saved = progress.saved.filter((one) => {
      const absent = one.files.find(({ artifact }) => !claim.present.has(artifact));
      if (absent === undefined) return true;
      const { study, trial, attempt, kind, step } = one;
      this.#logger.warn({ study, trial, attempt, kind, step, artifact: absent.artifact }, 'saved, but never uploaded');
      return false;
    });
    this.#record({ ...progress, saved }, sequence, () => claim.release());
  }

  /** Messages take effect in the order in which they came, also when one of them has to wait. */
  #inOrder(act: () => void | Promise<void>, waits = false): void {
    if (this.#waiting === undefined && !waits) {
      void act();
      return;
    }
    const turn = (this.#waiting ?? Promise.resolve()).then(act).catch((error: unknown) => {
      this.#logger.error({ err: error }, 'a message of a worker could not be taken');
      this.#stream.end();
    });
    this.#waiting = turn;
    void turn.then(() => {
      if (this.#waiting === turn) this.#waiting = undefined;
    });
  }

  #attach(attach: Attach): void {
    const refusal = incompatibility(attach.protocolVersion);
    if (refusal !== undefined) {
      this.#logger.warn({ worker: attach.name, refusal }, 'worker refused');
      this.#stream.write({ body: { $case: 'refused', value: { reason: refusal } } });
      this.close();
      return;
    }
    const profile = fromAttach(attach);
    const holds = attach.running.map(fromRef);
    const foreign = this.#sessions.owners.claim(profile.id, this.#stream.token);
    if (foreign !== undefined) {
      this.#logger.warn({ worker: profile.name, refusal: foreign }, 'worker refused');
      this.#stream.turnAway(foreign);
      this.close();
      return;
    }
    this.#worker = profile.id;
    this.#logger = this.#options.logger.child({ worker: profile.name });
    // A worker has one session: whatever is still open is the dead end of a broken connection.
    const before = this.#sessions.byWorker.get(profile.id);
    this.#sessions.byWorker.set(profile.id, this);
    before?.close();
    this.#options.coordinator.post({ type: 'AttachWorker', profile, holds }, (outcome) => {
      if (!outcome.ok || !this.#open) return;
      const { slots, backend, backendReason } = profile;
      const { continued, abandoned, stops } = outcome.reply;
      this.#logger.info(
        { slots, backend, backendReason, continued: continued.length, abandoned: abandoned.length },
        'worker attached',
      );
      const { heartbeatMs, leaseMs } = this.#options;
      this.#attached = {
        protocolVersion: PROTOCOL_VERSION,
        heartbeatIntervalMs: heartbeatMs,
        leaseMs,
        continued: continued.map(toRef),
      };
      this.#sessions.attaching.add(this);
      this.#options.outputs?.opened(profile.id, this.#ask);
      this.outgoing.leave(outcome.reply.leaving);
      for (const { attempt, why, reason } of stops) {
        this.outgoing.stop({ attempt: toRef(attempt), reason, saveCheckpoint: why === 'rest' });
      }
      this.#sessions.pending.add(this);
    });
  }
}
