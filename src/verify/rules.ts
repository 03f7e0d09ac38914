/**
 * The nine rules of "verified", derived again from what a bundle holds. Written from docs/verified.md, and on purpose beside
 * `src/core`: nothing here is shared with what decides. Where both disagree, one of them is wrong.
 */
import { type Copy, cameBetweenLooks, tookSnapshotOver } from './copy.ts';
import { number, type Row, row, rows, text } from './json.ts';
import { hasReached, isConnected, type Listed, offsetsIn, type Replication, type Seen } from './looks.ts';

export const ruleNames = [
  'full_sync_seen',
  'bytes_received',
  'single_snapshot',
  'files_complete',
  'role_and_link',
  'listed_by_master',
  'offset_passed',
  'data_agrees',
  'stable',
] as const;
export type RuleName = (typeof ruleNames)[number];

/** `not_shown`: nothing speaks against it, and the looks that would show it are not in the bundle. */
export type Outcome = 'follows' | 'does_not_follow' | 'not_shown';

export interface Derived {
  readonly rule: RuleName;
  readonly outcome: Outcome;
  /** Row of the table of words. */
  readonly code: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What a node's verdict is derived from. */
export interface Scene {
  readonly claimed: Row;
  /** The rules as the service found them, by name. */
  readonly found: ReadonlyMap<string, Row>;
  readonly node: readonly Seen[];
  readonly master: readonly Seen[];
  readonly copy: Copy;
  /** As the request names them. */
  readonly nodeSeenAs: Row;
  readonly masterSeenAs: Row;
  readonly policy: Row;
  readonly comparison: Row;
  /** Number of the expansion's node, for the id of the comparison. */
  readonly comparisonPrefix: string;
  /** Whether another node of the expansion claims the same entry in the master's list. */
  readonly isTakenTwice: boolean;
}

type Said = Omit<Derived, 'rule'>;
const yes = (code: string, facts: Derived['facts'] = {}): Said => ({ outcome: 'follows', code, facts });
const no = (code: string, facts: Derived['facts'] = {}): Said => ({
  outcome: 'does_not_follow',
  code,
  facts,
});
const unshown = (code: string, facts: Derived['facts'] = {}): Said => ({ outcome: 'not_shown', code, facts });

/**
 * The service asks for 0.9 of each look's figures; of the looks that were stored, one a second, a little less is left. Cut
 * copies measured 0.06 to 0.38 (docs/verified.md).
 */
const completeShare = 0.8;
const openedShare = 0.3;
const tooSmallToTellBytes = 16 * 1024 * 1024;
/** Around its dump the master was looked at about as closely; a stored look may lie beside. */
const dumpSeenWithinMs = 3500;

const derivations: Readonly<Record<RuleName, (scene: Scene) => Said>> = {
  full_sync_seen: fullSyncSeen,
  bytes_received: bytesReceived,
  single_snapshot: singleSnapshot,
  files_complete: filesComplete,
  role_and_link: roleAndLink,
  listed_by_master: listedByMaster,
  offset_passed: offsetPassed,
  data_agrees: dataAgrees,
  stable,
};

export function deriveRules(scene: Scene): readonly Derived[] {
  return ruleNames.map((rule) => {
    const found = scene.found.get(rule);
    if (found === undefined) return { rule, ...no('rule_absent') };
    const said = derivations[rule](scene);
    if (said.outcome === 'does_not_follow' || found.holds === true) return { rule, ...said };
    return { rule, ...leftOut(rule, found, scene) };
  });
}

/** Two rules may go without a verdict: where the version counts no bytes, and where no agent is required. */
function leftOut(rule: RuleName, found: Row, { copy, policy }: Scene): Said {
  if (found.leftOut !== true || found.holds !== null) return no('rule_not_met');
  if (rule === 'files_complete')
    return policy.requireAgent === true ? no('agent_required') : yes('left_out_no_agent');
  if (rule === 'bytes_received' && copy.since.every(({ receivedBytes }) => receivedBytes === null))
    return yes('left_out_not_counted');
  return no('left_out_wrongly');
}

function fullSyncSeen({ copy, master }: Scene): Said {
  const { after, inside, since } = copy;
  if (inside.length === 0 && after === null) return unshown('no_copy_among_looks');
  if (copy.restartedInOrAfter) return no('restarted_after_copy');
  if (inside.length === 0)
    return cameBetweenLooks(copy, master) ? yes('copy_between_looks') : no('no_full_sync');
  if (after === null) return unshown('end_of_copy_unseen');
  const fellBack = ['NoConnect', 'TryDBSync', 'Error', 'DBNoConnect'];
  const states = [...(after.replication?.states.values() ?? [])];
  if (after.replication?.role === 'master' || states.some((state) => fellBack.includes(state)))
    return no('copy_was_interrupted');
  if (!tookSnapshotOver(copy, master)) return no('offset_stayed');
  const last = since.findLast(({ replication }) => replication !== null)?.replication;
  const unseen = [...(last?.offsets.keys() ?? [])].filter((db) => !copy.dbs.has(db) && !moved(copy, db));
  return unseen.length > 0 ? no('dbs_unseen', { dbs: unseen }) : yes('copy_seen', { looks: inside.length });
}

function moved({ inside, after }: Copy, db: string): boolean {
  const [from, to] = [inside[0]?.replication?.offsets.get(db), after?.replication?.offsets.get(db)];
  return from !== undefined && to !== undefined && (from.file !== to.file || from.offset !== to.offset);
}

/** What the node says where it opens whole copies only (3.5.5, 4.0.1); null = its version does not say it. */
const eligible = ({ since }: Copy): boolean | null =>
  since.findLast(({ replication }) => replication !== null)?.replication?.eligible ?? null;

const isWhole = (received: number, bytes: number): boolean => received >= completeShare * bytes;

function bytesReceived(scene: Scene): Said {
  const { copy, found } = scene;
  const {
    receivedBytes: received,
    snapshotBytes,
    ownTableBytes: own,
    masterTableBytes,
    receivedAtMost,
  } = copy;
  const claimed = number(row(found.get('bytes_received')?.facts).receivedBytes);
  if (claimed !== null && receivedAtMost !== null && claimed > receivedAtMost + tooSmallToTellBytes / 16)
    return no('more_claimed_than_came', { claimed, receivedAtMost });
  if (received === null) return unshown('counters_not_among_looks');
  const facts = { receivedBytes: received, snapshotBytes, ownTableBytes: own };
  const copied = copy.isSizeOfDump ? snapshotBytes : received;
  const least = masterTableBytes === null || copied === null ? copied : Math.min(masterTableBytes, copied);
  if (own !== null && least !== null && least >= tooSmallToTellBytes && own < openedShare * least)
    return no('opened_too_little', facts);
  if (snapshotBytes !== null && (snapshotBytes > 0 || copy.isSizeOfDump) && isWhole(received, snapshotBytes))
    return yes('enough_came', facts);
  if (eligible(copy) !== false && own !== null && !copy.isSizeOfDump && isWhole(received, own))
    return yes('as_much_as_opened', facts);
  if (eligible(copy) === true && own !== null && snapshotBytes !== null) {
    const part =
      received >= openedShare * snapshotBytes || (receivedAtMost ?? 0) >= snapshotBytes * completeShare;
    const opened =
      isWhole(own, snapshotBytes) || snapshotBytes < tooSmallToTellBytes || isWhole(received, own);
    if (part && opened) return yes('opened_whole_copy', facts);
    if (own >= openedShare * snapshotBytes && (receivedAtMost ?? 0) >= completeShare * snapshotBytes)
      return yes('opened_whole_copy', facts);
  }
  if (snapshotBytes === null) return unshown('size_not_among_looks', facts);
  return no('too_little_came', facts);
}

function singleSnapshot(scene: Scene): Said {
  const { copy, master, node } = scene;
  const { after, inside, receivedBytes, snapshotBytes } = copy;
  if (after === null) return unshown('end_of_copy_unseen');
  const countsBytes = copy.since.some((look) => look.receivedBytes !== null);
  // Versions that print the flag open whole copies only; those without counters push each dump to one slave (3.3, 3.4).
  if (eligible(copy) !== null || !countsBytes) return yes('opens_whole_copies_only');
  const whole = receivedBytes !== null && snapshotBytes !== null && isWhole(receivedBytes, snapshotBytes);
  if (!master.some(({ lastSave }) => lastSave !== null)) {
    const others = newcomers(scene);
    return others.length > 0 && !whole ? no('another_full_sync', { others }) : yes('no_other_full_sync');
  }
  if (copy.laterDumps > 0) return no('dump_replaced', { dumps: copy.laterDumps });
  const first = inside.find(
    ({ receivedBytes: bytes }) => bytes !== null && bytes - (copy.before?.receivedBytes ?? bytes) > 16 * 1024,
  );
  const dumping =
    first !== undefined &&
    master.some(
      ({ isDumping, at, seq }) =>
        isDumping === true && seq > first.seq && at > first.at && seq < inside.at(-1)!.seq,
    );
  if (dumping) return no('dump_during_copy');
  const { ownDump } = copy;
  if (ownDump !== null && ownDump.after.seq > (copy.asked?.seq ?? 0)) {
    const unseenMs =
      ownDump.after.at - Math.max(ownDump.before.at - ownDump.before.tookMs, copy.asked?.at ?? 0);
    const bytesThen = node.find(
      ({ seq, receivedBytes: bytes }) => seq >= ownDump.after.seq && bytes !== null,
    );
    const start = copy.before?.receivedBytes ?? 0;
    const sinceDump = (receivedBytes ?? 0) - ((bytesThen?.receivedBytes ?? start) - start);
    if (unseenMs > dumpSeenWithinMs && !(snapshotBytes !== null && isWhole(sinceDump, snapshotBytes)))
      return no('master_unseen_at_dump', { unseenMs });
  }
  return yes('one_dump');
}

/** Other slaves that entered their full sync while the node copied. */
function newcomers({ copy, master, nodeSeenAs, found }: Scene): readonly string[] {
  const { inside } = copy;
  if (inside.length === 0) return [];
  const own = entryName(row(row(found.get('listed_by_master')?.facts).entry));
  const syncing = (look: Seen | undefined): readonly string[] =>
    (look?.replication?.slaves ?? [])
      .filter((slave) => [...slave.lag.values()].includes('full syncing'))
      .map(({ ip, port }) => `${ip}:${port}`)
      .filter((name) => name !== own && name !== `${text(nodeSeenAs.host)}:${number(nodeSeenAs.port)}`);
  const before = new Set(syncing(master.findLast(({ seq }) => seq <= inside[0]!.seq)));
  const during = master.filter(({ seq }) => seq > inside[0]!.seq && seq < inside.at(-1)!.seq);
  return [...new Set(during.flatMap(syncing))].filter((name) => !before.has(name));
}

function filesComplete({ found, copy, node, policy }: Scene): Said {
  const rule = found.get('files_complete')!;
  const told = node.findLast(({ attempts }) => attempts !== null && attempts.length > 0)?.attempts ?? [];
  // The clock of the agent's host was set beside the service's when it reported.
  const since = (copy.inside[0]?.at ?? copy.after?.at ?? 0) - 5000;
  const ofCopy = told.filter(({ endedAt }) => (number(endedAt) ?? 0) >= since);
  const byDb = new Map(ofCopy.map((attempt) => [text(attempt.db) ?? '', attempt]));
  const broken = [...byDb.values()].find(({ verdict }) => verdict === 'incomplete');
  if (broken) return no('log_tells_incomplete', { db: broken.db });
  if (rule.holds !== true) return yes('left_out_no_agent');
  const { tables, hashed, unhashed, replaced } = row(rule.facts);
  const counts = [tables, hashed, unhashed, replaced].map(number);
  const [all, done, open, gone] = counts as number[];
  if (counts.includes(null) || done! > all! || gone! > all! || open! > gone!)
    return no('files_do_not_add_up');
  if (row(policy.verify).fileHashes === true && done! + open! < all!) return no('files_not_hashed');
  return byDb.size === 0 ? unshown('no_word_of_agent') : yes('files_by_agent', { tables: all });
}

const lastSaid = (looks: readonly Seen[]): Replication | null =>
  looks.findLast(({ replication }) => replication !== null)?.replication ?? null;

const loopback = (host: string | null): boolean =>
  host !== null && (host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host));

