import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { ArtifactStore } from '../../coordinator/artifacts/port.js';
import { LeaderLease } from '../../coordinator/cluster/lease.js';
import type { Holder } from '../../coordinator/cluster/lease-entry.js';
import { type Member, runMember } from '../../coordinator/cluster/member.js';
import type { Coordinator } from '../../coordinator/coordinator.js';
import type { Core } from '../../coordinator/core/transaction.js';
import type { ClusterLog, EventLog } from '../../coordinator/event-log/port.js';
import { type Faces, type Led, lead, type Term } from '../../coordinator/lead.js';
import { LiveOutputs } from '../../coordinator/rpc/live-outputs.js';
import type { WorkerSessions } from '../../coordinator/rpc/sessions.js';
import { createStudyService } from '../../coordinator/rpc/study-service.js';
import { createWorkerSessions } from '../../coordinator/rpc/worker-service.js';
import { Snapshots } from '../../coordinator/snapshots/snapshots.js';
import type { Chance } from './chance.js';
import type { Disk } from './disk.js';
import { type Answer, type Call, type Frame, throughWire } from './frames.js';
import type { LeaseServer } from './lease-server.js';
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
  readonly lease: LeaseServer;
  readonly witness: Witness;
  readonly mutant: Mutant;
  readonly logger: Logger;
  readonly trace: (line: () => string) => void;
}

/** How often finished studies are looked for that nobody uses, milliseconds. */
const SWEEP_MS = 5_000;
/** How often artifacts are looked for that nothing refers to, milliseconds. */
const ORPHANS_MS = 20_000;
/** How long such an artifact is left alone: longer than the disk lets an append be under way, as an hour is in real life. */
const ORPHAN_GRACE_MS = 60_000;

/** What lets a coordinator be seen while it leads. */
interface Shown {
  readonly coordinator: Coordinator;
  readonly sessions: WorkerSessions;
  readonly service: ReturnType<typeof createStudyService>;
}

/** A machine on which a coordinator runs, dies and is started again. */
export class CoordinatorHost {
  readonly name: string;
  /** What its wall clock says beyond true time, milliseconds. */
  skewMs = 0;
  /** The process that runs now. */
  process: SimProcess;
  readonly #world: HostSurroundings;
  #coordinator: Coordinator | undefined;
  /** Aborted when the process is to stop in order. */
  #stopping = new AbortController();
  #starts = 0;
  #holder: Holder | undefined;

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
    this.#holder = undefined;
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
    if (this.#coordinator === undefined) return;
    this.#world.trace(() => `${this.name} stops in order`);
    this.#stopping.abort();
  }

  /** Is said to lead, whoever does. */
  usurp(): void {
    if (this.#holder !== undefined) this.#world.lease.steal(this.#holder);
  }

  #newProcess(): SimProcess {
    const { timeline, chance } = this.#world;
    return new SimProcess(this.name, timeline, chance.fork());
  }

