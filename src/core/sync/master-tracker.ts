/** What is known of a master over time: its dumps, its size, its restarts. Part of the full-sync tracker. */

import type { Capabilities } from '../../model/capabilities.ts';
import type { Dump, MasterSample, MasterTracker, SlaveTracker } from '../../model/full-sync.ts';
import {
  bytesBetween,
  type ListedSlave,
  type Look,
  type NodeFacts,
  type ReplicationFacts,
} from '../../model/observation.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { withSight } from './agent-sight.ts';

const keptSamples = 60;

const keptDumps = 12;

export const newMasterTracker = (): MasterTracker => ({
  lastAnsweredAt: null,
  silentSince: null,
  silentAs: null,
  processId: null,
  uptimeSeconds: null,
  replOutputBytes: null,
  restartedAt: null,
  runId: null,
  lastSave: null,
  lastSaveAt: null,
  dumps: [],
  bgsaving: false,
  bgsavingSeenAt: null,
  scanning: false,
  compacting: false,
  samples: [],
  replication: null,
});

/** What the master does instead of answering; null = it answers, or was never looked at. */
export const masterSilence = ({ silentAs }: MasterTracker): Reason | null =>
  silentAs === null ? null : because('master_silent', { kind: silentAs });

export const slaveName = ({ ip, port }: Pick<ListedSlave, 'ip' | 'port'>): string => `${ip}:${port}`;

/** What a checkpoint takes: the live files where the version tells them apart, else all of them. */
export function snapshotSize(facts: NodeFacts): number | null {
  if (!facts.sizes) return null;
  return facts.sizes.liveSstBytes ?? facts.sizes.sstBytes;
}

/** The most that a checkpoint can take: with what compactions have replaced, and what it would flush from memory. */
const mostBytes = ({ sizes }: NodeFacts): number | null =>
  sizes ? sizes.sstBytes + (sizes.memtableBytes ?? 0) : null;

/** Takes in one look at the master. */
export function trackMaster(known: MasterTracker, look: Look): MasterTracker {
  const tracker = withSight(known, look, look.at);
  if (look.kind !== 'answered') {
    return {
      ...tracker,
      silentSince: tracker.silentSince ?? look.at,
      silentAs: look.kind,
      silentWith: look.kind === 'busy' ? null : look.message,
    };
  }
  const { facts, at } = look;
  // A look ends with its last reply: what it saw can be as old as its beginning.
  const askedAt = at - look.tookMs;
  const restarted = hasRestarted(
    tracker,
    facts,
    facts.stats?.replOutputBytes ?? null,
    tracker.replOutputBytes,
  );
  const sized = {
    ...tracker,
    binlogFileSizeBytes: facts.config?.binlogFileSizeBytes ?? tracker.binlogFileSizeBytes ?? null,
  };
  const base = restarted ? { ...sized, lastSave: null, lastSaveAt: null, restartedAt: at } : sized;
  return {
    ...takeLastSave(base, facts, { at, askedAt }),
    lastAnsweredAt: at,
    silentSince: null,
    silentAs: null,
    silentWith: null,
    processId: facts.server?.processId ?? tracker.processId,
    uptimeSeconds: facts.server?.uptimeSeconds ?? tracker.uptimeSeconds,
    runId: facts.server?.runId ?? tracker.runId,
    replOutputBytes: facts.stats?.replOutputBytes ?? tracker.replOutputBytes,
    bgsaving: facts.stats?.bgsaving ?? tracker.bgsaving,
    bgsavingSeenAt: facts.stats?.bgsaving ? askedAt : tracker.bgsavingSeenAt,
    scanning: facts.stats?.scanningKeyspace ?? tracker.scanning,
    compacting: facts.stats?.compacting ?? tracker.compacting,
    samples: addSample(tracker.samples, facts, at),
    ...(facts.sizes && { estimatedKeys: facts.sizes.estimatedKeys }),
    replication: facts.replication ?? tracker.replication,
    ...(facts.commandCalls && { commandCalls: facts.commandCalls }),
  };
}

/**
 * A process id that changed, an uptime or a since-start counter that fell. `run_id` is no sign: CONFIG REWRITE
 * stores it (pika-facts 2.1).
 */
export function hasRestarted(
  known: { readonly processId: number | null; readonly uptimeSeconds: number | null },
  facts: NodeFacts,
  counter: number | null,
  knownCounter: number | null,
): boolean {
  const { server } = facts;
  if (server?.processId != null && known.processId != null && server.processId !== known.processId)
    return true;
  if (
    server?.uptimeSeconds != null &&
    known.uptimeSeconds != null &&
    server.uptimeSeconds < known.uptimeSeconds
  ) {
    return true;
  }
  return counter !== null && knownCounter !== null && counter < knownCounter;
}

