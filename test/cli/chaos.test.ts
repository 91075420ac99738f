import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Chaos, chaosVerdict } from '../../cli/chaos.js';
import type { Event } from '../../coordinator/core/events.js';
import { openSqliteLog } from '../../coordinator/event-log/sqlite.js';
import { Leaderboard, Study, StudyState, TrialCounts } from '../../proto/index.js';
import { attemptOf, Scenario } from '../coordinator/core/scenario.js';

const RUNNING = StudyState.STUDY_STATE_RUNNING;
const FINISHED = StudyState.STUDY_STATE_FINISHED;

function board(complete: number, state: StudyState = RUNNING): Leaderboard {
  return Leaderboard.create({ study: studyOf(8, { complete }, state) });
}

function studyOf(trials: number, counts: Partial<TrialCounts>, state: StudyState = FINISHED): Study {
  return Study.create({ id: 'digits', budgetTrials: trials, counts: TrialCounts.create(counts), state });
}

describe('chaos', () => {
  it('kills the worker after a quarter of the trials and the coordinator after half, one for a board', () => {
    const chaos = new Chaos('w');
    const struck: string[] = [];
    const fleet = { strike: (victim: string, why: string) => void struck.push(`${victim}: ${why}`) };
    for (const complete of [0, 1, 5, 5, 6]) chaos.see(board(complete), fleet);
    expect(struck).toEqual(['w: chaos, after 5 of 8 trials', 'the coordinator: chaos, after 5 of 8 trials']);
    expect(chaos.spared).toEqual([]);
  });

  it('says whom it could not kill before the search was over', () => {
    const chaos = new Chaos('w');
    const fleet = { strike: () => undefined };
    chaos.see(board(2), fleet);
    chaos.see(board(8, FINISHED), fleet);
    expect(chaos.spared).toEqual(['the coordinator']);
  });
});

describe('the verdict on a search with chaos', () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'assay-chaos-'));
  });
  afterEach(() => rmSync(state, { recursive: true }));

  /** Writes the log of a study of five trials. */
  async function record(change: (event: Event) => Event = (event) => event): Promise<void> {
    const scene = new Scenario();
    scene.create({ budget: { trials: 5 } });
    scene.attach('w1');
    for (let trial = 0; trial < 5; trial += 1) {
      scene.report(attemptOf(trial), 1, trial);
      scene.result(attemptOf(trial), 'completed');
    }
    const log = openSqliteLog(join(state, 'log.db'));
    await log.append(scene.events.map(change), 0);
    await log.close();
  }

  it('is sound when the count is exact and the log recomputes', async () => {
    await record();
    expect(await chaosVerdict(studyOf(5, { complete: 4, pruned: 1 }), { spared: [] }, state)).toEqual({
      sound: true,
      lines: ['exactly 5 trials: 4 complete, 1 pruned', 'digits: all 5 suggestions recomputed, each as in the log'],
    });
  });

  it.each([
    ['a trial is missing', { complete: 4 }, [], 'not 5 trials: 4 complete'],
    ['one is too many', { complete: 6 }, [], 'not 5 trials: 6 complete'],
    ['one has no end', { complete: 5, running: 1 }, [], 'not 5 trials: 5 complete, 1 running'],
    ['nobody was killed', { complete: 5 }, ['w'], 'the search was over before w could be killed'],
  ])('is not when %s', async (_, counts, spared, line) => {
    await record();
    const verdict = await chaosVerdict(studyOf(5, counts), { spared }, state);
    expect(verdict.sound).toBe(false);
    expect(verdict.lines).toContain(line);
  });

  it('is not when the log proposes more or fewer than the budget', async () => {
    await record();
    const verdict = await chaosVerdict(studyOf(6, { complete: 6 }), { spared: [] }, state);
    expect(verdict.sound).toBe(false);
    expect(verdict.lines).toContain('the log proposes 5 trials, not 6');
  });

  it('is not when a suggestion is another one than the log leads to', async () => {
    await record((event) =>
      event.type === 'TrialProposed' && event.trial === 3 ? { ...event, params: { x: 2 } } : event,
    );
    const verdict = await chaosVerdict(studyOf(5, { complete: 5 }), { spared: [] }, state);
    expect(verdict.sound).toBe(false);
    expect(verdict.lines.join('\n')).toMatch(/digits: 1 of 5 suggestions differ\n {2}trial 3: /);
  });
});
