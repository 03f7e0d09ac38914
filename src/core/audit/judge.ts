/** What is said of a slave from one look at it and its master, and from the comparison of their data. */
import { findListedSlave } from '../../model/addresses.ts';
import { type Judgement, judgement } from '../../model/audit-texts.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { ComparisonReport } from '../../model/comparison.ts';
import type { Finding } from '../../model/finding.ts';
import {
  bytesBetween,
  formatAddress,
  isInError,
  type ListedSlave,
  type Look,
  type LookSection,
  type ReplicationFacts,
} from '../../model/observation.ts';
import type { ComparisonState } from '../../model/states.ts';
import type { NodeTarget } from '../../model/targets.ts';
import type { StoredAuditServer } from '../../model/views/audit.ts';
import { isSlaveOfMaster, nodeFindings } from '../plan/preflight-node.ts';
import { knownAs, metOf, notAllowedAt } from '../plan/preflight-servers.ts';
import { hasPassed, outlivesOnly } from '../sync/evidence.ts';

/** What an audit asks of every server: nothing of it changes the server. */
export const auditSections = [
  'server',
  'replication',
  'stats',
  'config',
] as const satisfies readonly LookSection[];

/** A server with a look at it. */
export interface Seen {
  readonly target: NodeTarget;
  readonly look: Look;
  /** null = could not be read. */
  readonly capabilities: Capabilities | null;
}

export interface SlaveScene {
  readonly master: Seen;
  readonly slave: Seen;
  /** The master's positions that the slave has to pass; null = none were captured yet. */
  readonly captured: StoredAuditServer['captured'];
  /** The expansion that has not ended and to which the slave belongs. */
  readonly expansion: string | null;
  /** How long a state that may pass is waited for. */
  readonly patienceMs: number;
  readonly now: number;
}

export type Looked =
  | { readonly kind: 'judged'; readonly judgement: Judgement }
  /** Look again: what speaks against it may pass. */
  | { readonly kind: 'wait'; readonly captured: StoredAuditServer['captured'] }
  | { readonly kind: 'compare' };

const namesOf = ({ master, slave }: Pick<SlaveScene, 'master' | 'slave'>) => ({
  slave: slave.target.name,
  master: master.target.name,
});

/** Judges one look at a slave beside a look at its master, which came first. Pure. */
export function judgeLook(scene: SlaveScene): Looked {
  const { master, slave, captured, expansion, now, patienceMs } = scene;
  const named = namesOf(scene);
  const judged = (judgement: Judgement): Looked => ({ kind: 'judged', judgement });
  if (expansion !== null) return judged(judgement('in_expansion', named, { expansion }));
  if (slave.look.kind !== 'answered') return judged(silent(slave, named));
  if (master.look.kind !== 'answered') return judged(judgement('master_silent', named, {}));
  const { replication } = slave.look.facts;
  const ofMaster = master.look.facts.replication;
  if (replication === undefined || ofMaster === undefined)
    return judged(judgement('garbled', named, lacking(replication === undefined ? slave : master)));
  const states = replication.dbStates;
  const entry = listedEntry(master.look, slave);
  if (replication.role === 'master') return judged(judgement('is_master', named, {}));
  if (!isSlaveOfMaster(slave.look.facts, master, entry !== null)) {
    const follows = `${replication.masterHost ?? '?'}:${replication.masterPort ?? '?'}`;
    return judged(judgement('follows_other', named, { follows }));
  }
  if (!isReady(ofMaster)) return judged(judgement('master_unready', named, { states: ofMaster.dbStates }));
  if (isInError(replication))
    return judged(judgement('replication_ended', named, { states, ownSlaves: ownSlaves(replication) }));
  if (isInFullSync(replication, entry)) return judged(judgement('in_full_sync', named, { states }));

  const since = captured ?? { at: now, binlog: ofMaster.binlog };
  const doubt = doubtOf(scene, replication, entry, since);
  if (doubt === null) return { kind: 'compare' };
  return now - since.at < patienceMs ? { kind: 'wait', captured: since } : judged(doubt);
}

/** What may still pass: the link, the listing, and the captured position. */
function doubtOf(
  { master, slave, now }: SlaveScene,
  replication: ReplicationFacts,
  entry: ListedSlave | null,
  captured: NonNullable<StoredAuditServer['captured']>,
): Judgement | null {
  const named = namesOf({ master, slave });
  const states = replication.dbStates;
  const waitedSeconds = (now - captured.at) / 1000;
  const fileBytes =
    (slave.look.kind === 'answered' ? slave.look.facts.config?.binlogFileSizeBytes : null) ?? null;
  const behindBytes = bytesBetween(captured.binlog, replication.binlog, fileBytes) || null;
  const connected =
    replication.linkStatus === 'up' && Object.values(states).every((state) => state === 'Connected');
  if (!connected) return judgement('link_down', named, { states, behindBytes, waitedSeconds });
  if (entry === null) return judgement('not_listed', named, { waitedSeconds });
  if (Object.values(entry.lag).some((lag) => typeof lag !== 'number'))
    return judgement('not_syncing', named, { lag: entry.lag, waitedSeconds });
  if (replication.eligibleForMasterElection === false)
    return judgement('says_unfinished', named, { waitedSeconds });
  if (!hasPassed(replication.binlog, captured.binlog))
    return judgement('behind', named, { behindBytes, waitedSeconds });
  return null;
}

