import type { ArtifactStore } from '../../coordinator/artifacts/port.js';
import type { Assignment } from '../../proto/index.js';
import { keyOf } from '../../worker/attempt.js';
import { type AttemptEnd, type AttemptEvents, type AttemptRunner, NO_OUTPUT } from '../../worker/runner.js';
import { Chance, hash } from './chance.js';
import type { ObjectiveConfig } from './scenario.js';
import type { SimProcess } from './sim-process.js';

/** What really happened on a worker, whoever was told of it. */
export interface Run {
  readonly worker: string;
  readonly assignment: Assignment;
  readonly reports: { readonly step: number; readonly value: number }[];
  /** Undefined while it runs, and for ever when it was killed or its worker died. */
  end: AttemptEnd | undefined;
}

/**
 * Attempts that take virtual time, report, fail, hang and turn a deaf ear, all by their study's objective. What an
 * attempt does depends on the world's seed and the attempt's name alone.
 */
export function createSimRunner(
  worker: string,
  process: SimProcess,
  seed: number,
  artifacts: Pick<ArtifactStore, 'put'>,
  onStart: (key: string, run: Run) => void,
): AttemptRunner {
  return {
    start(assignment, events) {
      const key = keyOf(assignment.attempt!);
      const run: Run = { worker, assignment, reports: [], end: undefined };
      onStart(key, run);
      return new SimAttempt(run, events, process, artifacts, new Chance(hash(`${seed} ${key}`)));
    },
  };
}

class SimAttempt {
  readonly #run: Run;
  readonly #events: AttemptEvents;
  readonly #process: SimProcess;
  readonly #artifacts: Pick<ArtifactStore, 'put'>;
  readonly #chance: Chance;
  readonly #config: ObjectiveConfig;
  readonly #deaf: boolean;
  #silent = false;
  #stopping = false;

  constructor(
    run: Run,
    events: AttemptEvents,
    process: SimProcess,
    artifacts: Pick<ArtifactStore, 'put'>,
    chance: Chance,
  ) {
    this.#artifacts = artifacts;
    this.#run = run;
    this.#events = events;
    this.#process = process;
    this.#chance = chance;
    this.#config = JSON.parse(run.assignment.configJson) as ObjectiveConfig;
    const { refusedBy, hangs, deaf } = this.#config;
    this.#deaf = chance.happens(deaf);
    const { timeLimitMs } = run.assignment;
    if (timeLimitMs > 0) {
      process.after(timeLimitMs, () =>
        this.#end({ outcome: 'failed', error: `time limit of ${timeLimitMs} ms reached` }),
      );
    }
    if (run.worker.startsWith(`${refusedBy}.`)) {
      process.after(1, () => this.#end({ outcome: 'refused', error: 'this worker has other data' }));
    } else if (!chance.happens(hangs)) {
      process.after(chance.between(1, 200), () => this.#begin());
    }
  }

  stop(saveCheckpoint: boolean): void {
    this.#stopping = true;
    if (this.#deaf) return;
    this.#process.after(this.#chance.between(0, 2_000), () => {
      const step = this.#run.reports.at(-1)?.step;
      const end = (): void => this.#end({ outcome: 'stopped', error: '' });
      if (saveCheckpoint && step !== undefined && this.#config.saves > 0) this.#save('checkpoint', step, end);
      else end();
    });
  }

  output(): typeof NO_OUTPUT {
    return NO_OUTPUT;
  }

  kill(): void {
    this.#silent = true;
  }

  #begin(): void {
    if (this.#silent) return;
    this.#events.started('');
    const { steps, fails } = this.#config;
    const first = (this.#run.assignment.checkpoint?.step ?? 0) + 1;
    const failsAt = this.#chance.happens(fails) ? this.#chance.int(first, Math.max(first, steps)) : undefined;
    if (first > steps) this.#finish();
    else this.#step(first, steps, failsAt);
  }

  #step(step: number, steps: number, failsAt: number | undefined): void {
    this.#process.after(this.#chance.between(0.5, 1.5) * this.#config.stepMs, () => {
      if (this.#silent) return;
      if (step === failsAt) {
        const words = this.#config.sameWords ? 'boom' : `boom ${this.#chance.below(1000)}`;
        this.#end({ outcome: this.#stopping ? 'stopped' : 'failed', error: words });
        return;
      }
      const value = this.#chance.happens(0.02) ? Number.NaN : this.#chance.float();
      this.#run.reports.push({ step, value });
      this.#events.report(step, { value });
      const goOn = (): void => {
        if (step < steps) this.#step(step + 1, steps, failsAt);
        else this.#finish();
      };
      if (this.#chance.happens(this.#config.saves)) this.#save('checkpoint', step, goOn);
      else goOn();
    });
  }

  #finish(): void {
    const end = (): void => this.#end({ outcome: 'completed', error: '' });
    if (this.#chance.happens(this.#config.saves)) this.#save('output', 0, end);
    else if (this.#chance.happens(0.5)) end();
    else this.#process.after(this.#chance.between(0, 100), end);
  }

  /** Uploads something and says so. Two attempts at a step save the same. */
  #save(kind: 'checkpoint' | 'output', step: number, then: () => void): void {
    const { study, trial } = this.#run.assignment.attempt!;
    this.#process.after(this.#chance.between(0, 300), () => {
      if (this.#silent) return;
      void this.#artifacts.put(bytesOf(`${kind} of ${study}/${trial} at step ${step}`)).then(({ id, bytes }) =>
        this.#process.after(this.#chance.between(0, 300), () => {
          if (this.#silent) return;
          this.#events.saved({ kind, step, files: [{ name: kind, sha256: id, bytes }], metrics: {} });
          then();
        }),
      );
    });
  }

  #end(end: AttemptEnd): void {
    if (this.#silent) return;
    this.#silent = true;
    this.#run.end = end;
    this.#events.ended(end);
  }
}

async function* bytesOf(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text);
}
