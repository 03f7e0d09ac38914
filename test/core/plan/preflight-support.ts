import {
  emptyContext,
  type PreflightContext,
  type PreflightInput,
} from '../../../src/core/plan/preflight.ts';
import type { PreflightMaster, PreflightNode } from '../../../src/core/plan/preflight-servers.ts';
import { capabilitiesOf } from '../../../src/engines/pika/capabilities.ts';
import type { Capabilities } from '../../../src/model/capabilities.ts';
import type { JoinTarget, NodeTarget } from '../../../src/model/expansion.ts';
import type {
  Address,
  ConfigFacts,
  Look,
  NodeFacts,
  ReplicationFacts,
  ServerFacts,
  StatsFacts,
} from '../../../src/model/observation.ts';
import { defaultPolicy, type Policy } from '../../../src/model/policy.ts';
import type { AgentSight } from '../../../src/model/views/agent.ts';

export const now = Date.UTC(2026, 10, 22, 12);

const addressOf = (name: string): Address => {
  const colon = name.lastIndexOf(':');
  return { host: name.slice(0, colon), port: Number(name.slice(colon + 1)) };
};

/** The parts of a server that a test wants otherwise than healthy. */
export interface ServerChanges {
  readonly version?: string;
  readonly look?: Look;
  /** What the agent on its host tells. */
  readonly sight?: AgentSight;
  readonly contestedAgents?: readonly string[];
  readonly seenAs?: Address;
  readonly server?: Partial<ServerFacts>;
  readonly replication?: Partial<ReplicationFacts>;
  readonly stats?: Partial<StatsFacts>;
  readonly config?: Partial<ConfigFacts> | null;
  readonly facts?: Partial<NodeFacts>;
  readonly without?: readonly (keyof NodeFacts)[];
}

function factsOf(name: string, changes: ServerChanges): NodeFacts {
  const version = changes.version ?? '3.5.4';
  const reported = version === '4.0.1' ? '4.0.0' : version;
  const is33 = version.startsWith('3.3');
  const facts: NodeFacts = {
    server: {
      reportedVersion: reported,
      processId: 1 + addressOf(name).port,
      uptimeSeconds: 1000,
      runId: is33 ? null : `run-of-${name}`,
      tcpPort: (changes.seenAs ?? addressOf(name)).port,
      ...changes.server,
    },
    replication: {
      role: 'master',
      replicationId: is33 || version === '3.5.0' ? null : '',
      masterHost: null,
      masterPort: null,
      linkStatus: null,
      dbStates: {},
      slaves: [],
      connectedSlaves: 0,
      binlog: { db0: { file: 0, offset: 0 } },
      safetyPurgeFile: { db0: null },
      eligibleForMasterElection: version === '3.5.5' || version === '4.0.1' ? true : null,
      hasConnectStatus: false,
      ...changes.replication,
    },
    stats: {
      bgsaving: false,
      scanningKeyspace: false,
      compacting: false,
      opsPerSecond: 0,
      replInputBytes: is33 ? null : 0,
      replOutputBytes: is33 ? null : 0,
      commandsProcessed: 1,
      ...changes.stats,
    },
    ...(!is33 && { lastSaveUnixSeconds: 1 }),
    holdsKeys: false,
    ...(changes.config !== null && {
      config: {
        databases: 1,
        dbInstanceNum: null,
        binlogFileSizeBytes: 104_857_600,
        throttleBytesPerSecond: 207_200_000,
        expireLogsNums: 10,
        expireLogsDays: 7,
        slaveReadOnly: true,
        masterauthSet: false,
        masterauthMatchesMaster: null,
        requirepassSet: false,
        requirepassMatchesLogin: null,
        ...changes.config,
      },
    }),
    ...changes.facts,
  };
  return Object.fromEntries(
    Object.entries(facts).filter(([key]) => !changes.without?.includes(key as keyof NodeFacts)),
  );
}

function seen(name: string, changes: ServerChanges): { look: Look; capabilities: Capabilities | null } {
  if (changes.look) return { look: changes.look, capabilities: null };
  const facts = factsOf(name, changes);
  const look: Look = { kind: 'answered', at: now, tookMs: 1, facts };
  const { sight, contestedAgents } = changes;
  const told: Look = {
    ...look,
    ...(sight ? { sight } : {}),
    ...(contestedAgents ? { contestedAgents } : {}),
  };
  return { look: told, capabilities: capabilitiesOf(facts) };
}

function targetOf(name: string, changes: ServerChanges): NodeTarget {
  const address = addressOf(name);
  return { name, address, seenAs: changes.seenAs ?? address, credential: null };
}

/** A healthy empty 3.5.4 master, but for the changes. */
export function aMaster(changes: ServerChanges = {}, name = '10.0.0.1:9221'): PreflightMaster {
  return {
    target: targetOf(name, changes),
    ...seen(name, {
      ...changes,
      replication: { binlog: { db0: { file: 3, offset: 500 } }, ...changes.replication },
      facts: { holdsKeys: true, ...changes.facts },
    }),
  };
}

/** A healthy empty 3.5.4 node, but for the changes. */
export function aNode(
  name = '10.0.0.2:9221',
  changes: ServerChanges = {},
  permits: Partial<Pick<JoinTarget, 'overwriteData' | 'repoint'>> = {},
): PreflightNode {
  return {
    target: { ...targetOf(name, changes), overwriteData: false, repoint: false, ...permits },
    ...seen(name, changes),
  };
}

/** What a slave of that master says of its replication. */
export const slaveOf = (host: string, port: number, changes: Partial<ReplicationFacts> = {}) =>
  ({
    role: 'slave',
    masterHost: host,
    masterPort: port,
    linkStatus: 'up',
    dbStates: { db0: 'Connected' },
    connectedSlaves: null,
    ...changes,
  }) satisfies Partial<ReplicationFacts>;

export interface RequestChanges {
  readonly master?: PreflightMaster;
  readonly nodes?: readonly PreflightNode[];
  readonly policy?: Partial<Policy>;
  readonly context?: Partial<PreflightContext>;
}

export function aRequest(changes: RequestChanges = {}): PreflightInput & { policy: Policy } {
  return {
    master: changes.master ?? aMaster(),
    nodes: changes.nodes ?? [aNode()],
    policy: { ...defaultPolicy, ...changes.policy },
    context: { ...emptyContext, ...changes.context },
  };
}
