import { describe, expect, it } from 'vitest';
import {
  allTrials,
  leaderboardAnswer,
  studiesAnswer,
  trialsAnswer,
  workersAnswer,
} from '../../../coordinator/calls/long-answers.js';
import type { Study } from '../../../coordinator/core/study.js';
import { leaderboardView, ranksOf, studyView, trialView, workerViews } from '../../../coordinator/core/views.js';
import type { Work } from '../../../coordinator/portions.js';
import { toLeaderboard, toStudy, toTrial, toWorker } from '../../../coordinator/rpc/convert.js';
import { Encoded } from '../../../coordinator/rpc/encoded.js';
import {
  GetLeaderboardResponse,
  ListStudiesResponse,
  ListTrialsResponse,
  ListWorkersResponse,
  StreamTrialsResponse,
} from '../../../proto/index.js';
import { Scenario } from '../core/scenario.js';

const NOW = 1_000;

/** A study of so many trials, the last of which runs and has reported. */
function scene(trials: number, steps = 3, repeats?: number): { readonly scenario: Scenario; readonly study: Study } {
  const scenario = new Scenario();
  const metric = { name: 'value', goal: 'maximize', value: 'best' } as const;
  const again = repeats === undefined ? {} : { repeats };
  const id = scenario.create({ metric, budget: { trials: trials + 100 }, limits: { attempts: 1 }, ...again });
  scenario.attach('w1');
  for (let trial = 0; trial <= trials; trial += 1) {
    const attempt = { study: id, trial, attempt: 1 };
    for (let step = 1; step <= steps; step += 1) scenario.report(attempt, step, (trial * 7919 + step) % 101);
    if (trial < trials) scenario.result(attempt, trial % 9 === 8 ? 'failed' : 'completed', '');
  }
  return { scenario, study: scenario.core.state.studies.get(id)! };
}

/** Does all of it; something happens after its first portion. */
function done<T>(work: Work<T>, meanwhile: () => void = () => {}): { readonly answer: T; readonly costs: number[] } {
  const costs: number[] = [];
  for (;;) {
    const step = work.next();
    if (step.done === true) return { answer: step.value, costs };
    if (costs.length === 0) meanwhile();
    costs.push(step.value);
  }
}

function bytesOf(answer: unknown): Buffer {
  if (!(answer instanceof Encoded)) throw new Error('it was made at once');
  return answer.bytes;
}

/** As it comes out of the wire. */
function sent<M>(type: { encode(message: M): { finish(): Uint8Array }; decode(bytes: Uint8Array): M }, message: M): M {
  return type.decode(type.encode(message).finish());
}

describe('a long answer', () => {
  it.each([
    ['all rows', 0, undefined],
    ['the first rows', 250, undefined],
    ['all rows of a study that repeats', 0, 3],
  ])('has a board with %s as it was when it was begun, whatever happens meanwhile', (_, top, repeats) => {
    const { scenario, study } = scene(300, 3, repeats);
    const { core } = scenario;
    const right = sent(GetLeaderboardResponse, {
      leaderboard: toLeaderboard(leaderboardView(core.state, core.fleet, study, top), NOW),
    });
    const { answer, costs } = done(leaderboardAnswer(core, study, top, NOW), () => {
      scenario.report({ study: study.id, trial: 300, attempt: 1 }, 4, 1_000);
      scenario.result({ study: study.id, trial: 300, attempt: 1 }, 'completed', '');
      scenario.run({ type: 'InvalidateTrial', study: study.id, trial: 5, reason: 'x' });
    });
    expect(GetLeaderboardResponse.decode(bytesOf(answer))).toEqual(right);
    expect(right.leaderboard!.rows.length).toBeGreaterThan(200);
    expect(Math.max(...costs)).toBeLessThan(3_000);
  });

  it('is made at once when it is short', () => {
    const { scenario, study } = scene(10);
    const { core } = scenario;
    const { answer } = done(leaderboardAnswer(core, study, 5, NOW));
    expect(answer).toEqual({
      leaderboard: toLeaderboard(leaderboardView(core.state, core.fleet, study, 5), NOW),
    });
  });

  it('writes a trial of very many reports in portions', () => {
    const { scenario, study } = scene(1, 3_000);
    const { core } = scenario;
    const right = sent(GetLeaderboardResponse, {
      leaderboard: toLeaderboard(leaderboardView(core.state, core.fleet, study, 1), NOW),
    });
    const { answer, costs } = done(leaderboardAnswer(core, study, 1, NOW));
    expect(GetLeaderboardResponse.decode(bytesOf(answer))).toEqual(right);
    expect(right.leaderboard!.rows[0]!.trial!.reports).toHaveLength(3_000);
    expect(Math.max(...costs)).toBeLessThan(3_000);
  });

  it('has all trials without their reports', () => {
    const { scenario, study } = scene(300);
    const { core } = scenario;
    const names = study.spec.params.map(({ name }) => name);
    const right = sent(ListTrialsResponse, {
      study: toStudy(studyView(study, core.fleet)),
      trials: study.trials.map((trial) => ({ ...toTrial(trialView(study, trial), names), reports: [] })),
    });
    const { answer } = done(trialsAnswer(core, study), () =>
      scenario.report({ study: study.id, trial: 300, attempt: 1 }, 4, 1_000),
    );
    expect(ListTrialsResponse.decode(bytesOf(answer))).toEqual(right);
  });

  it('has all trials with their reports and ranks, in several messages', () => {
    const { scenario, study } = scene(600);
    const { core } = scenario;
    const names = study.spec.params.map(({ name }) => name);
    const ranks = ranksOf(study);
    const head = sent(StreamTrialsResponse, { study: toStudy(studyView(study, core.fleet)), rows: [] }).study;
    const rows = study.trials.map((trial) => ({
      rank: ranks.get(trial.number) ?? 0,
      trial: toTrial(trialView(study, trial), names),
    }));
    const { next } = allTrials(core, study);
    const messages: StreamTrialsResponse[] = [];
    for (;;) {
      const { answer } = done(next(), () =>
        scenario.report({ study: study.id, trial: 600, attempt: 1 }, 4 + messages.length, 1_000),
      );
      if (answer === undefined) break;
      messages.push(StreamTrialsResponse.decode(answer.bytes));
    }
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.map(({ study: header }) => header)).toEqual(messages.map((__, i) => (i === 0 ? head : undefined)));
    expect(messages.flatMap((message) => message.rows)).toEqual(
      sent(StreamTrialsResponse, { study: undefined, rows }).rows,
    );
  });

  it('has all studies, and all workers', () => {
    const scenario = new Scenario();
    for (let i = 0; i < 60; i += 1) scenario.create({ name: `s${i}` });
    for (let i = 0; i < 500; i += 1) scenario.attach(`w${i}`);
    const { core } = scenario;
    const studies = [...core.state.studies.values()].map((study) => toStudy(studyView(study, core.fleet)));
    expect(ListStudiesResponse.decode(bytesOf(done(studiesAnswer(core)).answer))).toEqual(
      sent(ListStudiesResponse, { studies }),
    );
    const workers = workerViews(core.fleet).map(toWorker);
    expect(ListWorkersResponse.decode(bytesOf(done(workersAnswer(core)).answer))).toEqual(
      sent(ListWorkersResponse, { workers }),
    );
  });
});
