/** What a guard makes of one look at a master and its slaves, beside what it remembers of the look before. */
import { guardLevel, guardSays, isFoundAtOnce, type Loss } from '../../model/guard-texts.ts';
import {
  bytesBetween,
  compareOffsets,
  type LookSection,
  type NodeFacts,
  type ReplicationFacts,
} from '../../model/observation.ts';
import type { NodeTarget } from '../../model/targets.ts';
import type { Said } from '../../model/text.ts';
import type {
  GuardCounts,
  GuardedSlave,
  GuardFinding,
  Remembered,
  StoredGuardMaster,
} from '../../model/views/guard.ts';
import { targetOf } from '../audit/audit.ts';
import { judgeLook, type Seen, silent } from '../audit/judge.ts';
import { hasPassed } from '../sync/evidence.ts';

/** What a guard asks of a master. It changes nothing there. */
export const masterSections = [
  'server',
  'replication',
  'stats',
  'lastsave',
] as const satisfies readonly LookSection[];
/** And of a slave. */
export const slaveSections = ['server', 'replication', 'stats'] as const satisfies readonly LookSection[];

/** Slaves of one master; what it lists beyond is not guarded. */
const mostSlaves = 200;

type Proof = GuardedSlave['proof'];

export interface GuardScene {
  readonly master: Seen;
  /** By the slave's name; every slave of `slavesOf`. */
  readonly slaves: ReadonlyMap<string, Seen>;
  /** Names of those that belong to an expansion that has not ended; the master too, if it has one. */
  readonly inExpansion: ReadonlySet<string>;
  /** The latest proofs by the slave's name; null = they were not asked for, and those that are remembered count. */
  readonly proofs: ReadonlyMap<string, Proof> | null;
  readonly now: number;
}

export interface Guarded {
  readonly master: StoredGuardMaster;
  readonly began: readonly GuardFinding[];
  readonly cleared: readonly GuardFinding[];
  /** Whether a proof that is younger than what is remembered would change this: look again with `proofs`. */
  readonly needsProofs: boolean;
}

export const newGuardMaster = (target: NodeTarget, index: number): StoredGuardMaster => ({
  index,
  target,
  lookedAt: null,
  remembered: null,
  keptBinlogFiles: null,
  slaves: [],
  suspected: [],
  findings: [],
});

export const countsOfGuard = (masters: readonly StoredGuardMaster[]): GuardCounts => {
  const findings = masters.flatMap((master) => master.findings);
  const errors = findings.filter(({ level }) => level === 'error').length;
  return {
    masters: masters.length,
    slaves: masters.reduce((sum, { slaves }) => sum + slaves.length, 0),
    errors,
    warnings: findings.length - errors,
  };
};

/**
 * The slaves to look at beside a look at their master: those that are remembered, and those that it lists and that are not.
 * `known`: how the service reaches slaves where the listed address does not lead to them. `isAtWork`: whether an expansion
 * works on a slave.
 */
export function slavesOf(
  guarded: StoredGuardMaster,
  master: Seen,
  known: readonly NodeTarget[],
  isAtWork: (slave: NodeTarget) => boolean,
): readonly GuardedSlave[] {
  const listed = factsOf(master)?.replication?.slaves ?? [];
  const targets = [...guarded.slaves.map(({ target }) => target), ...known];
  const found = listed
    .map((slave) => targetOf(slave, guarded.target, targets))
    .filter((target, at, all) => all.findIndex(({ name }) => name === target.name) === at)
    .filter((target) => !guarded.slaves.some(({ target: { name } }) => name === target.name))
    // What an expansion adds is guarded once it has ended, and was not detached again.
    .filter((target) => !isAtWork(target));
  const isNew = guarded.remembered !== null;
  return [
    ...guarded.slaves,
    ...found.map((target) => ({ target, isNew, remembered: null, proof: null })),
  ].slice(0, mostSlaves);
}

