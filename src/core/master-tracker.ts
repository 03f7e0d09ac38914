/** What is known of a master over time: its dumps, its size, its restarts. Part of the full-sync tracker. */
import type { Capabilities } from './capabilities.ts';
import {
  type BinlogOffset,
  type ListedSlave,
  type Look,
  type NodeFacts,
  type ReplicationFacts,
  type Silence,
  silenceInFull,
  silenceWords,
} from './node-facts.ts';

const keptSamples = 60;

const keptDumps = 12;

export interface MasterSample {
  readonly at: number;
  readonly binlog: Readonly<Record<string, BinlogOffset>>;
  readonly sstBytes: number | null;
}

/** A dump that finished while the master was watched: LASTSAVE changed. */
export interface Dump {
  /** LASTSAVE's new value, unix seconds on the master's clock. */
  readonly lastSave: number;
  /** The last look that still showed the old value, and the first that showed the new one. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Bytes in the table files just before and just after; the snapshot's size lies about between them. */
  readonly sstBytesBefore: number | null;
  readonly sstBytesAfter: number | null;
}

export interface MasterTracker {
  readonly lastAnsweredAt: number | null;
  /** Set while the master does not answer. */
  readonly silentSince: number | null;
  readonly silentAs: Silence['kind'] | null;
  /** What was met at the last look that gave no answer. */
  readonly silentWith?: string | null;
  readonly processId: number | null;
  readonly uptimeSeconds: number | null;
  readonly replOutputBytes: number | null;
  readonly restartedAt: number | null;
  readonly runId: string | null;
  readonly lastSave: number | null;
  readonly lastSaveAt: number | null;
  readonly dumps: readonly Dump[];
  readonly bgsaving: boolean;
  readonly bgsavingSeenAt: number | null;
  readonly scanning: boolean;
  readonly compacting: boolean;
  readonly samples: readonly MasterSample[];
  readonly replication: ReplicationFacts | null;
}

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
export const masterSilence = ({ silentAs }: MasterTracker): string | null =>
  silentAs === null ? null : `the master ${silenceWords[silentAs]}`;

export const slaveName = (slave: ListedSlave): string => `${slave.ip}:${slave.port}`;

/** What a checkpoint takes: the live files where the version tells them apart, else all of them. */
export function snapshotSize(facts: NodeFacts): number | null {
  if (!facts.sizes) return null;
  return facts.sizes.liveSstBytes ?? facts.sizes.sstBytes;
}

/** Takes in one look at the master. */
export function trackMaster(tracker: MasterTracker, look: Look): MasterTracker {
  if (look.kind !== 'answered') {
    return {
      ...tracker,
      silentSince: tracker.silentSince ?? look.at,
      silentAs: look.kind,
      silentWith: silenceInFull(look),
    };
  }
  const { facts, at } = look;
  const restarted = hasRestarted(
    tracker,
    facts,
    facts.stats?.replOutputBytes ?? null,
    tracker.replOutputBytes,
  );
  const base = restarted ? { ...tracker, lastSave: null, lastSaveAt: null, restartedAt: at } : tracker;
  return {
    ...takeLastSave(base, facts, at),
    lastAnsweredAt: at,
    silentSince: null,
    silentAs: null,
    silentWith: null,
    processId: facts.server?.processId ?? tracker.processId,
    uptimeSeconds: facts.server?.uptimeSeconds ?? tracker.uptimeSeconds,
    runId: facts.server?.runId ?? tracker.runId,
    replOutputBytes: facts.stats?.replOutputBytes ?? tracker.replOutputBytes,
    bgsaving: facts.stats?.bgsaving ?? tracker.bgsaving,
    bgsavingSeenAt: facts.stats?.bgsaving ? at : tracker.bgsavingSeenAt,
    scanning: facts.stats?.scanningKeyspace ?? tracker.scanning,
    compacting: facts.stats?.compacting ?? tracker.compacting,
    samples: addSample(tracker.samples, facts, at),
    replication: facts.replication ?? tracker.replication,
  };
}

/**
 * A process id that changed, an uptime or a since-start counter that fell. `run_id` is no sign: CONFIG REWRITE
 * stores it (facts 2.1).
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

function takeLastSave(tracker: MasterTracker, facts: NodeFacts, at: number): MasterTracker {
  const value = facts.lastSaveUnixSeconds;
  const size = snapshotSize(facts);
  const withSizes = size === null ? tracker : { ...tracker, dumps: fillSizeAfter(tracker.dumps, size, at) };
  if (value === undefined) return withSizes;
  const changed = tracker.lastSave !== null && value !== tracker.lastSave;
  if (!changed) return { ...withSizes, lastSave: value, lastSaveAt: at };
  const dump: Dump = {
    lastSave: value,
    notBefore: tracker.lastSaveAt ?? at,
    notAfter: at,
    sstBytesBefore: latestSize(tracker.samples),
    sstBytesAfter: size,
  };
  return {
    ...withSizes,
    lastSave: value,
    lastSaveAt: at,
    dumps: [...withSizes.dumps, dump].slice(-keptDumps),
  };
}

const fillSizeAfter = (dumps: readonly Dump[], size: number, at: number): readonly Dump[] =>
  dumps.some((dump) => dump.sstBytesAfter === null && dump.notAfter <= at)
    ? dumps.map((dump) => (dump.sstBytesAfter === null ? { ...dump, sstBytesAfter: size } : dump))
    : dumps;

export const latestSize = (samples: readonly MasterSample[]): number | null =>
  samples.findLast((sample) => sample.sstBytes !== null)?.sstBytes ?? null;

/** Keeps the newest samples, at most a few a second. */
function addSample(samples: readonly MasterSample[], facts: NodeFacts, at: number): readonly MasterSample[] {
  if (!facts.replication && !facts.sizes) return samples;
  const last = samples.at(-1);
  const sample: MasterSample = {
    at,
    binlog: facts.replication?.binlog ?? last?.binlog ?? {},
    sstBytes: snapshotSize(facts),
  };
  return [...samples, sample].slice(-keptSamples);
}

/** Bytes of a dump's snapshot: the smaller of the sizes around it, since both are samples; null = not known. */
export function dumpBytes(dump: Dump): number | null {
  const sizes = [dump.sstBytesBefore, dump.sstBytesAfter].filter(
    (size) => size !== null && size > 0,
  ) as number[];
  return sizes.length === 0 ? null : Math.min(...sizes);
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
