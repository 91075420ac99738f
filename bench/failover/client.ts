import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import type { Progress, SessionRequest, SessionResponse } from '../../proto/index.js';
import { createConnect } from '../../worker/connect.js';
import { createInProcessRunner } from '../../worker/in-process-runner.js';
import type { Link, LinkEvents } from '../../worker/link.js';
import { createWorkerSession } from '../../worker/session.js';

/*
 * The load of the bench: WORKERS workers of SLOTS slots, with the real session and outbox, whose attempts take MS
 * milliseconds and report one value. It notes what the coordinators acknowledged, for the audit.
 *
 *   node client.js ADDRESSES WORKERS SLOTS MS FILE LOG
 *
 * FILE gets a line for each acknowledged result: study trial attempt; LOG what the workers log. While the parent watches, it is
 * told of every assignment.
 */

const [addresses = '', workers = '1', slots = '1', ms = '100', file = '', log = ''] = process.argv.slice(2);

/** What the parent is told. */
export interface Assigned {
  readonly at: number;
  /** When the session was attached that it came by. */
  readonly attachedAt: number;
}

let watched = false;
process.on('message', (message: { readonly watched: boolean }) => {
  watched = message.watched;
});
process.once('disconnect', () => process.exit(0));

const runner = createInProcessRunner(async (_, hooks) => {
  hooks.started('');
  hooks.report(1, { value: Math.random() });
  await pause(Number(ms) * (0.5 + Math.random()));
});
const logger = pino({ level: 'debug' }, pino.destination({ dest: log, sync: true }));

for (let i = 0; i < Number(workers); i += 1) {
  const profile = {
    workerId: `load-${i}`,
    name: `load-${i}`,
    slots: Number(slots),
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
  void createWorkerSession({
    profile,
    runner,
    logger: logger.child({ worker: i }),
    connect: noting(createConnect(addresses)),
  }).run();
}

/** A link that notes what goes over it. */
function noting(connect: (events: LinkEvents) => Link): (events: LinkEvents) => Link {
  // Results by the number of the message that they were sent in; a message that is sent again has its number again.
  const sent = new Map<number, Progress>();
  return (events) => {
    let attachedAt = Number.POSITIVE_INFINITY;
    const response = (message: SessionResponse): void => {
      if (message.body?.$case === 'attached') attachedAt = Date.now();
      if (message.body?.$case === 'dispatch') {
        const { assignments, acknowledged } = message.body.value;
        if (watched && assignments.length > 0) process.send?.({ at: Date.now(), attachedAt } satisfies Assigned);
        note(sent, acknowledged);
      }
      events.response(message);
    };
    const link = connect({ response, closed: (why) => events.closed(why) });
    return {
      send: (request: SessionRequest) => {
        if (request.body?.$case === 'progress') sent.set(request.body.value.sequence, request.body.value);
        link.send(request);
      },
      close: (reason) => link.close(reason),
    };
  };
}

function note(sent: Map<number, Progress>, acknowledged: number): void {
  const lines: string[] = [];
  for (const [sequence, { results }] of sent) {
    if (sequence > acknowledged) break;
    sent.delete(sequence);
    for (const { attempt, outcome } of results) {
      if (outcome !== 'OUTCOME_COMPLETED' || attempt === undefined) continue;
      lines.push(`${attempt.study} ${attempt.trial} ${attempt.attempt}\n`);
    }
  }
  if (lines.length > 0) appendFileSync(file, lines.join(''));
}
