import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import type { SessionResponse } from '../../proto/index.js';
import { createInProcessRunner, type InProcessHooks } from '../../worker/in-process-runner.js';
import { type Link, type LinkEvents, openLink } from '../../worker/link.js';
import { createWorkerSession } from '../../worker/session.js';
import type { Load } from './messages.js';
import { Meter } from './meter.js';

/*
 * Many workers in one process, each with a connection, a session and an outbox of its own as a real one has. Only what they
 * run is none: trials that report and take their time.
 *
 *   node client.js LOAD
 */

const load = JSON.parse(process.argv[2]!) as Load;
const meter = new Meter();
process.once('disconnect', () => process.exit(0));

/** Workers that attach at a time: more would only wait in the queue of the listening socket. */
const AT_A_TIME = 50;
/** Reports that a trial in a hurry makes in one turn of the event loop. */
const REPORTS_A_TURN = 100;

const logger = pino({ level: 'silent' });
let attached = 0;
for (let i = 0; i < load.workers; i += AT_A_TIME) {
  const numbers = Array.from({ length: Math.min(AT_A_TIME, load.workers - i) }, (_, k) => load.first + i + k);
  await Promise.all(numbers.map(startWorker));
}
process.send?.({ attached });

/** Resolves when it is attached for the first time. */
function startWorker(number: number): Promise<void> {
  const name = `fleet-${number}`;
  /** When slots of this worker became free, the oldest first. */
  const freeSince: number[] = [];
  const runner = createInProcessRunner(async (_, hooks) => {
    const startedAt = performance.now();
    const since = freeSince.shift();
    if (since !== undefined) {
      meter.took(startedAt - since);
      meter.idle(startedAt - since);
    }
    hooks.started('');
    await runTrial(hooks, startedAt);
    const endedAt = performance.now();
    meter.busy(endedAt - startedAt);
    freeSince.push(endedAt);
  });
  const profile = {
    workerId: name,
    name,
    slots: load.slots,
    labels: {},
    backend: 'none',
    backendReason: '',
    objectives: ['null'],
    datasets: [],
    version: 'bench',
    gpus: [],
    codeSources: [],
    memoryBytes: 0,
  };
  return new Promise((resolve) => {
    const onAttached = (): void => {
      attached += 1;
      resolve();
    };
    void createWorkerSession({ profile, runner, logger, connect: watching(onAttached) }).run();
  });
}

/** Opens links that tell when they are attached. */
function watching(onAttached: () => void): (events: LinkEvents) => Link {
  return (events) =>
    openLink(
      load.address,
      {
        response: (response: SessionResponse) => {
          if (response.body?.$case === 'attached') onAttached();
          events.response(response);
        },
        closed: (why) => events.closed(why),
      },
      load.access,
    );
}

async function runTrial({ report, signal }: InProcessHooks, startedAt: number): Promise<void> {
  const tookMs = load.trialMs * (1 + load.jitter * (2 * Math.random() - 1));
  if (tookMs === 0) {
    for (let step = 1; step <= load.reports && !signal.aborted; step += 1) {
      report(step, { value: Math.random() });
      if (step % REPORTS_A_TURN === 0) await new Promise(setImmediate);
    }
    return;
  }
  const until = async (ms: number): Promise<void> => {
    const left = startedAt + ms - performance.now();
    if (left > 0) await pause(left, undefined, { signal }).catch(() => undefined);
  };
  for (let step = 1; step <= load.reports && !signal.aborted; step += 1) {
    await until((tookMs * step) / load.reports);
    report(step, { value: Math.random() });
  }
  await until(tookMs);
}
