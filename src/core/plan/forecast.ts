/**
 * What an expansion will probably cost: bytes, time, binlog and disk, before anything is begun. Pure. Every figure is
 * a range that holds 90 % of cases; what is not known is null, never a guess.
 */

import type { Capabilities } from '../../model/capabilities.ts';
import { note } from '../../model/comparison-texts.ts';
import type { Finding } from '../../model/finding.ts';
import { makeFinding } from '../../model/findings.ts';
import type {
  BatchForecast,
  BinlogForecast,
  Forecast,
  ForecastRange,
  MeasuredSync,
  NodeForecast,
} from '../../model/forecast.ts';
import { basisWords, limitWords } from '../../model/forecast-texts.ts';
import type { NodeFacts } from '../../model/observation.ts';
import type { Policy } from '../../model/policy.ts';
import type { JoinTarget, NodeTarget } from '../../model/targets.ts';
import { snapshotSize } from '../sync/master-tracker.ts';
import { assumedSecondsOf, chooseDepth, sampleTakesMs } from './depth.ts';
import { binlogNeed, keptBinlog, sparesBinlog } from './kept-binlog.ts';
import type { WriteRate } from './write-rate.ts';

export interface ForecastInput {
  readonly master: { readonly target: NodeTarget; readonly facts: NodeFacts };
  readonly capabilities: Capabilities;
  readonly nodes: readonly { readonly target: JoinTarget; readonly facts: NodeFacts | null }[];
  readonly batches: readonly (readonly string[])[];
  readonly policy: Pick<
    Policy,
    'verify' | 'stableLooks' | 'lookIntervalMs' | 'pauseBetweenBatchesMs' | 'bandwidthBytesPerSecond'
  >;
  /** null = not measured. */
  readonly writes: WriteRate | null;
  readonly learnt: readonly MeasuredSync[];
}

/** With how long the comparison of a node's data takes. */
interface Checked extends ForecastInput {
  readonly check: ForecastRange;
}

/**
 * On a real 3.5.4 and 4.0.1 copies reached 0.81 to 0.86 of the throttle (recordings 40 and 42, a small machine). They
 * reach all of it where nothing else is in the way.
 */
const untriedShare = { low: 0.5, expected: 0.95, high: 1 } as const;
/** From SLAVEOF to the first file and from the last file to "up": recordings 01 to 04, 40; a 10 s flush wait at worst (pika-facts 0.4). */
const untriedAround = { low: 1, expected: 2.5, high: 14 } as const;
/** How fast a slave takes the binlog that was written meanwhile: about 20 MB/s and more in recording 40. */
export const binlogCatchUp = { low: 10e6, expected: 20e6, high: 60e6 } as const;
/** By how much a comparison of every key can be faster or slower than assumed, and than earlier comparisons of this master. */
const untriedPace = { low: 0.3, expected: 1, high: 5 } as const;
const triedPace = { low: 0.7, expected: 1, high: 2 } as const;

/** Makes the forecast of a plan. Where the master does not tell its size, times and bytes are null. */
export function makeForecast(input: ForecastInput): Forecast {
  const snapshot = snapshotRange(input.master.facts);
  const perBatch = Math.max(1, ...input.batches.map((batch) => batch.length));
  const nodes = input.nodes.map((node) => forecastNode(input, node, snapshot, perBatch));
  const check = checkRange(input, nodes);
  const batches = forecastBatches({ ...input, check: check.seconds }, nodes, snapshot);
  const binlog = forecastBinlog(input, batches);
  const grounds = {
    snapshotBytes: snapshot?.expected ?? null,
    learntFrom: input.learnt.length,
    writes: input.writes && { bytesPerSecond: input.writes.bytesPerSecond, overMs: input.writes.overMs },
  };
  return {
    secondsPerNode: secondsPerNode({ ...input, check: check.seconds }, nodes),
    secondsTotal: totalOf(batches),
    bytesPerNode: snapshot,
    snapshotBytesByDatabase: byDatabase(input.master.facts),
    nodes,
    batches,
    binlog,
    masterDiskBytes: masterDisk(snapshot, binlog),
    verifySeconds: check.seconds,
    depth: check.depth,
    learntFrom: input.learnt.length,
    basis: basisWords(grounds),
    grounds,
  };
}

// ------------------------------------------------------------------------------------------------- snapshot

/** The dump flushes the memtable into table files first, so it may hold as much more. */
function snapshotRange(facts: NodeFacts): ForecastRange | null {
  const size = snapshotSize(facts);
  if (size === null) return null;
  const memtable = facts.sizes?.memtableBytes ?? 0;
  return {
    low: size * 0.94,
    expected: size + memtable / 2,
    high: (size + memtable) * 1.02,
  };
}