/** A node keeps a name as it was told, and puts an own address in the place of 127.0.0.1 (docs/pika-facts.md 1.3). */
function follows(said: Replication, master: Row): boolean {
  const host = text(master.host);
  if (said.port !== number(master.port)) return false;
  return said.host?.toLowerCase() === host?.toLowerCase() || loopback(host);
}

function roleAndLink({ node, masterSeenAs }: Scene): Said {
  const look = node.findLast(({ answered }) => answered);
  const said = lastSaid(node);
  if (!look || said === null) return unshown('node_not_among_looks');
  const facts = { follows: `${said.host}:${said.port}` };
  if (!isConnected(said)) return no('link_not_up', facts);
  if (!follows(said, masterSeenAs)) return no('follows_another', facts);
  return said.eligible === false ? no('not_eligible', facts) : yes('connected', facts);
}

const entryName = ({ ip, port }: Row | Listed): string => `${String(ip)}:${String(port)}`;

function listedByMaster({ master, node, found, nodeSeenAs, isTakenTwice, copy }: Scene): Said {
  const said = lastSaid(master);
  // Of a long expansion older looks at the master may be gone; one from before the node came up tells nothing.
  const isSince =
    copy.after !== null &&
    (master.findLast(({ replication }) => replication !== null)?.seq ?? 0) > copy.after.seq;
  if (said === null || !isSince) return unshown('master_not_among_looks');
  const claimed = row(row(found.get('listed_by_master')?.facts).entry);
  const name = entryName(claimed);
  if (isTakenTwice) return no('entry_of_another_node', { entry: name });
  const entry = said.slaves.find((slave) => entryName(slave) === name);
  if (!entry) return no('not_listed', { entry: name });
  const ips = node.flatMap((look) => look.ips);
  const isOwn =
    entry.port === number(nodeSeenAs.port) &&
    (entry.ip === text(nodeSeenAs.host) ||
      (loopback(entry.ip) && loopback(text(nodeSeenAs.host))) ||
      ips.includes(entry.ip) ||
      !wasListedBefore(master, name, copy));
  if (!isOwn) return no('entry_is_not_the_nodes', { entry: name });
  const dbs = [...(lastSaid(node)?.offsets.keys() ?? [])];
  const synced = dbs.every((db) => typeof entry.lag.get(db) === 'number');
  if (!synced || entry.lag.size === 0 || [...entry.lag.values()].some((lag) => typeof lag !== 'number'))
    return no('not_in_binlog_sync', { entry: name });
  if (said.role !== 'master' && !said.isUp) return no('master_itself_not_in_sync');
  return yes('listed', { entry: name });
}

