import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { createArtifactKeeper } from '../../coordinator/artifacts/keeper.js';
import type { ArtifactStore } from '../../coordinator/artifacts/port.js';
import { Coordinator } from '../../coordinator/coordinator.js';
import type { Core } from '../../coordinator/core/transaction.js';
import { LiveOutputs } from '../../coordinator/rpc/live-outputs.js';
import type { WorkerSessions } from '../../coordinator/rpc/sessions.js';
import { createStudyService } from '../../coordinator/rpc/study-service.js';
import { createWorkerSessions } from '../../coordinator/rpc/worker-service.js';
import { Snapshots } from '../../coordinator/snapshots/snapshots.js';
import type { Chance } from './chance.js';
import type { Disk } from './disk.js';
import type { Election } from './election.js';
import { type Answer, type Call, type Frame, throughWire } from './frames.js';
import type { Mutant } from './mutants.js';
import type { Network, Receiver, StreamEnd } from './network.js';
import type { Scenario } from './scenario.js';
import { SimProcess } from './sim-process.js';
import type { SnapshotShelf } from './snapshot-shelf.js';
import type { Timeline } from './timeline.js';
import type { Witness } from './witness.js';

/** The date on which every world begins. */
export const EPOCH_MS = 1_700_000_000_000;

export interface HostSurroundings {
  readonly scenario: Scenario;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly network: Network;
  readonly disk: Disk;
  readonly artifacts: ArtifactStore;
  readonly snapshots: SnapshotShelf;
  readonly election: Election;
  readonly witness: Witness;
  readonly mutant: Mutant;
  readonly logger: Logger;
  readonly trace: (line: () => string) => void;
}

/** How often finished studies are looked for that nobody uses, milliseconds. */
const SWEEP_MS = 5_000;
/** How often artifacts are looked for that nothing refers to, milliseconds. */
const ORPHANS_MS = 20_000;

type StudyService = ReturnType<typeof createStudyService>;

/** A machine on which a coordinator runs, dies and is started again. */
export class CoordinatorHost {
  readonly name: string;
  /** What its wall clock says beyond true time, milliseconds. */
  skewMs = 0;
  /** The process that runs now. */
  process: SimProcess;
  readonly #world: HostSurroundings;
  #coordinator: Coordinator | undefined;
  #sessions: WorkerSessions | undefined;
  #service: StudyService | undefined;
  /** Whether the process waits for its turn to lead, or leads, beside others. */
  #campaigns = false;
  #opening = false;

  constructor(name: string, world: HostSurroundings) {
    this.name = name;
    this.#world = world;
    this.process = this.#newProcess();
    this.#boot();
  }

  get leads(): boolean {
    return this.#coordinator !== undefined && this.process.alive;
  }