  #boot(): void {
    this.#world.trace(() => `${this.name} starts`);
    const { process } = this;
    this.#stopping = new AbortController();
    const run = this.#world.scenario.coordinators === 1 ? this.#runAlone() : this.#runInCluster();
    run.then(
      () => {
        if (this.process === process) this.kill('stopped');
      },
      (error: unknown) => {
        if (this.process === process) this.kill(String(error));
        this.#world.witness.failed(this.name, error);
      },
    );
  }

  /** As `coordinator/main.ts` does. */
  async #runAlone(): Promise<void> {
    const log = this.#openLog();
    const snapshots = this.#openSnapshots(log);
    const { signal } = this.#stopping;
    const until = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const { logger } = this.#world;
    await lead({ ...this.#term(), log, from: await snapshots.restore(), snapshots, logger, until });
  }

  /** As `coordinator/cluster.ts` does. */
  async #runInCluster(): Promise<void> {
    const { process } = this;
    const { lease: server, logger, chance, mutant } = this.#world;
    await process.pause(chance.between(0, 1_000));
    this.#starts += 1;
    const holder = { id: `${this.name}.${this.#starts}`, address: this.name };
    const lease = new LeaderLease(mutant.lease(server.entryOf(this.name, process)), holder, logger, process);
    this.#holder = holder;
    const member: Member = {
      logger,
      signal: this.#stopping.signal,
      lease,
      time: process,
      openLog: async () => this.#openLog(),
      openSnapshots: (log) => this.#openSnapshots(log),
      reads: () => () => {},
      standsBy: () => {},
      term: () => this.#term(),
    };
    await runMember(member);
  }

  #openLog(): ClusterLog {
    const { disk, mutant } = this.#world;
    const log = disk.open(this.name, this.process);
    const { read, append } = mutant.log(log, disk, this.process);
    // What the mutants do not know goes its ordinary way.
    return Object.defineProperties({} as ClusterLog, {
      ...Object.getOwnPropertyDescriptors(log),
      read: { value: read },
      append: { value: append },
    });
  }

  #openSnapshots(log: EventLog): Snapshots {
    const { process } = this;
    const { mutant, snapshots: shelf, logger, scenario, chance } = this.#world;
    return new Snapshots({
      store: mutant.snapshots(shelf),
      log,
      logger,
      ...scenario.snapshots,
      clock: () => this.#clock(process),
      breathe: () => process.pause(chance.between(0, 2)),
    });
  }

  #clock(process: SimProcess): number {
    return Math.round(EPOCH_MS + process.now() + this.skewMs);
  }

  #term(): Omit<Term, 'log' | 'snapshots' | 'logger' | 'until'> {
    const { process } = this;
    const { scenario, artifacts, witness } = this.#world;
    const live = {
      events: (_events: unknown, core: Core) => witness.live(this.name, core),
      committed: () => {},
    };
    return {
      artifacts,
      leaseMs: scenario.leaseMs,
      followers: [live],
      open: (led) => this.#open(process, led),
      surroundings: {
        time: process,
        clock: () => this.#clock(process),
        defer: (task) => process.soon(task),
        graceMs: ORPHAN_GRACE_MS,
        sweepMs: ORPHANS_MS,
        parkMs: SWEEP_MS,
      },
    };
  }

  #open(process: SimProcess, { coordinator, keeper }: Led): Faces {
    const { scenario, artifacts, mutant, logger, network, trace } = this.#world;
    const { heartbeatMs, leaseMs } = scenario;
    trace(() => `${this.name} leads`);
    this.#coordinator = coordinator;
    const door = mutant.coordinator(coordinator, process);
    const sessions = createWorkerSessions({ coordinator: door, keeper, heartbeatMs, leaseMs, logger });
    const service = createStudyService({
      coordinator: mutant.viewer(coordinator),
      logger,
      clock: () => this.#clock(process),
      artifacts,
      outputs: new LiveOutputs(),
    });
    const shown = { coordinator, sessions, service };
    network.listen(this.name, process, (from, end) => this.#accept(from, end as StreamEnd<Frame>, shown));
    return {
      leave: () => {
        trace(() => `${this.name} leads no more`);
        if (this.process !== process) return;
        this.#coordinator = undefined;
        network.unlisten(this.name);
        network.ended(process);
      },
      close: async () => {},
    };
  }

  #accept(from: string, end: StreamEnd<Frame>, shown: Shown): Receiver<unknown> {
    let session: ReturnType<WorkerSessions['open']> | undefined;
    const { witness, scenario, trace } = this.#world;
    let worker = from;
    return {
      receive: (message) => {
        const frame = message as Frame;
        if (frame.kind === 'call') {
          // It shuts down: its door is closed.
          if (this.#coordinator !== shown.coordinator) return;
          this.#answer(from, frame.call, shown).then(
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
        session ??= shown.sessions.open({
          token: '',
          turnAway: (why) => end.end(why),
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

  async #answer(from: string, call: Call, { coordinator, service }: Shown): Promise<Answer> {
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
