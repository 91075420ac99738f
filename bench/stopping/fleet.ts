import { History, type Pruner, type Sampler } from '../../search/index.js';
import { type Curve, EPOCHS, type Task } from './curves.js';

/** What one study came to, in virtual seconds. */
export interface Outcome {
  /** Until a configuration that passes the task's threshold had been trained to the end; infinite when none was. */
  readonly timeToThreshold: number;
  /** The best final accuracy at each time it got better. */
  readonly bests: readonly { readonly time: number; readonly accuracy: number }[];
  /** When the last event took place. */
  readonly end: number;
  readonly trials: number;
  readonly complete: number;
  readonly epochs: number;
}

export interface Limits {
  readonly workers: number;
  readonly mostTrials: number;
  /** The study goes on past its threshold until so many seconds have passed and so many trials are complete. */
  readonly seconds: number;
  readonly complete: number;
}

interface Running {
  readonly number: number;
  /** When its next epoch ends. */
  time: number;
  /** Epochs it has reported. */
  epoch: number;
  /** What is added to the curve's time. */
  readonly offset: number;
  curve: Curve;
}

const NOTHING: Curve = { seconds: [], accuracies: [] };

/** Trains a study's trials on workers that never wait; the same arguments give the same outcome. */
export async function runFleet(task: Task, sampler: Sampler, pruner: Pruner, limits: Limits): Promise<Outcome> {
  const history = new History('maximize', 'last');
  const queue = new Queue();
  const bests: { time: number; accuracy: number }[] = [];
  let timeToThreshold = Number.POSITIVE_INFINITY;
  let clock = 0;
  let trials = 0;
  let complete = 0;
  let epochs = 0;

  const begin = async () => {
    const number = trials;
    const suggestion = number < limits.mostTrials ? sampler.suggest(history, number) : undefined;
    if (suggestion === undefined) return;
    trials++;
    history.propose(number, suggestion.params, sampler.name, suggestion.draws);
    history.start(number);
    const curve = await task.train(suggestion.params, 1, NOTHING);
    queue.add({ number, epoch: 0, offset: clock, time: clock + curve.seconds[0]!, curve });
  };
  const goOn = async (running: Running) => {
    running.curve = await task.train(history.get(running.number)!.params, running.epoch + 1, running.curve);
    running.time = running.offset + running.curve.seconds[running.epoch]!;
    queue.add(running);
  };

  for (let worker = 0; worker < limits.workers; worker++) await begin();
  for (let next = queue.take(); next !== undefined; next = queue.take()) {
    clock = next.time;
    const accuracy = next.curve.accuracies[next.epoch++]!;
    epochs++;
    history.report(next.number, next.epoch, accuracy);
    if (next.epoch < EPOCHS) {
      if (!pruner.judge(history, next.number).prune) {
        await goOn(next);
        continue;
      }
      history.end(next.number, 'pruned', clock - next.offset);
    } else {
      history.end(next.number, 'complete', clock - next.offset);
      complete++;
      if (accuracy > (bests.at(-1)?.accuracy ?? 0)) bests.push({ time: clock, accuracy });
      if (accuracy >= task.threshold) timeToThreshold = Math.min(timeToThreshold, clock);
    }
    if (timeToThreshold < Number.POSITIVE_INFINITY && clock >= limits.seconds && complete >= limits.complete) break;
    await begin();
  }
  return { timeToThreshold, bests, end: clock, trials, complete, epochs };
}

/** The best final accuracy that an outcome had at some time, in percent. */
export function bestAt({ bests }: Outcome, time: number): number {
  let best = 0;
  for (const one of bests) if (one.time <= time) best = one.accuracy;
  return best;
}

/** Trials by the time of their next epoch, those of equal times by number: a binary heap. */
class Queue {
  readonly #items: Running[] = [];

  add(item: Running): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(item, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  take(): Running | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child++;
      if (!isBefore(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return first;
  }
}

function isBefore(a: Running, b: Running): boolean {
  return a.time < b.time || (a.time === b.time && a.number < b.number);
}