/** Judges one look. Pure; nothing but the scene and what is remembered counts. */
export function guardLook(
  guarded: StoredGuardMaster,
  slaves: readonly GuardedSlave[],
  scene: GuardScene,
): Guarded {
  const { master, now } = scene;
  const facts = factsOf(master);
  const ofMaster = masterSays(guarded, scene);
  const masterLoss = facts && lossOfMaster(guarded.remembered, facts.replication!);
  const judged = slaves.map((slave) =>
    judgeSlave({ guarded, slave, seen: scene.slaves.get(slave.target.name)!, masterLoss, scene }),
  );
  const said = [...ofMaster, ...judged.flatMap(({ says }) => says)];
  const findings = settle(guarded, said, now);
  return {
    master: {
      ...guarded,
      ...findings.kept,
      lookedAt: now,
      remembered: facts === null ? guarded.remembered : remember(master, facts, now),
      keptBinlogFiles: facts?.config?.expireLogsNums ?? guarded.keptBinlogFiles,
      slaves: judged.map(({ slave }) => slave),
    },
    began: findings.began,
    cleared: findings.cleared,
    needsProofs: scene.proofs === null && judged.some(({ needsProofs }) => needsProofs),
  };
}

/** Something said of a server. `held`: nothing can be said now, so what was found before stays. */
interface Says {
  readonly server: string;
  readonly reason: Said | 'held';
}

function masterSays(
  { target, remembered }: StoredGuardMaster,
  { master, inExpansion }: GuardScene,
): readonly Says[] {
  const server = target.name;
  const named = { slave: server, master: '' };
  const facts = factsOf(master);
  if (facts === null) return [{ server, reason: silent(master).reason }];
  const { replication, stats, lastSaveUnixSeconds } = facts;
  const says: Says[] = [];
  if (remembered !== null && remembered.role !== 'slave' && replication!.role === 'slave') {
    const follows = `${replication!.masterHost ?? '?'}:${replication!.masterPort ?? '?'}`;
    says.push({ server, reason: guardSays('master_is_slave', named, { follows }) });
  }
  const running = stats?.bgsaving === true;
  const before = remembered?.lastSaveUnixSeconds ?? null;
  const dumped = before !== null && lastSaveUnixSeconds !== undefined && lastSaveUnixSeconds > before;
  if ((running || dumped) && !inExpansion.has(server))
    says.push({ server, reason: guardSays('dump_unasked', named, { running }) });
  return says;
}

interface SlaveScene {
  readonly guarded: StoredGuardMaster;
  readonly slave: GuardedSlave;
  readonly seen: Seen;
  /** What happened to the master since the last look, after which no slave is proven; null = nothing. */
  readonly masterLoss: Loss | null;
  readonly scene: GuardScene;
}

interface JudgedSlave {
  readonly slave: GuardedSlave;
  readonly says: readonly Says[];
  readonly needsProofs: boolean;
}

function judgeSlave(of: SlaveScene): JudgedSlave {
  const { guarded, seen, scene, slave: before } = of;
  const { name } = before.target;
  const facts = factsOf(seen);
  const inExpansion = scene.inExpansion.has(name);
  const known = scene.proofs?.get(name) ?? null;
  const proof = known !== null && known.at > (before.proof?.at ?? 0) ? known : before.proof;
  const unproven = guarded.findings.find(
    ({ server, reason }) => server === name && reason.code === 'unproven',
  );
  const slave: GuardedSlave = {
    ...before,
    proof,
    isNew: before.isNew && proof === null && !inExpansion,
    remembered: facts === null ? before.remembered : remember(seen, facts, scene.now),
  };
  // What an expansion does to a node is its own business; its proof comes with its end.
  if (inExpansion)
    return { slave, says: unproven ? [{ server: name, reason: unproven.reason }] : [], needsProofs: false };

  const named = { slave: name, master: guarded.target.name };
  const reason = reasonOf(of);
  const says: Says[] = reason === null ? [] : [{ server: name, reason }];
  const kept = beyondKept(of, reason);
  if (kept !== null) says.push({ server: name, reason: guardSays('beyond_kept', named, kept) });
  if (slave.isNew) says.push({ server: name, reason: guardSays('new_slave', named, {}) });

  const loss = lossOf(of, reason);
  // It may have happened at any time since the look before. A proof that is younger makes up for it.
  const happenedAt = loss === null ? (unproven?.since ?? null) : (before.remembered?.at ?? scene.now);
  if (happenedAt !== null && (proof === null || proof.at < happenedAt))
    says.push({
      server: name,
      reason: unproven?.reason ?? guardSays('unproven', named, { why: loss!, provenBy: proof?.by ?? null }),
    });
  return { slave, says, needsProofs: loss !== null || unproven !== undefined || slave.isNew };
}

