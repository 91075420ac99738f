import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordProgress } from '../../../coordinator/core/commands.js';
import { ranksOf } from '../../../coordinator/core/views.js';
import { spec, worker } from '../core/scenario.js';
import { followUntil, get, openPage, type Served, serve, shown } from './live-study.js';

let served: Served;
beforeEach(async () => {
  served = await serve();
});
afterEach(() => served.close());

const attempt = (trial: number, number = 1) => ({ study: 'digits', trial, attempt: number });

async function progress(changes: Partial<RecordProgress>): Promise<void> {
  const command = { type: 'RecordProgress', worker: 'w1', started: [], reports: [], saved: [], results: [] } as const;
  await served.coordinator.submit({ ...command, ...changes });
}

async function report(trial: number, step: number, value: number, number = 1): Promise<void> {
  await progress({ reports: [{ ...attempt(trial, number), step, metrics: { value } }] });
}

async function end(
  trial: number,
  outcome: 'completed' | 'failed' | 'handed_back' = 'completed',
  number = 1,
): Promise<void> {
  await progress({ results: [{ ...attempt(trial, number), outcome, error: outcome === 'failed' ? 'boom' : '' }] });
}

async function begin(overrides: Parameters<typeof spec>[0] = {}): Promise<void> {
  await served.coordinator.submit({
    type: 'CreateStudy',
    requestId: '',
    spec: spec({ budget: { trials: 6 }, ...overrides }),
    source: 'name: digits',
    drawnSeed: 1,
  });
  await served.coordinator.submit({ type: 'AttachWorker', profile: worker('w1', { slots: 2 }), holds: [] });
}

const position = (): Promise<number> => served.coordinator.view(({ state }) => state.events);

