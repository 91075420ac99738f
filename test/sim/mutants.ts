import type { LeaseEntry } from '../../coordinator/cluster/lease-entry.js';
import type { Coordinator, Follower } from '../../coordinator/coordinator.js';
import type { CreateStudy } from '../../coordinator/core/commands.js';
import type { Event } from '../../coordinator/core/events.js';
import type { Core } from '../../coordinator/core/transaction.js';
import { openMemoryLog } from '../../coordinator/event-log/memory.js';
import type { EventLog, Seq } from '../../coordinator/event-log/port.js';
import { decodeSnapshot, encodeSnapshot } from '../../coordinator/snapshots/format.js';
import { openMemorySnapshots } from '../../coordinator/snapshots/memory.js';
import type { SnapshotStore } from '../../coordinator/snapshots/port.js';
import type { Progress } from '../../proto/index.js';
import type { SessionOptions } from '../../worker/session.js';
import type { Disk } from './disk.js';
import type { SimProcess } from './sim-process.js';

/** The part of a coordinator that workers' sessions know. */
export type Door = Pick<Coordinator, 'post' | 'follow'>;

/**
 * Where a world can be made wrong on purpose, to see that the checkers notice. All of it wraps ports from outside: the
 * program under test knows nothing of it.
 */
export interface Mutant {
  log(log: EventLog, disk: Disk, process: SimProcess): EventLog;
  coordinator(coordinator: Coordinator, process: SimProcess): Door;
  viewer(coordinator: Coordinator): Coordinator;
  snapshots(store: SnapshotStore): SnapshotStore;
  create(command: CreateStudy): CreateStudy;
  connect(connect: SessionOptions['connect']): SessionOptions['connect'];
  lease(entry: LeaseEntry): LeaseEntry;
}

export const NO_MUTANT: Mutant = {
  log: (log) => log,
  coordinator: (coordinator) => coordinator,
  viewer: (coordinator) => coordinator,
  snapshots: (store) => store,
  create: (command) => command,
  connect: (connect) => connect,
  lease: (entry) => entry,
};

/** Wrong programs by name. */
export const MUTANTS: Readonly<Record<string, () => Partial<Mutant>>> = {
  'acknowledge-before-append': () => ({ log: acknowledgeBeforeAppend }),
  'no-expected-head': () => ({
    log: (log, disk) => ({
      ...log,
      // Nor does it look at the head: whatever came after its own replay stays unseen.
      read: (after) => (after === 0 ? log : openMemoryLog()).read(0),
      append: (events) => log.append(events, disk.records.length),
    }),
  }),
  // Believes that whoever holds the lease is alone, and writes behind whatever is there.
  'lease-is-the-fence': () => ({
    log: (log, disk) => ({ ...log, append: (events) => log.append(events, disk.records.length) }),
  }),
  'timeout-as-failure': () => ({ log: timeoutAsFailure }),
  'no-fencing': () => ({ coordinator: noFencing }),
  'ended-attempt-renewed': () => ({ coordinator: endedAttemptRenewed }),
  'lease-without-end': () => ({ coordinator: leaseWithoutEnd }),
  'outbox-lost-on-reconnect': () => ({ connect: outboxLostOnReconnect }),
  'budget-off-by-one': () => ({
    create: (command) => {
      const { trials } = command.spec.budget;
      if (trials === undefined) return command;
      return { ...command, spec: { ...command.spec, budget: { ...command.spec.budget, trials: trials + 1 } } };
    },
  }),
  'repetition-creates-again': () => {
    let count = 0;
    return {
      create: (command) => {
        count += 1;
        return { ...command, requestId: count % 2 === 0 ? '' : command.requestId };
      },
    };
  },
  'results-dropped': () => ({ coordinator: resultsDropped }),
  'view-ahead-of-log': () => ({ viewer: viewAheadOfLog }),
  'snapshot-lacks-a-report': () => ({ snapshots: withoutReport }),
  'log-not-as-decided': () => ({
    log: (log) => ({ ...log, append: (events, head) => log.append(events.map(nudged), head) }),
  }),
};

/** Programs that are wrong in what nothing may depend on: no checker has anything to say of them. */
export const HARMLESS: Readonly<Record<string, () => Partial<Mutant>>> = {
  'lease-held-by-all': () => ({ lease: heldByAll }),
};

/** All that can be asked for by name. */
export const MUTANT_NAMES: readonly string[] = [...Object.keys(MUTANTS), ...Object.keys(HARMLESS)];

export function createMutant(name: string | undefined): Mutant {
  if (name === undefined) return NO_MUTANT;
  const create = MUTANTS[name] ?? HARMLESS[name];
  if (create === undefined) throw new RangeError(`there is no mutant ${name}; known: ${MUTANT_NAMES.join(', ')}`);
  return { ...NO_MUTANT, ...create() };
}

function acknowledgeBeforeAppend(log: EventLog, _disk: Disk, process: SimProcess): EventLog {
  let before: Promise<unknown> = Promise.resolve();
  return {
    ...log,
    append: async (events, head) => {
      const copy = structuredClone(events) as Event[];
      before = before.then(() => log.append(copy, head));
      before.catch(() => {});
      await process.pause(0);
      return head + 1;
    },
  };
}

