/** What the looks alone show of the last copy of an attempt: when it ran, what came, and which dump it was. */
import {
  binlogBetween,
  hasReached,
  isConnected,
  isOtherProcess,
  isSame,
  type Offsets,
  type Seen,
} from './looks.ts';

/** A dump that ended between two looks at the master. */
export interface DumpSeen {
  /** The last look before, and the first after. */
  readonly before: Seen;
  readonly after: Seen;
}

export interface Copy {
  /** The last look at the node before it followed the master; null = not among the looks. */
  readonly start: Seen | null;
  /** The looks in WaitDBSync; none = it came and went between two looks. */
  readonly inside: readonly Seen[];
  /** The last look at which the node had not asked for this copy. */
  readonly asked: Seen | null;
  /** The last look before them, and the first look after them. */
  readonly before: Seen | null;
  readonly after: Seen | null;
  /** The looks from `after` on. */
  readonly since: readonly Seen[];
  readonly dbs: ReadonlySet<string>;
  /** null = not counted, or not seen. */
  readonly receivedBytes: number | null;
  /** All bytes that came, with the binlog. */
  readonly receivedAtMost: number | null;
  readonly ownDump: DumpSeen | null;
  /** Dumps that ended after the own dump and before the node went on. */
  readonly laterDumps: number;
  /** Size of the dump, or of the master's tables when the copy began. */
  readonly snapshotBytes: number | null;
  readonly isSizeOfDump: boolean;
  /** What the node opened. */
  readonly ownTableBytes: number | null;
  readonly masterTableBytes: number | null;
  readonly restartedInOrAfter: boolean;
}

/** The talk of the protocol before the first file, and more (docs/pika-facts.md 4.8). */
const talkBytes = 16 * 1024;

/** Bytes on the wire per byte of binlog, and of tables: more than was measured. */
const wirePerBinlogByte = 1.1;
const tablesPerBinlogByte = 3;

const isWaiting = ({ replication }: Seen): boolean =>
  replication !== null &&
  replication.role !== 'master' &&
  [...replication.states.values()].includes('WaitDBSync');

/** `node`, `master`: looks in the order in which they were stored, up to the verdict. */
export function copyIn(node: readonly Seen[], master: readonly Seen[], binlogFileBytes: number | null): Copy {
  // Before each SLAVEOF of the service the node is a master: it is detached first.
  const startAt = node.findLastIndex(({ replication }) => replication?.role === 'master');
  const looks = node.slice(startAt + 1).filter(({ answered }) => answered);
  const start = node[startAt] ?? null;
  const last = looks.findLastIndex(isWaiting);
  let first = last;
  for (let at = last - 1; at >= 0; at -= 1) {
    if (isWaiting(looks[at]!)) first = at;
    else if (looks[at]!.replication !== null) break;
  }
  const inside = last < 0 ? [] : looks.slice(first, last + 1);
  const after =
    last < 0
      ? (looks.find(({ replication }) => isConnected(replication)) ?? null)
      : (looks.slice(last + 1).find(({ replication }) => replication !== null) ?? null);
  const isFirstCopy = !looks.slice(0, Math.max(0, first)).some(isWaiting);
  const before = isFirstCopy || first <= 0 ? start : looks[first - 1]!;
  const since = after === null ? [] : looks.slice(looks.indexOf(after));
  const dbs = new Set(
    inside.flatMap(({ replication }) =>
      [...(replication?.states ?? [])].filter(([, state]) => state === 'WaitDBSync').map(([db]) => db),
    ),
  );
  const beganAt = inside[0] ?? after;
  const asked = first <= 0 ? start : (looks.slice(0, first).findLast(isIdle) ?? before);
  const received = receivedBytes({ before, inside, after, master, binlogFileBytes });
  const dumps = dumpsIn(master);
  const own = beganAt === null ? null : ownDump(dumps, { before, inside, after, asked });
  const endSeq = after?.seq ?? Number.POSITIVE_INFINITY;
  const later =
    own === null ? [] : dumps.slice(dumps.indexOf(own) + 1).filter((dump) => dump.before.seq < endSeq);
  const unownedLater =
    own === null && inside[0]
      ? dumps.filter((dump) => dump.before.seq > inside[0]!.seq && dump.before.seq < endSeq)
      : [];
  const dumpBytes = own === null ? null : bytesOfDump(master, own, binlogFileBytes);
  const sized = since.find(({ tableBytes }) => tableBytes !== null) ?? null;
  return {
    start,
    inside,
    asked,
    before,
    after,
    since,
    dbs,
    ...received,
    ownDump: own,
    laterDumps: later.length + unownedLater.length,
    snapshotBytes: dumpBytes ?? sizeAt(master, beganAt),
    isSizeOfDump: dumpBytes !== null,
    ownTableBytes: sized?.tableBytes ?? null,
    masterTableBytes:
      sized === null ? null : (master.findLast(({ tableBytes }) => tableBytes !== null)?.tableBytes ?? null),
    restartedInOrAfter: restarts(inside.length > 0 ? [inside.at(-1)!, ...since] : since),
  };
}

