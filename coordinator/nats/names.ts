/** A cluster's name: a part of every stream's and subject's name, so letters, digits, _ and - alone. */
export const CLUSTER_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

/**
 * What a cluster calls its things on NATS. Several clusters may share the servers; a cluster is its coordinators and the
 * one log that they follow.
 */
export interface ClusterNames {
  /** The stream of the event log, and its one subject. */
  readonly logStream: string;
  readonly logSubject: string;
  /** The bucket of the leader's lease, and its one key. */
  readonly leaseBucket: string;
  readonly leaseKey: string;
  /** The bucket of tokens, one key each. */
  readonly tokenBucket: string;
  /** The bucket of artifacts. */
  readonly artifactBucket: string;
  /** The bucket of snapshots. */
  readonly snapshotBucket: string;
  /** Subject of live events of one type in one study. */
  eventSubject(study: string, type: string): string;
}

export function clusterNames(cluster: string): ClusterNames {
  return {
    logStream: `ASSAY_${cluster}_LOG`,
    logSubject: `assay.${cluster}.log`,
    leaseBucket: `ASSAY_${cluster}_LEASE`,
    leaseKey: 'leader',
    tokenBucket: `ASSAY_${cluster}_TOKENS`,
    artifactBucket: `ASSAY_${cluster}_ARTIFACTS`,
    snapshotBucket: `ASSAY_${cluster}_SNAPSHOTS`,
    // A dot would begin a new token of the subject, so a study's own dots are written as in a URL.
    eventSubject: (study, type) => `assay.${cluster}.events.${study.replaceAll('.', '%2E')}.${type}`,
  };
}