/** What an audit would say before it compares; 'held' = nothing can be said without the master. */
function reasonOf({ guarded, slave, seen, scene }: SlaveScene): Said | 'held' | null {
  const { remembered } = guarded;
  const looked = judgeLook({
    master: scene.master,
    slave: seen,
    // Where the master was at the look before is what a slave has to have passed by now.
    captured: { at: remembered?.at ?? scene.now, binlog: remembered?.binlog ?? {} },
    expansion: null,
    patienceMs: 0,
    now: scene.now,
  });
  if (looked.kind !== 'judged') return null;
  const { reason } = looked.judgement;
  if (reason.code === 'master_silent' || reason.code === 'master_unready') return 'held';
  if (reason.code !== 'behind') return reason;
  // Nothing is remembered yet to be behind of.
  if (remembered === null) return null;
  const binlog = factsOf(seen)?.replication?.binlog ?? {};
  if (slave.remembered === null || !sameOffsets(binlog, slave.remembered.binlog)) return reason;
  const named = { slave: slave.target.name, master: guarded.target.name };
  return guardSays('stands_still', named, {});
}

/** How many binlog files a slave without a link lies behind, where that is more than its master keeps for it. */
function beyondKept({ guarded, seen, scene, slave }: SlaveScene, reason: Said | 'held' | null) {
  const kept = guarded.keptBinlogFiles;
  if (kept === null || reason === null || reason === 'held') return null;
  const ofMaster = factsOf(scene.master)?.replication?.binlog ?? {};
  const ofSlave = factsOf(seen)?.replication?.binlog ?? slave.remembered?.binlog;
  if (ofSlave === undefined) return null;
  const files = Math.max(
    0,
    ...Object.entries(ofMaster).map(([db, { file }]) => file - (ofSlave[db]?.file ?? file)),
  );
  return files >= kept ? { files, kept } : null;
}

/** Of these codes of an audit each means that the data may have changed under the proof. */
const lossByCode: Readonly<Record<string, Loss>> = {
  is_master: 'is_master',
  follows_other: 'follows_other',
  replication_ended: 'replication_ended',
  in_full_sync: 'in_full_sync',
};

function lossOf({ slave, seen, scene, masterLoss }: SlaveScene, reason: Said | 'held' | null): Loss | null {
  const byCode = reason !== null && reason !== 'held' ? lossByCode[reason.code] : undefined;
  if (byCode !== undefined) return byCode;
  const before = slave.remembered;
  const facts = factsOf(seen);
  if (before === null || facts === null) return null;
  const { replication, stats } = facts;
  if (before.replicationId && replication!.replicationId !== before.replicationId)
    return 'replication_id_changed';
  if (liesBehind(replication!.binlog, before.binlog)) return 'went_back';
  const ofMaster = factsOf(scene.master)?.replication?.binlog;
  if (ofMaster !== undefined && liesBehind(ofMaster, before.binlog)) return masterLoss ?? 'ahead';
  if (masterLoss !== null) return masterLoss;
  const came = (stats?.replInputBytes ?? 0) - (before.replInputBytes ?? 0);
  const sameProcess = before.process !== null && before.process === processOf(facts);
  const written = bytesBetween(replication!.binlog, before.binlog, defaultFileBytes) ?? 0;
  if (before.replInputBytes !== null && sameProcess && came > protocolFactor * written + protocolBytes)
    return 'copied_anew';
  return null;
}

