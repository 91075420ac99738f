import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { Follower } from '../coordinator.js';
import type { Event } from '../core/events.js';
import type { ClusterNames } from './names.js';

/** The number of the event in the log, from 1: the same event always has the same one. */
export const POSITION = 'Assay-Position';
/** Set, to "payload too large", where the event did not fit into a message and the message is empty. */
export const OMITTED = 'Assay-Omitted';

const HEADER_BYTES = 4096;

/** A {@link Follower} that publishes, and can repeat what a predecessor may not have come to publish. */
export interface EventPublisher extends Follower {
  /** @param last the position of the last of these events */
  publish(events: readonly Event[], last: number): void;
}

/**
 * Publishes every event after its append, on `assay.CLUSTER.events.STUDY.TYPE`, as JSON. Who subscribes hears of nothing
 * that the log does not hold. It hears of an event once as a rule, of some twice after a change of leaders, and of none
 * that came while it was not there: the position says which. `Nats-Msg-Id` holds the position too, so that a stream that
 * captures these subjects keeps each event once.
 */
export function createEventPublisher(connection: NatsConnection, names: ClusterNames, logger: Logger): EventPublisher {
  const publish = (event: Event, position: number): void => {
    const hdrs = headers();
    hdrs.set(POSITION, String(position));
    hdrs.set('Nats-Msg-Id', `${names.logStream}:${position}`);
    let text = JSON.stringify(event);
    if (Buffer.byteLength(text) + HEADER_BYTES > (connection.info?.max_payload ?? 0)) {
      hdrs.set(OMITTED, 'payload too large');
      text = '';
    }
    connection.publish(names.eventSubject(event.study, event.type), text, { headers: hdrs });
  };
  const publishAll = (events: readonly Event[], last: number): void => {
    try {
      for (const [i, event] of events.entries()) publish(event, last - events.length + 1 + i);
    } catch (error) {
      // The connection is being closed. The events are in the log; whoever missed them sees the gap.
      logger.warn({ err: error }, 'live events could not be published');
    }
  };
  return {
    events: (events, { state }) => publishAll(events, state.events),
    committed() {},
    publish: publishAll,
  };
}
