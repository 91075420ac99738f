import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { Coordinator } from '../../../coordinator/coordinator.js';
import { apply, emptyState, type State } from '../../../coordinator/core/state.js';
import { leaderboardView, studyView, trialView } from '../../../coordinator/core/views.js';
import { type MemoryStore, openMemoryLog } from '../../../coordinator/event-log/memory.js';
import type { EventLog } from '../../../coordinator/event-log/port.js';
import { openMemorySnapshots } from '../../../coordinator/snapshots/memory.js';
import type { SnapshotStore } from '../../../coordinator/snapshots/port.js';
import { type SnapshotOptions, Snapshots } from '../../../coordinator/snapshots/snapshots.js';
import { plain } from '../../sim/checkers/replay.js';
import { spec, worker } from '../core/scenario.js';

/** What outlives a coordinator. */
let records: MemoryStore;
let texts: Map<string, string>;
/** Batches that were read, over all logs. */
let batchesRead: number;
let warnings: string[];
beforeEach(() => {
  records = [];
  texts = new Map();
  batchesRead = 0;
  warnings = [];
});

function openLog(): EventLog {
  const log = openMemoryLog(records);
  return {
    ...log,
    async *read(after) {
      for await (const batch of log.read(after)) {
        batchesRead += 1;
        yield batch;
      }
    },
  };
}

/** One coordinator's life. */
class Life {
  readonly coordinator: Coordinator;
  readonly snapshots: Snapshots;

  private constructor(coordinator: Coordinator, snapshots: Snapshots) {
    this.coordinator = coordinator;
    this.snapshots = snapshots;
  }

  static async begin(options: Partial<SnapshotOptions> = {}): Promise<Life> {
    const log = openLog();
    const logger = pino({ level: 'warn' }, { write: (line) => warnings.push(line) });
    const snapshots = new Snapshots({ store: openMemorySnapshots(texts), log, logger, ...options });
    const coordinator = await Coordinator.open({
      log,
      from: await snapshots.restore(),
      bodies: snapshots,
      leaseMs: 60_000,
      clock: () => 1000,
      onFailure: (error) => {
        throw error;
      },
    });
    await snapshots.lead(coordinator);
    return new Life(coordinator, snapshots);
  }

  /** Runs a study of three trials to its end, or only as far as its last trial's first report. */
  async study(name: string, ends = true): Promise<void> {
    const { coordinator } = this;
    await coordinator.submit({ type: 'AttachWorker', profile: worker(`w-${name}`), holds: [] });
    await coordinator.submit({
      type: 'CreateStudy',
      requestId: `request-${name}`,
      spec: spec({ name }),
      source: '',
      drawnSeed: 1,
    });
    for (let trial = 0; trial < 3; trial += 1) {
      const attempt = { study: name, trial, attempt: 1 };
      const last = trial === 2 && !ends;
      await coordinator.submit({
        type: 'RecordProgress',
        worker: `w-${name}`,
        started: [],
        reports: [1, 2].map((step) => ({ ...attempt, step, metrics: { value: trial + step / 10 } })),
        saved: [],
        results: last ? [] : [{ ...attempt, outcome: 'completed', error: '' }],
      });
    }
  }

  state(): Promise<unknown> {
    return this.coordinator.view(({ state }) => {
      // All of it, so that what is away comes back.
      for (const study of state.studies.values()) study.trials.at(0);
      return plain(state);
    });
  }

  async away(): Promise<string[]> {
    return this.coordinator.view(({ state }) =>
      [...state.studies.values()].filter(({ body }) => body === undefined).map(({ id }) => id),
    );
  }
}

async function replay(): Promise<State> {
  const state = emptyState();
  for await (const { events } of openMemoryLog(records).read(0)) for (const event of events) apply(state, event);
  return state;
}