/** An entry that was there before SLAVEOF is another server's. */
function wasListedBefore(master: readonly Seen[], name: string, { start }: Copy): boolean {
  const then = start && master.findLast(({ seq, replication }) => seq <= start.seq && replication !== null);
  return then?.replication?.slaves.some((slave) => entryName(slave) === name) ?? false;
}

/** A position of the master at one look after the node came up, and the node at it or past it at a later look. */
function offsetPassed({ master, node, copy, found }: Scene): Said {
  const { since } = copy;
  const claimed = row(found.get('offset_passed')?.facts);
  const target = offsetsIn(claimed.target);
  if (!hasReached(offsetsIn(claimed.passedOffsets), target)) return no('target_not_passed');
  const up = since.find(({ replication }) => isConnected(replication));
  if (!up) return unshown('node_not_among_looks');
  const own = since.filter((look) => look.seq >= up.seq && look.replication !== null);
  const last = own.at(-1)!;
  const downUntil = node.findLast(({ seq }) => seq < up.seq)?.seq ?? 0;
  const targets = master.filter(
    ({ seq, replication }) =>
      replication !== null && replication.offsets.size > 0 && seq > downUntil && seq < last.seq,
  );
  // Looks of one turn are stored with the master's first; the clocks of two workers cannot be set beside each other.
  const isLaterTurn = ({ seq }: Seen): boolean => own.some((look) => look.seq > seq && look !== last);
  const past = targets.filter((look) => last.at >= look.at || isLaterTurn(look));
  if (past.length === 0) return unshown('no_later_look');
  // Positions only grow: the earliest is the easiest to pass.
  const isPast = hasReached(last.replication!.offsets, past[0]!.replication!.offsets);
  return isPast ? yes('passed') : no('node_is_behind');
}

