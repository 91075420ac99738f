import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { render } from '../../../cli/live/render.js';
import type { View } from '../../../cli/live/view.js';
import { textWidth } from '../../../cli/text.js';
import { StudyState, TrialCounts } from '../../../proto/index.js';
import { board, reports, running, START_MS, study, trial, worker } from '../canned.js';

const VIEW: View = { board: board(), nowMs: START_MS + 83_000, leftMs: 52_000 };

function draw(view: View, columns: number, rows?: number): string[] {
  return render(view, { columns, rows, color: false });
}

describe('the live view', () => {
  it('says what is used of a budget of time, which does not begin when the study is made', () => {
    const timed = study({ budgetTrials: 0, budgetTimeMs: 60_000, clockSinceMs: START_MS + 60_000 });
    const [title, progress] = draw({ ...VIEW, board: board({ study: timed }), leftMs: 37_000 }, 60);
    expect(title).toBe('digits  running                23s of 1m 00s, about 37s left');
    expect(progress).toMatch(/^█{15}/);
  });

  it('fits a narrow terminal of 60 columns', () => {
    expect(draw(VIEW, 60)).toEqual([
      'digits  running                       1m 23s, about 52s left',
      '███████████████████████▍░░░░░░░░░░░░░░░░  14 of 24',
      '9 complete, 4 pruned, 1 failed, 2 running',
      'best  val_accuracy 0.9000  trial 0, step 9',
      'early stopping saved 40 of 160 steps (25 %)',
      '',
      'running  val_accuracy  step  curve       worker        lr  …',
      '     14        0.8000  3/10  ▂▅▇         worker-0  0.1852',
      '     15        0.4000  1/10  ▁           worker-1  0.1975',
      '',
      'rank  trial  val_accuracy   step  state          lr  …',
      '   1      0        0.9000  10/10  complete  0.01235',
      '   2      1        0.8900  10/10  complete  0.02469',
      '   3      2        0.8800  10/10  complete  0.03704',
      '   4      3        0.8700  10/10  complete  0.04938',
      '   5      4        0.8600  10/10  complete  0.06173',
      '... and 8 more ranked',
      '',
      'workers  2/2 busy  worker-0 1/1  worker-1 1/1',
    ]);
  });

  it('shows every parameter at 100 columns', () => {
    expect(draw(VIEW, 100)).toEqual([
      'digits  running                                                               1m 23s, about 52s left',
      '███████████████████████▍░░░░░░░░░░░░░░░░  14 of 24         9 complete, 4 pruned, 1 failed, 2 running',
      'best  val_accuracy 0.9000  trial 0, step 9               early stopping saved 40 of 160 steps (25 %)',
      '',
      'running  val_accuracy  step  curve                 worker        lr  depth  optimizer  momentum',
      '     14        0.8000  3/10  ▂▅▇                   worker-0  0.1852      3        sgd         -',
      '     15        0.4000  1/10  ▁                     worker-1  0.1975      4        sgd         -',
      '',
      'rank  trial  val_accuracy   step  state          lr  depth  optimizer  momentum  curve',
      '   1      0        0.9000  10/10  complete  0.01235      1        sgd         -  ▁▄▇█',
      '   2      1        0.8900  10/10  complete  0.02469      2        sgd         -  ▁▄▇█',
      '   3      2        0.8800  10/10  complete  0.03704      3        sgd         -  ▁▄▇█',
      '   4      3        0.8700  10/10  complete  0.04938      4        sgd         -  ▁▄▇█',
      '   5      4        0.8600  10/10  complete  0.06173      1        sgd         -  ▁▄▇█',
      '... and 8 more ranked',
      '',
      'workers  2/2 busy  worker-0 1/1  worker-1 1/1',
    ]);
  });

  it('says what the best of repeated configurations is ranked by, and where to look closer while there is a fleet', () => {
    const repeats = (complete: number) => ({ of: 0, complete, wanted: 3, mean: 0.85 });
    const seen = (complete: number, state = study().state): string[] => {
      const best = trial(0, { repeats: repeats(complete) });
      return draw({ ...VIEW, board: board({ study: study({ best, state }) }), dashboard: 'http://127.0.0.1:7071' }, 60);
    };
    expect(seen(2)[3]).toBe('best  val_accuracy 0.8500  trial 0, mean of 2 of 3 repeats');
    expect(seen(3)[3]).toBe('best  val_accuracy 0.8500  trial 0, mean of 3 repeats');
    expect(seen(3).at(-1)).toBe('look closer at http://127.0.0.1:7071');
    expect(seen(3, 'STUDY_STATE_FINISHED').join()).not.toContain('look closer');
  });

  it('keeps what belongs together together on a very wide terminal', () => {
    const wide = draw(VIEW, 200);
    expect(Math.max(...wide.map(textWidth))).toBeLessThanOrEqual(120);
  });

  it('counts what a low terminal does not show, in the running trials and in the board', () => {
    const rows = Array.from({ length: 30 }, (_, number) => ({ rank: number + 1, trial: trial(number) }));
    const many = Array.from({ length: 20 }, (_, number) => running(40 + number, 0.5));
    const lines = draw({ ...VIEW, board: board({ rows, running: many }) }, 100, 23);
    expect(lines).toHaveLength(23);
    expect(lines.filter((line) => line.startsWith('...'))).toEqual([
      '... and 14 more running',
      '... and 24 more ranked',
    ]);
    expect(lines.at(-1)).toMatch(/^workers {2}2\/2 busy/);
  });

  it('says in full why nothing runs', () => {
    const notice = 'no attached worker has the data set mnist: start one with --datasets DIR';
    const lines = draw({ ...VIEW, board: board({ study: study({ notice }), running: [] }) }, 60);
    expect(lines.filter((line) => line.startsWith('!'))).toEqual([
      '! no attached worker has the data set mnist: start one with',
      '! --datasets DIR',
    ]);
  });

  it('says how to attach a worker when there is none', () => {
    const view = { ...VIEW, board: board({ workers: [] }), attachHint: 'assay worker --coordinator 127.0.0.1:7070' };
    expect(draw(view, 100).at(-1)).toBe('no worker is attached: assay worker --coordinator 127.0.0.1:7070');
  });

  it('shows the newest failure and that the coordinator is away', () => {
    const failure = { trial: 7, reason: 'out of memory' };
    const lines = draw({ ...VIEW, failure, away: 'no coordinator at 127.0.0.1:7070 (connection refused)' }, 100);
    expect(lines).toContain('! trial 7 failed: out of memory');
    expect(lines).toContain('! no coordinator at 127.0.0.1:7070 (connection refused); trying again');
  });

  it('says when nothing is heard of the coordinator, and why where that is known', () => {
    expect(draw({ ...VIEW, silentMs: 4_000 }, 100).join()).not.toContain('heard');
    expect(draw({ ...VIEW, silentMs: 7_000 }, 100)).toContain('! nothing was heard of the coordinator for 7s');
    const known = draw({ ...VIEW, silentMs: 7_000, away: 'it stands by' }, 100).join();
    expect(known).toContain('it stands by; trying again');
    expect(known).not.toContain('heard');
  });

  it('marks workers that are away or draining', () => {
    const workers = [worker('a', { connected: false }), worker('b', { draining: true, running: [] })];
    expect(draw({ ...VIEW, board: board({ workers }) }, 100).at(-1)).toBe(
      'workers  0/1 busy  a 1/1 away  b 0/1 draining',
    );
  });

  it('ends with the whole board, its time and its reason, and no workers', () => {
    const finished = study({
      state: StudyState.STUDY_STATE_FINISHED,
      notice: 'all 24 trials done',
      finishedAtMs: START_MS + 107_000,
      counts: TrialCounts.create({ complete: 15, pruned: 9 }),
    });
    const lines = draw({ ...VIEW, board: board({ study: finished, running: [] }) }, 100);
    expect(lines[0]).toMatch(/^digits {2}finished {2}all 24 trials done +in 1m 47s$/);
    expect(lines[1]).toMatch(/^█{40} {2}24 of 24 +15 complete, 9 pruned$/);
    expect(lines.join('\n')).not.toContain('workers');
  });

  it('shows a diverged curve without spoiling the scale of the others', () => {
    const view = { ...VIEW, board: board({ running: [running(14, 0.5, Number.NaN), running(15, 0.5, 0.9)] }) };
    const lines = draw(view, 100);
    expect(lines.find((line) => line.startsWith('     14'))).toMatch(/NaN {2}2\/10 {2}▁×/);
    expect(lines.find((line) => line.startsWith('     15'))).toContain('▁█');
  });

  it('never lets a name from a worker speak to the terminal', () => {
    const evil = 'a\u001b[2Jb\nc';
    const view = { ...VIEW, board: board({ workers: [worker(evil)], study: study({ notice: evil }) }) };
    expect(draw(view, 100).filter((line) => line.includes('\u001b') || line.includes('\n'))).toEqual([]);
  });

  it('never exceeds its columns and rows, whatever it shows', () => {
    const words = fc.string({ unit: 'grapheme', maxLength: 50 });
    fc.assert(
      fc.property(
        fc.record({
          columns: fc.integer({ min: 20, max: 200 }),
          rows: fc.integer({ min: 1, max: 60 }),
          ranked: fc.integer({ min: 0, max: 40 }),
          runs: fc.integer({ min: 0, max: 40 }),
          values: fc.array(fc.double(), { maxLength: 300 }),
          words,
          budgetTrials: fc.integer({ min: 0, max: 1e6 }),
        }),
        ({ columns, rows, ranked, runs, values, words, budgetTrials }) => {
          const view: View = {
            board: board({
              study: study({ id: words, notice: words, metric: words, budgetTrials, params: [words, 'lr', 'depth'] }),
              rows: Array.from({ length: ranked }, (_, number) => ({
                rank: number + 1,
                trial: trial(number, { reports: reports(...values) }),
              })),
              running: Array.from({ length: runs }, (_, number) => running(number, ...values)),
              workers: [worker(words)],
            }),
            nowMs: START_MS,
            away: words,
          };
          const lines = draw(view, columns, rows);
          expect(lines.length).toBeLessThanOrEqual(rows);
          for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
        },
      ),
      { numRuns: 300 },
    );
  });
});
