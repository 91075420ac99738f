import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';

/** What was found to be wrong: a fault forbids to go on, a warning says what can be lost. */
export interface Finding {
  readonly fault?: string;
  readonly warning?: string;
}

const LEAST = [2, 10, 23] as const;
const RECOMMENDED = [2, 12, 0] as const;

/**
 * Whether acknowledged appends are safe with a server of this version. Below 2.10.23 a crash of the server's process lost
 * whole streams (fixed in 2.10.23), and 2.9.10 lost acknowledged appends in network partitions.
 */
export function checkServerVersion(version: string): Finding {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (parts === undefined || isBelow(parts, LEAST)) {
    return {
      fault: `NATS server ${version} may lose acknowledged results: before ${LEAST.join('.')} streams were lost in crashes and acknowledged appends in partitions; use ${RECOMMENDED.slice(0, 2).join('.')} or newer`,
    };
  }
  if (!isBelow(parts, RECOMMENDED)) return {};
  return {
    warning: `NATS server ${version} is older than ${RECOMMENDED.slice(0, 2).join('.')}, the least version that is recommended: faults of its replication that were repaired since can lose acknowledged results when several servers fail together`,
  };
}

function isBelow(version: readonly number[], least: readonly number[]): boolean {
  for (const [i, part] of least.entries()) {
    if (version[i]! !== part) return version[i]! < part;
  }
  return false;
}

/**
 * Whether a stream, as its server describes it, keeps everything that is appended to it. Read back instead of trusted,
 * because a server passes over settings that it does not know, and an operator may have made the stream.
 */
export function checkLogStream(config: StreamConfig, subject: string): Finding[] {
  const { name } = config;
  const faults: [boolean, string][] = [
    [config.storage !== StorageType.File, `it is kept in ${config.storage}: it is lost when its servers stop`],
    [config.retention !== RetentionPolicy.Limits, `its retention ${config.retention} deletes what was read`],
    [config.max_age > 0, `its max_age of ${config.max_age / 1e9} s deletes what is older`],
    [
      config.discard !== DiscardPolicy.New && (config.max_msgs > 0 || config.max_bytes > 0),
      'it discards the oldest batches when it is full',
    ],
    [(config.max_msgs_per_subject ?? -1) > 0, 'its max_msgs_per_subject deletes the oldest batches'],
    [config.sources !== undefined || config.mirror !== undefined, 'it is fed by another stream'],
    [
      config.subjects?.join() !== subject,
      `it takes the subjects ${config.subjects?.join(', ')} instead of ${subject} alone`,
    ],
    [config.sealed, 'it is sealed'],
    [config.first_seq > 1, `it begins at ${config.first_seq}, not at 1`],
    [
      config.persist_mode === 'async',
      'its persist_mode async acknowledges what is not written yet: a crash loses acknowledged results',
    ],
  ];
  const warnings: [boolean, string][] = [
    [
      config.num_replicas === 1,
      'it has 1 replica: when that NATS server stops the search stops, and when its disk is lost the log is lost; use 3',
    ],
    [config.num_replicas === 2, 'it has 2 replicas: it stops when either of its NATS servers stops, as with 1; use 3'],
    [!config.deny_delete || !config.deny_purge, 'it can be purged: whoever may manage it can delete results'],
  ];
  const said = (kind: 'fault' | 'warning') => (checks: typeof faults) =>
    checks.filter(([wrong]) => wrong).map(([, words]): Finding => ({ [kind]: `stream ${name}: ${words}` }));
  return [...said('fault')(faults), ...said('warning')(warnings)];
}
