import { expect } from 'vitest';
import type { ReadAgents } from '../../../src/admission/sights.ts';
import type { CredentialSource } from '../../../src/engines/engine.ts';
import type { Control, ControlVerb, Expansion, JoinPhase } from '../../../src/model/expansion.ts';
import type { Hooks } from '../../../src/model/hooks.ts';
import type { PolicyInput } from '../../../src/model/policy.ts';
import type { JoinTarget } from '../../../src/model/targets.ts';
import type { CrashPoint } from '../../../src/platform/crash-points.ts';
import { type Cluster, createCluster, type SimulatedVersion } from '../../../src/simulator/index.ts';
import type { Compare } from '../../../src/work/expansion/session.ts';
import { fill, MB, virtualService } from '../../scheduling/virtual-service.ts';

export const minute = 60_000;

interface Setting {
  readonly version?: SimulatedVersion;
  readonly nodes?: readonly string[];
  /** Of the nodes; default: the master's. */
  readonly slaves?: SimulatedVersion;
  readonly databases?: number;
  /** db-sync-path of the nodes lies on another mount than db-path. */
  readonly onAnotherMount?: boolean;
  /** Of all nodes; each has a host of its own. Else each has a port of its own. */
  readonly port?: number;
  readonly policy?: PolicyInput;
  /** After this time; absent = at once. */
  readonly startsInMs?: number;
  readonly credentials?: CredentialSource;
  /** What agents tell of the simulated nodes; absent = none do. */
  readonly agents?: (cluster: Cluster) => ReadAgents | Promise<ReadAgents>;
  readonly compare?: (cluster: Cluster) => Compare;
  readonly hooks?: Hooks;
  /** Of the nodes; default: not permitted. */
  readonly overwriteData?: boolean;
  readonly isProtected?: (node: JoinTarget) => boolean;
  readonly mayBegin?: (underWay: number) => boolean;
  /** Where the first worker dies; absent = nowhere. */
  readonly diesAt?: CrashPoint;
  /** Called when the nodes are there and nothing was asked for yet. */
  readonly before?: (cluster: Cluster) => void;
}

/** An expansion `e` of n1, n2, … onto `m`, each copy of 400 MB at 20 MB/s, worked on from now on. */
export async function begin({
  version = '3.5.4',
  nodes = ['n1', 'n2', 'n3'],
  policy = {},
  slaves = version,
  databases = 1,
  onAnotherMount = false,
  port,
  startsInMs,
  credentials,
  agents,
  compare,
  hooks,
  overwriteData,
  isProtected,
  mayBegin,
  diesAt,
  before,
}: Setting = {}) {
  const cluster = createCluster({
    seed: 7,
    dataScale: (400 * MB) / (500 * 190),
    defaults: { databases },
    logs: agents !== undefined,
  });
  fill(
    cluster,
    { master: 'm', nodes },
    version,
    {},
    { version: slaves, copiesOnAnotherMount: onAnotherMount, ...(port && { port }) },
  );
  before?.(cluster);
  const service = virtualService(cluster, {
    ...(credentials && { credentials }),
    ...(agents && { agents: await agents(cluster) }),
    ...(compare && { compare: compare(cluster) }),
    ...(hooks && { hooks }),
    ...(isProtected && { isProtected }),
    ...(mayBegin && { mayBegin }),
  });
  const startAt = startsInMs === undefined ? undefined : Math.round(cluster.now()) + startsInMs;
  await service.accept('e', 'm', nodes, { forecastTolerance: null, ...policy }, null, startAt, overwriteData);
  service.startProcess(diesAt);

  let controls = 0;
  const e = (): Promise<Expansion> => service.get('e');
  const phasesOf = (expansion: Expansion): JoinPhase[] => expansion.joins.map(({ phase }) => phase);
  return {
    cluster,
    e,
    phases: async () => phasesOf(await e()),
    /** Fails when it does not come to that within an hour. */
    async comesTo(what: string, done: (expansion: Expansion) => boolean): Promise<Expansion> {
      const came = await service.until(async () => done(await e()), 60 * minute);
      const { state, stateReason, joins } = await e();
      const now = `${state} (${stateReason?.text}): ${joins.map(({ phase, waitingFor }) => `${phase} ${waitingFor?.text ?? ''}`).join()}`;
      expect(came, `it did not come to: ${what}; it is ${now}`).toBe(true);
      return e();
    },
    until: service.until,
    /** A further expansion of the same master. */
    accept: (id: string, added: readonly string[], asked: PolicyInput) =>
      service.accept(id, 'm', added, { forecastTolerance: null, ...asked }),
    store: service.store,
    holds: service.holds,
    startProcess: service.startProcess,
    target: service.target,
    async control(verb: ControlVerb, node: string | null = null, by = 'test'): Promise<void> {
      controls += 1;
      const control: Control = {
        id: `c${controls}`,
        verb,
        node: node === null ? null : service.target(node).name,
        reason: 'a test asks for it',
        by,
        at: Math.round(cluster.now()),
      };
      await service.store.addControl('e', control);
    },
    eventTypes: async () => (await service.events('e')).map(({ type }) => type),
    events: () => service.events('e'),
    /** What the nodes themselves were told, in order. */
    attached: () =>
      cluster.log
        .filter(({ event, data }) => event === 'state' && data.to === 'TryConnect')
        .map(({ node }) => node),
    inFullSync: () =>
      cluster.nodes.filter(({ dbs }) =>
        dbs.some(({ state }) => ['TryConnect', 'TryDBSync', 'WaitDBSync', 'WaitReply'].includes(state)),
      ).length,
    masterOf: (id: string) => cluster.node(id).master,
  };
}

export const ended = ({ state }: Expansion): boolean => ['succeeded', 'failed', 'cancelled'].includes(state);
export const isIn =
  (index: number, phase: JoinPhase) =>
  (expansion: Expansion): boolean =>
    expansion.joins[index]!.phase === phase;
