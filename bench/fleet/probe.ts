import Database from 'better-sqlite3';
import { Coordinator } from '../../coordinator/coordinator.js';
import type { Command } from '../../coordinator/core/commands.js';
import type { Outcome } from '../../coordinator/core/execute.js';
import { Outgoing } from '../../coordinator/rpc/outgoing.js';
import type { Dispatch } from '../../proto/index.js';
import { Meter } from './meter.js';

/*
 * Loaded into the coordinator's process before its program (`node --import`): measures, without a change to it, how long
 * workers wait inside it, from the moment that it holds their results until their next assignments are written, and how
 * long the log's commits take.
 */

const meter = new Meter();

/** When the results came whose outcome is being answered now. */
let answering: number | undefined;
/** Of sessions whose results are durable and who have nothing else yet: when those came. */
const waiting = new WeakMap<Outgoing, number>();

around<Coordinator, [Command, (outcome: Outcome) => void], void>(
  Coordinator.prototype,
  'post',
  (post, [command, done]) => {
    if (command.type !== 'RecordProgress' || command.results.length === 0) return post(command, done);
    const arrivedAt = performance.now();
    return post(command, (outcome) => {
      answering = arrivedAt;
      done(outcome);
      answering = undefined;
    });
  },
);

around<Outgoing, [number], void>(Outgoing.prototype, 'acknowledge', (acknowledge, [sequence], outgoing) => {
  if (answering !== undefined && !waiting.has(outgoing)) waiting.set(outgoing, answering);
  acknowledge(sequence);
});

around<Outgoing, [], Dispatch | undefined>(Outgoing.prototype, 'take', (take, _, outgoing) => {
  const dispatch = take();
  const arrivedAt = waiting.get(outgoing);
  if (arrivedAt !== undefined && dispatch !== undefined && dispatch.assignments.length > 0) {
    waiting.delete(outgoing);
    meter.took(performance.now() - arrivedAt);
  }
  return dispatch;
});

// Of what SQLite runs, only the log's appends happen while a study runs.
const statement = Object.getPrototypeOf(new Database(':memory:').prepare('SELECT 1')) as Database.Statement;
around<Database.Statement, unknown[], Database.RunResult>(statement, 'run', (run, parameters) => {
  const began = performance.now();
  const result = run(...parameters);
  meter.committed(performance.now() - began);
  return result;
});

/** Puts `advice` in the place of a method. It gets the method, bound, and what it was called with. */
function around<T extends object, A extends unknown[], R>(
  prototype: T,
  name: keyof T,
  advice: (method: (...args: A) => R, args: A, self: T) => R,
): void {
  const method = prototype[name] as unknown as (...args: A) => R;
  Object.defineProperty(prototype, name, {
    value(this: T, ...args: A): R {
      return advice((...own) => method.apply(this, own), args, this);
    },
  });
}
