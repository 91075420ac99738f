import type { Logger } from 'pino';
import type { EntranceConfig } from './access/entrance.js';
import type { NatsConfig } from './nats/connection.js';
import type { NoticeConfig } from './notices/notifier.js';

export interface CoordinatorConfig extends EntranceConfig {
  /** host:port to listen on; port 0 takes a free one. */
  readonly listen: string;
  /** Folder of the event log; created where it is missing. Not used in a cluster. */
  readonly state: string;
  /** The log is in NATS JetStream and shared with other coordinators, of which one leads. */
  readonly cluster?: ClusterConfig | undefined;
  /** How often workers are to be heard, in milliseconds; 10 s when absent. */
  readonly heartbeatMs?: number | undefined;
  /** How long a silent worker's attempts live, in milliseconds; 60 s when absent. */
  readonly leaseMs?: number | undefined;
  /** Largest artifact (weights, checkpoint, uploaded code) that is taken, in bytes; 1 GiB when absent. */
  readonly maxArtifactBytes?: number | undefined;
  /**
   * host:port of the dashboard; false for none. Absent: the usual one, or a free port of this machine where that is taken.
   */
  readonly http?: string | false | undefined;
  /** host:port at which health and figures are told from the process's first moment on; absent: the dashboard's alone. */
  readonly metrics?: string | undefined;
  /** Who is told of what happens; nobody when absent. */
  readonly notices?: NoticeConfig | undefined;
  readonly logger: Logger;
  /** Aborted: shut down in order. */
  readonly signal: AbortSignal;
  /** Called once the doors are open, with the address of each; no dashboard has none. */
  readonly onListening: (address: string, dashboard: string | undefined) => void;
}

/** A coordinator's place in a cluster. */
export interface ClusterConfig {
  /** Coordinators of one name share one log. */
  readonly name: string;
  readonly nats: NatsConfig;
  /** NATS servers that hold the log, for a stream that does not exist yet. */
  readonly replicas: number;
  /** Monitoring ports of the NATS servers, such as http://a:8222; none: their settings are not checked. */
  readonly monitors: readonly string[];
  /** host:port that workers and clients reach this coordinator at; the address it listens on when absent. */
  readonly advertise?: string | undefined;
}
