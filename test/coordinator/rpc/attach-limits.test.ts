import { describe, expect, it } from 'vitest';
import { fromAttach, fromProgress } from '../../../coordinator/rpc/convert.js';
import { Attach, Outcome, Progress } from '../../../proto/index.js';

const good = Attach.create({ workerId: 'w', name: 'worker', slots: 1, labels: { zone: 'west' } });

describe('what a worker says of itself', () => {
  it('is taken when it is of a sensible size', () => {
    expect(fromAttach(good)).toMatchObject({ id: 'w', name: 'worker', labels: { zone: 'west' } });
  });

  it.each([
    ['no id', { workerId: '' }, 'worker_id is empty'],
    ['a long id', { workerId: 'w'.repeat(101) }, 'worker_id has 101 characters, at most 100 are possible'],
    ['a long name', { name: 'n'.repeat(101) }, 'name has 101 characters'],
    [
      'a name that moves the cursor',
      { name: '\u001b[2J' },
      String.raw`name "\u001b[2J" must not hold control characters`,
    ],
    ['a name of two lines', { name: 'a\nb' }, 'must not hold control characters'],
    ['no slots', { slots: 0 }, 'slots 0 must be from 1 to 10000'],
    ['very many slots', { slots: 10_001 }, 'slots 10001 must be'],
    [
      'many labels',
      { labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, ''])) },
      'labels has 65 entries, at most 64',
    ],
    ['a label that is a path', { labels: { '../x': '' } }, 'a label is called "../x": it must begin with'],
    ['a long label', { labels: { zone: 'w'.repeat(256) } }, 'label zone has 256 characters, at most 255'],
    ['a long backend', { backend: 'b'.repeat(256) }, 'backend has 256 characters'],
    ['a long reason', { backendReason: 'b'.repeat(1_001) }, 'backend_reason has 1001 characters'],
    ['many objectives', { objectives: Array.from({ length: 65 }, () => 'x') }, 'objectives has 65 entries'],
    ['a long data set', { datasets: ['d'.repeat(256)] }, 'datasets has 256 characters'],
    ['many GPUs', { gpus: Array.from({ length: 1_025 }, () => ({ id: '0' })) }, 'gpus has 1025 entries'],
    ['a GPU of two lines', { gpus: [{ id: '0', name: 'a\rb' }] }, 'must not hold control characters'],
    ['many attempts', { running: Array.from({ length: 20_001 }, () => ({})) }, 'running has 20001 entries'],
  ])('is refused when it has %s, in words that name the limit', (_, part, message) => {
    expect(() => fromAttach(Attach.create({ ...good, ...part }))).toThrow(message);
  });
});

describe('what attempts did', () => {
  const attempt = { study: 's', trial: 0, attempt: 1 };

  it('has so many metrics in a report, with names of so many characters', () => {
    const metrics = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`m${i}`, i]));
    const progress = (metrics: Record<string, number>) =>
      Progress.create({ sequence: 1, reports: [{ attempt, report: { step: 1, metrics } }] });
    expect(() => fromProgress('w', progress(metrics))).toThrow('a report has 101 metrics, at most 100 are possible');
    expect(() => fromProgress('w', progress({ ['m'.repeat(201)]: 1 }))).toThrow("a metric's name has 201 characters");
  });

  it('ends with one line of words, cut to a length that can be read', () => {
    const error = `\u001b[31mred\r\nlines${'!'.repeat(10_000)}`;
    const result = { attempt, outcome: Outcome.OUTCOME_FAILED, error };
    const [taken] = fromProgress('w', Progress.create({ sequence: 1, results: [result] })).results;
    expect(taken?.error).toMatch(/^ \[31mred lines!+…$/);
    expect(taken?.error.length).toBeLessThanOrEqual(4_000);
  });
});