/** Each entry of the binlog comes with a head of the protocol, which may be longer than a short entry; and pings come. */
const protocolFactor = 4;
const protocolBytes = 1024 * 1024;
/** binlog-file-size where it is not known: positions in different files count roughly. */
const defaultFileBytes = 100 * 1024 * 1024;

function lossOfMaster(before: Remembered | null, now: ReplicationFacts): Loss | null {
  if (before === null) return null;
  if (before.replicationId && now.replicationId !== before.replicationId)
    return 'master_replication_id_changed';
  return liesBehind(now.binlog, before.binlog) ? 'master_went_back' : null;
}

/** Whether some DB of `offsets` lies before where `mark` has it; a DB that is gone does. */
const liesBehind = (offsets: Remembered['binlog'], mark: Remembered['binlog']): boolean =>
  Object.entries(mark).some(([db, at]) => offsets[db] === undefined || compareOffsets(offsets[db], at) < 0);

const sameOffsets = (a: Remembered['binlog'], b: Remembered['binlog']): boolean =>
  hasPassed(a, b) && hasPassed(b, a);

interface Settled {
  readonly kept: Pick<StoredGuardMaster, 'findings' | 'suspected'>;
  readonly began: readonly GuardFinding[];
  readonly cleared: readonly GuardFinding[];
}

/** Which findings begin, go on and end; one that may pass by itself begins when a second look in a row sees it. */
function settle(guarded: StoredGuardMaster, said: readonly Says[], now: number): Settled {
  const heldServers = new Set(said.filter(({ reason }) => reason === 'held').map(({ server }) => server));
  const says = said.flatMap(({ server, reason }) => (reason === 'held' ? [] : [{ server, reason }]));
  const isSame = (
    a: { readonly server: string; readonly code: string },
    b: { readonly server: string; readonly reason: Said },
  ) => a.server === b.server && a.code === b.reason.code;
  const goOn: GuardFinding[] = [];
  const cleared: GuardFinding[] = [];
  for (const finding of guarded.findings) {
    const again = says.find((each) => isSame({ server: finding.server, code: finding.reason.code }, each));
    if (again !== undefined) goOn.push({ ...finding, reason: again.reason });
    else if (heldServers.has(finding.server)) goOn.push(finding);
    else cleared.push(finding);
  }
  const fresh = says.filter(
    ({ server, reason }) =>
      !guarded.findings.some((f) => isSame({ server: f.server, code: f.reason.code }, { server, reason })),
  );
  const began: GuardFinding[] = [];
  const suspected: StoredGuardMaster['suspected'][number][] = [];
  for (const { server, reason } of fresh) {
    const earlier = guarded.suspected.find((each) => isSame(each, { server, reason }));
    if (earlier !== undefined || isFoundAtOnce(reason.code))
      began.push({ server, reason, level: guardLevel(reason.code), since: earlier?.since ?? now });
    else suspected.push({ server, code: reason.code, since: now });
  }
  return { kept: { findings: [...goOn, ...began], suspected }, began, cleared };
}

/** A slave that nobody guards any more, with what was found of it. */
export const withoutSlave = (guarded: StoredGuardMaster, name: string): StoredGuardMaster => ({
  ...guarded,
  slaves: guarded.slaves.filter(({ target }) => target.name !== name),
  suspected: guarded.suspected.filter(({ server }) => server !== name),
  findings: guarded.findings.filter(({ server }) => server !== name),
});

/** What a server said; null = it did not answer, or not what a guard needs. */
function factsOf({ look }: Seen): NodeFacts | null {
  return look.kind === 'answered' && look.facts.replication !== undefined ? look.facts : null;
}

const processOf = ({ server }: NodeFacts): string | null =>
  server?.runId ?? (server?.processId == null ? null : String(server.processId));

function remember({ capabilities }: Seen, facts: NodeFacts, at: number): Remembered {
  const { role, replicationId, binlog } = facts.replication!;
  return {
    at,
    version: capabilities?.version ?? null,
    role,
    process: processOf(facts),
    replicationId,
    binlog,
    replInputBytes: facts.stats?.replInputBytes ?? null,
    lastSaveUnixSeconds: facts.lastSaveUnixSeconds ?? null,
  };
}
