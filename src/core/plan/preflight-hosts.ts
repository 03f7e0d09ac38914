/** Rules of preflight about the hosts of the servers, as the agents there see them. What no agent tells is not found. */
import type { Capabilities } from '../../model/capabilities.ts';
import type { Finding } from '../../model/finding.ts';
import { makeFinding } from '../../model/findings.ts';
import type { Forecast } from '../../model/forecast.ts';
import { type Address, type Look, type NodeFacts, sameAddress } from '../../model/observation.ts';
import type { Policy } from '../../model/policy.ts';
import type { NodeTarget } from '../../model/targets.ts';
import { portShifts } from '../../model/versions.ts';
import type { AgentServer, AgentSight, Space } from '../../model/views/agent.ts';
import { snapshotSize } from '../sync/master-tracker.ts';
import { type Check, foundAny } from './finding.ts';
import type { PreflightMaster, PreflightNode } from './preflight-servers.ts';

interface RequestScene {
  readonly master: PreflightMaster;
  readonly nodes: readonly PreflightNode[];
  readonly policy: Pick<Policy, 'requireAgent'>;
}

/** A server with the agent's word, if any. */
interface HostScene {
  readonly target: NodeTarget;
  readonly master: PreflightMaster;
  readonly look: Look;
  readonly masterFacts: NodeFacts | null;
}

const unseen = ({ master, nodes }: RequestScene) => [master, ...nodes].filter(({ look }) => !look.sight);

const contested = (scene: RequestScene) =>
  unseen(scene).flatMap(({ target, look: { contestedAgents: agents } }) =>
    agents === undefined ? [] : [{ server: target.name, agents }],
  );

/** Whether agents report from all hosts of the request. */
export const agentChecks: readonly Check<RequestScene>[] = [
  {
    code: 'agents_required',
    check: (scene) => {
      const servers = unseen(scene).map(({ target }) => target.name);
      return scene.policy.requireAgent === true && servers.length > 0 ? { servers } : null;
    },
  },
  {
    code: 'agents_missing',
    planOnly: true,
    check: (scene) => {
      if (scene.policy.requireAgent === true) return null;
      const silent = unseen(scene).filter(({ look }) => look.contestedAgents === undefined);
      return foundAny(
        'servers',
        silent.map(({ target }) => target.name),
      );
    },
  },
  { code: 'agents_contested', planOnly: true, check: (scene) => foundAny('servers', contested(scene)) },
];

/** Bytes for a path; null = not known. */
const freeOf = (space: Space | undefined): number | null => space?.freeBytes ?? null;

/** Whether two paths lie on two mounts; null = not known. */
export function onTwoMounts(sight: AgentSight | undefined, a: 'db', b: 'dbSync' | 'dump'): boolean | null {
  const [one, other] = [sight?.server.paths[a]?.device, sight?.server.paths[b]?.device];
  return one == null || other == null ? null : one !== other;
}

const bytesOf = (folders: AgentServer['dumps']): number => folders.reduce((sum, { bytes }) => sum + bytes, 0);

/** Pika keeps so many for files besides its clients (v3.5.4 pika_define.h). */
const leastOpenFiles = 5000;
const clocksApartMs = 2000;

export const nodeHostChecks: readonly Check<HostScene>[] = [
  {
    code: 'paths_on_different_mounts',
    check: ({ look: { sight } }) =>
      onTwoMounts(sight, 'db', 'dbSync')
        ? { dbPath: sight!.server.paths.db!.path, dbSyncPath: sight!.server.paths.dbSync!.path }
        : null,
  },
  {
    code: 'disk_too_small',
    check: ({ look: { sight }, masterFacts }) => {
      const space = sight?.server.paths.dbSync ?? sight?.server.paths.db;
      const free = freeOf(space);
      const neededBytes = masterFacts && snapshotSize(masterFacts);
      if (free === null || neededBytes === null) return null;
      // A full sync deletes what has come of an earlier copy before it begins.
      const freeBytes = free + bytesOf(sight!.server.copies);
      return freeBytes < neededBytes ? { what: 'copy', path: space!.path, freeBytes, neededBytes } : null;
    },
  },
  {
    code: 'open_file_limit',
    check: ({ look: { sight }, master }) => {
      const limit = sight?.server.openFileLimit ?? null;
      const tables = (master.look.sight?.server.opened ?? []).reduce((sum, { files }) => sum + files, 0);
      const needed = leastOpenFiles + tables;
      return limit === null || limit >= needed ? null : { limit, needed };
    },
  },
  {
    code: 'clock_skew',
    check: ({ look: { sight }, master }) => {
      if (!sight || !master.look.sight) return null;
      const aheadMs = Math.round(sight.clockAheadMs - master.look.sight.clockAheadMs);
      return Math.abs(aheadMs) > clocksApartMs ? { aheadMs } : null;
    },
  },
  {
    code: 'another_pika_shares_disk',
    planOnly: true,
    check: ({ look: { sight } }) =>
      sight && sight.server.sharesDiskWith.length > 0 ? { ports: sight.server.sharesDiskWith } : null,
  },
  { code: 'ports_closed_to_node', check: ({ look, master }) => closedTo(look, masterPorts(master)) },
  {
    code: 'ports_closed_to_master',
    check: ({ target, master }) => closedTo(master.look, nodePorts(target, master.capabilities)),
  },
];