describe('a coordinator that begins with a snapshot', () => {
  it('knows what the log says, and reads only what came after it', async () => {
    const first = await Life.begin();
    await first.study('a');
    await first.study('b', false);
    await first.snapshots.take();
    await first.study('c');
    const length = records.length;
    const second = await Life.begin();
    expect(batchesRead).toBeLessThan(length);
    expect(await second.state()).toEqual(plain(await replay()));
    await second.study('d');
    expect(await second.state()).toEqual(plain(await replay()));
    expect(warnings).toEqual([]);
  });

  it('answers the repetition of a request that was made before it', async () => {
    const first = await Life.begin();
    await first.study('a');
    await first.snapshots.take();
    const { coordinator } = await Life.begin();
    const outcome = await coordinator.submit({
      type: 'CreateStudy',
      requestId: 'request-a',
      spec: spec({ name: 'a' }),
      source: '',
      drawnSeed: 2,
    });
    expect(outcome).toMatchObject({ ok: true, reply: { study: 'a' }, events: [] });
  });

  it('does not write again what has not changed, and deletes what it replaces', async () => {
    const { snapshots, coordinator } = await Life.begin();
    const life = await Life.begin();
    await life.study('a');
    await life.snapshots.take();
    const before = new Map(texts);
    await life.study('b');
    await life.snapshots.take();
    const names = [...texts.keys()];
    expect(names.filter((name) => name.startsWith('state-'))).toEqual([`state-${records.length}`]);
    const [kept] = [...before.keys()].filter((name) => name.startsWith('study-'));
    expect(texts.get(kept!)).toBe(before.get(kept!));
    expect(names).toHaveLength(3);
    await coordinator.settled();
    await snapshots.close();
  });

  it('holds one moment, whatever happens while it is written down', async () => {
    let waiting: (() => void)[] = [];
    const breathe = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
    const life = await Life.begin({ breathe });
    await life.study('a', false);
    const then = plain(await replay());
    const length = records.length;
    const taking = life.snapshots.take();
    await life.coordinator.view(() => {});
    await life.coordinator.submit({
      type: 'RecordProgress',
      worker: 'w-a',
      started: [],
      reports: [{ study: 'a', trial: 2, attempt: 1, step: 9, metrics: { value: 9 } }],
      saved: [],
      results: [{ study: 'a', trial: 2, attempt: 1, outcome: 'completed', error: '' }],
    });
    let done = false;
    void taking.then(() => {
      done = true;
    });
    while (!done) {
      for (const resolve of waiting) resolve();
      waiting = [];
      await new Promise(setImmediate);
    }
    records.length = length;
    expect(await (await Life.begin()).state()).toEqual(then);
    expect(warnings).toEqual([]);
  });
});

