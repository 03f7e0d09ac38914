import type { ReplicationFacts } from '../../../src/model/observation.ts';

/** What a master without slaves says of its replication, but for what is changed. */
export const masterReplication = (change: Partial<ReplicationFacts> = {}): ReplicationFacts => ({
  role: 'master',
  replicationId: 'id',
  masterHost: null,
  masterPort: null,
  linkStatus: null,
  dbStates: {},
  slaves: [],
  connectedSlaves: 0,
  binlog: {},
  safetyPurgeFile: {},
  eligibleForMasterElection: null,
  hasConnectStatus: false,
  ...change,
});
