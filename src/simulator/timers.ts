/** Every time that matters to replication, in milliseconds; ranges are drawn from the seed. Facts 0.4 and the recordings. */
export interface Timers {
  /** Tick of the thread that drives the slave's states. */
  readonly auxTickMs: number;
  /** From MetaSync to its answer. */
  readonly metaReplyMs: readonly [number, number];
  /** From TrySync or DBSync to its answer. */
  readonly replyMs: readonly [number, number];
  /** Between two tries of MetaSync; counted in whole tenths of it, as Pika counts whole seconds. */
  readonly metaSyncRetryMs: number;
  /** Wait after a master that does not answer the probe. */
  readonly probeRetryMs: number;
  /** How long a probe waits for a silent address. */
  readonly probeTimeoutMs: number;
  /** The cron that closes replication connections after NO ONE. */
  readonly closeCronMs: number;
  /** Nothing received for so long: the slave goes to TryConnect, the master drops it. */
  readonly silenceMs: number;
  /** The slave closes a connection on which nothing came. */
  readonly slaveIdleMs: number;
  /** The master closes a connection on which nothing came. */
  readonly masterIdleMs: number;
  /** A checkpoint by hard links. */
  readonly bgsaveMs: readonly [number, number];
  /** Start and end of a file transfer, beyond the bytes. */
  readonly rsyncOverheadMs: readonly [number, number];
  /** Until a copying slave learns that the dump was replaced. */
  readonly supersedeNoticeMs: readonly [number, number];
  /** A copy younger than this can be caught with a truncated CURRENT or MANIFEST. */
  readonly fragileCopyMs: number;
  /** One try to fetch the list of files while a dump is being made. */
  readonly initRetryMs: number;
  /** Opening the new database: no replies meanwhile. */
  readonly swapMs: readonly [number, number];
  /** NO ONE or another master after a file transfer: no replies meanwhile. */
  readonly stopRsyncMs: readonly [number, number];
  /** Between two batches of the binlog. */
  readonly binlogBatchMs: number;
  /** From process start to the first reply. */
  readonly startMs: number;
  /** `INFO keyspace 1`: per 1,000 keys. */
  readonly keyScanMsPerThousand: number;
  /** Disk sizes in INFO data are at most this old. */
  readonly diskUsageMs: number;
}

/** What real servers need. */
export const realTimers: Timers = {
  auxTickMs: 100,
  metaReplyMs: [2, 12],
  replyMs: [20, 48],
  metaSyncRetryMs: 10_000,
  probeRetryMs: 3_000,
  probeTimeoutMs: 1_500,
  closeCronMs: 3_000,
  silenceMs: 20_000,
  slaveIdleMs: 60_000,
  masterIdleMs: 180_000,
  bgsaveMs: [15, 55],
  rsyncOverheadMs: [600, 1_300],
  supersedeNoticeMs: [100, 900],
  fragileCopyMs: 3_300,
  initRetryMs: 1_000,
  swapMs: [40, 600],
  stopRsyncMs: [500, 3_000],
  binlogBatchMs: 50,
  startMs: 300,
  keyScanMsPerThousand: 0.5,
  diskUsageMs: 60_000,
};

/** All times multiplied: 0.05 makes a test twenty times as fast. Transfer rates are not touched. */
export function scaleTimers(factor: number, timers: Timers = realTimers): Timers {
  const scaled = Object.entries(timers).map(([name, value]: [string, number | readonly [number, number]]) => [
    name,
    typeof value === 'number' ? value * factor : value.map((each) => each * factor),
  ]);
  return Object.fromEntries(scaled) as unknown as Timers;
}

/** With a small snapshot, or a high enough throttle, one full sync takes about half a second. */
export const fastTimers: Timers = scaleTimers(0.2);