describe('a snapshot that cannot be used is passed over', () => {
  const damages: Record<string, (text: string) => string> = {
    'cut off': (text) => text.slice(0, text.length - 40),
    'without its end': (text) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1),
    changed: (text) => text.replace('"sampler"', '"samplex"').replace('"value":0.1', '"value":0.2'),
    'of another version': (text) => text.replace('"format":1', '"format":2'),
    empty: () => '',
  };

  it.each(Object.keys(damages))('one of the state that is %s', async (damage) => {
    const first = await Life.begin();
    await first.study('a');
    await first.snapshots.take();
    const name = `state-${records.length}`;
    const damaged = damages[damage]!(texts.get(name)!);
    expect(damaged).not.toBe(texts.get(name));
    texts.set(name, damaged);
    const second = await Life.begin();
    expect(await second.state()).toEqual(plain(await replay()));
    expect(warnings.join()).toContain('cannot be used');
    expect(texts.has(name)).toBe(false);
  });

  it.each(Object.keys(damages))('one of a study that is %s', async (damage) => {
    const first = await Life.begin();
    await first.study('a');
    await first.study('b');
    await first.snapshots.take();
    for (const [name, text] of texts) if (name.startsWith('study-')) texts.set(name, damages[damage]!(text));
    const second = await Life.begin();
    expect(await second.away()).toEqual(['a', 'b']);
    expect(await second.state()).toEqual(plain(await replay()));
    expect(warnings.join()).toContain('read from the log');
  });

  it('one of another log, also when that is as long', async () => {
    const first = await Life.begin();
    await first.study('a');
    await first.snapshots.take();
    records = [];
    await (await Life.begin()).study('other');
    const shorter = await Life.begin();
    expect(await shorter.state()).toEqual(plain(await replay()));

    await first.snapshots.take();
    records.push(...records.map((record) => record.replaceAll('other', 'again')));
    const longer = await Life.begin();
    expect(await longer.state()).toEqual(plain(await replay()));
    expect(await longer.coordinator.view(({ state }) => [...state.studies.keys()])).toEqual(['other', 'again']);
  });

  it('a store that cannot be read', async () => {
    const broken = (): never => {
      throw new Error('input/output error');
    };
    const store: SnapshotStore = { ...openMemorySnapshots(), list: broken, get: broken };
    await (await Life.begin()).study('a');
    expect(await (await Life.begin({ store })).state()).toEqual(plain(await replay()));
  });

  it('one that cannot be read now, which is left alone', async () => {
    const first = await Life.begin();
    await first.study('a');
    await first.snapshots.take();
    const names = [...texts.keys()];
    const store: SnapshotStore = { ...openMemorySnapshots(texts), get: () => new Promise(() => {}) };
    const second = await Life.begin({ store, patienceMs: 5 });
    expect(await second.state()).toEqual(plain(await replay()));
    expect(warnings.join()).toContain('did not come within');
    expect([...texts.keys()]).toEqual(names);
  });

  it('a store that cannot be written: the coordinator goes on', async () => {
    const store: SnapshotStore = {
      ...openMemorySnapshots(),
      put: () => Promise.reject(new Error('no space left on device')),
    };
    const life = await Life.begin({ store, leastEvents: 1 });
    await life.study('a');
    await life.snapshots.take();
    expect(await life.state()).toEqual(plain(await replay()));
    expect(warnings.join()).toContain('could not be written');
  });
});

