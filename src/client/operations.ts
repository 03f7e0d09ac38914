/** The operations of the API and their types, made from its description: `npm run docs`. Nobody edits this file. */

export type AcceptedControl = {
  readonly id: string;
  readonly verb: 'pause' | 'resume' | 'cancel' | 'approve' | 'retry' | 'skip';
  /** The node, for retry and skip. */
  readonly node: string | null;
  readonly reason: string;
  readonly by: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly at: number;
  readonly expansionId: string;
};

export type Address = {
  readonly host: string;
  readonly port: number;
};

export type AgentList = {
  readonly items: readonly AgentView[];
};

export type AgentOrders = {
  readonly nextReportInMs: number;
  readonly servers: readonly ({
    /** Which of the servers of the report. */
    readonly port: number;
    /** Send the listings of its folders. */
    readonly listFiles: boolean;
    /** Hash the files of the dump and of the copy, at a bounded rate. */
    readonly hashFiles: boolean;
    /** The `listingId` of each list of files that the service has: it need not come again. */
    readonly held: readonly string[];
    /** Connect there once, as the server would. */
    readonly tryPorts: readonly Address[];
  })[];
};

export type AgentReport = {
  readonly format: 1;
  readonly host: string;
  /** Of pika-expander. */
  readonly version: string;
  /** Made anew at each start of an agent: it tells two agents with one token and one host name apart. */
  readonly instance?: string;
  /** When the agent started. Milliseconds since the epoch. */
  readonly startedAt: number;
  /** By its clock: the service takes the difference to its own off every time. Milliseconds since the epoch. */
  readonly sentAt: number;
  readonly servers: readonly AgentServer[];
};

export type AgentServer = {
  /** Under which others may reach it: every IP address and the name of the host, with its port. */
  readonly addresses: readonly Address[];
  /** null = no process runs. As the server itself prints it in INFO. */
  readonly processId: number | null;
  /** Path of its pika.conf. */
  readonly config: string;
  readonly paths: {
    /** A folder of a server, and the room on its mount. */
    readonly db?: {
      /** As the server has it, links resolved. */
      readonly path: string;
      /** Paths of one mount have the same; null = the path could not be read. */
      readonly device: number | null;
      readonly totalBytes: number | null;
      /** What a process without privileges may still write. */
      readonly freeBytes: number | null;
      readonly totalInodes: number | null;
      readonly freeInodes: number | null;
      /** Why it could not be read, as the system says it. */
      readonly problem: string | null;
    };
    /** A folder of a server, and the room on its mount. */
    readonly dump?: {
      /** As the server has it, links resolved. */
      readonly path: string;
      /** Paths of one mount have the same; null = the path could not be read. */
      readonly device: number | null;
      readonly totalBytes: number | null;
      /** What a process without privileges may still write. */
      readonly freeBytes: number | null;
      readonly totalInodes: number | null;
      readonly freeInodes: number | null;
      /** Why it could not be read, as the system says it. */
      readonly problem: string | null;
    };
    /** A folder of a server, and the room on its mount. */
    readonly dbSync?: {
      /** As the server has it, links resolved. */
      readonly path: string;
      /** Paths of one mount have the same; null = the path could not be read. */
      readonly device: number | null;
      readonly totalBytes: number | null;
      /** What a process without privileges may still write. */
      readonly freeBytes: number | null;
      readonly totalInodes: number | null;
      readonly freeInodes: number | null;
      /** Why it could not be read, as the system says it. */
      readonly problem: string | null;
    };
    /** A folder of a server, and the room on its mount. */
    readonly log?: {
      /** As the server has it, links resolved. */
      readonly path: string;
      /** Paths of one mount have the same; null = the path could not be read. */
      readonly device: number | null;
      readonly totalBytes: number | null;
      /** What a process without privileges may still write. */
      readonly freeBytes: number | null;
      readonly totalInodes: number | null;
      readonly freeInodes: number | null;
      /** Why it could not be read, as the system says it. */
      readonly problem: string | null;
    };
  };
  /** Of the running process. */
  readonly openFileLimit: number | null;
  /** Ports of the other servers of this host whose db-path lies on the same mount. */
  readonly sharesDiskWith: readonly number[];
  /** The newest dump of each database. */
  readonly dumps: readonly ({
    readonly db: string;
    readonly path: string;
    /** Another one = another folder of the same name: the dump was replaced. */
    readonly inode: string;
    /** When a file of it last changed. Milliseconds since the epoch. */
    readonly changedAt: number;
    /** md5 of the file `info`: the id by which a master names its dump. */
    readonly dumpId: string | null;
    readonly files: number;
    readonly bytes: number;
    /** Each file; null = nobody asked, there are too many, or the service has the list of this `listingId`. */
    readonly listing: readonly FolderFile[] | null;
    /** Hash of the list. The same list is sent once, as long as the answers name it in `held`. */
    readonly listingId?: string;
    /** Why this is not the whole picture: a MANIFEST that cannot be read, a table file that is missing or has another size. */
    readonly problem?: string;
  })[];
  /** What has come into db-sync-path, a folder per database. */
  readonly copies: readonly ({
    readonly db: string;
    readonly path: string;
    /** Another one = another folder of the same name: the dump was replaced. */
    readonly inode: string;
    /** When a file of it last changed. Milliseconds since the epoch. */
    readonly changedAt: number;
    /** md5 of the file `info`: the id by which a master names its dump. */
    readonly dumpId: string | null;
    readonly files: number;
    readonly bytes: number;
    /** Each file; null = nobody asked, there are too many, or the service has the list of this `listingId`. */
    readonly listing: readonly FolderFile[] | null;
    /** Hash of the list. The same list is sent once, as long as the answers name it in `held`. */
    readonly listingId?: string;
    /** Why this is not the whole picture: a MANIFEST that cannot be read, a table file that is missing or has another size. */
    readonly problem?: string;
  })[];
  /** The table files that CURRENT and its MANIFEST name, a folder per database. */
  readonly opened: readonly ({
    readonly db: string;
    readonly path: string;
    /** Another one = another folder of the same name: the dump was replaced. */
    readonly inode: string;
    /** When a file of it last changed. Milliseconds since the epoch. */
    readonly changedAt: number;
    /** md5 of the file `info`: the id by which a master names its dump. */
    readonly dumpId: string | null;
    readonly files: number;
    readonly bytes: number;
    /** Each file; null = nobody asked, there are too many, or the service has the list of this `listingId`. */
    readonly listing: readonly FolderFile[] | null;
    /** Hash of the list. The same list is sent once, as long as the answers name it in `held`. */
    readonly listingId?: string;
    /** Why this is not the whole picture: a MANIFEST that cannot be read, a table file that is missing or has another size. */
    readonly problem?: string;
  })[];
  /** Folders `dbN_bak`: the data from before a swap that did not end. */
  readonly backups: readonly string[];
  /** Its latest full syncs as its log tells them, oldest first. */
  readonly attempts: readonly ({
    readonly db: string | null;
    /** When the node asked. Milliseconds since the epoch. */
    readonly startedAt: number;
    readonly endedAt: number | null;
    readonly verdict: 'complete' | 'incomplete' | 'failed' | 'running' | 'undecided';
    readonly cause: string | null;
    readonly files: {
      readonly listed: number | null;
      readonly copied: number;
    };
  })[];
  /** The latest lines that mean something, oldest first, without those of single files. */
  readonly log: readonly ({
    /** Row of the table of log lines. */
    readonly code: string;
    /** As the line says, in UTC. Milliseconds since the epoch. */
    readonly at: number;
    readonly thread: number;
    readonly values: Readonly<Record<string, string>>;
    /** As the server wrote it, without its prefix. */
    readonly line: string;
  })[];
  /** Such lines that no report could hold, since the agent started. */
  readonly logDropped: number;
  /** Of the log, since the agent started: it grew faster than the agent may read. */
  readonly logSkippedBytes?: number;
  /** Why the log cannot be read. */
  readonly logProblem?: string;
  /** What the service asked the agent to try. */
  readonly ports: readonly ({
    readonly to: Address;
    /** When it was tried. Milliseconds since the epoch. */
    readonly at: number;
    readonly outcome: 'open' | 'refused' | 'no_answer' | 'unresolved';
  })[];
};

export type AgentSight = {
  /** When the report came. Milliseconds since the epoch. */
  readonly at: number;
  /** Name of its token. */
  readonly agent: string;
  /** By how much its host's clock is ahead of the service's. */
  readonly clockAheadMs: number;
  readonly server: AgentServer;
};

export type AgentView = {
  /** Name of its token. */
  readonly agent: string;
  /** As the agent names it. */
  readonly host: string;
  readonly version: string;
  /** When the agent started, by its clock. Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When its latest report came. Milliseconds since the epoch. */
  readonly lastReportAt: number;
  /** Three reports did not come: what it told counts no more. */
  readonly stale: boolean;
  /** By how much its host's clock is ahead of the service's. */
  readonly clockAheadMs: number;
  /** Reports taken since it was first heard of. */
  readonly reports: number;
  /** Reports refused as a whole: they named none of its servers. */
  readonly refused: number;
  /** Of the latest report: what its token may not speak for, or what was too large. */
  readonly dropped: {
    readonly addresses: number;
    readonly servers: number;
  };
  readonly servers: readonly ({
    readonly addresses: readonly string[];
    /** null = no process runs. As the server itself prints it in INFO. */
    readonly processId: number | null;
    /** Path of its pika.conf. */
    readonly config: string;
    /** Other agents, as `name@host`, that report of the same address now. Its own name: two agents report by it. */
    readonly contestedBy: readonly string[];
    readonly paths: {
      /** A folder of a server, and the room on its mount. */
      readonly db?: {
        /** As the server has it, links resolved. */
        readonly path: string;
        /** Paths of one mount have the same; null = the path could not be read. */
        readonly device: number | null;
        readonly totalBytes: number | null;
        /** What a process without privileges may still write. */
        readonly freeBytes: number | null;
        readonly totalInodes: number | null;
        readonly freeInodes: number | null;
        /** Why it could not be read, as the system says it. */
        readonly problem: string | null;
      };
      /** A folder of a server, and the room on its mount. */
      readonly dump?: {
        /** As the server has it, links resolved. */
        readonly path: string;
        /** Paths of one mount have the same; null = the path could not be read. */
        readonly device: number | null;
        readonly totalBytes: number | null;
        /** What a process without privileges may still write. */
        readonly freeBytes: number | null;
        readonly totalInodes: number | null;
        readonly freeInodes: number | null;
        /** Why it could not be read, as the system says it. */
        readonly problem: string | null;
      };
      /** A folder of a server, and the room on its mount. */
      readonly dbSync?: {
        /** As the server has it, links resolved. */
        readonly path: string;
        /** Paths of one mount have the same; null = the path could not be read. */
        readonly device: number | null;
        readonly totalBytes: number | null;
        /** What a process without privileges may still write. */
        readonly freeBytes: number | null;
        readonly totalInodes: number | null;
        readonly freeInodes: number | null;
        /** Why it could not be read, as the system says it. */
        readonly problem: string | null;
      };
      /** A folder of a server, and the room on its mount. */
      readonly log?: {
        /** As the server has it, links resolved. */
        readonly path: string;
        /** Paths of one mount have the same; null = the path could not be read. */
        readonly device: number | null;
        readonly totalBytes: number | null;
        /** What a process without privileges may still write. */
        readonly freeBytes: number | null;
        readonly totalInodes: number | null;
        readonly freeInodes: number | null;
        /** Why it could not be read, as the system says it. */
        readonly problem: string | null;
      };
    };
    /** Such lines that no report could hold, since the agent started. */
    readonly logDropped: number;
    /** Of the log, since the agent started: it grew faster than the agent may read. */
    readonly logSkippedBytes?: number;
    /** Why the log cannot be read. */
    readonly logProblem?: string;
  })[];
};

export type AnomalyDescription = {
  readonly code: string;
  readonly title: string;
  readonly cause: string;
  readonly versions: string;
  /** Recordings of real servers that show it. */
  readonly recordings: readonly string[];
  readonly remedy: string;
  /** While the service is at its remedy. */
  readonly underWay: readonly string[];
  /** What a person can do after the service has given the node up. */
  readonly nextSteps: readonly string[];
};

export type AnomalyRecord = {
  readonly code: 'snapshot_superseded' | 'hung_in_full_sync' | 'reply_missed' | 'copy_not_opened' | 'binlog_not_applied' | 'died_on_partial_database' | 'full_sync_skipped' | 'refused_for_good' | 'master_unreachable' | 'master_still_syncing' | 'up_but_not_listed' | 'up_but_incomplete' | 'files_unproven' | 'sync_loop' | 'copy_begun_again' | 'copy_without_end' | 'node_restarted' | 'master_restarted' | 'foreign_change' | 'node_unreachable';
  /** When it was seen. Milliseconds since the epoch. */
  readonly at: number;
  readonly attempt: number;
  /** What was seen, with its numbers. */
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly remedy: 'wait' | 'reattach' | 'quarantine' | 'halt';
};

export type AttemptView = {
  readonly number: number;
  readonly kind: 'attach' | 'reattach';
  /** When it began. Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly outcome: 'verified' | 'failed' | 'abandoned' | null;
  /** Where a reattach stands; a plain attach goes straight to `slaveof`. */
  readonly step: 'detach' | 'await_unlisted' | 'clear_id' | 'slaveof' | 'syncing';
  readonly detachedAt: number | null;
  /** Whether the master is asked for a new dump before SLAVEOF. */
  readonly wantsDump?: boolean;
  readonly intents: readonly ({
    readonly id: string;
    readonly command: {
      readonly kind: 'slaveof';
      readonly master: Address;
      readonly force: boolean;
    } | {
      readonly kind: 'slaveof_no_one';
    } | {
      readonly kind: 'clear_replication_id';
    } | {
      readonly kind: 'bgsave';
    } | {
      readonly kind: 'config_set';
      readonly name: 'throttle-bytes-per-second' | 'expire-logs-nums';
      readonly value: string;
    } | {
      readonly kind: 'config_rewrite';
    };
    readonly reason: Said;
    /** When the intent was stored, before the act. Milliseconds since the epoch. */
    readonly savedAt: number;
    /** Epoch of the lease under which it was stored. */
    readonly epoch: number;
    readonly endedAt: number | null;
    /** null = it is not known whether the act happened. */
    readonly outcome: 'ok' | 'refused' | 'unknown' | null;
    /** What the node replied; or, where nobody heard it, what is known of the act. */
    readonly reply: string | Said | null;
  })[];
  readonly catchUp: CatchUp | null;
};

