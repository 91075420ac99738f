import type { Logger } from 'pino';
import {
  type Attach,
  type Attached,
  DrainMode,
  type GpuUse,
  Outcome,
  type Progress,
  type SessionRequest,
  type SessionResponse,
} from '../proto/index.js';
import { incompatibility, knows, PROTOCOL_VERSION } from '../proto/version.js';
import { backoffMs, LONGEST_BACKOFF_MS } from './backoff.js';
import { type Cancel, type Clock, systemClock } from './clock.js';
import type { Closed, Link, LinkEvents } from './link.js';
import type { AttemptRunner } from './runner.js';
import { Workload } from './workload.js';

/** What a worker says of itself whenever it attaches. */
export type WorkerProfile = Omit<Attach, 'protocolVersion' | 'running'>;

export interface SessionOptions {
  readonly profile: WorkerProfile;
  readonly runner: AttemptRunner;
  /** Opens a stream to the coordinator. Its events must not come before it has returned. */
  readonly connect: (events: LinkEvents) => Link;
  readonly logger: Logger;
  /** How busy the GPUs are, for the heartbeats. */
  readonly gpuUse?: (() => readonly GpuUse[]) | undefined;
  /** Told when it has attached, and when it is no longer. */
  readonly onStanding?: ((attached: boolean) => void) | undefined;
  /** How long the coordinator may take to answer an attach, milliseconds. */
  readonly attachTimeoutMs?: number | undefined;
  /** How long the results of a draining worker may wait for their acknowledgement, milliseconds. */
  readonly drainTimeoutMs?: number | undefined;
  /** Longest pause between two tries to connect, milliseconds. */
  readonly reconnectMaxMs?: number | undefined;
  /** Draws from [0, 1) for the jitter of reconnects. */
  readonly random?: (() => number) | undefined;
  readonly clock?: Clock | undefined;
}

/** How a worker's life with its coordinator ended. */
export type SessionEnd =
  /** `flushed` is false when results were left that nobody acknowledged in time. */
  { readonly type: 'drained'; readonly flushed: boolean } | { readonly type: 'refused'; readonly reason: string };

/** What becomes of the attempts that run on a worker that leaves. */
export type DrainHow = 'finish' | 'hand_back';

export interface WorkerSession {
  /** Attaches and works, over as many streams as it takes, until it has drained or is refused. To be called once. */
  run(): Promise<SessionEnd>;
  /**
   * Takes no further attempts, hands back those that run or brings them to their end, and ends when all of it is
   * acknowledged. Whoever finishes can still be told to hand back.
   */
  drain(how?: DrainHow): void;
}

const ATTACH_TIMEOUT_MS = 20_000;
const DRAIN_TIMEOUT_MS = 5_000;

/** See {@link WorkerSession}. It ends no attempts when it is refused: they are the caller's, as the runner is. */
export function createWorkerSession(options: SessionOptions): WorkerSession {
  return new Session(options);
}

/** A stream that breaks changes nothing for the attempts: they go on, and what they tell waits for the next one. */
class Session implements WorkerSession {
  readonly #options: SessionOptions;
  readonly #logger: Logger;
  readonly #workload: Workload;
  readonly #clock: Clock;
  /** The open stream, attached or not. */
  #link: Link | undefined;
  #attached = false;
  #stopHeartbeat: Cancel = () => {};
  #flushDue = false;
  #failures = 0;
  #draining: DrainHow | undefined;
  /** Protocol version of the coordinator that it is attached to. */
  #peer = PROTOCOL_VERSION;
  #cancelDrain: Cancel | undefined;
  #end: SessionEnd | undefined;
  /** Cuts the pause between two tries short. */
  #wake: () => void = () => {};

