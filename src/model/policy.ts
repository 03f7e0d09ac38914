/** How an expansion is to be carried out. Every field has a default; a request gives only what differs. */
export interface VerifyPolicy {
  readonly depth: 'counts' | 'sample' | 'full';
  /** Keys looked at per type and DB (depth sample). */
  readonly samplePerType: number;
  /** Also compare exact key counts (a scan of all keys on both nodes, once no full sync runs). */
  readonly keyCounts: boolean;
  readonly ttlToleranceMs: number;
  /** A key that differs in this many rounds, each after the slave has passed the master's offset, is a difference. */
  readonly rounds: number;
  readonly maxOpsPerSecond: number | null;
  readonly maxBytesPerSecond: number | null;
}

/** What a sample looks at is kept in memory while it goes on, 3 KB a key; 50,000 keys find a loss of 0.03 %. */
export const mostSampledPerType = 50_000;

/** Hours in which batches may begin, on the clock of a place. `to` before `from` runs past midnight. */
export interface TimeWindow {
  /** Days on which it begins; empty = every day. */
  readonly days: readonly Weekday[];
  /** `HH:MM`. */
  readonly from: string;
  readonly to: string;
  /** IANA name, for example `Europe/Berlin`. */
  readonly timeZone: string;
}

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** Limits on the master's health: over one of them less is copied and no batch begins. null = not watched. */
export interface HealthPolicy {
  /** 99th percentile of the service's own probes (PING) of the last seconds. */
  readonly masterLatencyMs: number | null;
  /** Of slaves that were there before. */
  readonly slaveLagBytes: number | null;
  readonly commandsPerSecond: number | null;
  /** Answers GET with a number, or with JSON `{"value": number}`. */
  readonly endpoint: { readonly url: string; readonly limit: number } | null;
}

export const noHealthLimits: HealthPolicy = {
  masterLatencyMs: null,
  slaveLagBytes: null,
  commandsPerSecond: null,
  endpoint: null,
};

export interface Policy {
  /** Nodes attached together; capped by what the master's version allows. 'auto' lets the service choose. */
  readonly batchSize: number | 'auto';
  /** 'each_batch': wait for an operator's approval before every batch but the first. */
  readonly approval: 'none' | 'each_batch';
  readonly onFailure: 'halt' | 'skip' | 'rollback';
  /** Attaches per node, the first one included. */
  readonly maxAttempts: number;
  readonly pauseBetweenBatchesMs: number;
  /** Time between two looks at a node in full sync. */
  readonly lookIntervalMs: number;
  /** No byte and no change of state for this long in a full sync = hung. */
  readonly stallTimeoutMs: number;
  /** How long a node may be unreachable before its attempt has failed. */
  readonly nodeDownTimeoutMs: number;
  /**
   * How long to wait for a busy master (foreign full sync, bgsave, scan) before a person is asked; and for a hundredth of a copy,
   * or, where the version counts no bytes, for all of it.
   */
  readonly masterBusyTimeoutMs: number;
  /** Looks in a row that must hold before `verified`. */
  readonly stableLooks: number;
  /** What the master may send to the nodes in full sync, all together; null = the nodes' own throttles. */
  readonly bandwidthBytesPerSecond: number | null;
  /**
   * The service may raise `expire-logs-nums` of the master while nodes are synced, where its version would purge binlog
   * that they still need; the old value is put back. The only setting of a master that it ever changes.
   */
  readonly mayRaiseBinlogRetention: boolean;
  /** null = nothing is watched, and the nodes copy at their share of the budget. */
  readonly health: HealthPolicy | null;
  /** Batches begin only inside one of them; empty = at any time. */
  readonly windows: readonly TimeWindow[];
  /**
   * Before each batch the forecast is made anew; when time or bytes of what is left have grown by more than this share
   * of what was planned, the expansion waits for approval. null = it never does.
   */
  readonly forecastTolerance: number | null;
  readonly verify: VerifyPolicy;
}

export const defaultPolicy: Policy = {
  batchSize: 'auto',
  approval: 'none',
  onFailure: 'halt',
  maxAttempts: 3,
  pauseBetweenBatchesMs: 0,
  lookIntervalMs: 250,
  stallTimeoutMs: 60_000,
  nodeDownTimeoutMs: 60_000,
  masterBusyTimeoutMs: 1_800_000,
  stableLooks: 3,
  bandwidthBytesPerSecond: null,
  mayRaiseBinlogRetention: false,
  health: null,
  windows: [],
  forecastTolerance: 1,
  verify: {
    depth: 'sample',
    samplePerType: 1000,
    keyCounts: false,
    ttlToleranceMs: 1000,
    rounds: 3,
    maxOpsPerSecond: null,
    maxBytesPerSecond: null,
  },
};

/** What a request may give of a policy. */
export type PolicyInput = Partial<Omit<Policy, 'verify' | 'windows' | 'health'>> & {
  readonly health?: Partial<HealthPolicy> | null;
  readonly verify?: Partial<VerifyPolicy>;
  readonly windows?: readonly (Pick<TimeWindow, 'from' | 'to'> & Partial<TimeWindow>)[];
};

export function resolvePolicy(input: PolicyInput = {}): Policy {
  return {
    ...defaultPolicy,
    ...input,
    verify: { ...defaultPolicy.verify, ...input.verify },
    health: input.health ? { ...noHealthLimits, ...input.health } : null,
    windows: (input.windows ?? []).map((window) => ({ days: [], timeZone: 'UTC', ...window })),
  };
}