function byDatabase(facts: NodeFacts): Readonly<Record<string, number>> | null {
  const sizes = facts.sizes?.sstBytesByDatabase;
  const names = Object.keys(facts.replication?.binlog ?? {}).sort();
  if (!sizes || sizes.length !== names.length) return null;
  return Object.fromEntries(names.map((name, index) => [name, sizes[index]!]));
}

// ---------------------------------------------------------------------------------------------------- nodes

function forecastNode(
  input: ForecastInput,
  node: ForecastInput['nodes'][number],
  snapshot: ForecastRange | null,
  together: number,
): NodeForecast {
  const throttle = node.facts?.config?.throttleBytesPerSecond ?? null;
  const budget = input.policy.bandwidthBytesPerSecond;
  const share = budget === null ? null : budget / together;
  const limit = least(throttle, share);
  const near = nearest(input.learnt, input.master.target.seenAs.host, node.target.seenAs.host);
  const rate = rateOf(near, limit, together);
  const shareBinds = share !== null && (throttle === null || share < throttle);
  const bound = {
    budget: shareBinds ? budget : null,
    throttle: shareBinds ? null : throttle,
    syncs: near.length,
  };
  return {
    node: node.target.name,
    throttleBytesPerSecond: limit,
    bytesPerSecond: rate,
    limitedBy: limitWords(bound),
    limit: bound,
    transferSeconds: snapshot && rate ? divided(snapshot, rate) : null,
    disk: { oldBytes: node.facts?.dbSizeBytes ?? null, newBytes: snapshot },
  };
}

const least = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

/** By how much a rate can differ from those of before: the fewer are known, the more. */
const spread = (syncs: number): number => (syncs >= 5 ? 0.1 : syncs >= 3 ? 0.2 : 0.3);

function rateOf(near: readonly MeasuredSync[], limit: number | null, together: number): ForecastRange | null {
  if (near.length === 0) return untriedRate(limit);
  const rates = near.map((sync) => learntRate(sync, limit, together)).sort((a, b) => a - b);
  const expected = rates[Math.floor(rates.length / 2)]!;
  const high = Math.min(rates.at(-1)! * (1 + spread(near.length)), limit ?? Number.POSITIVE_INFINITY);
  return { low: rates[0]! * (1 - spread(near.length)), expected, high: Math.max(high, expected) };
}

/** Few networks or disks can fill a throttle above this; this is the least that they usually reach. */
const easilyFilledBytesPerSecond = 60e6;
const slowBytesPerSecond = 20e6;

function untriedRate(limit: number | null): ForecastRange | null {
  if (limit === null) return null;
  const low = limit * untriedShare.low;
  return {
    low: limit <= easilyFilledBytesPerSecond ? low : Math.min(low, slowBytesPerSecond),
    expected: limit * untriedShare.expected,
    high: limit * untriedShare.high,
  };
}

/** Syncs between these two hosts, else from this master's host, else to this node's. */
function nearest(
  learnt: readonly MeasuredSync[],
  masterHost: string,
  nodeHost: string,
): readonly MeasuredSync[] {
  const fromMaster = learnt.filter((sync) => sync.masterHost === masterHost);
  const both = fromMaster.filter((sync) => sync.nodeHost === nodeHost);
  if (both.length > 0) return both;
  return fromMaster.length > 0 ? fromMaster : learnt.filter((sync) => sync.nodeHost === nodeHost);
}

/** A sync that its throttle held back teaches a share of the throttle. Any other sync teaches its rate, shared among the nodes of now. */
function learntRate(sync: MeasuredSync, limit: number | null, together: number): number {
  const then = sync.limitBytesPerSecond;
  const wasThrottled = then !== null && sync.bytesPerSecond >= 0.75 * then;
  if (wasThrottled && limit !== null) return Math.min(limit, limit * (sync.bytesPerSecond / then));
  const now = (sync.bytesPerSecond * sync.together) / Math.max(sync.together, together);
  return Math.min(now, limit ?? Number.POSITIVE_INFINITY);
}

// ------------------------------------------------------------------------------------------------- timeline

function aroundRange(learnt: readonly MeasuredSync[]): ForecastRange {
  return learntRange(
    learnt.map((sync) => sync.aroundSeconds),
    untriedAround,
  );
}