function takeLastSave(
  tracker: MasterTracker,
  facts: NodeFacts,
  { at, askedAt }: { readonly at: number; readonly askedAt: number },
): MasterTracker {
  const value = facts.lastSaveUnixSeconds;
  const dumps = takeSizeAfter(tracker, tracker.dumps, facts);
  if (value === undefined) return { ...tracker, dumps };
  const changed = tracker.lastSave !== null && value !== tracker.lastSave;
  if (!changed) return { ...tracker, dumps, lastSave: value, lastSaveAt: askedAt };
  const dump: Dump = {
    lastSave: value,
    notBefore: tracker.lastSaveAt ?? askedAt,
    notAfter: at,
    sstBytesBefore: latestSize(tracker.samples),
    sstBytesAfter: null,
    offsetsBefore: tracker.replication?.binlog ?? null,
    writtenBytes: null,
    mostBytes: largestMost(tracker.samples),
  };
  return {
    ...tracker,
    lastSave: value,
    lastSaveAt: askedAt,
    dumps: [...dumps, ...takeSizeAfter(tracker, [dump], facts)].slice(-keptDumps),
  };
}

/** The first size that is read after a dump is the size after the dump. */
function takeSizeAfter(
  { binlogFileSizeBytes }: MasterTracker,
  dumps: readonly Dump[],
  facts: NodeFacts,
): readonly Dump[] {
  const size = snapshotSize(facts);
  if (size === null || dumps.every((dump) => dump.sstBytesAfter !== null)) return dumps;
  const now = facts.replication?.binlog;
  return dumps.map((dump) =>
    dump.sstBytesAfter !== null
      ? dump
      : {
          ...dump,
          sstBytesAfter: size,
          mostBytes: Math.max(dump.mostBytes ?? 0, mostBytes(facts) ?? 0),
          writtenBytes: bytesBetween(now, dump.offsetsBefore ?? undefined, binlogFileSizeBytes ?? null),
        },
  );
}

const latestSized = (samples: readonly MasterSample[]): MasterSample | undefined =>
  samples.findLast((sample) => sample.sstBytes !== null);

export const latestSize = (samples: readonly MasterSample[]): number | null =>
  latestSized(samples)?.sstBytes ?? null;

/** When the latest size was read; null = never. */
export const latestSizedAt = (samples: readonly MasterSample[]): number | null =>
  latestSized(samples)?.at ?? null;

/**
 * Whether the master's size was read after the node's own. An older size of the master knows nothing of a FLUSHALL that
 * has emptied the node by now. No times are compared: the clock of a worker can jump.
 */
export const isSizedSince = (
  { masterSizedAt }: Pick<SlaveTracker, 'masterSizedAt'>,
  { samples }: MasterTracker,
): boolean => masterSizedAt === undefined || latestSizedAt(samples) !== masterSizedAt;

/** The most that a dump made now could hold; null = not known. */
export const latestMost = (samples: readonly MasterSample[]): number | null =>
  samples.findLast((sample) => sample.mostBytes != null)?.mostBytes ?? latestSize(samples);

/** The most that a dump can hold that was begun within the samples: it can have taken long, and FLUSHALL came meanwhile. */
const largestMost = (samples: readonly MasterSample[]): number | null =>
  samples.reduce<number | null>(
    (most, { mostBytes }) => (mostBytes == null ? most : Math.max(most ?? 0, mostBytes)),
    null,
  ) ?? latestSize(samples);

/** Keeps the newest samples, at most a few a second. */
function addSample(samples: readonly MasterSample[], facts: NodeFacts, at: number): readonly MasterSample[] {
  if (!facts.replication && !facts.sizes) return samples;
  const last = samples.at(-1);
  const sample: MasterSample = {
    at,
    binlog: facts.replication?.binlog ?? last?.binlog ?? {},
    sstBytes: snapshotSize(facts),
    mostBytes: mostBytes(facts),
  };
  return [...samples, sample].slice(-keptSamples);
}

/** Bytes of table files per byte of binlog, at most: a zset's member is written twice. */
const tablesPerBinlogByte = 3;

/**
 * Bytes of a dump's snapshot; null = not known. Of the sizes around it the smaller, since both are samples and a
 * compaction may have ended in between. But the dump first flushes what is in memory, so a larger size after it is the
 * snapshot's, less what was written since and can have been flushed again.
 */
export function dumpBytes({ sstBytesBefore, sstBytesAfter, writtenBytes }: Dump): number | null {
  const sizes = [sstBytesBefore, sstBytesAfter].filter((size) => size !== null && size > 0) as number[];
  if (sizes.length === 0) return null;
  const smaller = Math.min(...sizes);
  if (sstBytesAfter === null || writtenBytes == null) return smaller;
  return Math.max(smaller, Math.floor(sstBytesAfter - tablesPerBinlogByte * writtenBytes));
}

/** The most that a dump's snapshot can hold; null = not known, or not yet. Compactions and flushes may lie on either side of it. */
export function dumpBytesAtMost({ mostBytes: most, sstBytesBefore, sstBytesAfter }: Dump): number | null {
  if (sstBytesAfter === null) return null;
  return Math.max(most ?? 0, sstBytesBefore ?? 0, sstBytesAfter);
}

/** Slaves of the master other than `self` that are in full sync now, as `ip:port`. */
export function othersInFullSync(
  replication: ReplicationFacts | null,
  isOurs: (slave: ListedSlave) => boolean,
  capabilities: Capabilities,
): readonly string[] {
  if (!replication) return [];
  const word = capabilities.showsFullSyncing ? 'full syncing' : 'not syncing';
  return replication.slaves
    .filter((slave) => !isOurs(slave) && Object.values(slave.lag).includes(word))
    .map(slaveName);
}