const restarts = (looks: readonly Seen[]): boolean =>
  looks.some((look, at) => at > 0 && isOtherProcess(looks[at - 1]!, look));

interface Around {
  readonly before: Seen | null;
  readonly inside: readonly Seen[];
  readonly after: Seen | null;
}

function receivedBytes({
  before,
  inside,
  after,
  master,
  binlogFileBytes,
}: Around & { readonly master: readonly Seen[]; readonly binlogFileBytes: number | null }): Pick<
  Copy,
  'receivedBytes' | 'receivedAtMost'
> {
  const end = after?.receivedBytes ?? null;
  const lastInside = inside.findLast((look) => look.receivedBytes !== null)?.receivedBytes ?? null;
  const base = before ?? inside[0] ?? null;
  const counted = base?.receivedBytes ?? null;
  const next = inside[0] ?? after;
  const start = base !== null && next !== null && isOtherProcess(base, next) ? 0 : counted;
  if (start === null || (lastInside === null && end === null))
    return { receivedBytes: null, receivedAtMost: null };
  const inWait = lastInside === null ? 0 : lastInside - start;
  const all = end === null ? null : end - start;
  const from = offsetsAt(master, before?.seq ?? 0) ?? offsetsAt(master, inside[0]?.seq ?? 0);
  const to = after === null ? null : offsetsUntil(master, after.seq);
  const binlog = from === null || to === null ? null : binlogBetween(from, to, binlogFileBytes);
  const beyond = all === null || binlog === null ? 0 : Math.floor(all - wirePerBinlogByte * binlog);
  return { receivedBytes: Math.max(0, inWait, beyond), receivedAtMost: all ?? inWait };
}

const withOffsets = ({ replication }: Seen): boolean => (replication?.offsets.size ?? 0) > 0;

/** As the last look at the master up to then has them. */
const offsetsAt = (master: readonly Seen[], seq: number): Offsets | null =>
  master.findLast((look) => look.seq <= seq && withOffsets(look))?.replication?.offsets ?? null;

/** As the first look at the master from then on has them: no less binlog than came. */
const offsetsUntil = (master: readonly Seen[], seq: number): Offsets | null =>
  (master.find((look) => look.seq >= seq && withOffsets(look)) ?? master.findLast(withOffsets))?.replication
    ?.offsets ?? null;

const sizeAt = (master: readonly Seen[], look: Seen | null): number | null =>
  look === null
    ? null
    : (master.findLast(({ seq, tableBytes }) => seq <= look.seq && tableBytes !== null)?.tableBytes ?? null);