/** How the data will probably be compared, and how long that takes until a node is `verified`. */
function checkRange(
  input: ForecastInput,
  nodes: readonly NodeForecast[],
): { readonly depth: NonNullable<Forecast['depth']> | null; readonly seconds: ForecastRange } {
  const { verify, stableLooks, lookIntervalMs } = input.policy;
  const looks = (stableLooks * lookIntervalMs) / 1000;
  const pace = paceOfMaster(input);
  const size = sizeOf(input.master.facts);
  const full = () => {
    const spread = pace === null ? untriedPace : triedPace;
    const seconds = size === null ? 0 : assumedSecondsOf(size, verify) * (pace ?? 1);
    return shifted(scaled(spread, seconds), looks);
  };
  const sample = (seconds: number) =>
    learntRange(
      input.learnt.filter((sync) => sync.pace === null).map((sync) => sync.verifySeconds),
      { low: looks, expected: looks + seconds, high: looks + 20 * seconds },
    );
  if (verify.depth !== 'auto')
    return { depth: null, seconds: verify.depth === 'full' ? full() : sample(1.5) };
  const copyMs = copyMsOf(input, nodes);
  const chosen = chooseDepth({ policy: verify, size, copyMs, pace });
  if (chosen === null) {
    const most = looks + (verify.fullTimeMs + sampleTakesMs) / 1000;
    const seconds = { low: looks, expected: Math.min(full().expected, most), high: most };
    return { depth: { depth: null, because: note('depth_after_copy'), pace }, seconds };
  }
  const { depth, because, limitMs } = chosen;
  const seconds =
    limitMs === null
      ? sample(sampleTakesMs / 1000)
      : bounded(full(), looks + (limitMs + sampleTakesMs) / 1000);
  return { depth: { depth, because, pace }, seconds };
}

function sizeOf(facts: NodeFacts) {
  const bytes = snapshotSize(facts);
  return facts.sizes && bytes !== null ? { keys: facts.sizes.estimatedKeys, bytes } : null;
}

/** The slowest of the nodes counts. */
function copyMsOf(input: ForecastInput, nodes: readonly NodeForecast[]): number | null {
  const transfers = nodes.flatMap(({ transferSeconds }) => transferSeconds?.expected ?? []);
  if (transfers.length === 0) return null;
  return 1000 * (Math.max(...transfers) + aroundRange(input.learnt).expected);
}

/** Of the comparisons of every key of this very master, the one in the middle. */
function paceOfMaster({ learnt, master }: ForecastInput): number | null {
  const { host, port } = master.target.seenAs;
  const paces = learnt
    .flatMap((sync) => (sync.masterHost === host && sync.masterPort === port ? (sync.pace ?? []) : []))
    .sort((a, b) => a - b);
  return paces[Math.floor(paces.length / 2)] ?? null;
}

function learntRange(samples: readonly number[], untried: ForecastRange): ForecastRange {
  if (samples.length === 0) return untried;
  const sorted = [...samples].sort((a, b) => a - b);
  const expected = sorted[Math.floor(sorted.length / 2)]!;
  return {
    low: sorted[0]! * (sorted.length >= 3 ? 0.8 : 0.6),
    expected,
    high:
      sorted.length >= 3
        ? Math.max(sorted.at(-1)! * 1.5, expected + 5)
        : Math.max(sorted.at(-1)! * 2, expected + 10),
  };
}

/** One node alone: attach, copy, catch up with what was written meanwhile, be verified. */
function nodeSeconds(input: Checked, transfer: ForecastRange | null): ForecastRange | null {
  if (transfer === null) return null;
  const before = sum([transfer, aroundRange(input.learnt)]);
  const written = scaled(before, input.writes?.bytesPerSecond ?? 0);
  return sum([before, divided(written, binlogCatchUp), input.check]);
}

function secondsPerNode(input: Checked, nodes: readonly NodeForecast[]): ForecastRange | null {
  const each = nodes.map((node) => nodeSeconds(input, node.transferSeconds));
  return each.some((range) => range === null) ? null : widest(each as ForecastRange[]);
}

function forecastBatches(
  input: Checked,
  nodes: readonly NodeForecast[],
  snapshot: ForecastRange | null,
): readonly BatchForecast[] {
  const pause = input.policy.pauseBetweenBatchesMs / 1000;
  let start: ForecastRange | null = { low: 0, expected: 0, high: 0 };
  return input.batches.map((names, batch) => {
    const members = nodes.filter((node) => names.includes(node.node));
    const seconds = batchSeconds(input, members, snapshot, start);
    const forecast: BatchForecast = {
      batch,
      nodes: names,
      startSeconds: start,
      seconds,
      dump: batch > 0 && input.capabilities.reusesDump ? 'reused' : 'new',
      binlogBytes: seconds && input.writes ? scaled(seconds, input.writes.bytesPerSecond) : null,
    };
    start = start && seconds ? shifted(sum([start, seconds]), pause) : null;
    return forecast;
  });
}

/** The slowest node of the batch; later nodes wait until the first one's dump is finished (about a second). */
function batchSeconds(
  input: Checked,
  members: readonly NodeForecast[],
  snapshot: ForecastRange | null,
  start: ForecastRange | null,
): ForecastRange | null {
  const each = members.map((node) => nodeSeconds(input, grown(input, node, snapshot, start)));
  if (each.length === 0 || each.some((range) => range === null)) return null;
  const slowest = widest(each as ForecastRange[]);
  return members.length === 1 ? slowest : shifted(slowest, 1);
}

