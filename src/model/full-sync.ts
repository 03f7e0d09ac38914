/** What is known of the full syncs of a node, and of its master meanwhile. */
import type { FoundInRule } from './evidence.ts';
import type { CommandCalls } from './knowledge.ts';
import type { Address, BinlogOffset, ListedSlave, ReplicationFacts, Silence } from './observation.ts';
import type { AgentSight } from './views/agent.ts';

/** One stay in WaitDBSync: one try of a full sync. */
export interface FullSyncPass {
  readonly startedAt: number;
  /** SLAVEOF, or the end of the wait before: no byte of this copy came earlier, seen or not. */
  readonly earliestAt: number;
  readonly endedAt: number | null;
  /**
   * How it ended: `swapped` = the node went on with the snapshot's offset or is ready to; `interrupted` = it fell
   * back (connection lost, NO ONE, restart); `discarded` = it went on without having taken over a snapshot.
   */
  readonly end: 'swapped' | 'interrupted' | 'discarded' | null;
  readonly dbs: readonly string[];
  /** Node's `total_net_repl_input_bytes` at its beginning, at the last look inside, and at the first look after. */
  readonly bytesAtStart: number | null;
  readonly bytesLast: number | null;
  readonly bytesLastAt: number | null;
  /**
   * The least bytes of the snapshot that must have come by the first look afterwards: all bytes, less all binlog that
   * may have come meanwhile. null = not known.
   */
  readonly unseenBytesAtLeast: number | null;
  /** All bytes by then, with the binlog. */
  readonly unseenBytesAtMost?: number | null;
  readonly firstBytesAt: number | null;
  /** First look inside at which the master made no dump: the node's own was finished then. */
  readonly dumpQuietAt: number | null;
  readonly offsetsBefore: Readonly<Record<string, BinlogOffset>>;
  readonly offsetsAfter: Readonly<Record<string, BinlogOffset>> | null;
  readonly masterOffsets: Readonly<Record<string, BinlogOffset>>;
  /** The dump that is being copied, when it was seen to finish while watching. */
  readonly dump: Dump | null;
  /** The node's byte counter at its first look after that dump was seen to be finished. */
  readonly bytesAtDump: number | null;
  /** LASTSAVE when the wait began: the dump that is reused if no new one is made. */
  readonly lastSaveAtStart: number | null;
  readonly snapshotBytes: number | null;
  /** Whether snapshotBytes belongs to the copied dump, or is only the master's present size. */
  readonly snapshotBytesKnown: boolean;
  /** The most bytes that the copied dump, or a dump that replaced it, can hold; null or absent = not known. */
  readonly snapshotBytesAtMost?: number | null;
  readonly supersededAt: number | null;
  readonly supersededBy: 'later_dump' | 'bgsave_during_copy' | 'other_full_sync' | null;
  /** When a newer dump was seen at the master, and the node was not seen since: started again, it asks for one itself. */
  readonly nodeToBeSeenSince?: number;
  readonly laterDumps: number;
  /** The other slave that entered its full sync during this wait. */
  readonly otherSlave: string | null;
  /** Last time that bytes of the copy, or the states, moved; and the byte counter then. */
  readonly lastMoveAt: number;
  readonly movedBytes?: number | null;
  /** The node's own uptime then, and at the last look inside: the clock of a worker can jump. */
  readonly movedUptimeSeconds?: number | null;
  readonly uptimeSeconds?: number | null;
  readonly copying?: Copying;
  /** Milliseconds in which nothing came, so that the node asked again, and in which looks far apart can hide that. */
  readonly stillMs?: number;
  readonly hiddenMs?: number;
  /** The most that came between two looks, bytes per millisecond. */
  readonly fastest?: number;
  /** Of the files that come; absent = the throttle of the node is not known. */
  readonly pieces?: {
    /** How often whole pieces of files had come at a look, and how often the end of a file as well. */
    readonly whole: number;
    readonly ragged: number;
    /** The byte counter at the last look at which a piece had ended, and the looks since. */
    readonly wholeBytes: number;
    readonly looks: number;
    /** For how long less than a tenth of the throttle came, and where the present second begins. */
    readonly slowMs: number;
    readonly sinceAt: number;
    readonly sinceBytes: number;
  };
  /** What had come when this first copy of an attempt was seen, and how long after SLAVEOF: nobody watched it. */
  readonly unwatched?: { readonly bytes: number; readonly ms: number };
  /** When a hundredth more of the copy had come the last time, and how much had come then. */
  readonly headway?: { readonly at: number; readonly bytes: number };
}