describe('a study that has finished', () => {
  const parked = async (...names: string[]): Promise<Life> => {
    const life = await Life.begin();
    for (const name of names) await life.study(name);
    await life.study('runs', false);
    await life.snapshots.take();
    await life.snapshots.sweep();
    await life.snapshots.sweep();
    return life;
  };

  it('leaves memory when it is in a snapshot and nobody has used it since the last look', async () => {
    const life = await Life.begin();
    await life.study('a');
    await life.snapshots.sweep();
    await life.snapshots.sweep();
    expect(await life.away()).toEqual([]);
    await life.snapshots.take();
    await life.snapshots.sweep();
    await life.coordinator.view(({ state }) => state.studies.get('a')!.trials.length);
    await life.snapshots.sweep();
    expect(await life.away()).toEqual([]);
    await life.snapshots.sweep();
    expect(await life.away()).toEqual(['a']);
  });

  it('is listed without being read, and shows its board, its trials and their curves when they are asked for', async () => {
    const { coordinator, away } = await parked('a', 'b').then((life) => ({
      coordinator: life.coordinator,
      away: () => life.away(),
    }));
    expect(await away()).toEqual(['a', 'b']);
    const listed = await coordinator.view(({ state, fleet }) =>
      [...state.studies.values()].map((study) => studyView(study, fleet).best?.value?.value),
    );
    expect(listed).toEqual([2.2, 2.2, 1.2]);
    expect(await away()).toEqual(['a', 'b']);
    const board = await coordinator.view(({ state, fleet }) =>
      leaderboardView(state, fleet, state.studies.get('a')!, 0),
    );
    expect(board.rows.map(({ item }) => item.number)).toEqual([2, 1, 0]);
    expect(await away()).toEqual(['b']);
    // Two at once that are away.
    const curves = await (await parked('x', 'y')).coordinator.view(({ state }) =>
      ['x', 'y'].map((id) => trialView(state.studies.get(id)!, state.studies.get(id)!.trials[1]!).reports.length),
    );
    expect(curves).toEqual([2, 2]);
  });

  it('takes commands as if it had never left', async () => {
    const life = await parked('a');
    const rerun = await life.coordinator.submit({ type: 'RerunTrial', requestId: 'r', study: 'a', trial: 1 });
    expect(rerun).toMatchObject({ ok: true, reply: { trial: 3 } });
    const { snapshots } = life;
    await snapshots.sweep();
    const more = await life.coordinator.submit({
      type: 'AdjustStudy',
      requestId: 'm',
      study: 'a',
      trials: { more: 1 },
    });
    expect(more.ok).toBe(true);
    expect(await life.state()).toEqual(plain(await replay()));
  });

  it('keeps nobody waiting but who asks for it', async () => {
    await (await parked('a')).snapshots.close();
    let shut = false;
    const waiting: (() => void)[] = [];
    const breathe = (): Promise<void> => (shut ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve());
    const life = await Life.begin({ breathe });
    shut = true;
    const asked = [1, 2].map((trial) =>
      life.coordinator.submit({ type: 'RerunTrial', requestId: `r${trial}`, study: 'a', trial }),
    );
    await life.study('b');
    expect(await life.away()).toEqual(['a']);
    let isSettled = false;
    const settled = life.coordinator.settled().then(() => {
      isSettled = true;
    });
    await life.coordinator.view(() => {});
    await new Promise(setImmediate);
    expect(isSettled).toBe(false);
    shut = false;
    for (const resolve of waiting) resolve();
    await settled;
    expect(await Promise.all(asked)).toMatchObject([{ reply: { trial: 3 } }, { reply: { trial: 4 } }]);
    expect(await life.state()).toEqual(plain(await replay()));
  });

  it('hears a late result, and is deleted', async () => {
    const life = await parked('a', 'b');
    await life.coordinator.submit({
      type: 'RecordProgress',
      worker: 'w-a',
      started: [],
      reports: [],
      saved: [],
      results: [{ study: 'a', trial: 0, attempt: 1, outcome: 'failed', error: 'late' }],
    });
    expect(await life.coordinator.submit({ type: 'DeleteStudy', study: 'b' })).toMatchObject({ ok: true });
    expect(await life.state()).toEqual(plain(await replay()));
    await life.snapshots.take();
    expect([...texts.keys()].filter((name) => name.startsWith('study-'))).toHaveLength(2);
    expect(await (await Life.begin()).state()).toEqual(plain(await replay()));
  });

  it('is folded on when the log goes on with it after the snapshot', async () => {
    const life = await parked('a');
    await life.coordinator.submit({ type: 'RerunTrial', requestId: 'r', study: 'a', trial: 1 });
    const next = await Life.begin();
    expect(await next.away()).toEqual([]);
    expect(await next.state()).toEqual(plain(await replay()));
  });

  it('leaves again, the first that came back first, where more is looked at than is to be kept', async () => {
    let now = 0;
    const first = await parked('a', 'b', 'c');
    await first.snapshots.close();
    const life = await Life.begin({ mostKept: 6, clock: () => now });
    const look = (id: string): Promise<number> =>
      life.coordinator.view(({ state }) => state.studies.get(id)!.trials.length);
    for (const id of ['a', 'b', 'c']) {
      now += 60_000;
      await look(id);
      await life.coordinator.settled();
    }
    expect(await life.away()).toEqual(['a']);
  });
});

describe('snapshots are taken by themselves', () => {
  const taken = async (): Promise<void> => {
    while (![...texts.keys()].some((name) => name.startsWith('state-'))) await new Promise(setImmediate);
  };

  it('after so many events', async () => {
    const life = await Life.begin({ leastEvents: 20 });
    await life.study('a');
    expect(texts.size).toBe(0);
    await life.study('b');
    await taken();
  });

  it('when finished studies hold up memory', async () => {
    const life = await Life.begin({ mostUnsaved: 6 });
    await life.study('a');
    expect(texts.size).toBe(0);
    await life.study('b');
    await taken();
  });

  it('once after a start, when the log is long and has none', async () => {
    const first = await Life.begin();
    await first.study('a');
    const second = await Life.begin({ leastEvents: 10 });
    await second.coordinator.submit({
      type: 'CreateStudy',
      requestId: '',
      spec: spec({ name: 'b' }),
      source: '',
      drawnSeed: 1,
    });
    await second.snapshots.take();
    expect([...texts.keys()].some((name) => name.startsWith('state-'))).toBe(true);
  });
});