/** Where every sync has a dump of its own, the later ones hold what was written until then: at most all of it. */
function grown(
  input: ForecastInput,
  node: NodeForecast,
  snapshot: ForecastRange | null,
  start: ForecastRange | null,
): ForecastRange | null {
  const { transferSeconds, bytesPerSecond } = node;
  if (!snapshot || !start || !transferSeconds || !bytesPerSecond || !input.writes) return transferSeconds;
  if (input.capabilities.reusesDump) return transferSeconds;
  const rate = input.writes.bytesPerSecond;
  return {
    ...transferSeconds,
    expected: transferSeconds.expected + (start.expected * rate) / 2 / bytesPerSecond.expected,
    high: transferSeconds.high + (start.high * rate) / bytesPerSecond.low,
  };
}

function totalOf(batches: readonly BatchForecast[]): ForecastRange | null {
  const last = batches.at(-1);
  return last?.startSeconds && last.seconds ? sum([last.startSeconds, last.seconds]) : null;
}

// --------------------------------------------------------------------------------------------- binlog, disk

function forecastBinlog(input: ForecastInput, batches: readonly BatchForecast[]): BinlogForecast {
  const { facts } = input.master;
  const rate = input.writes?.bytesPerSecond ?? null;
  const databases = Math.max(1, Object.keys(facts.replication?.binlog ?? {}).length);
  const kept = keptBinlog(facts.config, databases, rate);
  const during = batches.map((batch) => batch.binlogBytes);
  const known = during.filter((range): range is ForecastRange => range !== null);
  const written = known.length === 0 || known.length < during.length ? null : widest(known);
  const spared = sparesBinlog(input.capabilities);
  const writes = rate === null ? null : { bytesPerSecond: rate, duringSync: written?.high ?? null };
  // A log folder that only grows is worth a word where it is known by how much.
  const need = spared && written === null ? null : binlogNeed(facts.config, databases, writes);
  return {
    writeBytesPerSecond: rate,
    duringBatchBytes: written,
    keptBytes: kept.bytes,
    keptFiles: kept.files,
    neededFiles: need?.files ?? null,
    sparedDuringSync: spared,
  };
}

function masterDisk(snapshot: ForecastRange | null, binlog: BinlogForecast): ForecastRange | null {
  if (snapshot === null) return null;
  const written = binlog.duringBatchBytes;
  // The dump is hard links: nothing at first, up to the whole once compaction has replaced every file (pika-facts 8).
  return {
    low: written?.low ?? 0,
    expected: snapshot.expected * 0.1 + (written?.expected ?? 0),
    high: snapshot.high + (written?.high ?? 0),
  };
}

/** What the forecast warns of; `mayRaise`: the request permits to raise `expire-logs-nums` of the master meanwhile. */
export function forecastFindings(
  { binlog }: Forecast,
  master: string,
  mayRaise: boolean,
): readonly Finding[] {
  const { neededFiles, writeBytesPerSecond, duringBatchBytes, keptBytes, keptFiles } = binlog;
  if (neededFiles === null || writeBytesPerSecond === null || keptBytes === null) return [];
  const code = binlog.sparedDuringSync
    ? 'binlog_disk_growth'
    : mayRaise
      ? 'binlog_retention_raised'
      : 'binlog_retention_risk';
  const facts = { writeBytesPerSecond, duringBatchBytes, keptBytes, keptFiles, neededFiles };
  return [makeFinding(code, { master, node: null }, facts)];
}

// -------------------------------------------------------------------------------------------------- ranges

function sum(ranges: readonly ForecastRange[]): ForecastRange {
  return ranges.reduce((total, range) => ({
    low: total.low + range.low,
    expected: total.expected + range.expected,
    high: total.high + range.high,
  }));
}

const shifted = (range: ForecastRange, by: number): ForecastRange => ({
  ...range,
  low: range.low + by,
  expected: range.expected + by,
  high: range.high + by,
});

const scaled = (range: ForecastRange, by: number): ForecastRange => ({
  ...range,
  low: range.low * by,
  expected: range.expected * by,
  high: range.high * by,
});

const bounded = ({ low, expected, high }: ForecastRange, most: number): ForecastRange => ({
  low: Math.min(low, most),
  expected: Math.min(expected, most),
  high: Math.min(high, most),
});

const divided = (range: ForecastRange, by: ForecastRange): ForecastRange => ({
  low: range.low / by.high,
  expected: range.expected / by.expected,
  high: range.high / by.low,
});

const widest = (ranges: readonly ForecastRange[]): ForecastRange => ({
  low: Math.max(...ranges.map((range) => range.low)),
  expected: Math.max(...ranges.map((range) => range.expected)),
  high: Math.max(...ranges.map((range) => range.high)),
});