function dataAgrees({ comparison, found, policy, comparisonPrefix }: Scene): Said {
  const report = row(comparison.report);
  const { verdict } = report;
  const [looked, differences] = [number(report.lookedAtKeys), number(report.differencesTotal)];
  if (looked === null || differences === null) return no('no_report');
  if (!(text(comparison.id) ?? '').startsWith(comparisonPrefix)) return no('report_of_another_attempt');
  const facts = row(found.get('data_agrees')?.facts);
  if (
    facts.verdict !== verdict ||
    number(facts.lookedAtKeys) !== looked ||
    number(facts.differencesTotal) !== differences
  )
    return no('report_differs_from_rule');
  const share = number(report.share);
  const depth = text(report.depth);
  const asked = text(row(policy.verify).depth);
  if (asked === 'auto' && !explainsDepth(report)) return no('depth_not_explained');
  if (asked !== 'auto' && asked !== depth) return no('other_depth_than_asked', { asked, depth });
  const said = { lookedAtKeys: looked, share, differences, depth };
  const byKind = Object.values(row(report.differencesByKind)).reduce<number>(
    (sum, n) => sum + (number(n) ?? 0),
    0,
  );
  if (byKind !== differences) return no('differences_do_not_add_up', said);
  if (verdict === 'empty')
    return looked === 0 && differences === 0 ? yes('both_empty') : no('data_differ', said);
  if (verdict === 'equal')
    return looked > 0 && differences === 0 ? yes('data_equal', said) : no('data_differ', said);
  const outlives = number(row(report.differencesBySign).outlives);
  const noted = verdict === 'different' && differences > 0 && outlives === differences;
  return noted && policy.longerTtls !== 'halt' ? yes('keys_outlive', said) : no('data_differ', said);
}

