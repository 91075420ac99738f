import { createHistogram, type Histogram } from 'node:perf_hooks';
import { ASK, type Figures, type Times } from './messages.js';

/** Answers the parent's questions for this process's figures. */
export class Meter {
  /** Microseconds. */
  readonly #times = createHistogram();
  readonly #commits = createHistogram();
  #cpu = process.cpuUsage();
  #busyMs = 0;
  #idleMs = 0;

  constructor() {
    process.on('message', (message) => {
      if (message === ASK) process.send?.(this.#take());
    });
  }

  took(ms: number): void {
    this.#times.record(Math.max(1, Math.round(ms * 1000)));
  }

  committed(ms: number): void {
    this.#commits.record(Math.max(1, Math.round(ms * 1000)));
  }

  busy(ms: number): void {
    this.#busyMs += ms;
  }

  idle(ms: number): void {
    this.#idleMs += ms;
  }

  #take(): Figures {
    const { user, system } = process.cpuUsage(this.#cpu);
    const figures = {
      cpuMs: (user + system) / 1000,
      rssBytes: process.memoryUsage.rss(),
      times: timesOf(this.#times),
      commits: timesOf(this.#commits),
      busyMs: this.#busyMs,
      idleMs: this.#idleMs,
    };
    this.#cpu = process.cpuUsage();
    this.#busyMs = 0;
    this.#idleMs = 0;
    this.#times.reset();
    this.#commits.reset();
    return figures;
  }
}

function timesOf(histogram: Histogram): Times {
  const { count, max } = histogram;
  if (count === 0) return { count, median: 0, p99: 0, max: 0 };
  const at = (percent: number): number => histogram.percentile(percent) / 1000;
  return { count, median: at(50), p99: at(99), max: max / 1000 };
}
