import { StudyAction } from '../../proto/index.js';
import type { HostSurroundings } from './coordinator-host.js';
import type { Answer, Call, Frame } from './frames.js';
import type { StudyPlan } from './scenario.js';
import { SimProcess } from './sim-process.js';

/** How long a call may take before it is tried again, milliseconds. */
const DEADLINE_MS = 10_000;

/**
 * A person with a terminal: submits studies and tries again, with the same request id, until the answer is there; looks
 * at leaderboards; pauses, resumes, stops and re-runs.
 */
export class Client {
  readonly #name: string;
  readonly #world: HostSurroundings;
  readonly #process: SimProcess;
  readonly #studies: string[] = [];
  #address: number;
  #requests = 0;

  constructor(index: number, plans: readonly StudyPlan[], world: HostSurroundings) {
    this.#name = `client${index}`;
    this.#world = world;
    this.#process = new SimProcess(this.#name, world.timeline, world.chance.fork());
    this.#address = world.chance.below(world.scenario.coordinators);
    for (const plan of plans) this.#process.after(plan.submittedAt, () => this.#submit(plan));
    this.#wander();
  }

  /** Resumes whatever was paused: people come back. */
  resumeAll(): void {
    for (const study of this.#studies) this.#control(study, StudyAction.STUDY_ACTION_RESUME);
    // A pause that is still under way may come after it.
    this.#process.after(30_000, () => this.resumeAll());
  }

  /**
   * Takes workers out of quarantine now and then: where all that is left is one that always fails, quarantines of eighty
   * minutes would stand between any two of a study's last attempts.
   */
  pardonAll(): void {
    const { scenario, chance } = this.#world;
    const worker = `w${chance.below(scenario.workers.length)}`;
    this.#insist({ type: 'command', command: { type: 'PardonWorker', worker } }, () => {});
    this.#process.after(chance.between(60_000, 600_000), () => this.pardonAll());
  }

  #submit({ requestId, spec }: StudyPlan): void {
    const { witness } = this.#world;
    witness.submitted(requestId, spec);
    this.#insist({ type: 'create', requestId, spec }, (answer) => {
      if (!answer.ok) {
        witness.broken('one request, one study (P2)', `${requestId} was refused: ${answer.message}`);
        return;
      }
      witness.answered(requestId, answer.study, undefined);
      this.#studies.push(answer.study);
      // A repetition long after the answer, as a client does that has forgotten it.
      if (!this.#world.chance.happens(0.2)) return;
      this.#process.after(this.#world.chance.between(0, 60_000), () =>
        this.#insist({ type: 'create', requestId, spec }, (again) => {
          if (again.ok) witness.answered(requestId, again.study, undefined);
        }),
      );
    });
  }

  /** Does something now and then, while there are faults. */
  #wander(): void {
    const { chance, timeline, scenario } = this.#world;
    this.#process.after(chance.between(500, 15_000), () => {
      if (timeline.now > scenario.faultsUntil) return;
      this.#wander();
      if (this.#studies.length === 0) return;
      const study = chance.pick(this.#studies);
      const dice = chance.float();
      if (dice < 0.6) this.#once({ type: 'leaderboard', study }, () => {});
      else if (dice < 0.72) this.#control(study, StudyAction.STUDY_ACTION_PAUSE);
      else if (dice < 0.84) this.#control(study, StudyAction.STUDY_ACTION_RESUME);
      else if (dice < 0.86) this.#control(study, StudyAction.STUDY_ACTION_STOP);
      else if (dice < 0.91) this.#rerun(study);
      else if (dice < 0.94) this.#insist({ type: 'command', command: { type: 'DeleteStudy', study } }, () => {});
      else this.#change(study);
    });
  }

  #control(study: string, action: StudyAction): void {
    this.#insist({ type: 'control', study, action }, () => {});
  }

  #rerun(study: string): void {
    this.#requests += 1;
    const requestId = `${this.#name}-rerun-${this.#requests}`;
    const trial = this.#world.chance.below(4);
    this.#insist({ type: 'rerun', requestId, study, trial }, (answer) => {
      if (answer.ok) this.#world.witness.answered(requestId, answer.study, answer.trial);
    });
  }

  #change(study: string): void {
    const { chance, witness } = this.#world;
    this.#requests += 1;
    const requestId = `${this.#name}-change-${this.#requests}`;
    const trial = chance.below(6);
    const insist = (command: Extract<Call, { type: 'command' }>['command']): void =>
      this.#insist({ type: 'command', command }, () => {});
    switch (chance.below(4)) {
      case 0: {
        const more = chance.int(1, 3);
        witness.facts.extensions.set(requestId, more);
        insist({ type: 'AdjustStudy', requestId, study, trials: { more } });
        break;
      }
      case 1:
        insist({ type: 'StopTrial', study, trial });
        break;
      case 2:
        insist({ type: 'InvalidateTrial', study, trial, reason: 'looked wrong' });
        break;
      case 3:
        insist({ type: 'EnqueueTrial', requestId, study, params: { x: chance.float(), kind: 'a' } });
        break;
    }
  }

  /** Calls until there is an answer. */
  #insist(call: Call, done: (answer: Answer) => void): void {
    this.#once(call, (answer) => {
      if (answer !== undefined) done(answer);
      else this.#process.after(this.#world.chance.between(100, 3_000), () => this.#insist(call, done));
    });
  }

  #once(call: Call, done: (answer: Answer | undefined) => void): void {
    const { network, chance, scenario } = this.#world;
    if (chance.happens(0.3)) this.#address = chance.below(scenario.coordinators);
    let answered = false;
    const finish = (answer: Answer | undefined): void => {
      if (answered) return;
      answered = true;
      // Whoever did not answer may not lead: ask the next one.
      if (answer === undefined) this.#address = (this.#address + 1) % scenario.coordinators;
      done(answer);
    };
    const end = network.connect(this.#name, this.#process, `c${this.#address}`, {
      receive: (message) => {
        const frame = message as Frame;
        if (frame.kind === 'answer') finish(frame.answer);
      },
      closed: () => finish(undefined),
    });
    this.#process.after(DEADLINE_MS, () => {
      if (!answered) end.cancel('deadline exceeded');
      finish(undefined);
    });
    end.send({ kind: 'call', call } satisfies Frame);
  }
}
