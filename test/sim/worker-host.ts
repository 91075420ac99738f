import type { SessionRequest } from '../../proto/index.js';
import { createDial } from '../../worker/dial.js';
import type { Link, LinkEvents } from '../../worker/link.js';
import { createWorkerSession, type WorkerSession } from '../../worker/session.js';
import type { HostSurroundings } from './coordinator-host.js';
import { type Frame, throughWire } from './frames.js';
import { SimProcess } from './sim-process.js';
import { createSimRunner } from './sim-runner.js';

/** A machine on which a worker runs, dies and is started again, as another worker each time. */
export class WorkerHost {
  readonly name: string;
  process: SimProcess;
  readonly #world: HostSurroundings;
  readonly #index: number;
  readonly #seed: number;
  #session: WorkerSession | undefined;
  #starts = 0;

  constructor(index: number, seed: number, world: HostSurroundings) {
    this.name = `w${index}`;
    this.#index = index;
    this.#seed = seed;
    this.#world = world;
    this.process = this.#newProcess();
    this.#boot();
  }

  kill(why: string, backAfterMs: number = this.#world.chance.between(200, 20_000)): void {
    const { process } = this;
    if (!process.alive) return;
    this.#world.trace(() => `${this.name} dies: ${why}`);
    process.kill();
    this.#session = undefined;
    this.#world.network.ended(process);
    this.process = this.#newProcess();
    const next = this.process;
    this.#world.timeline.at(this.#world.timeline.now + backAfterMs, () => {
      if (this.process === next) this.#boot();
    });
  }

  /** As on SIGTERM. */
  drain(): void {
    this.#world.trace(() => `${this.name} drains`);
    this.#session?.drain();
  }

  #newProcess(): SimProcess {
    return new SimProcess(this.name, this.#world.timeline, this.#world.chance.fork());
  }

  #boot(): void {
    const { process } = this;
    const { scenario, artifacts, logger, witness, mutant, trace, chance } = this.#world;
    this.#starts += 1;
    const workerId = `${this.name}.${this.#starts}`;
    const { slots, labels } = scenario.workers[this.#index]!;
    trace(() => `${workerId} starts`);
    const profile = {
      workerId,
      name: this.name,
      slots,
      labels,
      backend: '',
      backendReason: '',
      objectives: ['null'],
      datasets: [],
      gpus: [],
      memoryBytes: 0,
      codeSources: [],
      version: '',
    };
    const random = chance.fork();
    const session = createWorkerSession({
      profile,
      runner: createSimRunner(workerId, process, this.#seed, artifacts, (key, run) => witness.ran(key, run)),
      connect: mutant.connect(
        createDial({
          addresses: rotated(scenario.coordinators, chance.below(scenario.coordinators)),
          open: (host, events) => this.#connect(host, workerId, process, events),
          clock: process,
          random: () => random.float(),
        }),
      ),
      logger,
      random: () => random.float(),
      clock: process,
    });
    this.#session = session;
    void session.run().then((end) => {
      if (!process.alive) return;
      if (end.type === 'refused') witness.broken('the protocol', `${workerId} was refused: ${end.reason}`);
      this.kill(`${end.type}`);
    });
  }

  /** A link with the promises of the real one. */
  #connect(host: string, worker: string, process: SimProcess, events: LinkEvents): Link {
    const { network, witness, scenario, trace } = this.#world;
    let open = true;
    const close = (reason: string): void => {
      if (!open) return;
      open = false;
      end.cancel('cancelled');
      events.closed({ reason, retry: true });
    };
    const end = network.connect(this.name, process, host, {
      receive: (message) => {
        const frame = message as Frame;
        if (open && frame.kind === 'response') events.response(frame.response);
      },
      closed: (why) => close(why),
    });
    return {
      send: (request: SessionRequest) => {
        if (!open) return;
        trace(() => `${worker} > ${host}: ${JSON.stringify(request.body)}`);
        witness.said(worker, request);
        const out: Frame = { kind: 'request', request };
        end.send(scenario.encodes ? throughWire(out) : out);
      },
      close,
    };
  }
}

/** The coordinators' names, from one of them on. */
function rotated(count: number, first: number): string[] {
  return Array.from({ length: count }, (_, i) => `c${(first + i) % count}`);
}
