import type { Fields, InputOf } from './fields.ts';
import { verifyFields } from './policy.ts';
import { plain } from './text.ts';

/** The result of comparing the data of two nodes; `left` is the master, `right` the slave. */
export type KeyType = 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream';

export type DifferenceKind = 'missing' | 'foreign' | 'type' | 'value' | 'length' | 'ttl';

export interface Difference {
  readonly db: number;
  /** The key's bytes as latin-1 text when they are printable ASCII, else base64 with the prefix `base64:`. */
  readonly key: string;
  readonly type: KeyType;
  readonly kind: DifferenceKind;
  /** Short and printable; never a whole value. */
  readonly left: string | null;
  readonly right: string | null;
  readonly rounds: number;
}

const unlimited = plain('no limit', '不限');

/** What a request for a comparison may say besides its two servers: a row per field. */
export const comparisonFields = {
  ...verifyFields,
  depth: { ...verifyFields.depth, flag: 'depth' },
  ttlToleranceMs: {
    ...verifyFields.ttlToleranceMs,
    none: plain('lifetimes are not compared', '不比对过期时间'),
  },
  maxMasterLatencyMs: {
    kind: 'number',
    unit: 'short_time',
    min: 1,
    none: unlimited,
    default: 500,
    label: plain('Latency of the master', '主节点延迟'),
    help: plain(
      'Reading pauses while the master takes longer than this to answer.',
      '主节点的响应时间超过该值时，暂停读取。',
    ),
  },
  maxSlaveLagBytes: {
    kind: 'number',
    unit: 'bytes',
    min: 1,
    none: unlimited,
    default: 256 * 1024 * 1024,
    label: plain('Lag of the slave', '从节点落后量'),
    help: plain(
      'Reading pauses while the slave is further behind than this.',
      '从节点的落后量超过该值时，暂停读取。',
    ),
  },
  catchUpTimeoutMs: {
    kind: 'number',
    unit: 'time',
    min: 1000,
    max: 86_400_000,
    default: 60_000,
    label: plain('Longest wait for the slave', '等待从节点的上限'),
    help: plain(
      'How long the slave may take to reach a position of the master.',
      '从节点追上主节点某一位置最多可用的时间。',
    ),
  },
} as const satisfies Fields;

/** What a request for a comparison may give of them. */
export type ComparisonInput = InputOf<typeof comparisonFields>;

/** So many differences are listed; the others are counted. */
export const mostListedDifferences = 10_000;

export interface KeyCounts {
  readonly left: Readonly<Record<string, number>>;
  readonly right: Readonly<Record<string, number>>;
  /** Whether both scans began and ended on quiet nodes: only then must they be equal. */
  readonly exact: boolean;
}

export interface ComparisonReport {
  readonly depth: 'counts' | 'sample' | 'full';
  /**
   * `equal` only if something was looked at and nothing differed. `empty`: both sides hold no key at all.
   * `inconclusive`: it could not be looked at well enough; `reason` says why.
   */
  readonly verdict: 'equal' | 'empty' | 'different' | 'inconclusive';
  readonly reason: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly lookedAtKeys: number;
  readonly lookedAtKeysByType: Readonly<Partial<Record<KeyType, number>>>;
  /** Estimate of the master's keys, and what it rests on. */
  readonly estimatedKeys: number | null;
  /** lookedAtKeys / estimatedKeys, 0 to 1; null = not known. */
  readonly share: number | null;
  /** Smallest part of the keys (0 to 1) whose loss this look would have found with 99 % probability; null = none. */
  readonly smallestLossFound: number | null;
  readonly differencesTotal: number;
  readonly differencesByKind: Readonly<Partial<Record<DifferenceKind, number>>>;
  /** The first few; the rest is stored with the comparison. */
  readonly examples: readonly Difference[];
  readonly rounds: number;
  /** Keys that differed at first and agreed once the slave had passed the offset. */
  readonly settledByRecheck: number;
  readonly counts: KeyCounts | null;
  /** What limits the report's meaning, in plain words (what an estimate rests on, what could not be looked at). */
  readonly notes?: readonly string[];
}
