import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Milliseconds between two looks at how late the event loop is. Each wakes the process. */
const LAG_PRECISION_MS = 20;

/** Costly to count, and of no use to anybody who watches over a fleet. */
const HANDLE_COUNTS = ['handles', 'requests', 'resources'].flatMap((what) => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
]);

/**
 * A registry with what every process of Node has: processor time, memory, garbage collection, how late its event loop is.
 *
 * @param what the name of the process's kind, such as `coordinator`
 */
export function createRegistry(what: string, version: string): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: LAG_PRECISION_MS });
  for (const name of HANDLE_COUNTS) register.removeSingleMetric(name);
  new Gauge({
    name: `assay_${what}_info`,
    help: 'Always 1; the label says which version runs.',
    labelNames: ['version'],
    registers: [register],
  }).set({ version }, 1);
  return register;
}

/** Adds counters of what is counted elsewhere, in plain numbers that are read when somebody asks. */
export function counterIn(registers: Registry[]): (name: string, help: string, value: () => number) => void {
  return (name, help, value) => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };
}