/** Where the service chooses the depth, a sample needs the word that every key would take too long. */
function explainsDepth(report: Row): boolean {
  const codes = rows(row(report.said).notes).map(({ code }) => code);
  const needed =
    report.depth === 'full' ? ['full_chosen'] : ['sample_chosen', 'size_not_told', 'full_cut', 'full_waited'];
  return codes.some((code) => needed.includes(String(code)));
}

function stable(scene: Scene): Said {
  const { copy, master, found, comparison, policy, masterSeenAs } = scene;
  const required = number(policy.stableLooks) ?? Number.POSITIVE_INFINITY;
  const claimed = number(row(found.get('stable')?.facts).looks) ?? 0;
  if (claimed < required) return no('too_few_looks', { looks: claimed, required });
  const answered = copy.since.filter(({ replication }) => replication !== null);
  const bad = answered.findLastIndex(
    ({ replication }) => !(isConnected(replication) && follows(replication, masterSeenAs)),
  );
  const looks = answered.length - 1 - bad;
  const last = answered.at(-1);
  const endedAt = number(row(comparison.report).endedAt) ?? 0;
  if (last === undefined || last.at < endedAt) return no('no_look_after_comparison');
  if ((master.at(-1)?.at ?? 0) < endedAt) return unshown('master_not_among_looks');
  if (rows(scene.claimed.rules).some(({ at }) => number(at) !== number(scene.claimed.at)))
    return no('rules_of_different_times');
  return looks >= required
    ? yes('looks_in_a_row', { looks, required })
    : unshown('looks_not_stored', { looks, required });
}