/** Whoever hears nothing of an append writes it again, wherever the head is now. */
function timeoutAsFailure(log: EventLog, disk: Disk): EventLog {
  const append = async (events: readonly Event[], head: Seq): Promise<Seq> => {
    try {
      return await log.append(events, head);
    } catch (error) {
      if (!String(error).includes('in time')) throw error;
      return append(events, disk.records.length);
    }
  };
  return { ...log, append };
}

/** Nobody ever hears that somebody else has the lease. */
function heldByAll(entry: LeaseEntry): LeaseEntry {
  return { ...entry, look: async () => undefined, write: async () => 1 };
}

/** Whatever attempt a report or a result names, the newest one is meant. */
function noFencing(coordinator: Coordinator): Door {
  const newest = new Map<string, number>();
  coordinator.follow({
    events: (events) => {
      for (const event of events) {
        if (event.type === 'AttemptStarted') newest.set(`${event.study}/${event.trial}`, event.attempt);
      }
    },
    committed: () => {},
  });
  const forged = <T extends { readonly study: string; readonly trial: number; readonly attempt: number }>(
    name: T,
  ): T => ({
    ...name,
    attempt: newest.get(`${name.study}/${name.trial}`) ?? name.attempt,
  });
  return {
    follow: (follower) => coordinator.follow(follower),
    post: (command, done) => {
      if (command.type !== 'RecordProgress') coordinator.post(command, done);
      else {
        const { started, reports, results } = command;
        const forgery = {
          ...command,
          started: started.map(forged),
          reports: reports.map(forged),
          results: results.map(forged),
        };
        coordinator.post(forgery, done);
      }
    },
  };
}

/** Whatever a worker holds goes on, whether it counts or not. */
function endedAttemptRenewed(coordinator: Coordinator): Door {
  return {
    follow: (follower) => coordinator.follow(follower),
    post: (command, done) =>
      coordinator.post(command, (outcome) => {
        const { reply } = outcome as {
          reply?: { continued?: readonly unknown[]; abandoned?: readonly unknown[] } | null;
        };
        if (!outcome.ok || reply?.abandoned === undefined) done(outcome);
        else {
          const continued = [...(reply.continued ?? []), ...reply.abandoned];
          done({ ...outcome, reply: { ...reply, continued, abandoned: [] } } as unknown as typeof outcome);
        }
      }),
  };
}

/** Whoever was ever attached is for ever taken to be heard of. */
function leaseWithoutEnd(coordinator: Coordinator, process: SimProcess): Door {
  const seen = new Set<string>();
  process.every(1_000, () => {
    for (const worker of seen) coordinator.post({ type: 'HearWorker', worker, holds: [] }, () => {});
  });
  return {
    follow: (follower) => coordinator.follow(follower),
    post: (command, done) => {
      if (command.type === 'AttachWorker') seen.add(command.profile.id);
      coordinator.post(command, done);
    },
  };
}

/** A new session sends nothing again: what was sent in an earlier one is taken to have arrived. */
function outboxLostOnReconnect(connect: SessionOptions['connect']): SessionOptions['connect'] {
  let sent = 0;
  return (events) => {
    const before = sent;
    const link = connect(events);
    const isLost = ({ sequence }: Progress): boolean => sequence <= before;
    return {
      close: (reason) => link.close(reason),
      send: (request) => {
        if (request.body?.$case === 'progress') {
          if (isLost(request.body.value)) return;
          sent = request.body.value.sequence;
        }
        link.send(request);
      },
    };
  };
}

/** Every fifth result is acknowledged and thrown away. */
function resultsDropped(coordinator: Coordinator): Door {
  let count = 0;
  return {
    follow: (follower) => coordinator.follow(follower),
    post: (command, done) => {
      if (command.type === 'RecordProgress' && command.results.length > 0) {
        count += 1;
        if (count % 5 === 0) {
          coordinator.post({ ...command, results: [] } as typeof command, done);
          return;
        }
      }
      coordinator.post(command, done);
    },
  };
}

/** Looks at the state at once, whatever is being written. */
function viewAheadOfLog(coordinator: Coordinator): Coordinator {
  let core: Core | undefined;
  const follower: Follower = {
    events: (_events, now) => {
      core = now;
    },
    committed: () => {},
  };
  coordinator.follow(follower);
  return new Proxy(coordinator, {
    get: (target, name) => {
      if (name === 'view') {
        return async <T>(look: (core: Core) => T): Promise<T> => (core === undefined ? target.view(look) : look(core));
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

/** Whole by its checksum, but the last report of its first trial is missing. */
function withoutReport(store: SnapshotStore): SnapshotStore {
  const at = async (): Promise<void> => {};
  return {
    put: (name, text) => store.put(name, text),
    list: () => store.list(),
    delete: (name) => store.delete(name),
    close: () => store.close(),
    get: async (name) => {
      const bytes = await store.get(name);
      if (bytes === undefined || !name.startsWith('study-')) return bytes;
      const [first, ...trials] = (await decodeSnapshot('study', bytes, at)) as [unknown, ...{ reports: unknown[] }[][]];
      trials[0]?.[0]?.reports.pop();
      const lines = [first, ...trials].map((line) => JSON.stringify(line));
      const copy = openMemorySnapshots();
      await copy.put(name, encodeSnapshot('study', lines, at));
      return copy.get(name);
    },
  };
}

function nudged(event: Event): Event {
  const x = event.type === 'TrialProposed' ? event.params['x'] : undefined;
  if (event.type !== 'TrialProposed' || typeof x !== 'number') return event;
  return { ...event, params: { ...event.params, x: x + 1e-9 } };
}
