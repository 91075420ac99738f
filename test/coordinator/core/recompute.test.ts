import { describe, expect, it } from 'vitest';
import type { Event, TrialProposed } from '../../../coordinator/core/events.js';
import { Recomputation, type Recomputed } from '../../../coordinator/core/recompute.js';
import type { SearchSpec } from '../../../coordinator/core/spec.js';
import { Rng } from '../../../search/index.js';
import { attemptOf, Scenario } from './scenario.js';

/** A log of several workers that lose attempts, fail and are pruned, in an order that the seed says. */
function played(overrides: Partial<SearchSpec>, seed: number): readonly Event[] {
  const scene = new Scenario();
  scene.create({ budget: { trials: 40 }, pruner: { type: 'median', startupTrials: 4 }, ...overrides });
  scene.create({ name: 'beside', budget: { trials: 10 }, sampler: { type: 'tpe' } });
  for (const id of ['w1', 'w2', 'w3']) scene.attach(id, { slots: 2 });
  const rng = new Rng(seed, 0);
  const study = scene.study();
  while (study.status !== 'finished') {
    const running = [...scene.core.state.studies.values()].flatMap(({ id, running: numbers, trials }) =>
      [...numbers].map((number) => attemptOf(number, trials[number]!.attempts.length, id)),
    );
    const attempt = running[rng.below(running.length)];
    if (attempt === undefined) {
      // What failed waits before it is tried again.
      if (study.delayed.size === 0) throw new Error('the study stands still');
      scene.pass(1000);
      continue;
    }
    scene.report(attempt, 1 + rng.below(3), rng.next());
    const chance = rng.next();
    if (chance < 0.05) scene.result(attempt, 'handed_back');
    else if (chance < 0.1) scene.result(attempt, 'failed', `boom ${chance}`);
    else if (chance < 0.6) scene.result(attempt, rng.next() < 0.5 ? 'completed' : 'stopped');
    if (chance > 0.97) scene.tryRun({ type: 'RerunTrial', requestId: '', study: 'digits', trial: 0 });
  }
  return JSON.parse(JSON.stringify(scene.events)) as Event[];
}

function recomputed(events: readonly Event[]): Recomputed[] {
  const recomputation = new Recomputation();
  return events.flatMap((event) => recomputation.take(event) ?? []);
}

const INTS: SearchSpec['params'] = ['a', 'b'].map((name) => ({
  kind: 'int',
  name,
  low: 1,
  high: 4,
  log: false,
  step: 1,
}));

describe('recomputing a log', () => {
  it.each<readonly [string, Partial<SearchSpec>]>([
    ['auto', { sampler: { type: 'auto', startupTrials: 4 } }],
    ['auto that weighs costs', { sampler: { type: 'auto', startupTrials: 4, costWeight: 1 } }],
    ['tpe', { sampler: { type: 'tpe', startupTrials: 4 } }],
    ['random', { sampler: { type: 'random' } }],
    ['qmc', { sampler: { type: 'qmc' } }],
    ['grid', { sampler: { type: 'grid' }, params: INTS, budget: {} }],
    ['optuna-tpe', { sampler: { type: 'optuna-tpe', startupTrials: 4 } }],
    ['optuna-tpe in groups', { sampler: { type: 'optuna-tpe', group: true, startupTrials: 4 } }],
    ['optuna-random', { sampler: { type: 'optuna-random' } }],
    ['optuna-qmc', { sampler: { type: 'optuna-qmc' } }],
    ['optuna-grid', { sampler: { type: 'optuna-grid' }, params: INTS, budget: {} }],
    ['enqueued rows', { enqueue: [{ x: 0.5 }, {}] }],
    ['repeats', { sampler: { type: 'auto', startupTrials: 4 }, repeats: 3 }],
  ])('finds every suggestion again: %s', (_, overrides) => {
    for (const seed of [1, 2]) {
      const all = recomputed(played(overrides, seed));
      expect(all.filter(({ difference }) => difference !== undefined)).toEqual([]);
      expect(all.length).toBeGreaterThan(overrides.budget === undefined ? 40 : 16);
    }
  });

  const log = played({ sampler: { type: 'optuna-tpe', startupTrials: 4 } }, 3);
  const late = log
    .filter((event) => event.type === 'TrialProposed')
    .filter(({ study, rerunOf }) => study === 'digits' && rerunOf === undefined)[15]!;
  const tampered = (change: (event: TrialProposed) => object): string[] => {
    const events = log.map((event) => (event === late ? ({ ...late, ...change(late) } as Event) : event));
    return recomputed(events).flatMap(({ study, trial, difference }) =>
      study === 'digits' && trial === late.trial ? (difference ?? []) : [],
    );
  };

  it.each<readonly [string, (event: TrialProposed) => object, string]>([
    ['parameters', ({ params }) => ({ params: { x: Number(params['x']) / 2 } }), 'the log has {"x":'],
    ['the seed', ({ seed }) => ({ seed: seed ^ 1 }), 'the log has the seed'],
    ['who proposed it', () => ({ origin: 'random' }), 'by random'],
    ['the draws', ({ draws = [] }) => ({ draws: draws.map((taken) => taken + 1) }), 'after draws ['],
    ['what it had seen', ({ basedOn }) => ({ basedOn: basedOn - 1 }), 'the log says that it had seen'],
  ])('says where the log and it differ in %s', (_, change, words) => {
    expect(tampered((event) => event)).toEqual([]);
    expect(tampered(change)).toEqual([expect.stringContaining(words)]);
  });

  it('notices a result that was changed by what was suggested after it', () => {
    const forged = log.map((event) =>
      event.type === 'TrialReported' && event.trial < 8
        ? { ...event, metrics: { value: 1 - Number(event.metrics['value']) } }
        : event,
    );
    expect(recomputed(forged).some(({ difference }) => difference !== undefined)).toBe(true);
  });

  it('says so when a log ends a space that is not exhausted', () => {
    const events = played({ sampler: { type: 'grid' }, params: INTS, budget: {} }, 1);
    const early: Event = { type: 'StudyExhausted', study: 'digits', at: 0 };
    expect(recomputed([events[0]!, early])[0]?.difference).toContain('nothing was left, but there is {"a":1,"b":1}');
  });
});