export type Audit = {
  readonly id: string;
  readonly state: 'pending' | 'running' | 'completed' | 'cancelled';
  readonly requestedBy: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly spec: ComparisonSpec;
  /** Comparisons at a time. */
  readonly maxRunning: number;
  /** Comparisons at a time in which one host takes part. */
  readonly maxRunningPerHost: number;
  /** How the service reaches slaves where the listed address does not lead to them. */
  readonly slaves: readonly NodeTarget[];
  readonly counts: {
    /** Servers at which the audit begins. */
    readonly masters: number;
    /** Of these: could not be asked for their slaves. */
    readonly mastersNotRead: number;
    readonly slaves: number;
    /** Slaves and masters that were not looked at to the end yet. */
    readonly open: number;
    readonly whole: number;
    readonly damaged: number;
    readonly doubtful: number;
    readonly notJudged: number;
    /** Slaves that were found beyond the bounds of one audit. */
    readonly leftOut: number;
  };
  /** Who ended it before its time. */
  readonly cancel: {
    readonly reason: string;
    readonly by: string;
    /** When it was asked for. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
  /** Masters and slaves, a master before its slaves. */
  readonly servers: readonly ({
    /** Its place in the audit, from 0. */
    readonly index: number;
    readonly target: NodeTarget;
    /** Index of its master; null = the audit begins at this server, and does not judge its data. */
    readonly master: number | null;
    /** `host:port` under which its master lists it; null = it is not listed, and was found by an earlier expansion. */
    readonly listedAs: string | null;
    readonly state: 'waiting' | 'catching_up' | 'to_compare' | 'comparing' | 'judged';
    /** null = not known. */
    readonly version: string | null;
    /** null = not known. */
    readonly role: 'master' | 'slave' | 'master&&slave' | null;
    /** The master's binlog positions, which the slave has to pass before its data are compared. */
    readonly captured: {
      /** When it was captured. Milliseconds since the epoch. */
      readonly at: number;
      readonly binlog: Readonly<Record<string, {
        readonly file: number;
        readonly offset: number;
      }>>;
    } | null;
    /** The comparison of its data with those of its master. */
    readonly comparisonId: string | null;
    /** The first few differences. */
    readonly examples: readonly Difference[];
    /** What preflight finds of versions and settings. */
    readonly findings: readonly Finding[];
    /** null = not judged yet, or a server at which the audit begins. */
    readonly verdict: 'whole' | 'damaged' | 'doubtful' | 'not_judged' | null;
    /** Why it has its verdict; null = no verdict yet. */
    readonly reason: Said | null;
    readonly judgedAt: number | null;
    /** When the slave was last proven whole: a damage is younger than this. null = never by this service. */
    readonly wholeAt: {
      /** When it was proven. Milliseconds since the epoch. */
      readonly at: number;
      /** Id of the expansion or audit that proved it. */
      readonly by: string;
    } | null;
    /** What to do next; null = nothing. */
    readonly nextStep: string | null;
  })[];
  /** Per master with damaged slaves the body of POST /v1/expansions that makes them whole. */
  readonly repairs: readonly ({
    readonly master: {
      readonly address: string;
      readonly seenAs: string;
      readonly credential?: string;
    };
    readonly nodes: readonly ({
      readonly address: string;
      readonly seenAs: string;
      readonly credential?: string;
      readonly repoint: true;
      readonly overwriteData: true;
    })[];
    readonly label: string;
  })[];
};

export type AuditRequest = {
  /** The masters whose slaves are judged. */
  readonly masters: readonly MasterInput[] | 'all';
  /** Slaves that the service reaches otherwise than by the address that their master lists (`seenAs`), or with another credential. Expansions that the service keeps need no entry. */
  readonly slaves?: readonly MasterInput[];
  /** How much of the data is compared. `counts`: Counts only; `sample`: Sample by value; `full`: Every key by value. Default: sample. */
  readonly depth?: 'counts' | 'sample' | 'full';
  /** Keys that a sample looks at, per type and database. Default: 1000. */
  readonly samplePerType?: number;
  /** The exact key counts are compared as well. For this both nodes scan all their keys, once no full sync runs. Default: false. */
  readonly keyCounts?: boolean;
  /** A smaller difference of the remaining lifetimes of a key does not count. Milliseconds. `null`: lifetimes are not compared. Default: 1000. */
  readonly ttlToleranceMs?: number | null;
  /** A key counts as different if it differs in this many rounds. Default: 3. */
  readonly rounds?: number;
  /** The most keys that the comparison asks of each node per second. An expiry counts as one more. `null`: no limit. Default: null. */
  readonly maxOpsPerSecond?: number | null;
  /** The most bytes that the comparison reads from each node per second. Bytes per second. `null`: no limit. Default: null. */
  readonly maxBytesPerSecond?: number | null;
  /** Reading pauses while the master takes longer than this to answer. Milliseconds. `null`: no limit. Default: 500. */
  readonly maxMasterLatencyMs?: number | null;
  /** Reading pauses while the slave is further behind than this. Bytes. `null`: no limit. Default: 268435456. */
  readonly maxSlaveLagBytes?: number | null;
  /** How long the slave may take to reach a position of the master. Milliseconds. Default: 60000. */
  readonly catchUpTimeoutMs?: number;
  /** The most comparisons of the audit that run at a time. Each worker runs as many comparisons as it has cores, 2 at least. `null`: 2, but 1 with depth full, so that expansions keep a place. Default: null. */
  readonly maxRunning?: number | null;
  /** The most comparisons of the audit that read from servers of one host at a time. A server takes part in one. Default: 1. */
  readonly maxRunningPerHost?: number;
};

export type CampaignPlan = {
  /** When it was made. Milliseconds since the epoch. */
  readonly at: number;
  readonly label: string | null;
  readonly settings: {
    /** Members at work at the same time; the limits on full syncs hold besides. */
    readonly maxRunning: number;
    /** With so many members failed no further one begins. A canary's failure is always enough. */
    readonly stopAfterFailures: number;
    /** Whether a person must approve the rest once the canaries have succeeded. */
    readonly canaryApproval: boolean;
  };
  /** Whether no member has a finding that is an error. */
  readonly acceptable: boolean;
  /** If nothing fails, approvals left out; null = a forecast is missing. */
  readonly forecastSeconds: number | null;
  readonly members: readonly ({
    readonly index: number;
    readonly group: 'canary' | 'rest';
    readonly master: string;
    readonly nodes: readonly string[];
    readonly label: string | null;
    readonly acceptable: boolean;
    readonly findings: readonly Finding[];
    readonly batchSize: number;
    readonly batchSizeReason: Said;
    readonly batches: readonly (readonly string[])[];
    /** Id of the expansion on the same master for whose end it would wait. */
    readonly waitsFor: string | null;
    readonly forecast: Forecast | null;
  })[];
};

export type CampaignReport = {
  /** When the report was made. Milliseconds since the epoch. */
  readonly at: number;
  readonly campaign: CampaignSummary;
  /** From its first member to its end, or until now. */
  readonly tookSeconds: number | null;
  readonly members: readonly ({
    /** Zero-based place in the request, and in the order in which members begin. */
    readonly index: number;
    readonly group: 'canary' | 'rest';
    /** `host:port` as the request gave it. */
    readonly master: string;
    readonly nodes: readonly ({
      readonly node: string;
      /** null = its expansion has not begun. */
      readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled' | null;
      readonly attempts: number;
      /** What the evidence says. */
      readonly verdict: 'verified' | 'not_verified' | 'undecided' | null;
      readonly anomalies: readonly string[];
      readonly receivedBytes: number | null;
      readonly transferSeconds: number | null;
      readonly problem: Problem | null;
    })[];
    readonly label: string | null;
    /** `refused`: preflight stood against it when its turn came; `not_begun`: the campaign ended before its turn. */
    readonly state: 'waiting' | 'starting' | 'running' | 'succeeded' | 'failed' | 'refused' | 'cancelled' | 'not_begun';
    /** When the state was entered. Milliseconds since the epoch. */
    readonly stateSince: number;
    readonly problem: Problem | null;
    /** null = it has not begun. */
    readonly expansionId: string | null;
    readonly expansionState: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled' | null;
    readonly nodesVerified: number;
    readonly startedAt: number | null;
    readonly endedAt: number | null;
    /** null = not known. */
    readonly remainingSeconds: number | null;
    /** What holds it up, or why it is in its state. */
    readonly reason: Said | null;
    readonly tookSeconds: number | null;
    /** As it was forecast when it began, else when the campaign was accepted. */
    readonly forecastSeconds: number | null;
  })[];
};

export type CampaignRequest = {
  /** A text to recognise the campaign by. */
  readonly label?: string;
  /** Masters at work at the same time. The limits on full syncs (slots) hold besides. Default: 1. */
  readonly maxRunning?: number;
  /** With so many members failed no further one begins. A failed canary is always enough. Default: 1. */
  readonly stopAfterFailures?: number;
  readonly canary?: {
    /** The first so many members are canaries: the rest begins only when each of them has succeeded. Default: 1. */
    readonly count?: number;
    /** Wait for a person after the canaries. Default: false. */
    readonly approval?: boolean;
  };
  /** For every member; what a member gives itself wins. */
  readonly policy?: Policy;
  /** The request of one expansion each, in the order in which they are to begin. */
  readonly members: readonly MemberRequest[];
};

export type CampaignSummary = {
  readonly id: string;
  readonly label: string | null;
  readonly requestedBy: string;
  readonly via: 'rest' | 'queue' | 'cli';
  /** When it was accepted. Milliseconds since the epoch. */
  readonly acceptedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** `halted`: a halted expansion of it keeps the others from beginning; `stopping`: nothing further begins, what runs is run to its end. */
  readonly state: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'stopping' | 'succeeded' | 'failed' | 'cancelled';
  /** When the state was entered. Milliseconds since the epoch. */
  readonly stateSince: number;
  /** Why it is in this state, or what holds it up. */
  readonly stateReason: Said | null;
  readonly settings: {
    /** Members at work at the same time; the limits on full syncs hold besides. */
    readonly maxRunning: number;
    /** With so many members failed no further one begins. A canary's failure is always enough. */
    readonly stopAfterFailures: number;
    /** Whether a person must approve the rest once the canaries have succeeded. */
    readonly canaryApproval: boolean;
  };
  /** Who paused it; null = it is not paused. */
  readonly paused: {
    readonly by: string;
    readonly reason: string;
    /** When. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
  /** Who approved the rest; null = nobody did. */
  readonly approval: {
    readonly by: string;
    readonly reason: string;
    /** When. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
  /** Why no further member begins, never taken back; null = they do. */
  readonly stop: {
    readonly cause: 'failures' | 'cancel';
    readonly reason: Said;
    /** null = it stopped by itself. */
    readonly by: string | null;
    /** When. Milliseconds since the epoch. */
    readonly at: number;
    /** Who had running members cancelled; null = they are run to their end. */
    readonly cancelMembers: {
      readonly by: string;
      readonly reason: string;
      /** When. Milliseconds since the epoch. */
      readonly at: number;
    } | null;
  } | null;
  /** Whether nothing moves before a person acts. */
  readonly needsPerson: boolean;
  /** Whether another person than the requester must approve the rest. */
  readonly fourEyes: boolean;
  /** Asked for, and applied with the next turn. */
  readonly pendingControls: readonly ({
    readonly id: string;
    readonly verb: 'pause' | 'resume' | 'cancel' | 'approve';
    readonly reason: string;
  })[];
  /** Of work until its end, by the forecasts, if nothing fails; waits for people are left out. null = not known. */
  readonly remainingSeconds: number | null;
  readonly progress: {
    readonly members: number;
    /** How many members are in each state. */
    readonly byState: {
      readonly waiting: number;
      readonly starting: number;
      readonly running: number;
      readonly succeeded: number;
      readonly failed: number;
      readonly refused: number;
      readonly cancelled: number;
      readonly not_begun: number;
    };
    readonly nodesVerified: number;
    readonly nodes: number;
  };
};

export type CampaignView = {
  readonly id: string;
  readonly label: string | null;
  readonly requestedBy: string;
  readonly via: 'rest' | 'queue' | 'cli';
  /** When it was accepted. Milliseconds since the epoch. */
  readonly acceptedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** `halted`: a halted expansion of it keeps the others from beginning; `stopping`: nothing further begins, what runs is run to its end. */
  readonly state: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'stopping' | 'succeeded' | 'failed' | 'cancelled';
  /** When the state was entered. Milliseconds since the epoch. */
  readonly stateSince: number;
  /** Why it is in this state, or what holds it up. */
  readonly stateReason: Said | null;
  readonly settings: {
    /** Members at work at the same time; the limits on full syncs hold besides. */
    readonly maxRunning: number;
    /** With so many members failed no further one begins. A canary's failure is always enough. */
    readonly stopAfterFailures: number;
    /** Whether a person must approve the rest once the canaries have succeeded. */
    readonly canaryApproval: boolean;
  };
  /** Who paused it; null = it is not paused. */
  readonly paused: {
    readonly by: string;
    readonly reason: string;
    /** When. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
  /** Who approved the rest; null = nobody did. */
  readonly approval: {
    readonly by: string;
    readonly reason: string;
    /** When. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
  /** Why no further member begins, never taken back; null = they do. */
  readonly stop: {
    readonly cause: 'failures' | 'cancel';
    readonly reason: Said;
    /** null = it stopped by itself. */
    readonly by: string | null;
    /** When. Milliseconds since the epoch. */
    readonly at: number;
    /** Who had running members cancelled; null = they are run to their end. */
    readonly cancelMembers: {
      readonly by: string;
      readonly reason: string;
      /** When. Milliseconds since the epoch. */
      readonly at: number;
    } | null;
  } | null;
  /** Whether nothing moves before a person acts. */
  readonly needsPerson: boolean;
  /** Whether another person than the requester must approve the rest. */
  readonly fourEyes: boolean;
  /** Asked for, and applied with the next turn. */
  readonly pendingControls: readonly ({
    readonly id: string;
    readonly verb: 'pause' | 'resume' | 'cancel' | 'approve';
    readonly reason: string;
  })[];
  /** Of work until its end, by the forecasts, if nothing fails; waits for people are left out. null = not known. */
  readonly remainingSeconds: number | null;
  readonly progress: {
    readonly members: number;
    /** How many members are in each state. */
    readonly byState: {
      readonly waiting: number;
      readonly starting: number;
      readonly running: number;
      readonly succeeded: number;
      readonly failed: number;
      readonly refused: number;
      readonly cancelled: number;
      readonly not_begun: number;
    };
    readonly nodesVerified: number;
    readonly nodes: number;
  };
  readonly members: readonly MemberView[];
};

/** What the version of the server can do, with the reason for each. */
export type Capabilities = {
  /** The release this node is taken for: the reported version, corrected by feature probes (4.0.1 says 4.0.0). */
  readonly version: string;
  readonly family: '3.3' | '3.4' | '3.5' | '4.0' | 'unknown';
  /** How many full syncs of one master may run at a time; a plain number also where the dump is shared safely. */
  readonly maxConcurrentFullSyncs: number;
  /** A new dump makes a slave open what it has copied so far: silent loss, hang or death. */
  readonly opensSupersededCopy: boolean;
  /** A finished dump is reused for later slaves as long as its binlog file exists. */
  readonly reusesDump: boolean;
  readonly hasReplicationId: boolean;
  readonly hasEligibleFlag: boolean;
  readonly hasLastSave: boolean;
  /** The master prints `full syncing` for a slave in full sync. */
  readonly showsFullSyncing: boolean;
  readonly hasReplByteCounters: boolean;
  readonly hasRocksdbSizes: boolean;
  /** INFO data and plain INFO walk the disk (before 3.5.4): never asked in passing. */
  readonly infoDataIsCostly: boolean;
  readonly hasStreams: boolean;
  /** One name can exist under several types (3.x). */
  readonly keyUnderSeveralTypes: boolean;
  /** The service can prove a full sync on this version; false = `verified` is never said, with the reason. */
  readonly canProveFullSync: boolean;
  /** Which masters a node of this version can follow; the first rule that names the master's version counts. */
  readonly slaveOf: readonly ({
    /** From the first release on, below the second. */
    readonly masters: readonly [string, string];
    readonly verdict: 'fits' | 'flawed' | 'refused' | 'untried';
    readonly reason: 'nothing_known' | 'counter_writes_break_link' | 'counter_writes_lose_ttl' | 'no_replication_id' | 'waits_for_push' | 'no_run_id' | 'no_db_instance_num' | 'other_layout' | 'other_ttl_unit' | null;
  })[];
  /** The way out of the bug that spoils a full sync when a second dump is made; null = the version is not known to have it. */
  readonly upgrade: 'to_3_5_5' | 'away_from_4_0_0' | null;
  /** Whether the git sha is that of the release; null = the server did not tell it. */
  readonly isRelease: boolean | null;
  /** Name of a capability -> why it is so, in one sentence. */
  readonly reasons: Readonly<Record<string, string>>;
};

export type CatchUp = {
  readonly target: Readonly<Record<string, {
    readonly file: number;
    readonly offset: number;
  }>>;
  /** When the master was asked for its offsets. Milliseconds since the epoch. */
  readonly targetAt: number;
  readonly passedAt: number | null;
  readonly passedOffsets: Readonly<Record<string, {
    readonly file: number;
    readonly offset: number;
  }>> | null;
  /** Looks in a row that held after the data agreed. */
  readonly stableLooks: number;
  readonly stableSince: number | null;
  readonly ownOffsets: Readonly<Record<string, {
    readonly file: number;
    readonly offset: number;
  }>>;
  /** When they last moved. Milliseconds since the epoch. */
  readonly movedAt: number;
};

export type ChannelTest = {
  readonly delivered: boolean;
  /** Why it was not delivered. */
  readonly error: string | null;
};

export type ChannelView = {
  readonly id: string;
  readonly name: string;
  readonly kind: 'slack' | 'dingtalk' | 'feishu' | 'wecom' | 'email' | 'generic';
  /** Only the server: path and query can hold a secret. */
  readonly url: string;
  /** Whether messages are signed; of `email` whether there is a password. */
  readonly hasSecret: boolean;
  /** What it is told of; empty = everything. */
  readonly topics: readonly ('halted' | 'approval' | 'failed' | 'node' | 'setting' | 'replacement' | 'audit' | 'guard' | 'frozen' | 'unattended')[];
  /** It is told of incidents of these masters alone; empty = of all. */
  readonly masters: readonly string[];
  readonly language: 'en' | 'zh';
  /** What nobody acknowledges is said again after this time; null = it is not. */
  readonly repeatMinutes: number | null;
  readonly quiet: {
    /** HH:MM on the clock of the time zone. */
    readonly from: string;
    readonly to: string;
    readonly timeZone: string;
    /** What is said all the same. */
    readonly breakThrough: readonly ('halted' | 'approval' | 'failed' | 'node' | 'setting' | 'replacement' | 'audit' | 'guard' | 'frozen' | 'unattended')[];
  } | null;
  /** Of the kind email. */
  readonly mail: {
    readonly from: string;
    readonly to: readonly string[];
    /** The login; null = none. */
    readonly user: string | null;
  } | null;
  readonly createdBy: string;
  /** When it was made. Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Its last message; null = there was none. */
  readonly last: {
    readonly state: 'pending' | 'delivered' | 'failed';
    readonly attempts: number;
    /** When the message was made. Milliseconds since the epoch. */
    readonly createdAt: number;
    readonly endedAt: number | null;
    /** Why the last attempt failed. */
    readonly error: string | null;
  } | null;
};

export type ChosenDepth = {
  readonly depth: 'sample' | 'full';
  readonly because: Said;
  /** How long a comparison of every key may take before it goes on as a sample; null = a sample was chosen. */
  readonly limitMs: number | null;
  /** How long a comparison of every key takes at the pace that is assumed of untried servers; null = not known. */
  readonly assumedSeconds: number | null;
};

export type Comparison = {
  readonly id: string;
  /** The node of an expansion that it verifies; null = asked for on its own. */
  readonly join: {
    readonly expansionId: string;
    readonly node: string;
  } | null;
  readonly left: NodeTarget;
  readonly right: NodeTarget;
  readonly spec: ComparisonSpec;
  readonly requestedBy: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly state: 'pending' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';
  /** Why it is in this state, or what holds it up now. */
  readonly stateReason: Said | null;
  readonly progress: {
    /** What is being done, in plain words. */
    readonly activity?: string;
    readonly lookedAtKeys?: number;
    readonly estimatedKeys?: number | null;
    readonly differences?: number;
    readonly keysPerSecond?: number | null;
    readonly remainingSeconds?: number | null;
    /** Why reading pauses just now; null = it does not. */
    readonly heldBy?: string | null;
    /** Code and facts of `activity` and `heldBy`. */
    readonly says?: {
      readonly activity: Said;
      readonly heldBy: Said | null;
    };
    readonly faultSince?: number | null;
  } | null;
  /** The result; `verdict` is equal only if something was looked at. */
  readonly report: ComparisonReport | null;
  readonly problem: Problem | null;
  /** Counted, also those over the bound that are not stored. */
  readonly differencesTotal: number;
  /** Only so many are kept. */
  readonly differencesStored: number;
  /** The latest control that the worker has not applied yet. */
  readonly pendingControl: {
    readonly verb: 'pause' | 'resume' | 'cancel';
    readonly reason: string;
    readonly by: string;
    /** When it was asked for. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
};

export type ComparisonReport = {
  readonly depth: 'counts' | 'sample' | 'full';
  /** `equal` only if something was looked at and nothing differed. `empty`: both sides hold no key at all. `inconclusive`: it could not be looked at well enough; `reason` says why. */
  readonly verdict: 'equal' | 'empty' | 'different' | 'inconclusive';
  readonly reason: string | null;
  /** When it began. Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When it ended. Milliseconds since the epoch. */
  readonly endedAt: number;
  readonly lookedAtKeys: number;
  readonly lookedAtKeysByType: {
    readonly string?: number;
    readonly hash?: number;
    readonly list?: number;
    readonly set?: number;
    readonly zset?: number;
    readonly stream?: number;
  };
  /** Estimate of the master's keys; `notes` say what it rests on. */
  readonly estimatedKeys: number | null;
  /** lookedAtKeys / estimatedKeys, 0 to 1; null = not known. */
  readonly share: number | null;
  /** Smallest part of the keys (0 to 1) whose loss this look would have found with 99 % probability; null = none. */
  readonly smallestLossFound: number | null;
  readonly differencesTotal: number;
  readonly differencesByKind: {
    readonly missing?: number;
    readonly foreign?: number;
    readonly type?: number;
    readonly value?: number;
    readonly length?: number;
    readonly ttl?: number;
  };
  readonly differencesBySign?: {
    readonly missing_expires?: number;
    readonly value_expires?: number;
    readonly emptied?: number;
    readonly outlives?: number;
    readonly expires_early?: number;
  };
  /** The first few; the rest is stored with the comparison. */
  readonly examples: readonly Difference[];
  readonly rounds: number;
  /** Keys that differed at first and agreed once the slave had passed the offset. */
  readonly settledByRecheck: number;
  readonly counts: {
    readonly left: Readonly<Record<string, number>>;
    readonly right: Readonly<Record<string, number>>;
    /** Whether both scans began and ended on quiet nodes: only then must they be equal. */
    readonly exact: boolean;
  } | null;
  /** What limits the report's meaning: what an estimate rests on, what could not be looked at. */
  readonly notes?: readonly string[];
  /** Codes and facts of `reason` and `notes`; absent = an earlier release has stored it. */
  readonly said?: {
    readonly reason: Said | null;
    readonly notes: readonly Said[];
  };
};

export type ComparisonRequest = {
  /** A server: `host:port`, or an object with more about it. */
  readonly left: MasterInput;
  /** A server: `host:port`, or an object with more about it. */
  readonly right: MasterInput;
  /** How much of the data is compared. `counts`: Counts only; `sample`: Sample by value; `full`: Every key by value. Default: sample. */
  readonly depth?: 'counts' | 'sample' | 'full';
  /** Keys that a sample looks at, per type and database. Default: 1000. */
  readonly samplePerType?: number;
  /** The exact key counts are compared as well. For this both nodes scan all their keys, once no full sync runs. Default: false. */
  readonly keyCounts?: boolean;
  /** A smaller difference of the remaining lifetimes of a key does not count. Milliseconds. `null`: lifetimes are not compared. Default: 1000. */
  readonly ttlToleranceMs?: number | null;
  /** A key counts as different if it differs in this many rounds. Default: 3. */
  readonly rounds?: number;
  /** The most keys that the comparison asks of each node per second. An expiry counts as one more. `null`: no limit. Default: null. */
  readonly maxOpsPerSecond?: number | null;
  /** The most bytes that the comparison reads from each node per second. Bytes per second. `null`: no limit. Default: null. */
  readonly maxBytesPerSecond?: number | null;
  /** Reading pauses while the master takes longer than this to answer. Milliseconds. `null`: no limit. Default: 500. */
  readonly maxMasterLatencyMs?: number | null;
  /** Reading pauses while the slave is further behind than this. Bytes. `null`: no limit. Default: 268435456. */
  readonly maxSlaveLagBytes?: number | null;
  /** How long the slave may take to reach a position of the master. Milliseconds. Default: 60000. */
  readonly catchUpTimeoutMs?: number;
};

export type ComparisonSpec = {
  readonly depth: 'counts' | 'sample' | 'full';
  /** Keys per type and DB (depth sample). */
  readonly samplePerType: number;
  /** Exact key counts too. */
  readonly keyCounts: boolean;
  /** Difference of expiries that does not count; null = expiries are not compared. */
  readonly ttlToleranceMs: number | null;
  /** Rounds in which a key must differ to be a difference. */
  readonly rounds: number;
  /** Keys read per second on each server: what reads many counts as many, and an expiry as one; null = no cap. */
  readonly maxOpsPerSecond: number | null;
  /** Bytes of replies per second from each server; null = no cap. */
  readonly maxBytesPerSecond: number | null;
  /** Reading pauses while the master takes longer than this to answer a PING; null = no limit. */
  readonly maxMasterLatencyMs: number | null;
  /** Reading pauses while the slave is further behind than this; null = no limit. */
  readonly maxSlaveLagBytes: number | null;
  /** Longest silence of a server that owes a reply. */
  readonly timeoutMs: number;
  /** How long the slave may take to reach a position of the master. */
  readonly catchUpTimeoutMs: number;
  readonly chosen?: ChosenDepth;
};

export type Control = {
  readonly id: string;
  readonly verb: 'pause' | 'resume' | 'cancel' | 'approve' | 'retry' | 'skip';
  /** The node, for retry and skip. */
  readonly node: string | null;
  readonly reason: string;
  readonly by: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly at: number;
};

export type Delivery = {
  readonly id: string;
  readonly type: string;
  /** The event or entry told of; null = the question of a veto. */
  readonly eventSeq: number | null;
  /** The body as it was sent; of a `trail` null for viewers. */
  readonly payload: unknown;
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly attempts: number;
  /** When it was made. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly nextAttemptAt: number | null;
  readonly endedAt: number | null;
  /** HTTP status of the last answer. */
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly lastTookMs: number | null;
};

/** The causes that could explain an anomaly, what speaks for and against each, and what is done. */
export type Diagnosis = {
  /** When it was made. Milliseconds since the epoch. */
  readonly at: number;
  readonly attempt: number;
  readonly symptom: 'snapshot_superseded' | 'hung_in_full_sync' | 'reply_missed' | 'copy_not_opened' | 'binlog_not_applied' | 'died_on_partial_database' | 'full_sync_skipped' | 'refused_for_good' | 'master_unreachable' | 'master_still_syncing' | 'up_but_not_listed' | 'up_but_incomplete' | 'files_unproven' | 'sync_loop' | 'copy_begun_again' | 'copy_without_end' | 'node_restarted' | 'master_restarted' | 'foreign_change' | 'node_unreachable';
  /** The likeliest first; empty = nothing is known of the cause. */
  readonly causes: readonly ({
    readonly code: string;
    readonly facts: Readonly<Record<string, unknown>>;
    readonly text: string;
    readonly speaksFor: readonly Said[];
    readonly speaksAgainst: readonly Said[];
    /** What would tell whether it is this cause. */
    readonly wouldTell: string;
    /** Whether another copy can help. `once`: perhaps, if the cause has gone meanwhile; found again, a person is asked. */
    readonly copyHelps: 'yes' | 'once' | 'no';
  })[];
  readonly remedy: {
    readonly kind: 'wait';
    /** The node helps itself; something else is done after this. Milliseconds since the epoch. */
    readonly until: number;
  } | {
    /** `ask_for_dump`: the master makes a new dump (BGSAVE, where the policy permits it), then the node is attached anew. */
    readonly kind: 'reattach' | 'ask_for_dump';
  } | {
    readonly kind: 'person';
    readonly steps: readonly string[];
  };
};

export type Difference = {
  readonly db: number;
  /** Printable ASCII as it is, else `base64:` and the bytes. */
  readonly key: string;
  readonly type: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream';
  readonly kind: 'missing' | 'foreign' | 'type' | 'value' | 'length' | 'ttl';
  /** `missing_expires`: missing on the right, with an expiry on the left. `value_expires`: a string with another value, and with an expiry on the left. `emptied`: a string that is empty on the right. `outlives`: it expires later on the right, or never. `expires_early`: it expires earlier there. */
  readonly sign?: 'missing_expires' | 'value_expires' | 'emptied' | 'outlives' | 'expires_early';
  /** Short and printable; never a whole value. */
  readonly left: string | null;
  readonly right: string | null;
  readonly rounds: number;
};

/** An error. */
export type ErrorAnswer = {
  readonly error: {
    /** Stable, for programs. */
    readonly code: string;
    /** What happened, in plain words. */
    readonly message: string;
    /** The place in the request that is wrong, as `nodes[3].address`. */
    readonly field?: string;
    /** Every finding of preflight. */
    readonly findings?: readonly Finding[];
    /** What can be done next. */
    readonly next_steps: readonly string[];
    /** Where the runbook says more, below the address of the service. */
    readonly help?: string;
    /** Also in the header X-Request-Id and in the log. */
    readonly requestId: string;
  };
};

export type EventPage = {
  readonly items: readonly ({
    /** Strictly rising over all events; the id of the event in a stream. */
    readonly seq: number;
    /** null = it is about something else. */
    readonly expansionId: string | null;
    /** The campaign that it is about; absent = it is about none. */
    readonly campaignId?: string;
    /** The audit that it is about; absent = it is about none. */
    readonly auditId?: string;
    /** The guard that it is about; absent = it is about none. */
    readonly guardId?: string;
    /** The hold that it is about; absent = it is about none. */
    readonly holdId?: string;
    /** The replacement that it is about; absent = it is about none. */
    readonly replacementId?: string;
    /** Stable, for programs. Another release may have stored a type that this release does not know. */
    readonly type: string;
    /** When it happened. Milliseconds since the epoch. */
    readonly at: number;
    readonly node: string | null;
    readonly level: 'info' | 'warning' | 'error';
    /** One plain sentence for people. */
    readonly text: string;
    readonly data: Readonly<Record<string, unknown>>;
  })[];
  /** Pass it as `after` for the next page; null = there are no more now. */
  readonly nextAfter: number | null;
};

export type Evidence = {
  readonly verdict: 'verified' | 'not_verified' | 'undecided';
  /** When it was judged. Milliseconds since the epoch. */
  readonly at: number;
  readonly attempt: number;
  readonly rules: readonly ({
    readonly rule: 'full_sync_seen' | 'bytes_received' | 'single_snapshot' | 'files_complete' | 'role_and_link' | 'listed_by_master' | 'offset_passed' | 'data_agrees' | 'stable';
    /** What was measured. */
    readonly label?: string;
    /** null = not judged (yet). */
    readonly holds: boolean | null;
    /** Nothing is there to judge it by (the version does not tell, no agent reports), and the other rules are enough without it. */
    readonly leftOut?: true;
    /** Which of its findings it is. Stable. */
    readonly statement?: string;
    /** One plain sentence. */
    readonly text: string;
    readonly facts: Readonly<Record<string, unknown>>;
    /** When these facts were seen. Milliseconds since the epoch. */
    readonly at: number;
  })[];
};

export type EvidenceBundle = {
  readonly expansionId: string;
  readonly master: NodeTarget;
  readonly nodes: readonly ({
    readonly node: string;
    readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
    readonly evidence: Evidence | null;
    readonly anomalies: readonly AnomalyRecord[];
    readonly diagnosis?: Diagnosis | null;
    readonly attempts: readonly AttemptView[];
    /** The comparison of the data with the master. */
    readonly comparison: {
      readonly id: string;
      readonly report: ComparisonReport | null;
      readonly chosen?: ChosenDepth;
    } | null;
    readonly target: JoinTarget;
    /** The looks on which its verdict rests. */
    readonly looks: readonly ({
      /** Its place among the looks at all servers. */
      readonly seq: number;
      /** When it was looked at. Milliseconds since the epoch. */
      readonly at: number;
      /** What the node said, parsed; or that it did not. */
      readonly look: Look;
    })[];
  })[];
  readonly format: string;
  /** When the service wrote it. Milliseconds since the epoch. */
  readonly madeAt: number;
  readonly masterLooks: readonly ({
    /** Its place among the looks at all servers. */
    readonly seq: number;
    /** When it was looked at. Milliseconds since the epoch. */
    readonly at: number;
    /** What the node said, parsed; or that it did not. */
    readonly look: Look;
  })[];
  /** The policy with its defaults filled in. */
  readonly policy: Policy;
  readonly request: {
    readonly requestedBy: string;
    readonly via: string;
    readonly label: string | null;
    /** When it was accepted. Milliseconds since the epoch. */
    readonly acceptedAt: number;
    readonly startedAt: number | null;
    readonly endedAt: number | null;
    readonly state: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled';
  };
  /** Who asked, and who steered. */
  readonly actors: readonly ({
    readonly by: string;
    readonly did: string;
    /** When. Milliseconds since the epoch. */
    readonly at: number;
  })[];
  readonly versions: {
    readonly service: string;
    readonly master: string | null;
    readonly reported: Readonly<Record<string, {
      readonly version: string | null;
      readonly gitSha: string | null;
    }>>;
  };
  readonly capabilities: Capabilities | null;
  readonly binlogFileSizeBytes: number | null;
  readonly events: readonly ({
    readonly seq: number;
    readonly type: string;
    /** When it happened. Milliseconds since the epoch. */
    readonly at: number;
    readonly node: string | null;
    readonly level: string;
    readonly text: string;
    readonly data: Readonly<Record<string, unknown>>;
    /** SHA-256 over the hash before it and the event. */
    readonly hash: string;
  })[];
  /** The hash of the last event. */
  readonly chain: string;
  /** SHA-256 over all other fields but `signature`. */
  readonly digest: string;
  readonly signature: {
    readonly algorithm: 'ed25519';
    readonly keyId: string;
    /** SPKI, DER, base64. */
    readonly publicKey: string;
    /** base64. */
    readonly value: string;
  };
};

export type EvidenceReport = {
  readonly expansionId: string;
  readonly master: NodeTarget;
  readonly nodes: readonly ({
    readonly node: string;
    readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
    readonly evidence: Evidence | null;
    readonly anomalies: readonly AnomalyRecord[];
    readonly diagnosis?: Diagnosis | null;
    readonly attempts: readonly AttemptView[];
    /** The comparison of the data with the master. */
    readonly comparison: {
      readonly id: string;
      readonly report: ComparisonReport | null;
      readonly chosen?: ChosenDepth;
    } | null;
  })[];
};

export type ExpansionRequest = {
  /** The master: `host:port`, or an object with more about it. */
  readonly master: MasterInput;
  /** The nodes to be added, in the order in which they are to be attached. */
  readonly nodes: readonly NodeInput[];
  /** How it is to be carried out; whatever is left out has a default. */
  readonly policy?: Policy;
  /** A text to recognise the expansion by. */
  readonly label?: string;
  /** When it may begin at the earliest, in milliseconds since the epoch; its nodes are reserved until then. Default: at once. */
  readonly startAt?: number;
} | {
  /** Id of a plan, in place of master, nodes and policy: exactly this plan is started, or refused with what has changed since it was made. */
  readonly planId: string;
  /** A text to recognise the expansion by. */
  readonly label?: string;
  /** When it may begin at the earliest, in milliseconds since the epoch; its nodes are reserved until then. Default: at once. */
  readonly startAt?: number;
} | {
  /** Id of an expansion that has ended, in place of the master: its nodes that are not verified are asked for again, with its master and its policy. */
  readonly retryOf: string;
  /** Those of these nodes of which something is to be otherwise than in the request of that expansion, such as `overwriteData`. */
  readonly nodes?: readonly NodeInput[];
  /** What is to be otherwise than in the policy of that expansion. */
  readonly policy?: Policy;
  /** A text to recognise the expansion by. */
  readonly label?: string;
  /** When it may begin at the earliest, in milliseconds since the epoch; its nodes are reserved until then. Default: at once. */
  readonly startAt?: number;
};

export type ExpansionSummary = {
  readonly id: string;
  readonly master: {
    readonly name: string;
  };
  readonly label: string | null;
  readonly requestedBy: string;
  readonly via: 'rest' | 'queue' | 'cli';
  /** When it was accepted. Milliseconds since the epoch. */
  readonly acceptedAt: number;
  /** When it may begin at the earliest; absent = at once. Milliseconds since the epoch. */
  readonly startAt?: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly state: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled';
  /** When the state was entered. Milliseconds since the epoch. */
  readonly stateSince: number;
  /** Why it is in this state, or what holds it up. */
  readonly stateReason: Said | null;
  /** How many nodes are attached together; null until the first preflight. */
  readonly batchSize: number | null;
  /** Zero-based. */
  readonly currentBatch: number;
  readonly batchCount: number | null;
  readonly nextBatchNotBefore: number | null;
  /** Batches up to this one (zero-based) may begin; -1 = none, a very large number = all. */
  readonly approvedThroughBatch: number;
  /** A pause or cancel that waits for a safe point. */
  readonly pendingControl: Control | null;
  readonly problem: Problem | null;
  /** Id of the expansion on the same master for whose end it waits. */
  readonly waitsFor: string | null;
  /** The expansion that had ended and left these nodes unverified; absent = none. */
  readonly retryOf?: string;
  /** The campaign of which it is a member; absent = it was asked for on its own. */
  readonly campaignId?: string;
  /** The replacement for which it adds nodes; absent = it was asked for on its own. */
  readonly replacementId?: string;
  readonly joins: readonly JoinSummary[];
  readonly policy: {
    readonly fourEyes: boolean;
  };
};

export type ExpansionView = {
  readonly id: string;
  readonly master: NodeTarget;
  /** The policy with its defaults filled in. */
  readonly policy: Policy;
  readonly label: string | null;
  readonly requestedBy: string;
  readonly via: 'rest' | 'queue' | 'cli';
  /** When it was accepted. Milliseconds since the epoch. */
  readonly acceptedAt: number;
  /** When it may begin at the earliest; absent = at once. Milliseconds since the epoch. */
  readonly startAt?: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly state: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled';
  /** When the state was entered. Milliseconds since the epoch. */
  readonly stateSince: number;
  /** Why it is in this state, or what holds it up. */
  readonly stateReason: Said | null;
  readonly capabilities: Capabilities | null;
  /** What the master showed at the first preflight, so that another server in its place is noticed. */
  readonly plannedMaster: MasterIdentity | null;
  /** The master's binlog-file-size, to turn positions into bytes; null = not known. */
  readonly binlogFileSizeBytes: number | null;
  /** How many nodes are attached together; null until the first preflight. */
  readonly batchSize: number | null;
  readonly batchSizeReason: Said | null;
  /** Zero-based. */
  readonly currentBatch: number;
  readonly batchCount: number | null;
  readonly nextBatchNotBefore: number | null;
  /** Batches up to this one (zero-based) may begin; -1 = none, a very large number = all. */
  readonly approvedThroughBatch: number;
  /** A pause or cancel that waits for a safe point. */
  readonly pendingControl: Control | null;
  readonly findings: readonly Finding[];
  readonly problem: Problem | null;
  /** What was planned, or approved since; null = nothing could be said. */
  readonly forecast: Forecast | null;
  /** What had grown too far when the forecast was made anew before a batch; null = nothing had. */
  readonly forecastDrift: ForecastDrift | null;
  /** null until it has ended. */
  readonly forecastOutcome: ForecastOutcome | null;
  /** The loop that holds the copy back for the master's sake; null = nothing was measured. */
  readonly health: HealthState | null;
  /** A setting of the master that was changed, with permission, with its old value; null = none was. */
  readonly borrowed: {
    readonly name: 'throttle-bytes-per-second' | 'expire-logs-nums';
    /** Before the first change; put back at the end. */
    readonly old: string;
    /** Values that this service gave it, the newest last. Any other is somebody else's. */
    readonly given: readonly string[];
    /** Stored before it is sent; null = none is on its way. */
    readonly pending: {
      readonly id: string;
      readonly command: {
        readonly kind: 'slaveof';
        readonly master: Address;
        readonly force: boolean;
      } | {
        readonly kind: 'slaveof_no_one';
      } | {
        readonly kind: 'clear_replication_id';
      } | {
        readonly kind: 'bgsave';
      } | {
        readonly kind: 'config_set';
        readonly name: 'throttle-bytes-per-second' | 'expire-logs-nums';
        readonly value: string;
      } | {
        readonly kind: 'config_rewrite';
      };
      /** When it was stored. Milliseconds since the epoch. */
      readonly at: number;
    } | null;
    readonly changes: number;
    readonly seen: string;
    /** When that value was seen. Milliseconds since the epoch. */
    readonly seenAt: number;
    /** When the server had last been restarted as of that look; absent = it is not watched, or the value was just set. */
    readonly lifeSeen?: number | null;
    /** `restored`; `left` = somebody else has changed it meanwhile; `lost` = the server could not be reached to put it back; `refused` = the server would not take a change. */
    readonly state: 'borrowed' | 'restored' | 'left' | 'lost' | 'refused';
    readonly restoringSince: number | null;
    /** Whether the file of the server was written once more after the old value was put back. */
    readonly fileWritten: boolean;
    /** Whether the server has read a changed value from its file, after a restart. */
    readonly inFile?: boolean;
  } | null;
  /** Id of the expansion on the same master for whose end it waits. */
  readonly waitsFor: string | null;
  /** The expansion that had ended and left these nodes unverified; absent = none. */
  readonly retryOf?: string;
  /** The campaign of which it is a member; absent = it was asked for on its own. */
  readonly campaignId?: string;
  /** The replacement for which it adds nodes; absent = it was asked for on its own. */
  readonly replacementId?: string;
  readonly joins: readonly JoinView[];
};

export type Finding = {
  /** Stable; GET /v1/findings lists all. */
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** The node it is about, as the request named it; null = the master or the request as a whole. */
  readonly node: string | null;
  /** What was found, with its numbers. */
  readonly text: string;
  /** What the operator can do next. */
  readonly nextStep: string;
  readonly facts?: Readonly<Record<string, unknown>>;
};

export type FindingDescription = {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly explanation: string;
};

export type FolderFile = {
  /** Below the folder of the database, with `/`: `strings/000012.sst`. */
  readonly name: string;
  readonly bytes: number;
  /** null = not hashed. */
  readonly sha256: string | null;
  /** It came with the copy, or was open: a compaction has replaced it since. Size and hash are the last that were seen. */
  readonly gone?: true;
};

/** Bytes, time, binlog and disk, as ranges. */
export type Forecast = {
  /** null = not known. */
  readonly secondsPerNode: {
    readonly low: number;
    readonly expected: number;
    readonly high: number;
  } | null;
  /** null = not known. */
  readonly secondsTotal: {
    readonly low: number;
    readonly expected: number;
    readonly high: number;
  } | null;
  /** null = not known. */
  readonly bytesPerNode: {
    readonly low: number;
    readonly expected: number;
    readonly high: number;
  } | null;
  /** Bytes of the snapshot by DB; null = the version does not tell. */
  readonly snapshotBytesByDatabase: Readonly<Record<string, number>> | null;
  readonly nodes: readonly ({
    readonly node: string;
    /** The node's own `throttle-bytes-per-second`; null = not known. */
    readonly throttleBytesPerSecond: number | null;
    /** What it will probably copy at, with the others of its batch beside it. null = not known. */
    readonly bytesPerSecond: {
      readonly low: number;
      readonly expected: number;
      readonly high: number;
    } | null;
    /** What bounds that rate, in plain words. */
    readonly limitedBy: string;
    readonly limit?: {
      /** Of all nodes together, where its share of it is the bound. */
      readonly budget: number | null;
      /** The node's own, where it is the bound. */
      readonly throttle: number | null;
      /** Full syncs between these hosts that were measured before. */
      readonly syncs: number;
    };
    /** null = not known. */
    readonly transferSeconds: {
      readonly low: number;
      readonly expected: number;
      readonly high: number;
    } | null;
    /** Disk while it syncs: the copy lies beside its old data until the swap. */
    readonly disk: {
      readonly oldBytes: number | null;
      /** null = not known. */
      readonly newBytes: {
        readonly low: number;
        readonly expected: number;
        readonly high: number;
      } | null;
    };
  })[];
  readonly batches: readonly ({
    /** Zero-based. */
    readonly batch: number;
    readonly nodes: readonly string[];
    /** After the start of the expansion. null = not known. */
    readonly startSeconds: {
      readonly low: number;
      readonly expected: number;
      readonly high: number;
    } | null;
    /** null = not known. */
    readonly seconds: {
      readonly low: number;
      readonly expected: number;
      readonly high: number;
    } | null;
    /** Whether the master makes a dump for it, or a dump that lies there already is used. */
    readonly dump: 'new' | 'reused';
    /** Binlog that the master writes meanwhile. null = not known. */
    readonly binlogBytes: {
      readonly low: number;
      readonly expected: number;
      readonly high: number;
    } | null;
  })[];
  readonly binlog: {
    readonly writeBytesPerSecond: number | null;
    /** Written during the longest batch. null = not known. */
    readonly duringBatchBytes: {
      readonly low: number;
      readonly expected: number;
      readonly high: number;
    } | null;
    /** What the master keeps by its own settings; null = they are not known. */
    readonly keptBytes: number | null;
    readonly keptFiles: number | null;
    /** What expire-logs-nums would have to be to keep what is written meanwhile; null = enough is kept, or not known. */
    readonly neededFiles: number | null;
    /** Whether nothing is purged while a slave is in full sync. */
    readonly sparedDuringSync: boolean;
  };
  /** Extra disk on the master: what the dump keeps alive, and the binlog that may not be purged. null = not known. */
  readonly masterDiskBytes: {
    readonly low: number;
    readonly expected: number;
    readonly high: number;
  } | null;
  /** From the binlog being caught up to `verified`; absent in forecasts of earlier releases. null = not known. */
  readonly verifySeconds?: {
    readonly low: number;
    readonly expected: number;
    readonly high: number;
  } | null;
  /** What depth `auto` will probably choose; null = the policy names the depth. */
  readonly depth?: {
    /** null = it depends on how long the copy takes. */
    readonly depth: 'sample' | 'full' | null;
    readonly because: Said;
    /** How long earlier comparisons of every key of this master took, as a share of what is assumed; null = there were none. */
    readonly pace: number | null;
  } | null;
  /** Earlier full syncs on which the rates rest. */
  readonly learntFrom: number;
  /** What the figures rest on, in plain words. */
  readonly basis: string;
  readonly grounds?: {
    /** null = the version does not tell. */
    readonly snapshotBytes: number | null;
    readonly learntFrom: number;
    readonly writes: {
      readonly bytesPerSecond: number;
      readonly overMs: number;
    } | null;
  };
};

export type ForecastDrift = {
  /** When it was seen. Milliseconds since the epoch. */
  readonly at: number;
  /** Zero-based batch before which it was seen. */
  readonly batch: number;
  readonly text: string;
  readonly figures: readonly ({
    readonly name: 'snapshot_bytes' | 'seconds_per_node' | 'write_bytes_per_second';
    readonly planned: number;
    readonly now: number;
  })[];
  /** Bytes, time, binlog and disk, as ranges. */
  readonly forecast: Forecast;
};

/** Forecast and reality side by side. */
export type ForecastOutcome = {
  readonly secondsTotal: {
    /** null = not known. */
    readonly forecast: {
      readonly low: number;
      readonly expected: number;
      readonly high: number;
    } | null;
    /** null = not measured. */
    readonly real: number | null;
    /** Share by which it was more (or less) than expected; null = not known. */
    readonly error: number | null;
  };
  readonly nodes: readonly ({
    readonly node: string;
    readonly transferSeconds: {
      /** null = not known. */
      readonly forecast: {
        readonly low: number;
        readonly expected: number;
        readonly high: number;
      } | null;
      /** null = not measured. */
      readonly real: number | null;
      /** Share by which it was more (or less) than expected; null = not known. */
      readonly error: number | null;
    };
    readonly bytesPerSecond: {
      /** null = not known. */
      readonly forecast: {
        readonly low: number;
        readonly expected: number;
        readonly high: number;
      } | null;
      /** null = not measured. */
      readonly real: number | null;
      /** Share by which it was more (or less) than expected; null = not known. */
      readonly error: number | null;
    };
    readonly bytes: {
      /** null = not known. */
      readonly forecast: {
        readonly low: number;
        readonly expected: number;
        readonly high: number;
      } | null;
      /** null = not measured. */
      readonly real: number | null;
      /** Share by which it was more (or less) than expected; null = not known. */
      readonly error: number | null;
    };
  })[];
};

export type Freeze = {
  readonly frozen: boolean;
  readonly reason: string | null;
  readonly by: string | null;
  readonly since: number | null;
};

export type Guard = {
  readonly id: string;
  readonly label: string | null;
  readonly state: 'watching' | 'ended';
  readonly requestedBy: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** Time between two looks at a master and its slaves. */
  readonly everyMs: number;
  /** How the service reaches slaves where the listed address does not lead to them. */
  readonly slaves: readonly NodeTarget[];
  /** null = it starts none. */
  readonly audits: {
    /** Minute, hour, day of month, month, day of week. */
    readonly cron: string;
    /** Name of a time zone, as Europe/Berlin. */
    readonly timeZone: string;
    readonly spec: ComparisonSpec;
    readonly maxRunning: number;
    readonly maxRunningPerHost: number;
    readonly nextAt: number | null;
    /** Id of the last audit; null = none yet. */
    readonly last: string | null;
    /** Whether the last audit may not be stored yet. */
    readonly begins: boolean;
  } | null;
  readonly counts: {
    readonly masters: number;
    readonly slaves: number;
    /** Findings of level error. */
    readonly errors: number;
    /** Findings of level warning. */
    readonly warnings: number;
  };
  /** Who ended it. */
  readonly end: {
    readonly reason: string;
    readonly by: string;
    /** When it was asked for. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
  readonly masters: readonly ({
    /** Its place in the guard, from 0. */
    readonly index: number;
    readonly target: NodeTarget;
    readonly lookedAt: number | null;
    /** null = it has never answered. */
    readonly remembered: {
      /** When it was looked at. Milliseconds since the epoch. */
      readonly at: number;
      /** null = not known. */
      readonly version: string | null;
      readonly role: 'master' | 'slave' | 'master&&slave';
      /** Run id, or process id where the version has none; another one = it was restarted. */
      readonly process: string | null;
      readonly replicationId: string | null;
      readonly binlog: Readonly<Record<string, {
        readonly file: number;
        readonly offset: number;
      }>>;
      readonly replInputBytes: number | null;
      readonly lastSaveUnixSeconds: number | null;
    } | null;
    /** expire-logs-nums: a slave without a link that lies further behind needs a full sync. null = not known. */
    readonly keptBinlogFiles: number | null;
    readonly slaves: readonly ({
      readonly target: NodeTarget;
      /** Whether it came while the guard was on, and nothing proved it since. */
      readonly isNew: boolean;
      /** null = it has never answered. */
      readonly remembered: {
        /** When it was looked at. Milliseconds since the epoch. */
        readonly at: number;
        /** null = not known. */
        readonly version: string | null;
        readonly role: 'master' | 'slave' | 'master&&slave';
        /** Run id, or process id where the version has none; another one = it was restarted. */
        readonly process: string | null;
        readonly replicationId: string | null;
        readonly binlog: Readonly<Record<string, {
          readonly file: number;
          readonly offset: number;
        }>>;
        readonly replInputBytes: number | null;
        readonly lastSaveUnixSeconds: number | null;
      } | null;
      /** When an expansion or an audit last proved it whole; null = never. */
      readonly proof: {
        /** When it was proven. Milliseconds since the epoch. */
        readonly at: number;
        /** Id of the expansion or audit that proved it. */
        readonly by: string;
      } | null;
    })[];
    readonly suspected: readonly ({
      readonly server: string;
      readonly code: string;
      /** When it was first seen. Milliseconds since the epoch. */
      readonly since: number;
    })[];
    readonly findings: readonly ({
      /** Name of the server that it is about. */
      readonly server: string;
      readonly reason: Said;
      readonly level: 'warning' | 'error';
      /** When it was first seen. Milliseconds since the epoch. */
      readonly since: number;
      /** What to do next; null = nothing. */
      readonly nextStep: string | null;
    })[];
  })[];
};

export type GuardRequest = {
  /** The masters whose slaves are judged. */
  readonly masters: readonly MasterInput[] | 'all';
  /** Slaves that the service reaches otherwise than by the address that their master lists (`seenAs`), or with another credential. Expansions that the service keeps need no entry. */
  readonly slaves?: readonly MasterInput[];
  readonly label?: string;
  /** How often each master and its slaves are looked at. A look is one or two round trips to each server. Milliseconds. Default: 30000. */
  readonly everyMs?: number;
  /** When the masters are audited, and how; absent = never. */
  readonly audits?: {
    /** Minute, hour, day of month, month and day of week, as cron has them. */
    readonly cron: string;
    /** The IANA name of the time zone. Default: UTC. */
    readonly timeZone?: string;
    /** How much of the data is compared. `counts`: Counts only; `sample`: Sample by value; `full`: Every key by value. Default: sample. */
    readonly depth?: 'counts' | 'sample' | 'full';
    /** Keys that a sample looks at, per type and database. Default: 1000. */
    readonly samplePerType?: number;
    /** The exact key counts are compared as well. For this both nodes scan all their keys, once no full sync runs. Default: false. */
    readonly keyCounts?: boolean;
    /** A smaller difference of the remaining lifetimes of a key does not count. Milliseconds. `null`: lifetimes are not compared. Default: 1000. */
    readonly ttlToleranceMs?: number | null;
    /** A key counts as different if it differs in this many rounds. Default: 3. */
    readonly rounds?: number;
    /** The most keys that the comparison asks of each node per second. An expiry counts as one more. `null`: no limit. Default: null. */
    readonly maxOpsPerSecond?: number | null;
    /** The most bytes that the comparison reads from each node per second. Bytes per second. `null`: no limit. Default: null. */
    readonly maxBytesPerSecond?: number | null;
    /** Reading pauses while the master takes longer than this to answer. Milliseconds. `null`: no limit. Default: 500. */
    readonly maxMasterLatencyMs?: number | null;
    /** Reading pauses while the slave is further behind than this. Bytes. `null`: no limit. Default: 268435456. */
    readonly maxSlaveLagBytes?: number | null;
    /** How long the slave may take to reach a position of the master. Milliseconds. Default: 60000. */
    readonly catchUpTimeoutMs?: number;
    /** The most comparisons of the audit that run at a time. Each worker runs as many comparisons as it has cores, 2 at least. `null`: 2, but 1 with depth full, so that expansions keep a place. Default: null. */
    readonly maxRunning?: number | null;
    /** The most comparisons of the audit that read from servers of one host at a time. A server takes part in one. Default: 1. */
    readonly maxRunningPerHost?: number;
  };
};

export type HealthState = {
  /** Share of the bandwidth that may be used now, above 0 and up to 1. */
  readonly level: number;
  /** When the level changed last. Milliseconds since the epoch. */
  readonly changedAt: number;
  readonly calmSince: number | null;
  /** The level at which a figure went over its limit last; above it, it goes up in small steps. */
  readonly ceiling: number;
  readonly readings: readonly ({
    readonly what: 'master_latency_ms' | 'slave_lag_bytes' | 'commands_per_second' | 'endpoint';
    readonly value: number;
    readonly limit: number;
    /** Of `master_latency_ms`: what was taken off because this process was late itself. Absent = it was not. */
    readonly ownDelayMs?: number;
  })[];
  /** The figure that is furthest over its limit; null = all are within. */
  readonly over: {
    readonly what: 'master_latency_ms' | 'slave_lag_bytes' | 'commands_per_second' | 'endpoint';
    readonly value: number;
    readonly limit: number;
    /** Of `master_latency_ms`: what was taken off because this process was late itself. Absent = it was not. */
    readonly ownDelayMs?: number;
  } | null;
};

export type Hold = {
  readonly id: string;
  readonly master: NodeTarget;
  readonly reason: string;
  readonly requestedBy: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly safeSince: number | null;
  /** Why a dump is not safe; null = it is, or the hold is over. */
  readonly waitingFor: Said | null;
  readonly endedAt: number | null;
  /** Who ended it; null = nobody: it is active, or its time is over. */
  readonly end: {
    readonly by: string;
    readonly reason: string;
  } | null;
  readonly state: 'waiting' | 'safe' | 'ended' | 'expired';
  /** When it is over by itself. Milliseconds since the epoch. */
  readonly until: number;
  /** Whether the holder may make a dump of the master now. */
  readonly safe: boolean;
  /** Full syncs of this service that go on at the master, as of this answer. */
  readonly fullSyncs: readonly RunningSync[];
};

export type HoldRequest = {
  /** The master: `host:port`, or an object with more about it. */
  readonly master: MasterInput;
  /** Why; shown to everybody who waits for its end. */
  readonly reason: string;
  /** How long the master is held, from now on, unless the hold is ended before. A hold can be extended. Milliseconds. Default: 7200000. */
  readonly forMs?: number;
};

export type HookQuestionView = {
  readonly id: string;
  readonly webhookId: string;
  readonly state: 'waiting' | 'yes' | 'no';
  /** The body as it was sent. */
  readonly payload: unknown;
  /** When it was asked last. Milliseconds since the epoch. */
  readonly askedAt: number;
  /** How often it was asked. */
  readonly times: number;
  readonly until: number | null;
  readonly answeredAt: number | null;
  /** Who answered; null = nobody has. */
  readonly answeredBy: string | null;
  /** What was said with the answer. For operators. */
  readonly reason: string | null;
};

export type IncidentView = {
  readonly id: string;
  /** What it is about. */
  readonly title: string;
  /** null = it is about something else. */
  readonly expansionId: string | null;
  readonly campaignId?: string;
  readonly auditId?: string;
  readonly guardId?: string;
  readonly replacementId?: string;
  readonly label: string | null;
  /** When it began. Milliseconds since the epoch. */
  readonly openedAt: number;
  /** When a problem came or went last. Milliseconds since the epoch. */
  readonly changedAt: number;
  readonly endedAt: number | null;
  /** Who has seen to it; null = nobody, or a problem has come since. */
  readonly acknowledged: {
    readonly by: string;
    /** When. Milliseconds since the epoch. */
    readonly at: number;
    readonly reason: string | null;
  } | null;
  readonly problems: readonly ({
    readonly topic: 'halted' | 'approval' | 'failed' | 'node' | 'setting' | 'replacement' | 'audit' | 'guard' | 'frozen' | 'unattended';
    readonly level: 'warning' | 'error';
    /** Since when. Milliseconds since the epoch. */
    readonly since: number;
    readonly master: string | null;
    readonly node: string | null;
    /** `acknowledged`: it is over when a person has acknowledged it. */
    readonly until: 'over' | 'acknowledged';
    readonly text: string;
  })[];
  /** Problems beyond those that are kept. */
  readonly moreProblems: number;
};

export type JoinSummary = {
  readonly index: number;
  readonly target: {
    readonly name: string;
  };
  /** Zero-based; null until batches are formed. */
  readonly batch: number | null;
  readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
  /** When the phase was entered. Milliseconds since the epoch. */
  readonly phaseSince: number;
  /** null = nothing goes on any more. */
  readonly progress: Progress | null;
  /** What it waits for now; null = nothing in particular. */
  readonly waitingFor: Said | null;
  /** Of a proven node: whether those who are asked `after_verified` have agreed. Absent = nobody is asked. */
  readonly published?: boolean;
  readonly problem: Problem | null;
  /** Set while the node is being detached on its way out of the expansion; then it enters that phase. */
  readonly leaving: {
    readonly to: 'cancelled' | 'skipped' | 'failed' | 'quarantined';
    /** Since when. Milliseconds since the epoch. */
    readonly since: number;
  } | null;
  readonly anomalies: readonly AnomalyRecord[];
  /** Why it is in trouble; null = it was not asked. */
  readonly diagnosis?: Diagnosis | null;
  /** How many attaches are permitted; raised by `retry`. */
  readonly attemptsAllowed: number;
};

export type JoinTarget = {
  /** `host:port` as the request gave it; the name of the server everywhere. */
  readonly name: string;
  readonly address: Address;
  readonly seenAs: Address;
  /** Name of an entry in the credentials configuration; null = the configuration's default, or none. */
  readonly credential: string | null;
  /** The node's own data may be replaced. */
  readonly overwriteData: boolean;
  /** The node may be taken away from the master it has now. */
  readonly repoint: boolean;
};

export type JoinView = {
  readonly index: number;
  readonly target: JoinTarget;
  /** Zero-based; null until batches are formed. */
  readonly batch: number | null;
  readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
  /** When the phase was entered. Milliseconds since the epoch. */
  readonly phaseSince: number;
  readonly progress: Progress;
  /** What it waits for now; null = nothing in particular. */
  readonly waitingFor: Said | null;
  /** Of a proven node: whether those who are asked `after_verified` have agreed. Absent = nobody is asked. */
  readonly published?: boolean;
  readonly problem: Problem | null;
  /** Set while the node is being detached on its way out of the expansion; then it enters that phase. */
  readonly leaving: {
    readonly to: 'cancelled' | 'skipped' | 'failed' | 'quarantined';
    /** Since when. Milliseconds since the epoch. */
    readonly since: number;
  } | null;
  readonly anomalies: readonly AnomalyRecord[];
  /** Why it is in trouble; null = it was not asked. */
  readonly diagnosis?: Diagnosis | null;
  /** How many attaches are permitted; raised by `retry`. */
  readonly attemptsAllowed: number;
  /** Every phase entered, in order. */
  readonly phases: readonly ({
    readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
    /** When it was entered. Milliseconds since the epoch. */
    readonly at: number;
    readonly attempt: number;
  })[];
  readonly attempts: readonly AttemptView[];
  readonly findings: readonly Finding[];
  readonly evidence: Evidence | null;
  /** The comparison of the data with the master. */
  readonly comparison: {
    readonly id: string;
    readonly report: ComparisonReport | null;
    readonly chosen?: ChosenDepth;
  } | null;
  /** The database came back at an older point since, and nobody has decided about the node: it is not taken for untouched. */
  readonly restored?: boolean;
  /** Causes for which a copy was repeated since it began, or since a person retried it; the symptom where no cause was found. */
  readonly triedCauses?: readonly string[];
  /** Comparisons that came to no result in this attempt. */
  readonly inconclusiveComparisons: number;
  /** A setting that was changed for the time of the full sync, with its old value. */
  readonly borrowed: {
    readonly name: 'throttle-bytes-per-second' | 'expire-logs-nums';
    /** Before the first change; put back at the end. */
    readonly old: string;
    /** Values that this service gave it, the newest last. Any other is somebody else's. */
    readonly given: readonly string[];
    /** Stored before it is sent; null = none is on its way. */
    readonly pending: {
      readonly id: string;
      readonly command: {
        readonly kind: 'slaveof';
        readonly master: Address;
        readonly force: boolean;
      } | {
        readonly kind: 'slaveof_no_one';
      } | {
        readonly kind: 'clear_replication_id';
      } | {
        readonly kind: 'bgsave';
      } | {
        readonly kind: 'config_set';
        readonly name: 'throttle-bytes-per-second' | 'expire-logs-nums';
        readonly value: string;
      } | {
        readonly kind: 'config_rewrite';
      };
      /** When it was stored. Milliseconds since the epoch. */
      readonly at: number;
    } | null;
    readonly changes: number;
    readonly seen: string;
    /** When that value was seen. Milliseconds since the epoch. */
    readonly seenAt: number;
    /** When the server had last been restarted as of that look; absent = it is not watched, or the value was just set. */
    readonly lifeSeen?: number | null;
    /** `restored`; `left` = somebody else has changed it meanwhile; `lost` = the server could not be reached to put it back; `refused` = the server would not take a change. */
    readonly state: 'borrowed' | 'restored' | 'left' | 'lost' | 'refused';
    readonly restoringSince: number | null;
    /** Whether the file of the server was written once more after the old value was put back. */
    readonly fileWritten: boolean;
    /** Whether the server has read a changed value from its file, after a restart. */
    readonly inFile?: boolean;
  } | null;
};

export type KnowledgeView = {
  readonly releases: readonly ({
    readonly versions: readonly string[];
    readonly maxConcurrentFullSyncs: number;
    /** Whether a slave opens what it has when its dump is replaced: keys are missing then. */
    readonly opensSupersededCopy: boolean;
    readonly reusesDump: boolean;
    /** What the service advises. */
    readonly upgrade: string | null;
    readonly reasons: Readonly<Record<string, string>>;
  })[];
  /** Beginning of pika_git_sha -> release. */
  readonly builds: Readonly<Record<string, string>>;
  readonly pairs: readonly ({
    readonly slave: readonly string[];
    readonly master: readonly string[];
    readonly verdict: 'fits' | 'flawed' | 'refused';
    readonly text: string | null;
  })[];
  readonly faults: readonly ({
    readonly code: string;
    readonly versions: readonly (readonly string[])[];
    readonly severity: 'warning' | 'info';
    readonly effect: 'replication_stops' | 'keys_missing' | 'values_differ' | 'ttl_differs' | 'slave_dies' | 'slave_gives_up';
    readonly commands: readonly string[];
    readonly text: string;
    readonly shows: string;
    readonly instead: string;
    readonly source: string;
  })[];
};

export type ListedSlave = {
  /** The address under which the master knows the slave. */
  readonly ip: string;
  readonly port: number;
  readonly lag: Readonly<Record<string, number | 'not syncing' | 'full syncing'>>;
};

/** What the node said, parsed; or that it did not. */
export type Look = {
  readonly kind: 'answered';
  /** When it was looked at. Milliseconds since the epoch. */
  readonly at: number;
  readonly tookMs: number;
  readonly facts: {
    /** The IP addresses under which a master may list this server, as far as the connection to it tells: the address at its other end and, where that is loopback, those of this machine. Absent = not known. */
    readonly ips?: readonly string[];
    readonly server?: {
      readonly reportedVersion: string;
      /** Of the commit that it was built from; null or absent = not known (a build outside of a git folder prints 0). */
      readonly gitSha?: string | null;
      readonly processId: number | null;
      readonly uptimeSeconds: number | null;
      /** null before 3.5.0. */
      readonly runId: string | null;
      readonly tcpPort: number | null;
    };
    readonly replication?: {
      readonly role: 'master' | 'slave' | 'master&&slave';
      /** '' = none yet; null = this version has none (before 3.5.1). */
      readonly replicationId: string | null;
      /** Set for the roles slave and master&&slave. */
      readonly masterHost: string | null;
      readonly masterPort: number | null;
      readonly linkStatus: 'up' | 'down' | null;
      /** State of every DB of a slave; empty on a pure master. */
      readonly dbStates: Readonly<Record<string, 'NoConnect' | 'TryConnect' | 'TryDBSync' | 'WaitDBSync' | 'WaitReply' | 'Connected' | 'Error' | 'DBNoConnect' | 'Other'>>;
      /** Only on master and master&&slave. */
      readonly slaves: readonly ListedSlave[];
      readonly connectedSlaves: number | null;
      readonly binlog: Readonly<Record<string, {
        readonly file: number;
        readonly offset: number;
      }>>;
      /** Per DB the file up to which the binlog may be purged; null for `none` or `error`. */
      readonly safetyPurgeFile: Readonly<Record<string, number | null>>;
      /** `is_eligible_for_master_election`: 3.5.5 and 4.0.1 only, else null. */
      readonly eligibleForMasterElection: boolean | null;
      /** Whether `repl_connect_status` was present (3.5.5, 4.0.0, 4.0.1). */
      readonly hasConnectStatus: boolean;
    };
    readonly stats?: {
      readonly bgsaving: boolean;
      readonly scanningKeyspace: boolean;
      readonly compacting: boolean;
      readonly opsPerSecond: number | null;
      /** Since the process started; null before 3.5.0. */
      readonly replInputBytes: number | null;
      readonly replOutputBytes: number | null;
      readonly commandsProcessed: number | null;
    };
    readonly sizes?: {
      /** Σ total_sst_files_size and total_blob_file_size, bytes. */
      readonly sstBytes: number;
      /** The same by DB, in the order of the DBs' names: the blocks carry no name. Absent = not told apart. */
      readonly sstBytesByDatabase?: readonly number[];
      /** Σ live_sst_files_size and live_blob_file_size, bytes; null when not printed. */
      readonly liveSstBytes: number | null;
      /** Σ cur_size_all_mem_tables, bytes; null when not printed. */
      readonly memtableBytes: number | null;
      /** Σ estimate_num_keys over all column families: an order of magnitude, not a count. */
      readonly estimatedKeys: number;
    };
    readonly config?: {
      readonly databases: number | null;
      readonly dbInstanceNum: number | null;
      readonly binlogFileSizeBytes: number | null;
      readonly throttleBytesPerSecond: number | null;
      readonly expireLogsNums: number | null;
      readonly expireLogsDays: number | null;
      readonly slaveReadOnly: boolean | null;
      /** Whether a masterauth is set. The value itself never leaves the engine. */
      readonly masterauthSet: boolean | null;
      /** Whether the node's masterauth equals the password by which the service logs in to the master. */
      readonly masterauthMatchesMaster: boolean | null;
      readonly requirepassSet: boolean | null;
      /** `classic` or `sharding`. */
      readonly instanceMode?: string | null;
      /** Files that a slave copies at a time; 3.5.0+. */
      readonly maxRsyncParallelNum?: number | null;
      readonly maxConnRbufSizeBytes?: number | null;
      readonly enableBlobFiles?: boolean | null;
      readonly slavePriority?: number | null;
      readonly dbPath?: string | null;
      readonly writeBinlog?: boolean | null;
      /** Where a slave puts the files that it copies. */
      readonly dbSyncPath?: string | null;
      /** Where a master puts its dumps. */
      readonly dumpPath?: string | null;
      /** Commands that a login by userpass may not run, in small letters. */
      readonly userBlacklist?: readonly string[] | null;
      /** Whether the password by which the service logged in is the node's requirepass; null = not comparable. */
      readonly requirepassMatchesLogin?: boolean | null;
    };
    /** LASTSAVE: unix seconds on the node's clock of its last finished dump; 0 = none since the start. 3.5.3+. */
    readonly lastSaveUnixSeconds?: number;
    /** INFO data: bytes on disk; up to 60 s old. */
    readonly dbSizeBytes?: number;
    readonly logSizeBytes?: number;
    readonly dbFatal?: boolean;
    /** INFO commandstats (3.5.0+): calls of each command since the process started. */
    readonly commandCalls?: Readonly<Record<string, number>>;
    /** Commands that every version has and the node does not know under the names by which the service sends them: config, scan, slaveof. Absent = none was met. */
    readonly hiddenCommands?: readonly string[];
    /** Ports besides its own on which a full sync needs it, each tried once from the service. Absent = not tried. */
    readonly derivedPorts?: readonly ({
      readonly port: number;
      /** Its distance from the port of the node. */
      readonly shift: number;
      readonly outcome: 'open' | 'refused' | 'no_answer';
    })[];
    /** Connections to the node; absent = not asked, or the node would not tell. */
    readonly clients?: readonly ({
      readonly ip: string;
      readonly port: number;
      readonly idleSeconds: number;
      /** Whether this process of the service holds it. */
      readonly own: boolean;
    })[];
    /** Whether at least one key was seen by a cheap probe (SCAN 0 COUNT 1 over every DB and type). */
    readonly holdsKeys?: boolean;
  };
  readonly sight?: AgentSight;
  /** Agents, as `name@host`, that all speak for this node, so none of them counts. A name that comes twice stands for two agents. */
  readonly contestedAgents?: readonly string[];
} | {
  readonly kind: 'busy';
  /** When it was looked at. Milliseconds since the epoch. */
  readonly at: number;
  readonly tookMs: number;
  readonly sight?: AgentSight;
  /** Agents, as `name@host`, that all speak for this node, so none of them counts. A name that comes twice stands for two agents. */
  readonly contestedAgents?: readonly string[];
} | {
  readonly kind: 'unreachable';
  /** When it was looked at. Milliseconds since the epoch. */
  readonly at: number;
  readonly code: string;
  readonly message: string;
  readonly sight?: AgentSight;
  /** Agents, as `name@host`, that all speak for this node, so none of them counts. A name that comes twice stands for two agents. */
  readonly contestedAgents?: readonly string[];
} | {
  readonly kind: 'denied';
  /** When it was looked at. Milliseconds since the epoch. */
  readonly at: number;
  readonly code: string;
  readonly message: string;
  /** What the configuration does not allow. Nothing was sent. */
  readonly notAllowed?: NotAllowed;
  readonly sight?: AgentSight;
  /** Agents, as `name@host`, that all speak for this node, so none of them counts. A name that comes twice stands for two agents. */
  readonly contestedAgents?: readonly string[];
} | {
  readonly kind: 'garbled';
  /** When it was looked at. Milliseconds since the epoch. */
  readonly at: number;
  readonly message: string;
  readonly sight?: AgentSight;
  /** Agents, as `name@host`, that all speak for this node, so none of them counts. A name that comes twice stands for two agents. */
  readonly contestedAgents?: readonly string[];
};

export type MasterIdentity = {
  readonly version: string;
  readonly runId: string | null;
  readonly processId: number | null;
  readonly replicationId: string | null;
  readonly binlog: Readonly<Record<string, {
    readonly file: number;
    readonly offset: number;
  }>>;
};

/** The master: `host:port`, or an object with more about it. */
export type MasterInput = string | {
  /** `host:port` under which the service reaches the server. */
  readonly address: string;
  /** `host:port` under which the other nodes reach or see it, where that differs (NAT, containers). Default: `address`. */
  readonly seenAs?: string;
  /** Name of an entry in the credentials configuration. Default: the entry `default`, if there is one. */
  readonly credential?: string;
};

export type MemberRequest = {
  /** The master: `host:port`, or an object with more about it. */
  readonly master: MasterInput;
  /** The nodes to be added, in the order in which they are to be attached. */
  readonly nodes: readonly NodeInput[];
  /** How it is to be carried out; whatever is left out has a default. */
  readonly policy?: Policy;
  /** A text to recognise the expansion by. */
  readonly label?: string;
};

export type MemberView = {
  /** Zero-based place in the request, and in the order in which members begin. */
  readonly index: number;
  readonly group: 'canary' | 'rest';
  /** `host:port` as the request gave it. */
  readonly master: string;
  readonly nodes: readonly string[];
  readonly label: string | null;
  /** `refused`: preflight stood against it when its turn came; `not_begun`: the campaign ended before its turn. */
  readonly state: 'waiting' | 'starting' | 'running' | 'succeeded' | 'failed' | 'refused' | 'cancelled' | 'not_begun';
  /** When the state was entered. Milliseconds since the epoch. */
  readonly stateSince: number;
  readonly problem: Problem | null;
  /** null = it has not begun. */
  readonly expansionId: string | null;
  readonly expansionState: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled' | null;
  readonly nodesVerified: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** null = not known. */
  readonly remainingSeconds: number | null;
  /** What holds it up, or why it is in its state. */
  readonly reason: Said | null;
};

export type NewChannel = {
  readonly id: string;
  readonly name: string;
  readonly kind: 'slack' | 'dingtalk' | 'feishu' | 'wecom' | 'email' | 'generic';
  /** Only the server: path and query can hold a secret. */
  readonly url: string;
  /** Whether messages are signed; of `email` whether there is a password. */
  readonly hasSecret: boolean;
  /** What it is told of; empty = everything. */
  readonly topics: readonly ('halted' | 'approval' | 'failed' | 'node' | 'setting' | 'replacement' | 'audit' | 'guard' | 'frozen' | 'unattended')[];
  /** It is told of incidents of these masters alone; empty = of all. */
  readonly masters: readonly string[];
  readonly language: 'en' | 'zh';
  /** What nobody acknowledges is said again after this time; null = it is not. */
  readonly repeatMinutes: number | null;
  readonly quiet: {
    /** HH:MM on the clock of the time zone. */
    readonly from: string;
    readonly to: string;
    readonly timeZone: string;
    /** What is said all the same. */
    readonly breakThrough: readonly ('halted' | 'approval' | 'failed' | 'node' | 'setting' | 'replacement' | 'audit' | 'guard' | 'frozen' | 'unattended')[];
  } | null;
  /** Of the kind email. */
  readonly mail: {
    readonly from: string;
    readonly to: readonly string[];
    /** The login; null = none. */
    readonly user: string | null;
  } | null;
  readonly createdBy: string;
  /** When it was made. Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Its last message; null = there was none. */
  readonly last: {
    readonly state: 'pending' | 'delivered' | 'failed';
    readonly attempts: number;
    /** When the message was made. Milliseconds since the epoch. */
    readonly createdAt: number;
    readonly endedAt: number | null;
    /** Why the last attempt failed. */
    readonly error: string | null;
  } | null;
  /** Key of the signatures, where the service has made it. Shown this once, never again. */
  readonly secret: string | null;
};

export type NewToken = {
  readonly id: string;
  /** The name of the requester in events and logs. */
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'approver' | 'admin' | 'agent' | 'producer';
  /** If only one list of addresses is given, it counts for masters and nodes. */
  readonly scope: {
    /** Masters that it may act on: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like. */
    readonly masters?: readonly string[];
    /** Nodes that it may act on; of an agent: the servers that it may speak for: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like. */
    readonly nodes?: readonly string[];
    /** Of the actions of its role; `read` stays with a role that has it. */
    readonly actions?: readonly ('read' | 'plan' | 'expand' | 'steer' | 'approve' | 'freeze' | 'hold' | 'compare' | 'audit' | 'guard' | 'replace' | 'webhooks' | 'trail' | 'tokens' | 'report' | 'produce')[];
  };
  readonly state: 'living' | 'expired' | 'revoked';
  /** When it was made. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly createdBy: string;
  readonly rotatedAt: number | null;
  readonly rotatedBy: string | null;
  readonly oldUntil: number | null;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
  readonly revokeReason: string | null;
  /** Its text; shown this once. */
  readonly token: string;
};

export type NewWebhook = {
  readonly id: string;
  /** `notify` is told of events; `veto` is asked at `steps`, and holds each until it answers 2xx; `trail` is told of each entry of the trail. */
  readonly kind: 'notify' | 'veto' | 'trail';
  /** Without what its query holds. */
  readonly url: string;
  /** Event types to be told of; empty = all. Others than `notify` have none. */
  readonly types: readonly string[];
  /** What a veto is asked about. Of others empty. */
  readonly steps: readonly ('before_batch' | 'before_node' | 'after_verified' | 'before_detach' | 'after_detach')[];
  /** How long a veto that answered 202 may take until it is asked again; null = it is no veto. */
  readonly answerWithinMs: number | null;
  readonly createdBy: string;
  /** When it was made. Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Key of the signatures. Shown this once, never again. */
  readonly secret: string;
};

export type NodeDetail = {
  readonly index: number;
  readonly target: JoinTarget;
  /** Zero-based; null until batches are formed. */
  readonly batch: number | null;
  readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
  /** When the phase was entered. Milliseconds since the epoch. */
  readonly phaseSince: number;
  readonly progress: Progress;
  /** What it waits for now; null = nothing in particular. */
  readonly waitingFor: Said | null;
  /** Of a proven node: whether those who are asked `after_verified` have agreed. Absent = nobody is asked. */
  readonly published?: boolean;
  readonly problem: Problem | null;
  /** Set while the node is being detached on its way out of the expansion; then it enters that phase. */
  readonly leaving: {
    readonly to: 'cancelled' | 'skipped' | 'failed' | 'quarantined';
    /** Since when. Milliseconds since the epoch. */
    readonly since: number;
  } | null;
  readonly anomalies: readonly AnomalyRecord[];
  /** Why it is in trouble; null = it was not asked. */
  readonly diagnosis?: Diagnosis | null;
  /** How many attaches are permitted; raised by `retry`. */
  readonly attemptsAllowed: number;
  /** Every phase entered, in order. */
  readonly phases: readonly ({
    readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
    /** When it was entered. Milliseconds since the epoch. */
    readonly at: number;
    readonly attempt: number;
  })[];
  readonly attempts: readonly AttemptView[];
  readonly findings: readonly Finding[];
  readonly evidence: Evidence | null;
  /** The comparison of the data with the master. */
  readonly comparison: {
    readonly id: string;
    readonly report: ComparisonReport | null;
    readonly chosen?: ChosenDepth;
  } | null;
  /** The database came back at an older point since, and nobody has decided about the node: it is not taken for untouched. */
  readonly restored?: boolean;
  /** Causes for which a copy was repeated since it began, or since a person retried it; the symptom where no cause was found. */
  readonly triedCauses?: readonly string[];
  /** Comparisons that came to no result in this attempt. */
  readonly inconclusiveComparisons: number;
  /** A setting that was changed for the time of the full sync, with its old value. */
  readonly borrowed: {
    readonly name: 'throttle-bytes-per-second' | 'expire-logs-nums';
    /** Before the first change; put back at the end. */
    readonly old: string;
    /** Values that this service gave it, the newest last. Any other is somebody else's. */
    readonly given: readonly string[];
    /** Stored before it is sent; null = none is on its way. */
    readonly pending: {
      readonly id: string;
      readonly command: {
        readonly kind: 'slaveof';
        readonly master: Address;
        readonly force: boolean;
      } | {
        readonly kind: 'slaveof_no_one';
      } | {
        readonly kind: 'clear_replication_id';
      } | {
        readonly kind: 'bgsave';
      } | {
        readonly kind: 'config_set';
        readonly name: 'throttle-bytes-per-second' | 'expire-logs-nums';
        readonly value: string;
      } | {
        readonly kind: 'config_rewrite';
      };
      /** When it was stored. Milliseconds since the epoch. */
      readonly at: number;
    } | null;
    readonly changes: number;
    readonly seen: string;
    /** When that value was seen. Milliseconds since the epoch. */
    readonly seenAt: number;
    /** When the server had last been restarted as of that look; absent = it is not watched, or the value was just set. */
    readonly lifeSeen?: number | null;
    /** `restored`; `left` = somebody else has changed it meanwhile; `lost` = the server could not be reached to put it back; `refused` = the server would not take a change. */
    readonly state: 'borrowed' | 'restored' | 'left' | 'lost' | 'refused';
    readonly restoringSince: number | null;
    /** Whether the file of the server was written once more after the old value was put back. */
    readonly fileWritten: boolean;
    /** Whether the server has read a changed value from its file, after a restart. */
    readonly inFile?: boolean;
  } | null;
  readonly hosts: {
    /** null = no agent has told of it since it was attached. */
    readonly node: AgentSight | null;
    /** null = no agent has told of it. */
    readonly master: AgentSight | null;
  };
};

/** A node to be added: `host:port`, or an object with more about it. */
export type NodeInput = string | {
  /** `host:port` under which the service reaches the server. */
  readonly address: string;
  /** `host:port` under which the other nodes reach or see it, where that differs (NAT, containers). Default: `address`. */
  readonly seenAs?: string;
  /** Name of an entry in the credentials configuration. Default: the entry `default`, if there is one. */
  readonly credential?: string;
  /** The node's own data may be replaced. Default: false. */
  readonly overwriteData?: boolean;
  /** The node may be taken away from the master it has now. Default: false. */
  readonly repoint?: boolean;
};

export type NodeReady = {
  readonly node: string;
  /** Whether it is proven, and nothing has spoken against it since. */
  readonly ready: boolean;
  /** Whose slave it was proven to be; null = it was never proven. */
  readonly master: string | null;
  /** Its last proof; null = there is none. */
  readonly proof: {
    /** When it was proven. Milliseconds since the epoch. */
    readonly at: number;
    /** Id of the expansion or audit that proved it. */
    readonly by: string;
  } | null;
  /** Why it is not ready; null = it is. */
  readonly reason: Said | null;
};

export type NodeTarget = {
  /** `host:port` as the request gave it; the name of the server everywhere. */
  readonly name: string;
  readonly address: Address;
  readonly seenAs: Address;
  /** Name of an entry in the credentials configuration; null = the configuration's default, or none. */
  readonly credential: string | null;
};

/** What the configuration does not allow. Nothing was sent. */
export type NotAllowed = {
  /** `host:port` as the request gave it. */
  readonly server: string;
  /** The IP address that was judged; null = the name has none. */
  readonly ip: string | null;
  /** The address is link-local, unspecified, multicast or a metadata service; no setting names it; the name could not be resolved. */
  readonly why: 'never' | 'not_listed' | 'unresolved';
  /** Name of the credential that would be sent; null = none. */
  readonly credential: string | null;
  /** Whether this credential has a list of nodes of its own. */
  readonly ownList: boolean;
  /** Whether nodes would connect there, to follow it, rather than the service. */
  readonly followed: boolean;
};

export type ObservationPage = {
  readonly items: readonly ({
    readonly seq: number;
    readonly expansionId: string;
    /** `host:port` as in the request; the master too. */
    readonly node: string;
    /** When it was looked at. Milliseconds since the epoch. */
    readonly at: number;
    /** What the node said, parsed; or that it did not. */
    readonly look: Look;
  })[];
  /** Pass it as `after` for the next page; null = there are no more now. */
  readonly nextAfter: number | null;
};

export type OpenSession = {
  readonly id: string;
  /** Name of the token or of the person. */
  readonly name: string;
  /** By what it signed in; `person`: with the identity provider. */
  readonly by: 'token' | 'person';
  /** Of a person: the groups that have a role here. */
  readonly groups: readonly string[];
  /** From where it signed in. */
  readonly address: string;
  /** When it signed in. Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When it ends at the latest. Milliseconds since the epoch. */
  readonly until: number;
};

export type Plan = {
  readonly id: string;
  /** When it was made. Milliseconds since the epoch. */
  readonly at: number;
  readonly master: NodeTarget;
  /** The nodes to be added; absent = an earlier release made the plan. */
  readonly nodes?: readonly JoinTarget[];
  /** The policy with its defaults filled in. */
  readonly policy: Policy;
  /** The expansion that had ended and left these nodes unverified; absent = none. */
  readonly retryOf?: string;
  /** null = the master could not be read. */
  readonly capabilities: Capabilities | null;
  readonly findings: readonly Finding[];
  /** Whether no finding is an error. */
  readonly acceptable: boolean;
  readonly batchSize: number;
  readonly batchSizeReason: Said;
  /** Which ports of the master were tried, from where, and what that does not prove; null = none. */
  readonly ports?: Said | null;
  /** Names of nodes. */
  readonly batches: readonly (readonly string[])[];
  /** Id of the expansion on the same master for whose end this one would wait. */
  readonly waitsFor: string | null;
  /** null = the master could not be read. */
  readonly topology: Topology | null;
  /** What the master showed, so that another server in its place is noticed; null = it could not be read. */
  readonly plannedMaster?: MasterIdentity | null;
  /** What it will probably cost; null = the master could not be read. */
  readonly forecast: Forecast | null;
};

export type PlanRequest = {
  /** The master: `host:port`, or an object with more about it. */
  readonly master: MasterInput;
  /** The nodes to be added, in the order in which they are to be attached. */
  readonly nodes: readonly NodeInput[];
  /** How it is to be carried out; whatever is left out has a default. */
  readonly policy?: Policy;
} | {
  /** Id of an expansion that has ended, in place of the master: its nodes that are not verified are asked for again, with its master and its policy. */
  readonly retryOf: string;
  /** Those of these nodes of which something is to be otherwise than in the request of that expansion, such as `overwriteData`. */
  readonly nodes?: readonly NodeInput[];
  /** What is to be otherwise than in the policy of that expansion. */
  readonly policy?: Policy;
};

export type PlanSummary = {
  readonly id: string;
  /** When it was made. Milliseconds since the epoch. */
  readonly at: number;
  /** `host:port` as the request gave it. */
  readonly master: string;
  /** Names of the nodes, in the order of their batches. */
  readonly nodes: readonly string[];
  readonly batches: number;
  /** Whether no finding was an error. */
  readonly acceptable: boolean;
  /** The expansion whose rest it takes up. */
  readonly retryOf?: string;
};

/** How it is to be carried out; whatever is left out has a default. */
export type Policy = {
  /** Nodes that are attached together. The version of the master may allow fewer. `auto`: the service chooses, and says why. Default: auto. */
  readonly batchSize?: number | 'auto';
  /** Whether an operator must approve every batch but the first. `none`: Go on by itself; `each_batch`: Wait for approval. Default: none. */
  readonly approval?: 'none' | 'each_batch';
  /** Whether another person than the requester must approve the start. Every other approval must then be by another person too. Default: false. */
  readonly fourEyes?: boolean;
  /** What the service does when it gives a node up. `halt`: Halt and wait for a person; `skip`: Skip the node and go on; `rollback`: Detach the nodes of the batch. Default: halt. */
  readonly onFailure?: 'halt' | 'skip' | 'rollback';
  /** How long the service pauses between two batches. Milliseconds. Default: 0. */
  readonly pauseBetweenBatchesMs?: number;
  /** The first so many nodes are proven before any other node is attached. If one of them fails, the expansion halts, even if failed nodes are to be skipped. `null`: all nodes alike. Default: null. */
  readonly canary?: number | null;
  /** How long the service waits after the last canary node before the other nodes begin. Milliseconds. Default: 0. */
  readonly canaryRestMs?: number;
  /** Whether an operator must approve the other nodes after the canary. Default: false. */
  readonly canaryApproval?: boolean;
  /** The least time between the end of the previous expansion of the same master and the beginning of this expansion. Milliseconds. Default: 0. */
  readonly restBetweenExpansionsMs?: number;
  /** How the data of a node are compared with the master's. */
  readonly verify?: {
    /** How much of the data is compared. Auto compares every key where the time suffices, else a sample that finds a loss of 0.1 %. The report says which of them, and why. `auto`: Every key where time allows, else a sample; `counts`: Counts only; `sample`: Sample by value; `full`: Every key by value. Default: auto. */
    readonly depth?: 'auto' | 'counts' | 'sample' | 'full';
    /** How long a comparison of every key may take under auto, as a share of the node's copy (0.5 = half as long). 10 s are always allowed: a sample takes as long. Default: 0.5. */
    readonly fullShare?: number;
    /** How long a comparison of every key may take under auto, however long the copy took. If it is not over by then, it goes on as a sample. Milliseconds. Default: 1800000. */
    readonly fullTimeMs?: number;
    /** Keys that a sample looks at, per type and database. Under auto at least 11,513, which find a loss of 0.1 %. Default: 1000. */
    readonly samplePerType?: number;
    /** The exact key counts are compared as well. For this both nodes scan all their keys, once no full sync runs. Default: false. */
    readonly keyCounts?: boolean;
    /** A smaller difference of the remaining lifetimes of a key does not count. Milliseconds. Default: 1000. */
    readonly ttlToleranceMs?: number;
    /** A key counts as different if it differs in this many rounds. Default: 3. */
    readonly rounds?: number;
    /** The most keys that the comparison asks of each node per second. An expiry counts as one more. `null`: no limit. Default: null. */
    readonly maxOpsPerSecond?: number | null;
    /** The most bytes that the comparison reads from each node per second. Bytes per second. `null`: no limit. Default: null. */
    readonly maxBytesPerSecond?: number | null;
    /** The agents on the hosts of master and node hash the table files of the dump, and rule `files_complete` compares the hashes. Default: false. */
    readonly fileHashes?: boolean;
  };
  /** What the service does if the data differ in nothing but that keys expire later on the node, or never. Pika does this with SET NX EX during a copy, and 3.5.5 with INCR. No data are missing, and no copy changes it. `note`: Verify, and say so; `halt`: Ask a person. Default: note. */
  readonly longerTtls?: 'note' | 'halt';
  /** A node is `verified` only if rule `files_complete` holds. Agents must run on the hosts of master and node. Default: false. */
  readonly requireAgent?: boolean;
  /** How often a node is attached, the first time included. Default: 3. */
  readonly maxAttempts?: number;
  /** No byte and no change of state for this long in a full sync counts as hung. Milliseconds. Default: 60000. */
  readonly stallTimeoutMs?: number;
  /** How long a node may be unreachable before its attempt has failed. Milliseconds. Default: 60000. */
  readonly nodeDownTimeoutMs?: number;
  /** How long the service waits for a master that is busy (full sync of another node, bgsave, scan) before it asks a person. A hundredth of a copy may take as long; where the version counts no bytes, the whole copy. Milliseconds. Default: 1800000. */
  readonly masterBusyTimeoutMs?: number;
  /** Time between two looks at a node in full sync. In the middle of a copy a short time is stretched: to four times itself, but to 1 s at most. Around the dump and at the end of a copy looks are closer. Milliseconds. Default: 250. */
  readonly lookIntervalMs?: number;
  /** Looks in a row in which everything must hold before the node is `verified`. Default: 3. */
  readonly stableLooks?: number;
  /** The most that the master may send to all nodes in full sync together. The service sets the `throttle-bytes-per-second` of the nodes and puts it back. Bytes per second. `null`: the nodes' own throttles. Default: null. */
  readonly bandwidthBytesPerSecond?: number | null;
  /** Limits on the health of the master. Over a limit the nodes copy slower, and no batch begins. `null`: nothing is watched. */
  readonly health?: {
    /** The 99th percentile of the service's own PINGs of the last seconds. Milliseconds. `null`: not watched. Default: null. */
    readonly masterLatencyMs?: number | null;
    /** The lag of the slaves that the master had before. Bytes. `null`: not watched. Default: null. */
    readonly slaveLagBytes?: number | null;
    /** The commands that the master carries out per second. `null`: not watched. Default: null. */
    readonly commandsPerSecond?: number | null;
    /** The address of a figure of your own, with its limit. `null`: not watched. */
    readonly endpoint?: {
      /** It answers GET with a number, or with {"value": number}. */
      readonly url: string;
      /** The most that this figure may be. */
      readonly limit: number;
    } | null;
  } | null;
  /** Batches begin only inside one of these windows; none = at any time. A running full sync is never cut. */
  readonly windows?: readonly ({
    /** Days on which the window begins; empty = every day. */
    readonly days?: readonly ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[];
    /** `HH:MM` at which the window begins. */
    readonly from: string;
    /** `HH:MM` at which the window ends. If it is before `from`, the window ends on the next day; if both are equal, it lasts a whole day. */
    readonly to: string;
    /** The IANA name of the time zone. Default: UTC. */
    readonly timeZone?: string;
  })[];
  /** The service may raise `expire-logs-nums` of the master while nodes are synced, where its version (up to 3.4) would purge binlog that they still need. The old value is put back. The service changes no other setting of a master. Default: false. */
  readonly mayRaiseBinlogRetention?: boolean;
  /** The service may run BGSAVE on the master where only a new dump can cure a node: its dump is missing or failed, or it lies before a FLUSHALL after which writes were lost. It does so once for each cause, and never while another slave copies. Default: false. */
  readonly mayAskForDump?: boolean;
  /** The service makes the forecast anew before each batch. If time or bytes have grown by more than this share (1 = doubled), the expansion waits for approval. `null`: the expansion never waits. Default: 1. */
  readonly forecastTolerance?: number | null;
};

export type Problem = {
  readonly code: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly nextSteps: readonly string[];
  /** When it was found. Milliseconds since the epoch. */
  readonly at: number;
};

export type Progress = {
  /** Size of the snapshot that is being copied; null = not known. */
  readonly snapshotBytes: number | null;
  readonly receivedBytes: number | null;
  readonly bytesPerSecond: number | null;
  /** null = not known. */
  readonly remainingSeconds: number | null;
  /** Bytes of binlog between the master's position and the node's, summed over DBs; null = not known. */
  readonly lagBytes: number | null;
  /** Files of the dump that came, as the log of the node tells it. null = no agent tells. */
  readonly files?: {
    readonly copied: number;
    /** Of the list of the dump; null = the log does not show it. */
    readonly listed: number | null;
  } | null;
  /** The node did not answer at the last look: rate, remaining time and lag are not known. null = it did. */
  readonly silent?: {
    /** `busy`: it takes connections and does not reply. `unreachable`: it cannot be reached, or something else answers. */
    readonly how: 'busy' | 'unreachable';
    /** Since when it gives no answer. Milliseconds since the epoch. */
    readonly since: number;
    /** When its attempt ends if it stays so. Milliseconds since the epoch. */
    readonly attemptEndsAt: number;
  } | null;
  readonly expectedEndsAt?: number | null;
  readonly boundEndsAt?: number | null;
  /** What the service does then. */
  readonly atBound?: Said | null;
};

export type ProgressMessage = {
  readonly expansionId: string;
  readonly state: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled';
  readonly currentBatch: number;
  readonly joins: readonly ({
    readonly node: string;
    readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
    readonly progress: Progress;
    readonly waitingFor: Said | null;
  })[];
};

export type Readiness = {
  readonly ready: boolean;
  readonly checks: readonly ({
    readonly name: string;
    readonly ok: boolean;
    readonly code: 'in_order' | 'does_not_answer' | 'no_answer_in_time';
    /** What is wrong, in plain words; details are in the log. */
    readonly text: string;
  })[];
};

export type Rehearsal = {
  readonly plan: Plan;
  readonly planId: string;
  readonly version: string;
  /** What was played, and what was not. */
  readonly assumptions: readonly string[];
  readonly predicted: {
    /** State at the end; `unfinished`: it took far too long. */
    readonly state: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled' | 'unfinished';
    readonly stateReason: Said | null;
    readonly seconds: number;
    /** Dumps that the master made. */
    readonly dumps: number;
    readonly nodes: readonly ({
      readonly node: string;
      readonly batch: number | null;
      readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
      readonly attempts: number;
      /** Seconds after the start; the last one ends with the run. */
      readonly phases: readonly ({
        readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
        readonly atSeconds: number;
      })[];
      readonly anomalies: readonly string[];
      /** The truth of the model: keys of the master that the node will never have. */
      readonly lostKeys: number;
    })[];
  };
  readonly faults: readonly ({
    readonly fault: 'node_dies' | 'nightly_bgsave' | 'master_restarts';
    readonly text: string;
    /** State at the end; `unfinished`: it took far too long. */
    readonly state: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled' | 'unfinished';
    readonly stateReason: Said | null;
    readonly seconds: number;
    /** Dumps that the master made. */
    readonly dumps: number;
    readonly nodes: readonly ({
      readonly node: string;
      readonly batch: number | null;
      readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
      readonly attempts: number;
      /** Seconds after the start; the last one ends with the run. */
      readonly phases: readonly ({
        readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
        readonly atSeconds: number;
      })[];
      readonly anomalies: readonly string[];
      /** The truth of the model: keys of the master that the node will never have. */
      readonly lostKeys: number;
    })[];
  })[];
  /** The same nodes, all attached in quick succession without this service. */
  readonly burst: {
    readonly gapSeconds: number;
    readonly seconds: number;
    readonly dumps: number;
    readonly nodes: readonly ({
      readonly node: string;
      /** What INFO replication says at the end. */
      readonly says: 'up' | 'syncing' | 'dead';
      /** Seconds after the start at which it first said `master_link_status:up`; null = never. */
      readonly upAtSeconds: number | null;
      readonly lostKeys: number;
      /** Share of the master's keys that it will never have, 0 to 1. */
      readonly lostShare: number;
    })[];
  };
  /** Real time that the rehearsal took. */
  readonly tookMs: number;
};

export type Replacement = {
  readonly id: string;
  readonly label: string | null;
  readonly state: 'running' | 'held' | 'succeeded' | 'failed' | 'cancelled';
  /** When the state was entered. Milliseconds since the epoch. */
  readonly stateSince: number;
  /** Why it is in this state. */
  readonly stateReason: Said | null;
  readonly requestedBy: string;
  readonly via: 'rest' | 'queue' | 'cli';
  /** Why it was asked for. */
  readonly reason: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly master: NodeTarget;
  readonly settings: {
    /** Proven slaves that the master has at any time. */
    readonly keepVerified: number;
    /** Slaves that are taken out at a time. */
    readonly batchSize: number;
    /** A slave that still has clients after this time is detached. */
    readonly drainTimeoutMs: number;
    /** Time between the end of one slave and the beginning of the next. */
    readonly paceMs: number;
    /** IP addresses whose connections are no readers, such as those of a monitor. */
    readonly notReaders: readonly string[];
  };
  /** How the service reaches slaves where the listed address does not lead to them. */
  readonly slaves: readonly NodeTarget[];
  /** null = no node is added. */
  readonly newNodes: {
    /** `starting`: its admission was decided on and stored; whether it has happened, the expansions tell. */
    readonly state: 'waiting' | 'starting' | 'running' | 'over';
    /** Its request, to be admitted like any other. */
    readonly request: unknown;
    /** null = it has not begun. */
    readonly expansionId: string | null;
    readonly expansionState: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled' | null;
    /** Admissions that came to nothing for a reason that may pass. */
    readonly failedTries: number;
    readonly notBefore: number | null;
    readonly problem: Problem | null;
  } | null;
  readonly pairs: readonly ({
    /** Its place in the replacement, from 0. */
    readonly index: number;
    readonly old: NodeTarget;
    /** Name of the node that takes its place; null = none does. */
    readonly new: string | null;
    /** Whether it may have slaves of its own; they follow it. */
    readonly withSlaves: boolean;
    readonly phase: 'adding' | 'waiting' | 'withdrawing' | 'draining' | 'detaching' | 'detached' | 'putting_back' | 'done' | 'kept' | 'failed';
    /** When the phase was entered. Milliseconds since the epoch. */
    readonly phaseSince: number;
    /** What it waits for, or why it ended so. */
    readonly reason: Said | null;
    /** Whether a person has to see to it. */
    readonly needsPerson: boolean;
    /** Clients that it had at the last look; null = not known. */
    readonly readers: number | null;
    /** Looks in a row at which it had no client. */
    readonly quietLooks: number;
    readonly silentSince: number | null;
    /** null = nothing was sent to it. */
    readonly intent: {
      readonly id: string;
      /** When it was stored, before the act. Milliseconds since the epoch. */
      readonly savedAt: number;
      /** Epoch of the lease under which it was stored. */
      readonly epoch: number;
      /** null = it is not known whether the act happened. */
      readonly outcome: 'ok' | 'refused' | 'unknown' | null;
      /** What the node replied. */
      readonly reply: string | null;
    } | null;
    /** What to do next; null = nothing. */
    readonly nextStep: string | null;
  })[];
  readonly lastDoneAt: number | null;
  /** Whether another person than the requester must approve before slaves go without a new node. */
  readonly fourEyes: boolean;
  /** Who approved that slaves go; null = nobody has. */
  readonly approval: {
    readonly reason: string;
    readonly by: string;
    /** When it was asked for. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
  /** Who ended it before its time. */
  readonly cancel: {
    readonly reason: string;
    readonly by: string;
    /** When it was asked for. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
};

export type ReplacementRequest = {
  /** The master: `host:port`, or an object with more about it. */
  readonly master: MasterInput;
  /** Slaves that go once the node that takes their place is verified. Without `new` the slave goes as one of `takeOut` does. */
  readonly replace?: readonly ({
    /** A slave of the master that goes: `host:port`, or an object with more about it. */
    readonly old: string | {
      /** `host:port` under which the service reaches the server. */
      readonly address: string;
      /** `host:port` under which the other nodes reach or see it, where that differs (NAT, containers). Default: `address`. */
      readonly seenAs?: string;
      /** Name of an entry in the credentials configuration. Default: the entry `default`, if there is one. */
      readonly credential?: string;
      /** It may have slaves of its own, which go on following it. Default: false. */
      readonly withSlaves?: boolean;
    };
    /** A node to be added: `host:port`, or an object with more about it. */
    readonly new?: NodeInput;
  })[];
  /** Slaves that go without a node in their place. */
  readonly takeOut?: readonly (string | {
    /** `host:port` under which the service reaches the server. */
    readonly address: string;
    /** `host:port` under which the other nodes reach or see it, where that differs (NAT, containers). Default: `address`. */
    readonly seenAs?: string;
    /** Name of an entry in the credentials configuration. Default: the entry `default`, if there is one. */
    readonly credential?: string;
    /** It may have slaves of its own, which go on following it. Default: false. */
    readonly withSlaves?: boolean;
  })[];
  /** Why, for those who read it later. */
  readonly reason: string;
  readonly label?: string;
  /** Slaves that the service reaches otherwise than by the address that their master lists (`seenAs`), or with another credential. Expansions that the service keeps need no entry. */
  readonly slaves?: readonly MasterInput[];
  /** IP addresses whose connections are no readers, such as those of a monitor. Connections of the service itself are none. */
  readonly notReaders?: readonly string[];
  /** How the new nodes are added; whatever is left out has a default. */
  readonly policy?: Policy;
  /** No slave is detached unless so many others of its master are proven complete, listed and connected. Default: 1. */
  readonly keepVerified?: number;
  /** How many slaves are taken out at a time. Default: 1. */
  readonly batchSize?: number;
  /** A slave is detached when it has no client any more, or after this time. Milliseconds. Default: 300000. */
  readonly drainTimeoutMs?: number;
  /** The time between the end of one slave and the beginning of the next. Milliseconds. Default: 0. */
  readonly paceMs?: number;
};

export type RunningSync = {
  readonly expansionId: string;
  readonly node: string;
  readonly phase: 'waiting' | 'preflight' | 'attaching' | 'snapshotting' | 'transferring' | 'swapping' | 'catching_up' | 'verifying' | 'verified' | 'failed' | 'quarantined' | 'skipped' | 'cancelled';
  /** When its attempt began. Milliseconds since the epoch. */
  readonly since: number;
  readonly expectedEndsAt: number | null;
};

export type Said = {
  /** Stable, for programs. */
  readonly code: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** The same in words, in the language of `Accept-Language`. */
  readonly text: string;
};

export type Session = {
  /** Name of the token; null = not signed in. */
  readonly name: string | null;
  readonly role: 'viewer' | 'operator' | 'approver' | 'admin' | 'agent' | 'producer' | null;
  /** What the caller may do. */
  readonly may: readonly ('read' | 'plan' | 'expand' | 'steer' | 'approve' | 'freeze' | 'hold' | 'compare' | 'audit' | 'guard' | 'replace' | 'webhooks' | 'trail' | 'tokens' | 'report' | 'produce')[];
  /** false = no token is configured, and everybody may do everything. */
  readonly authRequired: boolean;
  /** What the identity provider is called with which people can sign in; null = there is none. */
  readonly provider: string | null;
};

export type StoredAuditDoc = {
  readonly id: string;
  readonly state: 'pending' | 'running' | 'completed' | 'cancelled';
  readonly requestedBy: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly spec: ComparisonSpec;
  /** Comparisons at a time. */
  readonly maxRunning: number;
  /** Comparisons at a time in which one host takes part. */
  readonly maxRunningPerHost: number;
  /** How the service reaches slaves where the listed address does not lead to them. */
  readonly slaves: readonly NodeTarget[];
  readonly counts: {
    /** Servers at which the audit begins. */
    readonly masters: number;
    /** Of these: could not be asked for their slaves. */
    readonly mastersNotRead: number;
    readonly slaves: number;
    /** Slaves and masters that were not looked at to the end yet. */
    readonly open: number;
    readonly whole: number;
    readonly damaged: number;
    readonly doubtful: number;
    readonly notJudged: number;
    /** Slaves that were found beyond the bounds of one audit. */
    readonly leftOut: number;
  };
  /** Who ended it before its time. */
  readonly cancel: {
    readonly reason: string;
    readonly by: string;
    /** When it was asked for. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
};

export type StoredDifference = {
  /** Rising within a comparison, from 1. */
  readonly seq: number;
  readonly db: number;
  /** Printable ASCII as it is, else `base64:` and the bytes. */
  readonly key: string;
  readonly type: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream';
  readonly kind: 'missing' | 'foreign' | 'type' | 'value' | 'length' | 'ttl';
  /** `missing_expires`: missing on the right, with an expiry on the left. `value_expires`: a string with another value, and with an expiry on the left. `emptied`: a string that is empty on the right. `outlives`: it expires later on the right, or never. `expires_early`: it expires earlier there. */
  readonly sign?: 'missing_expires' | 'value_expires' | 'emptied' | 'outlives' | 'expires_early';
  /** Short and printable; never a whole value. */
  readonly left: string | null;
  readonly right: string | null;
  readonly rounds: number;
};

export type StoredGuardDoc = {
  readonly id: string;
  readonly label: string | null;
  readonly state: 'watching' | 'ended';
  readonly requestedBy: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** Time between two looks at a master and its slaves. */
  readonly everyMs: number;
  /** How the service reaches slaves where the listed address does not lead to them. */
  readonly slaves: readonly NodeTarget[];
  /** null = it starts none. */
  readonly audits: {
    /** Minute, hour, day of month, month, day of week. */
    readonly cron: string;
    /** Name of a time zone, as Europe/Berlin. */
    readonly timeZone: string;
    readonly spec: ComparisonSpec;
    readonly maxRunning: number;
    readonly maxRunningPerHost: number;
    readonly nextAt: number | null;
    /** Id of the last audit; null = none yet. */
    readonly last: string | null;
    /** Whether the last audit may not be stored yet. */
    readonly begins: boolean;
  } | null;
  readonly counts: {
    readonly masters: number;
    readonly slaves: number;
    /** Findings of level error. */
    readonly errors: number;
    /** Findings of level warning. */
    readonly warnings: number;
  };
  /** Who ended it. */
  readonly end: {
    readonly reason: string;
    readonly by: string;
    /** When it was asked for. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
};

export type StoredReplacement = {
  readonly id: string;
  readonly label: string | null;
  readonly state: 'running' | 'held' | 'succeeded' | 'failed' | 'cancelled';
  /** When the state was entered. Milliseconds since the epoch. */
  readonly stateSince: number;
  /** Why it is in this state. */
  readonly stateReason: Said | null;
  readonly requestedBy: string;
  readonly via: 'rest' | 'queue' | 'cli';
  /** Why it was asked for. */
  readonly reason: string;
  /** When it was asked for. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly master: NodeTarget;
  readonly settings: {
    /** Proven slaves that the master has at any time. */
    readonly keepVerified: number;
    /** Slaves that are taken out at a time. */
    readonly batchSize: number;
    /** A slave that still has clients after this time is detached. */
    readonly drainTimeoutMs: number;
    /** Time between the end of one slave and the beginning of the next. */
    readonly paceMs: number;
    /** IP addresses whose connections are no readers, such as those of a monitor. */
    readonly notReaders: readonly string[];
  };
  /** How the service reaches slaves where the listed address does not lead to them. */
  readonly slaves: readonly NodeTarget[];
  /** null = no node is added. */
  readonly newNodes: {
    /** `starting`: its admission was decided on and stored; whether it has happened, the expansions tell. */
    readonly state: 'waiting' | 'starting' | 'running' | 'over';
    /** Its request, to be admitted like any other. */
    readonly request: unknown;
    /** null = it has not begun. */
    readonly expansionId: string | null;
    readonly expansionState: 'pending' | 'running' | 'paused' | 'awaiting_approval' | 'halted' | 'succeeded' | 'failed' | 'cancelled' | null;
    /** Admissions that came to nothing for a reason that may pass. */
    readonly failedTries: number;
    readonly notBefore: number | null;
    readonly problem: Problem | null;
  } | null;
  readonly pairs: readonly ({
    /** Its place in the replacement, from 0. */
    readonly index: number;
    readonly old: NodeTarget;
    /** Name of the node that takes its place; null = none does. */
    readonly new: string | null;
    /** Whether it may have slaves of its own; they follow it. */
    readonly withSlaves: boolean;
    readonly phase: 'adding' | 'waiting' | 'withdrawing' | 'draining' | 'detaching' | 'detached' | 'putting_back' | 'done' | 'kept' | 'failed';
    /** When the phase was entered. Milliseconds since the epoch. */
    readonly phaseSince: number;
    /** What it waits for, or why it ended so. */
    readonly reason: Said | null;
    /** Whether a person has to see to it. */
    readonly needsPerson: boolean;
    /** Clients that it had at the last look; null = not known. */
    readonly readers: number | null;
    /** Looks in a row at which it had no client. */
    readonly quietLooks: number;
    readonly silentSince: number | null;
    /** null = nothing was sent to it. */
    readonly intent: {
      readonly id: string;
      /** When it was stored, before the act. Milliseconds since the epoch. */
      readonly savedAt: number;
      /** Epoch of the lease under which it was stored. */
      readonly epoch: number;
      /** null = it is not known whether the act happened. */
      readonly outcome: 'ok' | 'refused' | 'unknown' | null;
      /** What the node replied. */
      readonly reply: string | null;
    } | null;
  })[];
  readonly lastDoneAt: number | null;
  /** Whether another person than the requester must approve before slaves go without a new node. */
  readonly fourEyes: boolean;
  /** Who approved that slaves go; null = nobody has. */
  readonly approval: {
    readonly reason: string;
    readonly by: string;
    /** When it was asked for. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
  /** Who ended it before its time. */
  readonly cancel: {
    readonly reason: string;
    readonly by: string;
    /** When it was asked for. Milliseconds since the epoch. */
    readonly at: number;
  } | null;
};

export type TokenRequest = {
  /** The name of the requester in events and logs; two persons have two names. */
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'approver' | 'admin' | 'agent' | 'producer';
  /** If only one list of addresses is given, it counts for masters and nodes. */
  readonly scope?: {
    /** Masters that it may act on: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like. */
    readonly masters?: readonly string[];
    /** Nodes that it may act on; of an agent: the servers that it may speak for: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like. */
    readonly nodes?: readonly string[];
    /** Of the actions of its role; `read` stays with a role that has it. */
    readonly actions?: readonly ('read' | 'plan' | 'expand' | 'steer' | 'approve' | 'freeze' | 'hold' | 'compare' | 'audit' | 'guard' | 'replace' | 'webhooks' | 'trail' | 'tokens' | 'report' | 'produce')[];
  };
  /** Left out = it does not end by itself. */
  readonly expiresInMs?: number;
};

export type TokenView = {
  readonly id: string;
  /** The name of the requester in events and logs. */
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'approver' | 'admin' | 'agent' | 'producer';
  /** If only one list of addresses is given, it counts for masters and nodes. */
  readonly scope: {
    /** Masters that it may act on: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like. */
    readonly masters?: readonly string[];
    /** Nodes that it may act on; of an agent: the servers that it may speak for: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like. */
    readonly nodes?: readonly string[];
    /** Of the actions of its role; `read` stays with a role that has it. */
    readonly actions?: readonly ('read' | 'plan' | 'expand' | 'steer' | 'approve' | 'freeze' | 'hold' | 'compare' | 'audit' | 'guard' | 'replace' | 'webhooks' | 'trail' | 'tokens' | 'report' | 'produce')[];
  };
  readonly state: 'living' | 'expired' | 'revoked';
  /** When it was made. Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly createdBy: string;
  readonly rotatedAt: number | null;
  readonly rotatedBy: string | null;
  readonly oldUntil: number | null;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
  readonly revokeReason: string | null;
};

export type Topology = {
  readonly master: {
    readonly name: string;
    readonly version: string;
    /** Of its build; null = it does not tell. */
    readonly gitSha?: string | null;
    readonly role: 'master' | 'slave' | 'master&&slave' | null;
    /** Bytes that a full sync would copy now; null = the version does not tell. */
    readonly sstBytes: number | null;
    readonly binlog: Readonly<Record<string, {
      readonly file: number;
      readonly offset: number;
    }>>;
    readonly replicationId: string | null;
  };
  readonly slaves: readonly ListedSlave[];
};

export type TrailEntry = {
  /** Version of the shape. */
  readonly v: number;
  /** Its number: 1, 2, 3 and so on, without a gap. */
  readonly seq: number;
  /** When it was done. Milliseconds since the epoch. */
  readonly at: number;
  /** What was asked for: method and route (`POST /v1/freeze`), `job`, `start`, or `entries_lost` where entries could not be kept. */
  readonly act: string;
  /** The id of what it concerns. */
  readonly object: string | null;
  readonly who: {
    /** Name of the token; null = nobody was signed in. */
    readonly name: string | null;
    readonly role: string | null;
  };
  readonly by: {
    /** What proved who it is; `person`: the identity provider. */
    readonly kind: 'token' | 'session' | 'person' | 'signature' | 'none' | 'service';
    /** Of a session or a stored token; never the secret itself. */
    readonly id: string | null;
  };
  readonly from: {
    readonly address: string | null;
    /** What the client calls itself, cut. */
    readonly client: string | null;
    readonly via: 'rest' | 'cli' | 'dashboard' | 'queue' | 'service';
    readonly requestId: string | null;
  };
  readonly outcome: {
    /** HTTP status of the answer. */
    readonly status: number | null;
    /** Code of the refusal; null = it was done. */
    readonly code: string | null;
  };
  /** The request, without secrets, cut where it is long. */
  readonly asked: unknown;
  /** What stood before, where a stored thing changed. */
  readonly before: unknown;
  /** What stands since. */
  readonly after: unknown;
  /** How many such requests the entry stands for. */
  readonly times: number;
  /** SHA-256 over the hash before it and the canonical JSON of the rest. */
  readonly hash: string;
};

export type TrailHead = {
  readonly format: string;
  /** Number of the newest entry; 0 = there is none. */
  readonly seq: number;
  /** Hash of the newest entry. */
  readonly hash: string;
  /** When the head was signed. Milliseconds since the epoch. */
  readonly at: number;
  readonly signature: {
    readonly algorithm: 'ed25519';
    readonly keyId: string;
    /** SPKI, DER, base64. */
    readonly publicKey: string;
    readonly value: string;
  };
};

export type TrailPage = {
  readonly items: readonly TrailEntry[];
  /** Pass it as `cursor` for the next page; null = this was the last one. */
  readonly nextCursor: string | null;
};

export type WebhookView = {
  readonly id: string;
  /** `notify` is told of events; `veto` is asked at `steps`, and holds each until it answers 2xx; `trail` is told of each entry of the trail. */
  readonly kind: 'notify' | 'veto' | 'trail';
  /** Without what its query holds. */
  readonly url: string;
  /** Event types to be told of; empty = all. Others than `notify` have none. */
  readonly types: readonly string[];
  /** What a veto is asked about. Of others empty. */
  readonly steps: readonly ('before_batch' | 'before_node' | 'after_verified' | 'before_detach' | 'after_detach')[];
  /** How long a veto that answered 202 may take until it is asked again; null = it is no veto. */
  readonly answerWithinMs: number | null;
  readonly createdBy: string;
  /** When it was made. Milliseconds since the epoch. */
  readonly createdAt: number;
};

/** What each operation takes and answers. */
export interface Operations {
  /** Say what an expansion would do. */
  makePlan: {
    request: {
      readonly body: PlanRequest;
    };
    answer: Plan;
  };
  /** List the plans that the caller has had made, newest first. */
  listPlans: {
    request: Record<never, never>;
    answer: {
      readonly items: readonly PlanSummary[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Read a plan again. */
  getPlan: {
    request: {
      readonly id: string;
    };
    answer: Plan;
  };
  /** Play a plan on simulated nodes. */
  rehearse: {
    request: {
      readonly body: PlanRequest;
    };
    answer: Rehearsal;
  };
  /** Play a plan that was made before. */
  rehearsePlan: {
    request: {
      readonly id: string;
    };
    answer: Rehearsal;
  };
  /** Add nodes to a master. */
  startExpansion: {
    request: {
      readonly body: ExpansionRequest;
      /** Makes the request happen once, however often it is sent; made where it is absent. */
      readonly idempotencyKey?: string;
    };
    answer: ExpansionView;
  };
  /** List expansions, newest first. */
  listExpansions: {
    request: {
      readonly query?: {
        /** States, separated by commas: pending, running, paused, awaiting_approval, halted, succeeded, failed, cancelled. */
        readonly state?: string;
        /** Part of the label, the master or a node. */
        readonly search?: string;
        /** `host:port` */
        readonly master?: string;
        /** `nextCursor` of the page before. */
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly ExpansionSummary[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Read one expansion. */
  getExpansion: {
    request: {
      readonly id: string;
    };
    answer: ExpansionView;
  };
  /** The facts from which each verdict follows. */
  getEvidence: {
    request: {
      readonly id: string;
    };
    answer: EvidenceReport;
  };
  /** Read one node of an expansion. */
  getNode: {
    request: {
      readonly id: string;
      readonly node: string;
    };
    answer: NodeDetail;
  };
  /** What a node, or the master, said at each look. */
  listObservations: {
    request: {
      readonly id: string;
      readonly node: string;
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
        /** Default 200. */
        readonly limit?: number;
      };
    };
    answer: ObservationPage;
  };
  /** Begin no further batch; nodes in full sync are finished first. */
  pauseExpansion: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: AcceptedControl;
  };
  /** Go on with a paused or halted expansion. */
  resumeExpansion: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: AcceptedControl;
  };
  /** End the expansion; nodes that are not verified are detached. */
  cancelExpansion: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: AcceptedControl;
  };
  /** Let the next batch begin. */
  approveExpansion: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: AcceptedControl;
  };
  /** Try a node again that failed or is quarantined. */
  retryNode: {
    request: {
      readonly id: string;
      readonly node: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: AcceptedControl;
  };
  /** Go on without a node. */
  skipNode: {
    request: {
      readonly id: string;
      readonly node: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: AcceptedControl;
  };
  /** What happened in an expansion. */
  listExpansionEvents: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
        /** Default 200. */
        readonly limit?: number;
        /** Event types, separated by commas (pages only). */
        readonly type?: string;
        /** Only this node (pages only). */
        readonly node?: string;
      };
    };
    answer: EventPage;
  };
  /** What happened in all expansions, campaigns, audits, guards, holds and replacements. */
  listEvents: {
    request: {
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
        /** Default 200. */
        readonly limit?: number;
        /** Event types, separated by commas (pages only). */
        readonly type?: string;
        /** Only this node (pages only). */
        readonly node?: string;
      };
    };
    answer: EventPage;
  };
  /** A master and its slaves, as the master tells it. */
  readTopology: {
    request: {
      readonly body: {
        /** `host:port` */
        readonly master: string;
        readonly credential?: string;
      };
    };
    answer: Topology;
  };
  /** What is known of each release: what it can do, which pairs replicate, and its faults. */
  readKnowledge: {
    request: Record<never, never>;
    answer: KnowledgeView;
  };
  /** Every anomaly: cause, versions, remedy. */
  listAnomalies: {
    request: Record<never, never>;
    answer: {
      readonly items: readonly AnomalyDescription[];
    };
  };
  /** Every finding of preflight: severity and meaning. */
  listFindings: {
    request: Record<never, never>;
    answer: {
      readonly items: readonly FindingDescription[];
    };
  };
  /** Whether the global stop is on. */
  getFreeze: {
    request: Record<never, never>;
    answer: Freeze;
  };
  /** Stop everywhere: no new SLAVEOF is sent. */
  freeze: {
    request: {
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Freeze;
  };
  /** Lift the global stop. */
  unfreeze: {
    request: {
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Freeze;
  };
  /** Who is signed in. */
  getSession: {
    request: Record<never, never>;
    answer: Session;
  };
  /** Sign in with a token. */
  signIn: {
    request: {
      readonly body: {
        readonly token: string;
      };
    };
    answer: Session;
  };
  /** Sign out. */
  signOut: {
    request: Record<never, never>;
    answer: void;
  };
  /** List the browsers that are signed in, newest first. */
  listSessions: {
    request: {
      readonly query?: {
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly OpenSession[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** End a session; its event streams end with it. */
  endSession: {
    request: {
      readonly id: string;
      readonly body: {
        readonly reason?: string;
      };
    };
    answer: OpenSession;
  };
  /** Create a token. */
  createToken: {
    request: {
      readonly body: TokenRequest;
    };
    answer: NewToken;
  };
  /** List the tokens that were created, newest first. */
  listTokens: {
    request: {
      readonly query?: {
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly TokenView[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Revoke a token; its sessions and event streams end with it. */
  revokeToken: {
    request: {
      readonly id: string;
      readonly body: {
        readonly reason?: string;
      };
    };
    answer: TokenView;
  };
  /** Give a token another text. */
  rotateToken: {
    request: {
      readonly id: string;
      readonly body: {
        /** For how long the old text counts. Default: 0. */
        readonly graceMinutes?: number;
      };
    };
    answer: NewToken;
  };
  /** Whether the process is up. */
  healthz: {
    request: Record<never, never>;
    answer: {
      readonly status: 'up';
    };
  };
  /** Whether it can do its work, and what is wrong if not. */
  readyz: {
    request: Record<never, never>;
    answer: Readiness;
  };
  /** Figures for Prometheus. */
  metrics: {
    request: Record<never, never>;
    answer: string;
  };
  /** All webhooks, the oldest first. */
  listWebhooks: {
    request: Record<never, never>;
    answer: {
      readonly items: readonly WebhookView[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Be told of events from now on, or be asked before steps are taken. */
  createWebhook: {
    request: {
      readonly body: {
        readonly url: string;
        /** `notify` is told of events; `veto` is asked at `steps`, and holds each until it answers 2xx; `trail` is told of each entry of the trail. */
        readonly kind?: 'notify' | 'veto' | 'trail';
        /** Event types to be told of; left out or empty = all. */
        readonly types?: readonly ('expansion.accepted' | 'preflight.finding' | 'expansion.waiting' | 'expansion.pending' | 'expansion.running' | 'expansion.paused' | 'expansion.awaiting_approval' | 'expansion.halted' | 'expansion.succeeded' | 'expansion.failed' | 'expansion.cancelled' | 'control.applied' | 'control.refused' | 'freeze.on' | 'freeze.lifted' | 'batch.started' | 'batch.finished' | 'batch.next' | 'node.phase' | 'node.waiting' | 'node.attempt' | 'node.foreign_attach' | 'node.command' | 'node.anomaly' | 'node.remedy' | 'node.compared' | 'node.published' | 'node.verified' | 'node.failed' | 'node.quarantined' | 'node.detached' | 'health.over' | 'health.calm' | 'forecast.drift' | 'forecast.compared' | 'node.setting' | 'node.setting_restored' | 'node.setting_left' | 'node.setting_lost' | 'node.setting_refused' | 'master.setting' | 'master.setting_restored' | 'master.setting_left' | 'master.setting_lost' | 'master.setting_refused' | 'audit.started' | 'audit.slave_judged' | 'audit.ended' | 'audit.cancelled' | 'campaign.accepted' | 'campaign.member_started' | 'campaign.member_refused' | 'campaign.member_delayed' | 'campaign.member_halted' | 'campaign.member_succeeded' | 'campaign.member_failed' | 'campaign.member_cancelled' | 'campaign.canary_passed' | 'campaign.resumed' | 'campaign.approved' | 'campaign.cancel_asked' | 'campaign.pending' | 'campaign.running' | 'campaign.paused' | 'campaign.awaiting_approval' | 'campaign.halted' | 'campaign.stopping' | 'campaign.succeeded' | 'campaign.failed' | 'campaign.cancelled' | 'guard.started' | 'guard.found' | 'guard.cleared' | 'guard.slave_forgotten' | 'guard.audit_started' | 'guard.audit_skipped' | 'guard.ended' | 'hold.asked' | 'hold.safe' | 'hold.unsafe' | 'hold.extended' | 'hold.ended' | 'hold.expired' | 'replacement.accepted' | 'replacement.expansion_started' | 'replacement.expansion_refused' | 'replacement.new_verified' | 'replacement.withdrawn' | 'replacement.drained' | 'replacement.detaching' | 'replacement.detached' | 'replacement.done' | 'replacement.kept' | 'replacement.slave_failed' | 'replacement.cancel_asked' | 'replacement.approved' | 'replacement.running' | 'replacement.held' | 'replacement.succeeded' | 'replacement.failed' | 'replacement.cancelled')[];
        /** What a veto is asked about; left out or empty = before_batch. */
        readonly steps?: readonly ('before_batch' | 'before_node' | 'after_verified' | 'before_detach' | 'after_detach')[];
        /** How long a veto that answers 202 may take until it is asked again; left out = 1 h. */
        readonly answerWithinMs?: number;
      };
    };
    answer: NewWebhook;
  };
  /** One webhook. */
  getWebhook: {
    request: {
      readonly id: string;
    };
    answer: WebhookView;
  };
  /** Delete a webhook with its deliveries. */
  deleteWebhook: {
    request: {
      readonly id: string;
    };
    answer: void;
  };
  /** What became of its deliveries, the newest first. */
  listDeliveries: {
    request: {
      readonly id: string;
      readonly query?: {
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly Delivery[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** All channels, the oldest first. */
  listChannels: {
    request: Record<never, never>;
    answer: {
      readonly items: readonly ChannelView[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Make a channel, on which people are told of what needs them. */
  createChannel: {
    request: {
      readonly body: {
        readonly kind: 'slack' | 'dingtalk' | 'feishu' | 'wecom' | 'email' | 'generic';
        /** What people call it. */
        readonly name: string;
        /** The address that the service gave you. Of `email` the mail server: smtps://host (TLS), smtp://host (STARTTLS) or smtp+plain://host. */
        readonly url: string;
        readonly secret?: string | null;
        readonly user?: string | null;
        /** Of `email`: the address of the sender. */
        readonly from?: string;
        /** Of `email`: the addresses of the receivers. */
        readonly to?: readonly string[];
        /** What it is told of; left out or empty = everything. */
        readonly topics?: readonly ('halted' | 'approval' | 'failed' | 'node' | 'setting' | 'replacement' | 'audit' | 'guard' | 'frozen' | 'unattended')[];
        /** It is told of incidents of these masters alone: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like; left out or empty = of all. */
        readonly masters?: readonly string[];
        /** Default: en. */
        readonly language?: 'en' | 'zh';
        readonly repeatMinutes?: number | null;
        readonly quiet?: {
          /** When the quiet hours begin. */
          readonly from: string;
          /** When they end. */
          readonly to: string;
          /** Name of a time zone, as Asia/Shanghai. */
          readonly timeZone: string;
          /** What is said all the same. Default: halted and unattended. */
          readonly breakThrough?: readonly ('halted' | 'approval' | 'failed' | 'node' | 'setting' | 'replacement' | 'audit' | 'guard' | 'frozen' | 'unattended')[];
        } | null;
      };
    };
    answer: NewChannel;
  };
  /** One channel. */
  getChannel: {
    request: {
      readonly id: string;
    };
    answer: ChannelView;
  };
  /** Change a channel. */
  changeChannel: {
    request: {
      readonly id: string;
      readonly body: {
        /** What people call it. */
        readonly name?: string;
        /** The address that the service gave you. Of `email` the mail server: smtps://host (TLS), smtp://host (STARTTLS) or smtp+plain://host. */
        readonly url?: string;
        readonly secret?: string | null;
        readonly user?: string | null;
        /** Of `email`: the address of the sender. */
        readonly from?: string;
        /** Of `email`: the addresses of the receivers. */
        readonly to?: readonly string[];
        /** What it is told of; left out or empty = everything. */
        readonly topics?: readonly ('halted' | 'approval' | 'failed' | 'node' | 'setting' | 'replacement' | 'audit' | 'guard' | 'frozen' | 'unattended')[];
        /** It is told of incidents of these masters alone: host names, `*.pika.example`, IP addresses, `10.0.0.0/8`, each with `:port` if you like; left out or empty = of all. */
        readonly masters?: readonly string[];
        /** Default: en. */
        readonly language?: 'en' | 'zh';
        readonly repeatMinutes?: number | null;
        readonly quiet?: {
          /** When the quiet hours begin. */
          readonly from: string;
          /** When they end. */
          readonly to: string;
          /** Name of a time zone, as Asia/Shanghai. */
          readonly timeZone: string;
          /** What is said all the same. Default: halted and unattended. */
          readonly breakThrough?: readonly ('halted' | 'approval' | 'failed' | 'node' | 'setting' | 'replacement' | 'audit' | 'guard' | 'frozen' | 'unattended')[];
        } | null;
      };
    };
    answer: ChannelView;
  };
  /** Delete a channel with its messages. */
  deleteChannel: {
    request: {
      readonly id: string;
    };
    answer: void;
  };
  /** Send a test message now, and say what came of it. */
  testChannel: {
    request: {
      readonly id: string;
    };
    answer: ChannelTest;
  };
  /** What needs a person, the newest first. */
  listIncidents: {
    request: {
      readonly query?: {
        /** true = only those that are not over; false = only the others. */
        readonly open?: boolean;
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly IncidentView[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Say that you see to it: it is not said again. */
  acknowledgeIncident: {
    request: {
      readonly id: string;
      readonly body: {
        readonly reason?: string;
      };
    };
    answer: IncidentView;
  };
  /** The questions to webhooks that wait for an answer, the oldest first. */
  listQuestions: {
    request: Record<never, never>;
    answer: {
      readonly items: readonly HookQuestionView[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Answer a question that a webhook took with 202. */
  answerQuestion: {
    request: {
      readonly id: string;
      readonly body: {
        readonly answer: 'yes' | 'no';
        readonly reason?: string;
      };
    };
    answer: void;
  };
  /** Tell what an agent sees of the servers of its host. */
  reportOfAgent: {
    request: {
      readonly body: AgentReport;
    };
    answer: AgentOrders;
  };
  /** Which agents report, of which servers, and what of it does not count. */
  listAgents: {
    request: Record<never, never>;
    answer: AgentList;
  };
  /** Whether the last proof of a node holds. */
  isNodeReady: {
    request: {
      readonly node: string;
      readonly query?: {
        /** Whose slave it has to be. */
        readonly master?: string;
      };
    };
    answer: NodeReady;
  };
  /** What an expansion saw, as a recording for `replay`. */
  recordingOfExpansion: {
    request: {
      readonly id: string;
      readonly query?: {
        /** `hidden`: other addresses stand in the place of all. Default: `shown`. */
        readonly addresses?: 'shown' | 'hidden';
      };
    };
    answer: string;
  };
  /** The evidence with its looks, events and policy, signed by the service. */
  getEvidenceBundle: {
    request: {
      readonly id: string;
    };
    answer: EvidenceBundle;
  };
  /** The public key by which the service signs evidence. */
  getEvidenceKey: {
    request: Record<never, never>;
    answer: {
      /** `sha256:` and the SHA-256 of the public key (SPKI, DER). */
      readonly keyId: string;
      readonly algorithm: 'ed25519';
      /** PEM. */
      readonly publicKey: string;
    };
  };
  /** Add nodes to many masters: canaries first, then the rest. */
  startCampaign: {
    request: {
      readonly query?: {
        /** Only say what it would do. */
        readonly dryRun?: boolean;
      };
      readonly body: CampaignRequest;
      /** Makes the request happen once, however often it is sent; made where it is absent. */
      readonly idempotencyKey?: string;
    };
    answer: CampaignPlan | CampaignView;
  };
  /** List campaigns, newest first. */
  listCampaigns: {
    request: {
      readonly query?: {
        /** States, separated by commas: pending, running, paused, awaiting_approval, halted, stopping, succeeded, failed, cancelled. */
        readonly state?: string;
        /** Part of the label, a master or a node. */
        readonly search?: string;
        /** `nextCursor` of the page before. */
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly CampaignSummary[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Read one campaign with its members. */
  getCampaign: {
    request: {
      readonly id: string;
    };
    answer: CampaignView;
  };
  /** What became of every member and every node. */
  getCampaignReport: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Wins over Accept. */
        readonly format?: 'json' | 'markdown';
      };
    };
    answer: CampaignReport;
  };
  /** What happened in a campaign. */
  listCampaignEvents: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
        /** Default 200. */
        readonly limit?: number;
        /** Event types, separated by commas (pages only). */
        readonly type?: string;
        /** Only this node (pages only). */
        readonly node?: string;
      };
    };
    answer: EventPage;
  };
  /** Begin no further member; members at work go on. */
  pauseCampaign: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: CampaignView;
  };
  /** Go on with a paused campaign. */
  resumeCampaign: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: CampaignView;
  };
  /** Let the rest begin after the canaries. */
  approveCampaign: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: CampaignView;
  };
  /** End the campaign: no further member begins. */
  cancelCampaign: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
        /** Cancel the expansions of running members as well; nodes that are not verified are detached. Default: false. */
        readonly cancelMembers?: boolean;
      };
    };
    answer: CampaignView;
  };
  /** Compare the data of two servers. */
  startComparison: {
    request: {
      readonly body: ComparisonRequest;
    };
    answer: Comparison;
  };
  /** List comparisons, newest first. */
  listComparisons: {
    request: {
      readonly query?: {
        readonly expansionId?: string;
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly Comparison[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Read one comparison. */
  getComparison: {
    request: {
      readonly id: string;
    };
    answer: Comparison;
  };
  /** The differences that were found. */
  listDifferences: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
        /** Default 200. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly StoredDifference[];
      /** Pass it as `after` for the next page; null = there are no more now. */
      readonly nextAfter: number | null;
    };
  };
  /** Hold a comparison; it goes on where it was. */
  pauseComparison: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Comparison;
  };
  /** Go on with a paused comparison. */
  resumeComparison: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Comparison;
  };
  /** End a comparison without a result. */
  cancelComparison: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Comparison;
  };
  /** Judge every slave of some masters. */
  startAudit: {
    request: {
      readonly body: AuditRequest;
    };
    answer: Audit;
  };
  /** List audits, newest first. */
  listAudits: {
    request: {
      readonly query?: {
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly StoredAuditDoc[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Read one audit with its verdicts. */
  getAudit: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Wins over Accept. */
        readonly format?: 'json' | 'markdown';
      };
    };
    answer: Audit;
  };
  /** What happened in an audit. */
  listAuditEvents: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
        /** Default 200. */
        readonly limit?: number;
        /** Event types, separated by commas (pages only). */
        readonly type?: string;
        /** Only this node (pages only). */
        readonly node?: string;
      };
    };
    answer: EventPage;
  };
  /** End an audit; what was judged stays. */
  cancelAudit: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Audit;
  };
  /** Watch some masters and their slaves until it is ended. */
  startGuard: {
    request: {
      readonly body: GuardRequest;
    };
    answer: Guard;
  };
  /** List guards, newest first. */
  listGuards: {
    request: {
      readonly query?: {
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly StoredGuardDoc[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Read one guard with its masters and what is wrong now. */
  getGuard: {
    request: {
      readonly id: string;
    };
    answer: Guard;
  };
  /** What a guard found, and what was over. */
  listGuardEvents: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
        /** Default 200. */
        readonly limit?: number;
        /** Event types, separated by commas (pages only). */
        readonly type?: string;
        /** Only this node (pages only). */
        readonly node?: string;
      };
    };
    answer: EventPage;
  };
  /** End a guard; what it found stays readable. */
  endGuard: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Guard;
  };
  /** Guard a slave no longer that was taken out on purpose. */
  forgetSlave: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
        /** Its name in the guard. */
        readonly slave: string;
      };
    };
    answer: Guard;
  };
  /** Keep a master free of further full syncs for a while, so that a backup may make its dump. */
  askHold: {
    request: {
      readonly body: HoldRequest;
    };
    answer: Hold;
  };
  /** List holds, newest first. */
  listHolds: {
    request: {
      readonly query?: {
        /** Only those that are neither ended nor expired. */
        readonly active?: boolean;
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly Hold[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Whether a dump of the held master is safe, and what goes on there. */
  getHold: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Seconds. The answer comes when a dump is safe or the hold is over, or after this time. */
        readonly wait?: number;
      };
    };
    answer: Hold;
  };
  /** What happened to a hold. */
  listHoldEvents: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
        /** Default 200. */
        readonly limit?: number;
        /** Event types, separated by commas (pages only). */
        readonly type?: string;
        /** Only this node (pages only). */
        readonly node?: string;
      };
    };
    answer: EventPage;
  };
  /** Let a hold last longer: so long from now on. */
  extendHold: {
    request: {
      readonly id: string;
      readonly body: {
        /** How long the master is held, from now on, unless the hold is ended before. A hold can be extended. Milliseconds. Default: 7200000. */
        readonly forMs?: number;
      };
    };
    answer: Hold;
  };
  /** End a hold: full syncs may begin again. */
  endHold: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Hold;
  };
  /** Take slaves from their master, with or without new ones in their place. */
  startReplacement: {
    request: {
      readonly body: ReplacementRequest;
      /** Makes the request happen once, however often it is sent; made where it is absent. */
      readonly idempotencyKey?: string;
    };
    answer: Replacement;
  };
  /** List replacements, newest first. */
  listReplacements: {
    request: {
      readonly query?: {
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: {
      readonly items: readonly StoredReplacement[];
      /** Pass it as `cursor` for the next page; null = this was the last one. */
      readonly nextCursor: string | null;
    };
  };
  /** Read one replacement with its slaves. */
  getReplacement: {
    request: {
      readonly id: string;
    };
    answer: Replacement;
  };
  /** What happened in a replacement. */
  listReplacementEvents: {
    request: {
      readonly id: string;
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
        /** Default 200. */
        readonly limit?: number;
        /** Event types, separated by commas (pages only). */
        readonly type?: string;
        /** Only this node (pages only). */
        readonly node?: string;
      };
    };
    answer: EventPage;
  };
  /** End a replacement: no further slave is detached. */
  cancelReplacement: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Replacement;
  };
  /** Approve that slaves go which no new node replaces. */
  approveReplacement: {
    request: {
      readonly id: string;
      readonly body: {
        /** Why; kept in the history with who asked. */
        readonly reason: string;
      };
    };
    answer: Replacement;
  };
  /** Who asked the service for what, the newest first. */
  listTrail: {
    request: {
      readonly query?: {
        /** Name of the token. */
        readonly who?: string;
        /** What was asked for: `POST /v1/freeze`. */
        readonly act?: string;
        /** Id of what it concerns. */
        readonly object?: string;
        /** Only what was done from then on. Milliseconds since the epoch. */
        readonly since?: number;
        readonly cursor?: string;
        /** Default 50. */
        readonly limit?: number;
      };
    };
    answer: TrailPage;
  };
  /** Number and hash of the newest entry, signed by the service. */
  getTrailHead: {
    request: Record<never, never>;
    answer: TrailHead;
  };
  /** All entries as JSON lines, for `trail verify`. */
  exportTrail: {
    request: {
      readonly query?: {
        /** Only what has a higher seq. */
        readonly after?: number;
      };
    };
    answer: string;
  };
}

/** How each operation is called over HTTP. */
export const routes = {
  makePlan: { method: 'POST', path: '/v1/plans', keyed: false, streams: false },
  listPlans: { method: 'GET', path: '/v1/plans', keyed: false, streams: false },
  getPlan: { method: 'GET', path: '/v1/plans/{id}', keyed: false, streams: false },
  rehearse: { method: 'POST', path: '/v1/rehearsals', keyed: false, streams: false },
  rehearsePlan: { method: 'POST', path: '/v1/plans/{id}/rehearsal', keyed: false, streams: false },
  startExpansion: { method: 'POST', path: '/v1/expansions', keyed: true, streams: false },
  listExpansions: { method: 'GET', path: '/v1/expansions', keyed: false, streams: false },
  getExpansion: { method: 'GET', path: '/v1/expansions/{id}', keyed: false, streams: false },
  getEvidence: { method: 'GET', path: '/v1/expansions/{id}/evidence', keyed: false, streams: false },
  getNode: { method: 'GET', path: '/v1/expansions/{id}/nodes/{node}', keyed: false, streams: false },
  listObservations: { method: 'GET', path: '/v1/expansions/{id}/nodes/{node}/observations', keyed: false, streams: false },
  pauseExpansion: { method: 'POST', path: '/v1/expansions/{id}/pause', keyed: false, streams: false },
  resumeExpansion: { method: 'POST', path: '/v1/expansions/{id}/resume', keyed: false, streams: false },
  cancelExpansion: { method: 'POST', path: '/v1/expansions/{id}/cancel', keyed: false, streams: false },
  approveExpansion: { method: 'POST', path: '/v1/expansions/{id}/approve', keyed: false, streams: false },
  retryNode: { method: 'POST', path: '/v1/expansions/{id}/nodes/{node}/retry', keyed: false, streams: false },
  skipNode: { method: 'POST', path: '/v1/expansions/{id}/nodes/{node}/skip', keyed: false, streams: false },
  listExpansionEvents: { method: 'GET', path: '/v1/expansions/{id}/events', keyed: false, streams: true },
  listEvents: { method: 'GET', path: '/v1/events', keyed: false, streams: true },
  readTopology: { method: 'POST', path: '/v1/topology', keyed: false, streams: false },
  readKnowledge: { method: 'GET', path: '/v1/knowledge', keyed: false, streams: false },
  listAnomalies: { method: 'GET', path: '/v1/anomalies', keyed: false, streams: false },
  listFindings: { method: 'GET', path: '/v1/findings', keyed: false, streams: false },
  getFreeze: { method: 'GET', path: '/v1/freeze', keyed: false, streams: false },
  freeze: { method: 'POST', path: '/v1/freeze', keyed: false, streams: false },
  unfreeze: { method: 'DELETE', path: '/v1/freeze', keyed: false, streams: false },
  getSession: { method: 'GET', path: '/v1/session', keyed: false, streams: false },
  signIn: { method: 'POST', path: '/v1/session', keyed: false, streams: false },
  signOut: { method: 'DELETE', path: '/v1/session', keyed: false, streams: false },
  listSessions: { method: 'GET', path: '/v1/sessions', keyed: false, streams: false },
  endSession: { method: 'DELETE', path: '/v1/sessions/{id}', keyed: false, streams: false },
  createToken: { method: 'POST', path: '/v1/tokens', keyed: false, streams: false },
  listTokens: { method: 'GET', path: '/v1/tokens', keyed: false, streams: false },
  revokeToken: { method: 'DELETE', path: '/v1/tokens/{id}', keyed: false, streams: false },
  rotateToken: { method: 'POST', path: '/v1/tokens/{id}/rotate', keyed: false, streams: false },
  healthz: { method: 'GET', path: '/healthz', keyed: false, streams: false },
  readyz: { method: 'GET', path: '/readyz', keyed: false, streams: false },
  metrics: { method: 'GET', path: '/metrics', keyed: false, streams: false },
  listWebhooks: { method: 'GET', path: '/v1/webhooks', keyed: false, streams: false },
  createWebhook: { method: 'POST', path: '/v1/webhooks', keyed: false, streams: false },
  getWebhook: { method: 'GET', path: '/v1/webhooks/{id}', keyed: false, streams: false },
  deleteWebhook: { method: 'DELETE', path: '/v1/webhooks/{id}', keyed: false, streams: false },
  listDeliveries: { method: 'GET', path: '/v1/webhooks/{id}/deliveries', keyed: false, streams: false },
  listChannels: { method: 'GET', path: '/v1/channels', keyed: false, streams: false },
  createChannel: { method: 'POST', path: '/v1/channels', keyed: false, streams: false },
  getChannel: { method: 'GET', path: '/v1/channels/{id}', keyed: false, streams: false },
  changeChannel: { method: 'PATCH', path: '/v1/channels/{id}', keyed: false, streams: false },
  deleteChannel: { method: 'DELETE', path: '/v1/channels/{id}', keyed: false, streams: false },
  testChannel: { method: 'POST', path: '/v1/channels/{id}/test', keyed: false, streams: false },
  listIncidents: { method: 'GET', path: '/v1/incidents', keyed: false, streams: false },
  acknowledgeIncident: { method: 'POST', path: '/v1/incidents/{id}/acknowledge', keyed: false, streams: false },
  listQuestions: { method: 'GET', path: '/v1/questions', keyed: false, streams: false },
  answerQuestion: { method: 'POST', path: '/v1/questions/{id}/answer', keyed: false, streams: false },
  reportOfAgent: { method: 'POST', path: '/v1/agents/reports', keyed: false, streams: false },
  listAgents: { method: 'GET', path: '/v1/agents', keyed: false, streams: false },
  isNodeReady: { method: 'GET', path: '/v1/nodes/{node}/ready', keyed: false, streams: false },
  recordingOfExpansion: { method: 'GET', path: '/v1/expansions/{id}/recording', keyed: false, streams: false },
  getEvidenceBundle: { method: 'GET', path: '/v1/expansions/{id}/evidence/bundle', keyed: false, streams: false },
  getEvidenceKey: { method: 'GET', path: '/v1/evidence-key', keyed: false, streams: false },
  startCampaign: { method: 'POST', path: '/v1/campaigns', keyed: true, streams: false },
  listCampaigns: { method: 'GET', path: '/v1/campaigns', keyed: false, streams: false },
  getCampaign: { method: 'GET', path: '/v1/campaigns/{id}', keyed: false, streams: false },
  getCampaignReport: { method: 'GET', path: '/v1/campaigns/{id}/report', keyed: false, streams: false },
  listCampaignEvents: { method: 'GET', path: '/v1/campaigns/{id}/events', keyed: false, streams: true },
  pauseCampaign: { method: 'POST', path: '/v1/campaigns/{id}/pause', keyed: false, streams: false },
  resumeCampaign: { method: 'POST', path: '/v1/campaigns/{id}/resume', keyed: false, streams: false },
  approveCampaign: { method: 'POST', path: '/v1/campaigns/{id}/approve', keyed: false, streams: false },
  cancelCampaign: { method: 'POST', path: '/v1/campaigns/{id}/cancel', keyed: false, streams: false },
  startComparison: { method: 'POST', path: '/v1/comparisons', keyed: false, streams: false },
  listComparisons: { method: 'GET', path: '/v1/comparisons', keyed: false, streams: false },
  getComparison: { method: 'GET', path: '/v1/comparisons/{id}', keyed: false, streams: false },
  listDifferences: { method: 'GET', path: '/v1/comparisons/{id}/differences', keyed: false, streams: false },
  pauseComparison: { method: 'POST', path: '/v1/comparisons/{id}/pause', keyed: false, streams: false },
  resumeComparison: { method: 'POST', path: '/v1/comparisons/{id}/resume', keyed: false, streams: false },
  cancelComparison: { method: 'POST', path: '/v1/comparisons/{id}/cancel', keyed: false, streams: false },
  startAudit: { method: 'POST', path: '/v1/audits', keyed: false, streams: false },
  listAudits: { method: 'GET', path: '/v1/audits', keyed: false, streams: false },
  getAudit: { method: 'GET', path: '/v1/audits/{id}', keyed: false, streams: false },
  listAuditEvents: { method: 'GET', path: '/v1/audits/{id}/events', keyed: false, streams: true },
  cancelAudit: { method: 'POST', path: '/v1/audits/{id}/cancel', keyed: false, streams: false },
  startGuard: { method: 'POST', path: '/v1/guards', keyed: false, streams: false },
  listGuards: { method: 'GET', path: '/v1/guards', keyed: false, streams: false },
  getGuard: { method: 'GET', path: '/v1/guards/{id}', keyed: false, streams: false },
  listGuardEvents: { method: 'GET', path: '/v1/guards/{id}/events', keyed: false, streams: true },
  endGuard: { method: 'POST', path: '/v1/guards/{id}/end', keyed: false, streams: false },
  forgetSlave: { method: 'POST', path: '/v1/guards/{id}/forget', keyed: false, streams: false },
  askHold: { method: 'POST', path: '/v1/holds', keyed: false, streams: false },
  listHolds: { method: 'GET', path: '/v1/holds', keyed: false, streams: false },
  getHold: { method: 'GET', path: '/v1/holds/{id}', keyed: false, streams: false },
  listHoldEvents: { method: 'GET', path: '/v1/holds/{id}/events', keyed: false, streams: true },
  extendHold: { method: 'POST', path: '/v1/holds/{id}/extend', keyed: false, streams: false },
  endHold: { method: 'POST', path: '/v1/holds/{id}/end', keyed: false, streams: false },
  startReplacement: { method: 'POST', path: '/v1/replacements', keyed: true, streams: false },
  listReplacements: { method: 'GET', path: '/v1/replacements', keyed: false, streams: false },
  getReplacement: { method: 'GET', path: '/v1/replacements/{id}', keyed: false, streams: false },
  listReplacementEvents: { method: 'GET', path: '/v1/replacements/{id}/events', keyed: false, streams: true },
  cancelReplacement: { method: 'POST', path: '/v1/replacements/{id}/cancel', keyed: false, streams: false },
  approveReplacement: { method: 'POST', path: '/v1/replacements/{id}/approve', keyed: false, streams: false },
  listTrail: { method: 'GET', path: '/v1/trail', keyed: false, streams: false },
  getTrailHead: { method: 'GET', path: '/v1/trail/head', keyed: false, streams: false },
  exportTrail: { method: 'GET', path: '/v1/trail/export', keyed: false, streams: false },
} as const;

