import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttemptRef, Outcome, type Progress } from '../../proto/index.js';
import { Outbox } from '../../worker/outbox.js';
import { ref } from './fake-coordinator.js';

function addReport(outbox: Outbox, attempt: AttemptRef, step: number): void {
  outbox.addReport({ attempt, report: { step, metrics: { value: step } } });
}

function addResult(outbox: Outbox, attempt: AttemptRef): void {
  outbox.addResult({ attempt, outcome: Outcome.OUTCOME_COMPLETED, error: '', durationMs: 1 });
}

/** Everything that there is to send now. */
function sendAll(outbox: Outbox): Progress[] {
  const messages: Progress[] = [];
  for (let message = outbox.next(); message !== undefined; message = outbox.next()) messages.push(message);
  return messages;
}

describe('the outbox', () => {
  it('has nothing to send at first', () => {
    const outbox = new Outbox();
    expect(outbox.next()).toBeUndefined();
    expect(outbox.empty).toBe(true);
  });

  it('puts what was added since the last message into one', () => {
    const outbox = new Outbox();
    const [a, b] = [ref(0), ref(1)];
    outbox.addStarted({ attempt: a, datasetDigest: 'abc' });
    addReport(outbox, a, 1);
    addReport(outbox, b, 7);
    addResult(outbox, b);
    const messages = sendAll(outbox);
    expect(messages).toMatchObject([
      { sequence: 1, reports: [{ attempt: a }, { attempt: b }], results: [{ attempt: b }] },
    ]);
    expect(messages[0]!.started).toEqual([{ attempt: a, datasetDigest: 'abc' }]);
  });

  it('puts at most 100 reports into a message, and results behind the last of them', () => {
    const outbox = new Outbox();
    const attempt = ref(0);
    for (let step = 1; step <= 250; step++) addReport(outbox, attempt, step);
    addResult(outbox, attempt);
    const messages = sendAll(outbox);
    expect(messages.map(({ reports }) => reports.length)).toEqual([100, 100, 50]);
    expect(messages.map(({ results }) => results.length)).toEqual([0, 0, 1]);
  });

  it('keeps a message until it is acknowledged, and tells whose results are durable', () => {
    const outbox = new Outbox();
    const [a, b] = [ref(0), ref(1)];
    for (const attempt of [a, b]) {
      addResult(outbox, attempt);
      sendAll(outbox);
    }
    expect(outbox.acknowledge(0)).toEqual([]);
    expect(outbox.acknowledge(1)).toEqual([a]);
    expect(outbox.unacknowledged.map(({ sequence }) => sequence)).toEqual([2]);
    expect(outbox.acknowledge(2)).toEqual([b]);
    expect(outbox.empty).toBe(true);
  });

  it('stops sending when 64 messages are out, and goes on with one large message after an acknowledgement', () => {
    const outbox = new Outbox();
    const attempt = ref(0);
    let sent = 0;
    for (let step = 1; step <= 100; step++) {
      addReport(outbox, attempt, step);
      sent += sendAll(outbox).length;
    }
    expect(sent).toBe(64);
    outbox.acknowledge(1);
    expect(sendAll(outbox).map(({ reports }) => reports.length)).toEqual([36]);
  });

  it('forgets an attempt, sent or not, and drops messages that held nothing else', () => {
    const outbox = new Outbox();
    const [a, b] = [ref(0), ref(1)];
    addReport(outbox, a, 1);
    sendAll(outbox);
    addReport(outbox, a, 2);
    addReport(outbox, b, 1);
    sendAll(outbox);
    addResult(outbox, a);
    outbox.forget(new Set([a]));
    expect(outbox.unacknowledged).toMatchObject([{ sequence: 2, reports: [{ attempt: b }] }]);
    expect(outbox.next()).toBeUndefined();
    addReport(outbox, b, 2);
    expect(outbox.next()!.sequence).toBe(3);
  });

  it('loses nothing, repeats nothing and keeps the order, whatever is added, lost with a stream, acknowledged or forgotten', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), fc.boolean(), (actions, loses) => check(actions, loses)),
    );
  });
});

type Action =
  | { readonly type: 'report' | 'result' | 'forget'; readonly trial: number }
  | { readonly type: 'send' | 'reconnect' }
  /** Of the messages that arrived, how many from the oldest are acknowledged. */
  | { readonly type: 'acknowledge'; readonly share: number };

const trial = fc.nat({ max: 4 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('report' as const), trial }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('result' as const), trial }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget' as const), trial }) },
  { weight: 3, arbitrary: fc.constant({ type: 'send' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reconnect' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('acknowledge' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
);

/** Plays the actions against a receiver that drops repetitions by their number, as a coordinator may. */
function check(actions: readonly Action[], loses: boolean): void {
  const outbox = new Outbox();
  const attempts = [0, 1, 2, 3, 4].map((number) => ref(number));
  const added = attempts.map(() => 0);
  const ended = attempts.map(() => false);
  const forgotten = attempts.map(() => false);
  const received = attempts.map((): (number | 'result')[] => []);
  let highest = 0;
  let onTheWire: Progress[] = [];
  const deliver = (message: Progress): void => {
    if (message.sequence <= highest) return;
    highest = message.sequence;
    for (const { attempt, report } of message.reports) received[attempt!.trial]!.push(report!.step);
    for (const { attempt } of message.results) received[attempt!.trial]!.push('result');
  };
  const send = (): void => void onTheWire.push(...sendAll(outbox));
  const arrive = (): void => {
    for (const message of onTheWire) deliver(message);
    onTheWire = [];
  };
  const reconnect = (): void => {
    // What was under way may be lost with the stream; all that is not acknowledged is sent again.
    if (!loses) arrive();
    onTheWire = [...outbox.unacknowledged];
  };
  for (const each of actions) {
    switch (each.type) {
      case 'report':
        if (ended[each.trial] || forgotten[each.trial]) break;
        added[each.trial]! += 1;
        addReport(outbox, attempts[each.trial]!, added[each.trial]!);
        break;
      case 'result':
        if (ended[each.trial] || forgotten[each.trial]) break;
        ended[each.trial] = true;
        addResult(outbox, attempts[each.trial]!);
        break;
      case 'forget':
        forgotten[each.trial] = true;
        outbox.forget(new Set([attempts[each.trial]!]));
        break;
      case 'send':
        send();
        break;
      case 'reconnect':
        reconnect();
        break;
      case 'acknowledge':
        arrive();
        outbox.acknowledge(Math.floor(highest * each.share));
        break;
    }
  }
  reconnect();
  // Every round sends and acknowledges up to 64 messages, so the first takes nearly all.
  for (let round = 0; round < 10 && !outbox.empty; round++) {
    send();
    arrive();
    outbox.acknowledge(highest);
  }
  expect(outbox.empty).toBe(true);
  for (const [number, steps] of received.entries()) {
    const all = Array.from({ length: added[number]! }, (_, i): number | 'result' => i + 1);
    if (ended[number]) all.push('result');
    // Of a forgotten attempt, what was received before is a beginning of it.
    expect(steps).toEqual(forgotten[number] ? all.slice(0, steps.length) : all);
  }
}
