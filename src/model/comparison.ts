import type { Fields, InputOf } from './fields.ts';
import { type VerifyPolicy, verifyFields } from './policy.ts';
import { plain } from './text.ts';
import type { ChosenDepth, ComparisonReport } from './views/comparison.ts';

/** The result of comparing the data of two nodes; `left` is the master, `right` the slave. */
export type {
  ChosenDepth,
  ComparisonReport,
  Difference,
  DifferenceKind,
  DifferenceSign,
  KeyCounts,
  KeyType,
} from './views/comparison.ts';

const unlimited = plain('no limit', '不限');

/** Of files and of the time of a copy, a comparison on its own knows nothing. */
const { fileHashes: _files, fullShare: _share, fullTimeMs: _time, ...dataFields } = verifyFields;
const { auto: _auto, ...depths } = verifyFields.depth.choices;

/** What a request for a comparison may say besides its two servers: a row per field. */
export const comparisonFields = {
  ...dataFields,
  depth: {
    ...verifyFields.depth,
    flag: 'depth',
    choices: depths,
    default: 'sample',
    help: plain('How much of the data is compared.', '比对多少数据。'),
  },
  samplePerType: {
    ...verifyFields.samplePerType,
    help: plain(
      'Keys that a sample looks at, per type and database.',
      '抽样时每个库、每种类型比对的 key 数。',
    ),
  },
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

/** How a node of an expansion is compared: its policy, with what `auto` chose. */
export interface ComparedBy extends Omit<VerifyPolicy, 'depth'> {
  readonly depth: ComparisonReport['depth'];
  /** Absent = the request names the depth. */
  readonly chosen?: ChosenDepth;
}

/** So many differences are listed; the others are counted. */
export const mostListedDifferences = 10_000;