type MasterPorts = { readonly target: NodeTarget; readonly capabilities: Capabilities | null };

const portsAt = ({ host, port }: Address, shifts: readonly number[]) =>
  shifts.map((shift) => ({ shift, to: { host, port: port + shift } }));

/** Where a node connects that follows this master. */
export const masterPorts = ({ target, capabilities }: MasterPorts) =>
  portsAt(target.seenAs, [0, ...portShifts(capabilities?.version ?? null, 'master')]);

/** Where the master connects to this node. */
export const nodePorts = ({ seenAs }: NodeTarget, master: Capabilities | null) =>
  portsAt(seenAs, portShifts(master?.version ?? null, 'slave'));

/** The last time that the agent tried a port. */
export const lastTry = (sight: AgentSight | undefined, to: Address) =>
  sight?.server.ports.findLast((each) => sameAddress(each.to, to));

/** Somebody may have opened a port since. Agents of nodes that wait are asked with each report, every 15 s. */
const closedForMs = 60_000;

/** Of these ports those that the agent on another host could not reach, by the name that the server there will use. */
function closedTo({ at, sight }: Look, wanted: ReturnType<typeof portsAt>) {
  const ports = wanted.flatMap(({ shift, to }) => {
    const last = lastTry(sight, to);
    return last === undefined || last.outcome === 'open' || last.at < at - closedForMs
      ? []
      : [{ port: to.port, shift, outcome: last.outcome }];
  });
  return ports.length === 0 ? null : { host: wanted[0]!.to.host, ports };
}

/** Whether the agent beside a node reached each port of the master the last time. */
export const reachedByAgent = (sight: AgentSight | undefined, master: MasterPorts): boolean =>
  masterPorts(master).every(({ to }) => lastTry(sight, to)?.outcome === 'open');

interface MasterHostScene {
  readonly master: PreflightMaster;
  readonly facts: NodeFacts;
}

export const masterHostChecks: readonly Check<MasterHostScene>[] = [
  {
    code: 'disk_too_small',
    check: ({ master: { look }, facts }) => {
      const { sight } = look;
      const dump = sight?.server.paths.dump;
      const free = freeOf(dump);
      const neededBytes = snapshotSize(facts);
      if (free === null || neededBytes === null || onTwoMounts(sight, 'db', 'dump') !== true) return null;
      // A dump of the same day takes the place of the one before.
      const freeBytes = free + bytesOf(sight!.server.dumps);
      return freeBytes < neededBytes ? { what: 'dump', path: dump!.path, freeBytes, neededBytes } : null;
    },
  },
];

/** Whether even the least that dump and binlog will take is more than what is free on the master. */
export function growthFindings({ target, look }: PreflightMaster, forecast: Forecast): readonly Finding[] {
  const { db, log } = look.sight?.server.paths ?? {};
  const together = db?.device != null && db.device === log?.device;
  const space = log ?? db;
  const needed = together || !log ? forecast.masterDiskBytes : forecast.binlog.duringBatchBytes;
  const freeBytes = freeOf(space);
  if (freeBytes === null || needed === null || needed.low <= freeBytes) return [];
  const facts = { what: 'growth', path: space!.path, freeBytes, neededBytes: needed.low } as const;
  return [makeFinding('disk_too_small', { master: target.name, node: null }, facts)];
}