/** Bytes come for the copy and, once one of several DBs is connected, for its binlog: which are the copy's? */
export interface Copying {
  /** The states of the DBs; their time starts again at every change. */
  readonly states: string;
  readonly binlog: Readonly<Record<string, BinlogOffset>>;
  /** The most that was received beside what the node has taken from the binlog since. */
  readonly mostBytes: number;
  /** The byte counter when these states began, and what had come of this copy before; absent = as `mostBytes`, and 0. */
  readonly sinceBytes?: number;
  readonly earlierBytes?: number;
}

export type TrackerPhase = 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up';

interface RateSample {
  readonly at: number;
  readonly bytes: number;
}

/** The position of the node's own binlog, and what its link has done since the position last moved. */
export interface Standing {
  readonly offsets: Readonly<Record<string, BinlogOffset>>;
  readonly movedAt: number;
  readonly connected: boolean;
  /** How often the link went down since. */
  readonly flaps: number;
  /** The byte counter then: what came since and moved nothing was sent in vain. */
  readonly bytes: number | null;
}

/** What is known of one slave since one SLAVEOF. */
export interface SlaveTracker {
  readonly attachedAt: number;
  /** The master as SLAVEOF named it to the node. */
  readonly master: Address;
  /** The node as the others see it. */
  readonly self: Address;
  /** `NodeFacts.ips` of the latest look that showed them. */
  readonly ips?: readonly string[];
  /** The master's binlog-file-size; null = not known. */
  readonly binlogFileSizeBytes: number | null;
  /** The node's throttle, as it was read last; absent = not known. */
  readonly throttleBytesPerSecond?: number;
  /** Whether the node's version opens what it has copied when its dump is replaced; absent = not known. */
  readonly opensSupersededCopy?: boolean;
  /** The node's byte counter and the master's offsets right before SLAVEOF. */
  readonly bytesAtAttach: number | null;
  /** The byte counter at the look before the present one. */
  readonly bytesBefore: number | null;
  readonly masterOffsetsAtAttach: Readonly<Record<string, BinlogOffset>>;
  /** master_host and master_port as the node first showed them after SLAVEOF. */
  readonly establishedMaster: Address | null;
  readonly phase: TrackerPhase;
  readonly phases: readonly { readonly phase: TrackerPhase; readonly at: number }[];
  readonly lastAnsweredAt: number | null;
  readonly busySince: number | null;
  readonly unreachableSince: number | null;
  /** What was met at the last such look. */
  readonly unreachableAs?: { readonly how: 'unreachable' | 'denied' | 'garbled'; readonly met: string };
  readonly processId: number | null;
  readonly uptimeSeconds: number | null;
  readonly replInputBytes: number | null;
  readonly commandsProcessed: number | null;
  readonly restarts: readonly number[];
  readonly everWaited: boolean;
  readonly waits: readonly FullSyncPass[];
  /** Whether the master was seen to list the node as `full syncing` since the attach. */
  readonly listedFullSyncing: boolean;
  readonly listed: ListedSlave | null;
  /** Its entry was found by its own address: from then on, no entry with its port is taken for its own by guess. */
  readonly listedByAddress?: true;
  /** Since when the master does not list it in sync. */
  readonly notListedSince: number | null;
  /** Entries that cannot be its own, as `ip:port`: listed before its SLAVEOF, or of other nodes of the expansion. */
  readonly listedBefore: readonly string[];
  /** Since when it answers again after a long silence: a frozen process asks for its place, and moves, only from then on. */
  readonly answersSince?: number;
  readonly noConnectSince: number | null;
  /** The byte counter at `noConnectSince` where files had come before; absent = none had. */
  readonly bytesAtNoConnect?: number | null;
  readonly upSince: number | null;
  readonly replication: ReplicationFacts | null;
  /** The last look at which every DB was in Error or NoConnect: it had asked for nothing then. */
  readonly idleAt?: number;
  /** Since when the states of its DBs are what they are; absent = since the attach. */
  readonly statesSince?: number;
  /** The node's own binlog since its copy was opened; absent or null = it was not. */
  readonly standing?: Standing | null;
  /** Slaves of the master that were already in full sync when this one's wait began. */
  readonly othersSyncing: readonly string[];
  /** Size of the node's own tables at the first look after the swap. */
  readonly ownSstBytes: number | null;
  /** And with what it held in memory: a copy is opened from tables, binlog comes into memory. */
  readonly ownHeldBytes?: number;
  /** When the master's size had been read last by then; absent = not noted. */
  readonly masterSizedAt?: number | null;
  readonly rates: readonly RateSample[];
  /** The master was itself a slave in sync at some look since the attach. */
  readonly masterSyncingAt: number | null;
  readonly foreignMaster: string | null;
  readonly detachedByOthersAt: number | null;
  readonly masterRestartedAt: number | null;
  /** What the agent on the node's host told last; absent = nothing since the attach. */
  readonly sight?: AgentSight;
  /** What the agents have shown of the files of the last pass; absent = nothing yet. */
  readonly files?: FilesSeen;
}