describe('a page that follows a study', () => {
  it('shows after every change what a page shows that opens then', async () => {
    await begin();
    const page = await openPage(served, 'digits');
    await report(0, 1, 0.5);
    await report(1, 1, 0.7);
    await end(0);
    await report(1, 2, 0.9);
    await end(1);
    const at = await position();
    await followUntil(served, page, () => at);
    expect(shown(page)).toEqual(shown(await openPage(served, 'digits')));
    expect(page.ranked.map(({ number }) => number)).toEqual([1, 0]);
  });

  it('is told a long story, and what happened while it was told, in order', async () => {
    const MANY = 250;
    await begin({ budget: { trials: MANY + 20 } });
    const page = await openPage(served, 'digits');
    for (let trial = 0; trial < MANY; trial += 1) {
      for (let step = 1; step <= 4; step += 1) await report(trial, step, ((trial * 37) % 101) / step);
      await end(trial);
    }
    let over = false;
    const meanwhile = (async () => {
      for (let step = 1; !over; step += 1) {
        await report(MANY, step, step);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const first = await position();
    await followUntil(served, page, () => first + 30);
    over = true;
    await meanwhile;
    const last = await position();
    if (page.position < last) await followUntil(served, page, () => last);
    expect(shown(page)).toEqual(shown(await openPage(served, 'digits')));
  });

  it('ranks as the coordinator does, equal values alike', async () => {
    await begin();
    const page = await openPage(served, 'digits');
    for (const [trial, value] of [0.5, 0.7, 0.7, 0.1, 0.7, 0.5].entries()) {
      await report(trial, 1, value);
      await end(trial);
    }
    const at = await position();
    await followUntil(served, page, () => at);
    const ranks = await served.coordinator.view(({ state }) => ranksOf(state.studies.get('digits')!));
    expect(page.trials.map((trial) => page.rankOf(trial))).toEqual([4, 1, 1, 6, 1, 4]);
    expect(page.trials.map(({ number }) => ranks.get(number))).toEqual([4, 1, 1, 6, 1, 4]);
  });

  it('misses nothing and doubles nothing when it comes back after a broken connection', async () => {
    await begin();
    const page = await openPage(served, 'digits');
    await report(0, 1, 0.5);
    const first = await position();
    await followUntil(served, page, () => first);
    await report(0, 2, 0.6);
    await report(1, 1, 0.1);
    await end(1, 'failed');
    await report(0, 3, 0.4);
    await end(0);
    const second = await position();
    await followUntil(served, page, () => second);
    expect(shown(page)).toEqual(shown(await openPage(served, 'digits')));
    expect(page.curves?.get(0)?.values).toEqual([0.5, 0.6, 0.4]);
  });

  it('is told of a curve that begins anew with another attempt', async () => {
    await begin();
    const page = await openPage(served, 'digits');
    let at = Number.POSITIVE_INFINITY;
    const following = followUntil(served, page, () => at);
    await expect.poll(() => page.version).toBeGreaterThan(1);
    await report(0, 1, 0.5);
    await expect.poll(() => page.curves?.get(0)?.steps.length).toBe(1);
    await report(0, 2, 0.6);
    await end(0, 'handed_back');
    await report(0, 1, 0.3, 2);
    at = await position();
    // One more, so that the stream has something to say after we know where to stop.
    await report(1, 1, 0.2);
    await following;
    expect(page.curves?.get(0)?.values).toEqual([0.3]);
    expect(page.trials[0]?.attempts).toHaveLength(2);
  });

  it('keeps what it is told while its curves are still on their way', async () => {
    await begin();
    const page = await openPage(served, 'digits');
    page.curves = undefined;
    const stale = await get<Parameters<typeof page.setCurves>[0]>(`${served.address}/api/studies/digits/curves`);
    await report(0, 1, 0.5);
    const at = await position();
    await followUntil(served, page, () => at);
    page.setCurves(stale);
    expect(page.curves).toEqual(new Map([[0, { steps: [1], values: [0.5] }]]));
  });

  it('ranks the repeats of a configuration anew when one of them ends', async () => {
    await begin({ repeats: 2, budget: { trials: 4 }, parallel: 2 });
    const page = await openPage(served, 'digits');
    await report(0, 1, 0.9);
    await end(0);
    const first = await position();
    await followUntil(served, page, () => first);
    const repeat = page.trials.find(({ number, repeats }) => number !== 0 && repeats !== null && repeats[1] === 1)!;
    await report(repeat.number, 1, 0.1);
    await end(repeat.number);
    const second = await position();
    await followUntil(served, page, () => second);
    expect(page.trials[0]?.repeats).toEqual([0.5, 2, 2]);
    expect(shown(page)).toEqual(shown(await openPage(served, 'digits')));
  });

  it('is let go, and nothing else happens, when its study cannot be read', async () => {
    await begin();
    const page = await openPage(served, 'digits');
    const following = followUntil(served, page, () => Number.POSITIVE_INFINITY);
    await expect.poll(() => page.version).toBeGreaterThan(1);
    const { coordinator } = served;
    const { view } = coordinator;
    coordinator.view = () => Promise.reject(new Error('the disk does not answer'));
    await report(0, 1, 0.5);
    // The stream ends; a rejection that nobody takes would fail this test.
    await following;
    coordinator.view = view;
    const at = await position();
    await followUntil(served, page, () => at);
    expect(shown(page)).toEqual(shown(await openPage(served, 'digits')));
  });

  it('gets many changes as few messages', async () => {
    await begin({ objective: { kind: 'null', config: { steps: 500 } } });
    const page = await openPage(served, 'digits');
    for (let step = 1; step <= 500; step += 1) await report(0, step, step / 500);
    const at = await position();
    expect(await followUntil(served, page, () => at)).toBeLessThan(5);
    expect(page.curves?.get(0)?.steps).toHaveLength(500);
  });
});

describe('a change that a page asks for', () => {
  const act = async (path: string, body: object, headers: Record<string, string> = { 'x-assay-change': '1' }) => {
    const init = { method: 'POST', body: JSON.stringify(body), headers };
    const response = await fetch(`${served.address}/api/${path}`, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('is what the gRPC method of that name does', async () => {
    await begin();
    expect(await act('studies/digits/pause', {})).toMatchObject({ status: 200, body: { study: { state: 'paused' } } });
    expect(await act('studies/digits/resume', {})).toMatchObject({ body: { study: { state: 'running' } } });
    const adjusted = await act('studies/digits/adjust', { trials: { more: 4 }, parallel: 1 });
    expect(adjusted).toMatchObject({ status: 200, body: { study: { budgetTrials: 10, parallel: 1 } } });
    expect(await act('studies/digits/trials/0/stop', {})).toMatchObject({
      status: 200,
      body: { trial: { number: 0 } },
    });
    expect(await act('workers/w1/drain', {})).toMatchObject({ status: 200, body: { worker: { draining: true } } });
  });

  it('needs the header that only our own pages send', async () => {
    await begin();
    expect((await act('studies/digits/stop', {}, {})).status).toBe(403);
    const foreign = { 'x-assay-change': '1', origin: 'http://evil.example' };
    expect((await act('studies/digits/stop', {}, foreign)).status).toBe(403);
    expect((await get<{ study: { state: string } }>(`${served.address}/api/studies/digits/table`)).study.state).toBe(
      'running',
    );
  });

  it('is refused in words, with the faults of a search file at their positions', async () => {
    await begin();
    const spec = 'name: x\nbudget: {trials: 0}\n';
    const { status, body } = await act('studies', { spec });
    expect(status).toBe(400);
    expect(body['error']).toMatchObject({ code: 'invalid' });
    const { faults } = body['error'] as { faults: { line: number; column: number; path: string }[] };
    expect(faults).toContainEqual(expect.objectContaining({ line: 2, column: 18, path: 'budget.trials' }));
    for (const [path, wrong, message] of [
      ['adjust', { trials: { more: 0 } }, 'trials.more: must be at least 1, not 0'],
      ['adjust', { parallel: 'all' }, 'parallel: must be a number, not "all"'],
      [
        'adjust',
        { trails: 3 },
        'the body: unknown key "trails"; known here: requestId, trials, timeMs, parallel, priority',
      ],
      ['pause', { surprise: 1 }, 'the body: unknown key "surprise"; known here: none'],
      ['pause', [], 'the body: must be a mapping, not []'],
    ] as const) {
      expect(await act(`studies/digits/${path}`, wrong)).toMatchObject({ status: 400, body: { error: { message } } });
    }
    expect((await act('studies/nope/pause', {})).status).toBe(404);
  });
});

describe('the routes', () => {
  it('answer with one error where there is no such study, trial or path', async () => {
    await begin();
    for (const [path, message] of [
      ['studies/nope/table', 'there is no study nope: the latest are digits'],
      ['studies/digits/trials/99', 'study digits has no trial 99: its trials are 0 to 1'],
      ['studies/digits/trials/x', 'trial "x" must be a whole number'],
      ['nothing', 'there is nothing at /api/nothing'],
    ]) {
      const response = await fetch(`${served.address}/api/${path}`);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(((await response.json()) as { error: { message: string } }).error.message).toBe(message);
    }
  });

  it('answer no other host than this machine: a name that was bound to it by others is refused', async () => {
    const { port } = new URL(served.address);
    const status = await new Promise<number | undefined>((resolve) => {
      request({ host: '127.0.0.1', port, path: '/api/studies', headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  it('let pages load nothing from elsewhere and run nothing inline', async () => {
    const response = await fetch(`${served.address}/api/studies`);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
  });
});