  constructor(options: SessionOptions) {
    const { runner, profile, logger, clock = systemClock } = options;
    this.#options = options;
    this.#logger = logger;
    this.#clock = clock;
    this.#workload = new Workload({
      runner,
      objectives: profile.objectives,
      logger,
      clock,
      onChange: () => this.#changed(),
    });
  }

  async run(): Promise<SessionEnd> {
    while (this.#end === undefined) {
      const wasAttached = await this.#converse();
      if (this.#end !== undefined) break;
      this.#failures = wasAttached ? 1 : this.#failures + 1;
      const { reconnectMaxMs = LONGEST_BACKOFF_MS, random = Math.random } = this.#options;
      await this.#pause(backoffMs(this.#failures, random(), reconnectMaxMs));
    }
    return this.#end;
  }

  drain(how: DrainHow = 'hand_back'): void {
    if (this.#draining === how || this.#draining === 'hand_back' || this.#end !== undefined) return;
    const before = this.#draining;
    this.#draining = how;
    this.#logger.info({ running: this.#workload.running, how }, 'draining');
    if (this.#attached && before === undefined) this.#send({ $case: 'drain', value: {} });
    this.#workload.drain(how === 'hand_back');
    this.#checkDrained();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** One stream, from its attach to its end. Resolves to whether it came to be attached. */
  #converse(): Promise<boolean> {
    return new Promise((resolve) => {
      const { connect, profile, attachTimeoutMs = ATTACH_TIMEOUT_MS } = this.#options;
      const answered = this.#clock.after(attachTimeoutMs, () =>
        this.#link?.close(`no answer to the attach in ${attachTimeoutMs / 1000} s`),
      );
      this.#link = connect({
        response: (response) => {
          if (response.body?.$case === 'attached') answered();
          this.#receive(response);
        },
        closed: (why) => {
          answered();
          resolve(this.#detach(why));
        },
      });
      const running = this.#workload.present();
      this.#send({ $case: 'attach', value: { ...profile, protocolVersion: PROTOCOL_VERSION, running } });
    });
  }

  #receive({ body }: SessionResponse): void {
    switch (body?.$case) {
      case 'attached':
        this.#attach(body.value);
        break;
      case 'dispatch':
        if (!this.#attached) break;
        this.#workload.take(body.value);
        if (body.value.drain === DrainMode.DRAIN_MODE_FINISH) this.drain('finish');
        if (body.value.drain === DrainMode.DRAIN_MODE_HAND_BACK) this.drain('hand_back');
        this.#changed();
        break;
      case 'refused':
        this.#finish({ type: 'refused', reason: body.value.reason });
        break;
      case 'outputWanted': {
        const value = this.#workload.output(body.value.attempt!);
        if (value !== undefined) this.#send({ $case: 'output', value });
        break;
      }
      case undefined:
        // A newer coordinator may know messages that this worker does not.
        break;
    }
  }

  #attach({ protocolVersion, heartbeatIntervalMs, leaseMs, continued }: Attached): void {
    const fault = incompatibility(protocolVersion);
    if (fault !== undefined) {
      this.#finish({ type: 'refused', reason: fault });
      return;
    }
    this.#attached = true;
    this.#options.onStanding?.(true);
    this.#failures = 0;
    this.#logger.info({ heartbeatIntervalMs, leaseMs, continued: continued.length }, 'attached');
    this.#workload.reconcile(continued);
    this.#peer = protocolVersion;
    for (const value of this.#workload.unacknowledged) this.#tell(value);
    if (this.#draining !== undefined) this.#send({ $case: 'drain', value: {} });
    this.#stopHeartbeat = this.#clock.every(Math.max(1, heartbeatIntervalMs), () =>
      this.#send({
        $case: 'heartbeat',
        value: { running: this.#workload.present(), gpuUse: this.#options.gpuUse?.() ?? [] },
      }),
    );
    this.#changed();
  }

  #detach({ reason, retry, leader }: Closed): boolean {
    const wasAttached = this.#attached;
    if (wasAttached) this.#options.onStanding?.(false);
    this.#stopHeartbeat();
    this.#link = undefined;
    this.#attached = false;
    if (this.#end !== undefined) return wasAttached;
    // Told where to go: no failure, so the way there begins without a long pause.
    if (leader !== undefined) this.#failures = 0;
    if (!retry) this.#finish({ type: 'refused', reason });
    else if (wasAttached) this.#logger.warn({ reason, running: this.#workload.running }, 'lost the coordinator');
    else if (this.#failures === 0) this.#logger.info({ reason }, 'waiting for the coordinator');
    else this.#logger.debug({ reason }, 'the coordinator cannot be reached');
    return wasAttached;
  }

  #send(body: NonNullable<SessionRequest['body']>): void {
    this.#link?.send({ body });
  }

  #tell(progress: Progress): void {
    this.#send({ $case: 'progress', value: knows(this.#peer, 1) ? progress : asOf10(progress) });
  }

  /** What comes within one turn of the event loop leaves together. */
  #changed(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    this.#clock.soon(() => {
      this.#flushDue = false;
      this.#flush();
      this.#checkDrained();
    });
  }

  #flush(): void {
    if (!this.#attached) return;
    let value = this.#workload.nextProgress();
    while (value !== undefined) {
      this.#tell(value);
      value = this.#workload.nextProgress();
    }
  }

  #checkDrained(): void {
    if (this.#draining === undefined || this.#workload.running > 0) return;
    if (this.#workload.idle) {
      this.#finish({ type: 'drained', flushed: true });
      return;
    }
    const { drainTimeoutMs = DRAIN_TIMEOUT_MS } = this.#options;
    this.#cancelDrain ??= this.#clock.after(drainTimeoutMs, () => this.#finish({ type: 'drained', flushed: false }));
  }

  #finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#cancelDrain?.();
    this.#wake();
    this.#link?.close('the session is over');
  }
}

/** In the words of version 1.0, which knows no time-outs: they are failures, with the same explanation. */
function asOf10(progress: Progress): Progress {
  const results = progress.results.map((result) =>
    result.outcome === Outcome.OUTCOME_TIMED_OUT ? { ...result, outcome: Outcome.OUTCOME_FAILED } : result,
  );
  return { ...progress, results };
}