/** LASTSAVE tells the time of the last dump that ended. */
function dumpsIn(master: readonly Seen[]): readonly DumpSeen[] {
  const dumps: DumpSeen[] = [];
  let before: Seen | null = null;
  for (const look of master) {
    if (look.lastSave === null) continue;
    if (before !== null && before.lastSave !== look.lastSave && !isOtherProcess(before, look))
      dumps.push({ before, after: look });
    before = look;
  }
  return dumps;
}

/**
 * Both sizes around it are samples, and a compaction may have ended in between, so the smaller counts. But a dump writes down
 * what lay in memory: a larger size after it counts, less what was written since.
 */
function bytesOfDump(
  master: readonly Seen[],
  { before, after }: DumpSeen,
  binlogFileBytes: number | null,
): number | null {
  const sized = master.filter(({ tableBytes }) => tableBytes !== null);
  const earlier = sized.findLast(({ seq }) => seq <= before.seq);
  const later = sized.find(({ seq }) => seq >= after.seq);
  const sizes = [earlier, later].flatMap((look) => (look?.tableBytes ? [look.tableBytes] : []));
  if (sizes.length === 0) return null;
  const smaller = Math.min(...sizes);
  const [from, to] = [before.replication?.offsets, later?.replication?.offsets];
  const written = from && to ? binlogBetween(from, to, binlogFileBytes) : null;
  if (written === null) return smaller;
  return Math.max(smaller, Math.floor(later!.tableBytes! - tablesPerBinlogByte * written));
}

/** Every DB at rest: the node has asked for nothing. */
const isIdle = ({ replication }: Seen): boolean =>
  replication !== null &&
  replication.states.size > 0 &&
  [...replication.states.values()].every((state) => state === 'NoConnect' || state === 'Error');

/**
 * The last dump that ended since the node asked, by the time it was seen to wait; else the first that ended by the time of the
 * first file; else an older dump, which the master gave once more.
 */
function ownDump(
  dumps: readonly DumpSeen[],
  { before, inside, after, asked }: Around & { readonly asked: Seen | null },
) {
  const [since, waitsFrom] = [asked?.seq ?? 0, inside[0]?.seq ?? 0];
  const base = before?.receivedBytes ?? null;
  const firstFile =
    inside.find(({ receivedBytes: bytes }) => bytes !== null && base !== null && bytes - base > talkBytes) ??
    after;
  const until = firstFile?.seq ?? Number.POSITIVE_INFINITY;
  return (
    dumps.findLast((dump) => dump.after.seq > since && dump.after.seq <= waitsFrom) ??
    dumps.find((dump) => dump.after.seq > Math.max(since, waitsFrom) && dump.before.seq < until) ??
    dumps.findLast((dump) => dump.after.seq <= until) ??
    null
  );
}

/** Of a copy that nobody saw: the node is where the master was, after one dump of the master. */
export function cameBetweenLooks(copy: Copy, master: readonly Seen[]): boolean {
  const { start, after, inside } = copy;
  if (inside.length > 0 || start === null || after === null || after.replication === null) return false;
  const target = offsetsAt(master, start.seq);
  const asked = start.seq;
  const dump = copy.ownDump;
  return (
    target !== null &&
    dump !== null &&
    dump.after.seq > asked &&
    copy.laterDumps === 0 &&
    hasReached(after.replication.offsets, target)
  );
}

/** Whether the node went on from the offset of a snapshot. */
export function tookSnapshotOver(copy: Copy, master: readonly Seen[]): boolean {
  const [before, after] = [copy.inside[0]?.replication, copy.after?.replication];
  if (!before || !after) return false;
  if (copy.since.some(({ replication }) => replication?.eligible === true)) return true;
  const masterThen = offsetsAt(master, copy.inside[0]!.seq);
  return [...copy.dbs].every((db) => {
    const [from, to] = [before.offsets.get(db), after.offsets.get(db)];
    if (!from || !to || !isSame(from, to)) return true;
    const there = masterThen?.get(db);
    return there !== undefined && isSame(there, from);
  });
}