  /** Looks at the state it has, with all of its studies in memory, when it has one. */
  look<T>(look: (core: Core) => T): Promise<T> | undefined {
    if (!this.leads) return undefined;
    return this.#coordinator!.view((core) => {
      for (const { trials } of core.state.studies.values()) trials.at(0);
      return look(core);
    });
  }

  /** Ends the process at once; another begins after a while. */
  kill(why: string, backAfterMs: number = this.#world.chance.between(200, 15_000)): void {
    const { process } = this;
    if (!process.alive) return;
    this.#world.trace(() => `${this.name} dies: ${why}`);
    process.kill();
    this.#coordinator = undefined;
    this.#campaigns = false;
    this.#opening = false;
    this.#world.network.unlisten(this.name);
    this.#world.network.ended(process);
    this.process = this.#newProcess();
    const next = this.process;
    this.#world.timeline.at(this.#world.timeline.now + backAfterMs, () => {
      if (this.process === next) this.#boot();
    });
  }

  /** Shuts down in order, as on SIGTERM. */
  stop(): void {
    const coordinator = this.#coordinator;
    const { process } = this;
    if (coordinator === undefined) return;
    this.#coordinator = undefined;
    this.#campaigns = false;
    this.#opening = true;
    this.#world.trace(() => `${this.name} stops in order`);
    this.#world.network.unlisten(this.name);
    this.#world.network.ended(process);
    void coordinator.settled().then(() => {
      if (process.alive && this.process === process) this.kill('stopped');
    });
  }

  /** Believes that it leads, whoever does. */
  usurp(): void {
    if (!this.#campaigns) return;
    this.#world.election.usurp(this.name);
    void this.#lead();
  }

  #newProcess(): SimProcess {
    const { timeline, chance } = this.#world;
    return new SimProcess(this.name, timeline, chance.fork());
  }

  #boot(): void {
    this.#world.trace(() => `${this.name} starts`);
    if (this.#world.scenario.coordinators === 1) {
      void this.#lead();
      return;
    }
    const { process } = this;
    this.#campaigns = true;
    const campaign = (): void => {
      if (!this.#campaigns) return;
      const leads = this.#world.election.ask(this.name);
      if (this.#coordinator === undefined && leads === true) void this.#lead();
      else if (this.#coordinator !== undefined && leads === false) {
        this.kill('another coordinator leads');
        return;
      }
      process.after(this.#world.chance.between(800, 1_200), campaign);
    };
    process.after(this.#world.chance.between(0, 1_000), campaign);
  }

  async #lead(): Promise<void> {
    const { process } = this;
    if (this.#opening || this.#coordinator !== undefined) return;
    this.#opening = true;
    const { scenario, disk, artifacts, witness, mutant, logger, trace } = this.#world;
    const clock = (): number => Math.round(EPOCH_MS + process.now() + this.skewMs);
    const fail = (error: unknown): void => {
      if (this.process === process) this.kill(String(error));
      witness.failed(this.name, error);
    };
    try {
      const log = mutant.log(disk.open(this.name, process), disk, process);
      const snapshots = new Snapshots({
        store: mutant.snapshots(this.#world.snapshots),
        log,
        logger,
        ...scenario.snapshots,
        clock,
        breathe: () => process.pause(this.#world.chance.between(0, 2)),
      });
      const from = await snapshots.restore();
      if (from !== undefined) trace(() => `${this.name} begins with the snapshot of batch ${from.head}`);
      const coordinator = await Coordinator.open({
        log,
        from,
        bodies: snapshots,
        leaseMs: scenario.leaseMs,
        clock,
        defer: (task) => process.soon(task),
        onFailure: fail,
      });
      if (!process.alive) return;
      trace(() => `${this.name} leads`);
      this.#coordinator = coordinator;
      await snapshots.lead(coordinator);
      process.every(SWEEP_MS, () => void snapshots.sweep());
      const door = mutant.coordinator(coordinator, process);
      coordinator.follow({
        events: (_events, core) => witness.live(this.name, core),
        committed: () => {},
      });
      const { heartbeatMs, leaseMs } = scenario;
      const keeper = createArtifactKeeper({
        artifacts,
        coordinator,
        logger,
        graceMs: leaseMs,
        clock,
      });
      process.every(ORPHANS_MS, () => void keeper.sweep());
      this.#sessions = createWorkerSessions({ coordinator: door, keeper, heartbeatMs, leaseMs, logger });
      this.#service = createStudyService({
        coordinator: mutant.viewer(coordinator),
        logger,
        clock,
        artifacts,
        outputs: new LiveOutputs(),
      });
      process.every(Math.min(1_000, leaseMs / 4), () => coordinator.post({ type: 'CheckDeadlines' }, () => {}));
      this.#world.network.listen(this.name, process, (from, end) => this.#accept(from, end as StreamEnd<Frame>));
    } catch (error) {
      fail(error);
    } finally {
      if (this.process === process) this.#opening = false;
    }
  }

  #accept(from: string, end: StreamEnd<Frame>): Receiver<unknown> {
    let session: ReturnType<WorkerSessions['open']> | undefined;
    const { witness, scenario, trace } = this.#world;
    let worker = from;
    return {
      receive: (message) => {
        const frame = message as Frame;
        if (frame.kind === 'call') {
          // It shuts down: its door is closed.
          if (this.#coordinator === undefined) return;
          this.#answer(from, frame.call).then(
            (answer) => {
              end.send({ kind: 'answer', answer });
              end.end('answered');
            },
            (error: unknown) => witness.broken('the coordinator', `failed on a call: ${String(error)}`),
          );
          return;
        }
        if (frame.kind !== 'request') return;
        if (frame.request.body?.$case === 'attach') worker = frame.request.body.value.workerId;
        session ??= this.#sessions!.open({
          write: (response) => {
            trace(() => `${this.name} > ${worker}: ${JSON.stringify(response.body)}`);
            witness.told(this.name, worker, response);
            const out: Frame = { kind: 'response', response };
            end.send(scenario.encodes ? throughWire(out) : out);
          },
          end: () => end.end('the coordinator ended the session'),
          fail: (why) => {
            witness.broken('the protocol', `${worker} was refused: ${why}`);
            end.end(why);
          },
        });
        session.receive(frame.request);
      },
      closed: () => session?.close(),
    };
  }

  async #answer(from: string, call: Call): Promise<Answer> {
    const coordinator = this.#coordinator!;
    const service = this.#service!;
    switch (call.type) {
      case 'create': {
        const { requestId, spec } = call;
        const command = this.#world.mutant.create({ type: 'CreateStudy', requestId, spec, source: '', drawnSeed: 1 });
        const outcome = await coordinator.submit(command);
        return outcome.ok ? { ok: true, study: outcome.reply.study } : { ok: false, message: outcome.refusal.message };
      }
      case 'control':
        return ask(service.controlStudy, { study: call.study, action: call.action }, ({ study }) => ({
          ok: true,
          study: study!.id,
        }));
      case 'rerun': {
        const { requestId, study, trial } = call;
        return ask(service.rerunTrial, { requestId, study, trial }, (reply) => ({
          ok: true,
          study: reply.study,
          trial: reply.trial!.number,
        }));
      }
      case 'command': {
        const outcome = await coordinator.submit(call.command);
        const study = 'study' in call.command ? call.command.study : '';
        return outcome.ok ? { ok: true, study } : { ok: false, message: outcome.refusal.message };
      }
      case 'leaderboard':
        return ask(service.getLeaderboard, { study: call.study, top: 0 }, ({ leaderboard }) => {
          this.#world.witness.shown(`${this.name} to ${from}`, leaderboard!);
          return { ok: true, study: call.study, board: leaderboard! };
        });
    }
  }
}

/** Calls a unary handler as gRPC would. */
function ask<Q, A>(
  handler: (call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>) => void,
  request: Q,
  answer: (reply: A) => Answer,
): Promise<Answer> {
  return new Promise((resolve) => {
    handler({ request } as ServerUnaryCall<Q, A>, (error, reply) => {
      if (error !== null) resolve({ ok: false, message: error.details ?? '' });
      else resolve(answer(reply!));
    });
  });
}