/** The master's entry for a slave; null = it lists none. */
const listedEntry = (master: Look & { kind: 'answered' }, { target, look }: Seen): ListedSlave | null =>
  findListedSlave(master.facts.replication?.slaves ?? [], knownAs(target, look));

const ownSlaves = ({ slaves, connectedSlaves }: ReplicationFacts): number =>
  Math.max(slaves.length, connectedSlaves ?? 0);

/** Reading the databases of a slave while one of them is not open ends its process (pika-facts 4.9). */
const isReady = (replication: ReplicationFacts): boolean =>
  !isInError(replication) && !isInFullSync(replication, null);

function isInFullSync({ dbStates }: ReplicationFacts, entry: ListedSlave | null): boolean {
  const copies = Object.values(dbStates).some((state) => state === 'TryDBSync' || state === 'WaitDBSync');
  return copies || Object.values(entry?.lag ?? {}).includes('full syncing');
}

const lacking = ({ target }: Seen) => ({
  address: formatAddress(target.address),
  met: 'no INFO replication',
});

/** Why a server that gave no look is not judged; also for the server at which an audit begins. */
export function silent(server: Seen, named = { slave: server.target.name, master: '' }): Judgement {
  const notAllowed = notAllowedAt(server);
  if (notAllowed !== null) return judgement('not_allowed', named, notAllowed);
  const denied = metOf(server, 'denied');
  if (denied !== null) return judgement('denied', named, denied);
  for (const kind of ['unreachable', 'garbled'] as const) {
    const met = metOf(server, kind);
    if (met !== null) return judgement(kind, named, { address: met.address, met: met.met });
  }
  return judgement('busy', named, { address: formatAddress(server.target.address), met: 'no reply' });
}

/** Of what preflight finds, what concerns a slave that is attached already. */
const ofAttached: ReadonlySet<string> = new Set([
  'version_pair_refused',
  'version_pair_flawed',
  'version_pair_untried',
  'databases_differ',
  'db_instance_num_differs',
  'binlog_file_size_differs',
  'settings_unreadable',
  'masterauth_missing',
  'masterauth_differs',
  'masterauth_unproven',
  'node_writable_as_slave',
  'conn_rbuf_differs',
  'blob_files_differ',
  'never_promoted',
]);

/** What preflight finds of the versions and settings of a slave and its master. */
export function settingFindings(master: Seen, slave: Seen): readonly Finding[] {
  if (slave.look.kind !== 'answered' || master.look.kind !== 'answered') return [];
  const target = { ...slave.target, repoint: true, overwriteData: true };
  return nodeFindings(master, { ...slave, target }, 'untouched').filter(({ code }) => ofAttached.has(code));
}

/** What a comparison says of a slave. `findings`: those of its versions and settings. */
export function judgeComparison(
  compared: {
    readonly id: string;
    readonly state: ComparisonState;
    readonly report: ComparisonReport | null;
  },
  named: { readonly slave: string; readonly master: string },
  seen: { readonly findings: readonly Finding[]; readonly ownSlaves: number },
): Judgement {
  const { report } = compared;
  if (compared.state !== 'completed' || report === null)
    return judgement('comparison_ended', named, { comparison: compared.id, state: compared.state });
  const { lookedAtKeys, share, smallestLossFound } = report;
  const facts = { lookedAtKeys, share, smallestLossFound, because: report.said?.reason ?? null };
  if (report.verdict === 'inconclusive') return judgement('not_compared', named, facts);
  const agrees = report.verdict !== 'different' || outlivesOnly(report);
  if (!agrees) return judgement('data_differ', named, { ...facts, ownSlaves: seen.ownSlaves });
  const codes = seen.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  if (codes.length > 0) return judgement('settings_wrong', named, { codes });
  return judgement(report.verdict === 'different' ? 'whole_but_expiries' : 'whole', named, facts);
}

/** A slave of which a look says so holds another master's data, or will hold other data soon. */
const isElsewhere: ReadonlySet<string> = new Set(['is_master', 'follows_other', 'in_full_sync']);

/**
 * A comparison takes long: what it says of a slave holds only if a look at its end, beside a look at the master, still shows the
 * slave in order. Writes on their way say nothing against it.
 */
export function judgeAfter(compared: Judgement, after: Pick<SlaveScene, 'master' | 'slave'>): Judgement {
  const looked = judgeLook({ ...after, expansion: null, captured: null, patienceMs: 0, now: 0 });
  if (looked.kind !== 'judged' || looked.judgement.reason.code === 'behind') return compared;
  const outweighs =
    compared.verdict === 'whole' ||
    (compared.verdict === 'damaged' && isElsewhere.has(looked.judgement.reason.code));
  return outweighs ? looked.judgement : compared;
}