/** What agents show of the files of a copy. */
export interface FilesSeen {
  /** Beginning of the pass that it is about. */
  readonly since: number;
  /** By database: the dump that the node copies. */
  readonly dumps: Readonly<
    Record<
      string,
      {
        /** As the list of files named it. */
        readonly id: string;
        /** Path and inode of its folder on the master; null = not seen there. */
        readonly place: string | null;
        /** Whether another dump has taken its place. */
        readonly moved: boolean;
        /** When the node's agent first told that the copy came whole and was opened; absent = it has not. */
        readonly toldWholeAt?: number;
      }
    >
  >;
  readonly found: FoundInRule | null;
  /** The most tables that were hashed on both sides, and when they were; absent = no hashes were waited for. */
  readonly hashing?: { readonly most: number; readonly at: number };
}

export interface MasterSample {
  readonly at: number;
  readonly binlog: Readonly<Record<string, BinlogOffset>>;
  readonly sstBytes: number | null;
  /** All that a dump could hold; absent = not known. */
  readonly mostBytes?: number | null;
}

/** A dump that finished while the master was watched: LASTSAVE changed. */
export interface Dump {
  /** LASTSAVE's new value, unix seconds on the master's clock. */
  readonly lastSave: number;
  /** When the last look began that still showed the old value, and when the first ended that showed the new one. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Bytes in the table files just before and just after; the snapshot's size lies about between them. */
  readonly sstBytesBefore: number | null;
  readonly sstBytesAfter: number | null;
  /** The master's binlog offsets at the last look before. */
  readonly offsetsBefore?: Readonly<Record<string, BinlogOffset>> | null;
  /** Binlog written from then until the size after was read; null or absent = not known. */
  readonly writtenBytes?: number | null;
  /** The most that a dump could hold just before or just after; null or absent = not known. */
  readonly mostBytes?: number | null;
}

export interface MasterTracker {
  readonly lastAnsweredAt: number | null;
  /** Set while the master does not answer. */
  readonly silentSince: number | null;
  readonly silentAs: Silence['kind'] | null;
  /** What the last look without an answer met; null or absent = nothing known. */
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
  readonly binlogFileSizeBytes?: number | null;
  /** Keys and members of collections, as RocksDB estimates them; absent = not asked, or the version does not tell. */
  readonly estimatedKeys?: number;
  /** Calls of each command since the master started; absent = not asked, or the version does not tell. */
  readonly commandCalls?: CommandCalls;
  /** What the agent on its host told last; absent = nothing. */
  readonly sight?: AgentSight;
}
