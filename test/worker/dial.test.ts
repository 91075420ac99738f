import { beforeEach, describe, expect, it } from 'vitest';
import type { SessionRequest, SessionResponse } from '../../proto/index.js';
import { createDial } from '../../worker/dial.js';
import type { Closed, Link, LinkEvents } from '../../worker/link.js';
import { Timeline } from '../sim/timeline.js';

const ATTACH = { body: { $case: 'drain', value: {} } } as SessionRequest;
const ATTACHED = { body: { $case: 'dispatch', value: {} } } as unknown as SessionResponse;

/** A coordinator that a worker has dialled. */
interface Asked {
  readonly address: string;
  readonly events: LinkEvents;
  readonly heard: SessionRequest[];
  hungUp: boolean;
}

let timeline: Timeline;
let asked: Asked[];
let closed: Closed[];
let answers: SessionResponse[];
let connect: (events: LinkEvents) => Link;
beforeEach(() => {
  timeline = new Timeline();
  [asked, closed, answers] = [[], [], []];
  connect = dialOf('a', 'b', 'c');
});

function dialOf(...addresses: string[]): (events: LinkEvents) => Link {
  return createDial({
    addresses,
    random: () => 1,
    clock: {
      after(ms, task) {
        let off = false;
        timeline.at(timeline.now + ms, () => off || task());
        return () => {
          off = true;
        };
      },
    },
    open(address, events) {
      const one: Asked = { address, events, heard: [], hungUp: false };
      asked.push(one);
      return {
        send: (request) => one.heard.push(request),
        close: (reason) => {
          one.hungUp = true;
          events.closed({ reason, retry: true });
        },
      };
    },
  });
}

function dial(): Link {
  const link = connect({ response: (response) => answers.push(response), closed: (why) => closed.push(why) });
  link.send(ATTACH);
  return link;
}

const addresses = (): string[] => asked.map(({ address }) => address);
function until(ms: number): Promise<void> {
  timeline.at(ms, () => {});
  return timeline.run(() => timeline.now >= ms);
}
const refuse = (one: Asked, leader?: string): void => one.events.closed({ reason: 'no', retry: true, leader });

describe('dialling several coordinators', () => {
  it('asks the next one beside one that says nothing, and stays with the first that answers', async () => {
    const link = dial();
    expect(addresses()).toEqual(['a']);
    await until(1_500);
    expect(addresses()).toEqual(['a', 'b']);
    await until(9_000);
    expect(addresses()).toEqual(['a', 'b', 'c']);
    for (const { heard } of asked) expect(heard).toEqual([ATTACH]);
    asked[1]!.events.response(ATTACHED);
    expect(asked.map(({ hungUp }) => hungUp)).toEqual([true, false, true]);
    link.send(ATTACH);
    expect(asked.map(({ heard }) => heard.length)).toEqual([1, 2, 1]);
    expect(answers).toEqual([ATTACHED]);
    expect(closed).toEqual([]);
  });

  it('goes at once to the one that is said to lead, and to the next one where nobody knows', () => {
    dial();
    refuse(asked[0]!, 'c');
    expect(addresses()).toEqual(['a', 'c']);
    refuse(asked[1]!);
    expect(addresses()).toEqual(['a', 'c', 'b']);
    expect(asked[2]!.heard).toEqual([ATTACH]);
    expect(closed).toEqual([]);
    refuse(asked[2]!, 'z');
    expect(addresses().at(-1)).toBe('z');
  });

  it('ends once nobody is left to ask, and begins with whom the last one named', () => {
    dial();
    for (const leader of [undefined, undefined, 'b']) refuse(asked.at(-1)!, leader);
    expect(closed).toEqual([{ reason: 'no', retry: true, leader: 'b' }]);
    dial();
    expect(addresses()).toEqual(['a', 'b', 'c', 'b']);
  });

  it('follows a coordinator that it did not know from the only one that it knows, and comes back to that one', () => {
    connect = dialOf('a');
    dial();
    refuse(asked[0]!, 'z');
    refuse(asked[1]!);
    dial();
    expect(addresses()).toEqual(['a', 'z', 'a']);
  });

  it('ends at once where trying again would end the same way, and hangs up on everybody', async () => {
    dial();
    await until(1_500);
    asked[1]!.events.closed({ reason: 'no token', retry: false });
    expect(closed).toEqual([{ reason: 'no token', retry: false }]);
    expect(asked[0]!.hungUp).toBe(true);
    await until(60_000);
    expect(addresses()).toEqual(['a', 'b']);
  });

  it('hangs up on everybody when the worker does, and says so once', async () => {
    const link = dial();
    await until(1_500);
    link.close('enough');
    expect(asked.map(({ hungUp }) => hungUp)).toEqual([true, true]);
    expect(closed).toEqual([{ reason: 'enough', retry: true }]);
  });

  it('ends with the one that it stayed with', () => {
    dial();
    asked[0]!.events.response(ATTACHED);
    refuse(asked[0]!, 'c');
    expect(closed).toEqual([{ reason: 'no', retry: true, leader: 'c' }]);
    dial();
    expect(addresses()).toEqual(['a', 'c']);
  });
});
