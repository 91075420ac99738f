import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { counterIn } from '../../telemetry/process-metrics.js';
import type { CommitTimes } from '../coordinator.js';
import type { Extent } from '../event-log/port.js';
import type { Census } from './census.js';
import { Tally } from './tally.js';

/** What is looked at when somebody asks, and not before. */
export interface Looked {
  readonly leads: boolean;
  /** Of who leads. */
  readonly census: Census | undefined;
  /** Undefined where the log does not answer. */
  readonly extent: Extent | undefined;
  /** The last batch that this one has. */
  readonly head: number;
}

/** Seconds, for what waits for a disk or a network. */
const WAITS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds, for what only computes. */
const THINKS = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

/**
 * The coordinator's figures. Labels have few values that are known beforehand: no study, worker or trial is one, because
 * their names come from outside and never end. What happens often is counted in plain numbers ({@link Tally}) and given to
 * the registry when it is read; only times go into histograms as they come.
 *
 * @param look is asked once for each reading
 * @returns what is to follow the coordinator
 */
export function createMetrics(registry: Registry, look: () => Promise<Looked>): Tally {
  const registers = [registry];
  const assign = new Histogram({
    name: 'assay_assign_seconds',
    help: 'From the coming in of what freed or filled a slot to the departure of the assignment, commit included.',
    buckets: WAITS,
    registers,
  });
  const commit = new Histogram({
    name: 'assay_commit_seconds',
    help: 'Until a batch of events is durable in the log.',
    buckets: WAITS,
    registers,
  });
  const suggestion = new Histogram({
    name: 'assay_suggestion_seconds',
    help: 'How long the sampler takes for one proposal.',
    buckets: THINKS,
    registers,
  });
  const observe = (times: CommitTimes, assignments: number): void => {
    if (times.events > 0) commit.observe((times.durableAt - times.decidedAt) / 1000);
    for (const { beganAt, endedAt } of times.suggestions) suggestion.observe((endedAt - beganAt) / 1000);
    if (assignments === 0) return;
    const seconds = (performance.now() - times.askedAt) / 1000;
    for (let i = 0; i < assignments; i += 1) assign.observe(seconds);
  };
  const tally = new Tally(observe);
  addCounters(registers, tally);
  addGauges(registers, look);
  return tally;
}

function addCounters(registers: Registry[], tally: Tally): void {
  const counter = counterIn(registers);
  const counters = (name: string, help: string, label: string, values: Readonly<Record<string, number>>): void => {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [key, value] of Object.entries(values)) this.inc({ [label]: key }, value);
      },
    });
  };
  counter('assay_trials_proposed_total', 'Trials that were proposed, re-runs included.', () => tally.proposed);
  counters('assay_trials_ended_total', 'Trials that came to a final state.', 'state', tally.trialsEnded);
  counters('assay_attempts_ended_total', 'Attempts that ended, by how.', 'end', tally.attemptsEnded);
  counter('assay_reports_total', 'Reports of steps (epochs) that were recorded.', () => tally.reports);
  counter('assay_steps_saved_total', 'Steps (epochs) that pruned trials were spared.', () => tally.stepsSaved);
  counter('assay_events_total', 'Events that were written to the log.', () => tally.eventsWritten);
}

function addGauges(registers: Registry[], look: () => Promise<Looked>): void {
  // All gauges of one reading show the same moment.
  let looking: Promise<Looked> | undefined;
  const lookOnce = (): Promise<Looked> => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const gauge = (name: string, help: string, value: (looked: Looked) => number | undefined): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const found = value(await lookOnce());
        if (found === undefined) this.remove();
        else this.set(found);
      },
    });
  };
  const gauges = (
    name: string,
    help: string,
    label: string,
    values: (census: Census) => Readonly<Record<string, number>>,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      async collect() {
        const { census } = await lookOnce();
        this.reset();
        if (census === undefined) return;
        for (const [key, value] of Object.entries(values(census))) this.set({ [label]: key }, value);
      },
    });
  };
  gauge('assay_leader', '1 for the coordinator that leads, 0 for one that starts or stands by.', ({ leads }) =>
    Number(leads),
  );
  gauges('assay_studies', 'Studies by state.', 'state', ({ studies }) => studies);
  gauges('assay_trials', 'Trials of all studies by state, re-runs left out.', 'state', ({ trials }) => trials);
  gauges('assay_workers', 'Workers by state: attached, draining, quarantined, or away.', 'state', (c) => c.workers);
  gauges(
    'assay_slots',
    'Slots of attached workers: busy, idle, or closed (draining, quarantined).',
    'state',
    (c) => c.slots,
  );
  gauge('assay_leases', 'Attempts that hold a lease.', ({ census }) => census?.leases);
  gauge('assay_log_head', 'Number of the last batch of the log.', ({ extent }) => extent?.head);
  gauge('assay_log_events', 'Events of the log.', ({ census }) => census?.events);
  gauge('assay_log_bytes', 'What the log takes where it is stored.', ({ extent }) => extent?.bytes);
  gauge('assay_standby_lag_batches', 'Batches of the log that a standby has not taken over yet.', (looked) => {
    const { leads, extent, head } = looked;
    return leads || extent === undefined ? undefined : Math.max(0, extent.head - head);
  });
}
