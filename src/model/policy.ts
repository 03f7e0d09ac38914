/**
 * How an expansion is to be carried out: one row per field. The entrances (REST, queue, command line, campaigns, dashboard) and
 * docs/policy.md are derived from the rows; a new field is a row here and the code that uses it.
 */
import { type Fields, type InputOf, merged, resolved, type Values, type ValuesOf } from './fields.ts';
import { patterns } from './invalid-fields.ts';
import { plain } from './text.ts';

const minute = 60_000;
const day = 86_400_000;

/** What a sample looks at is kept in memory while it goes on, 3 KB a key; 50,000 keys find a loss of 0.03 %. */
export const mostSampledPerType = 50_000;

/** Of a type in a DB, so many keys find a loss of 0.1 % with 99 % probability, also where a sample counts 40 % of its looks alone (Pika). */
export const autoSampledPerType = 11_513;

export const policySections = {
  main: plain('Batches and data check', '批次与校验'),
  limits: plain('Attempts and time limits', '尝试次数与时限'),
  check: plain('Details of the data check', '校验细节'),
  pace: plain('Pace and hours', '速度与时段'),
};

/** How the data of a node are compared with the master's. */
export const verifyFields = {
  depth: {
    kind: 'choice',
    section: 'main',
    flag: 'verify',
    choices: {
      auto: plain('Every key where time allows, else a sample', '时间允许时逐个 key，否则抽样'),
      counts: plain('Counts only', '仅计数'),
      sample: plain('Sample by value', '按值抽样'),
      full: plain('Every key by value', '逐个 key 按值比对'),
    },
    default: 'auto',
    label: plain('Data check', '数据校验'),
    help: plain(
      'How much of the data is compared. Auto compares every key where the time suffices, else a sample that finds a loss of 0.1 %. The report says which of them, and why.',
      '比对多少数据。自动：时间足够时比对全部 key，否则抽样，丢失 0.1 % 即可发现。报告会说明选择及理由。',
    ),
  },
  fullShare: {
    kind: 'number',
    flag: 'full-share',
    fraction: true,
    min: 0,
    max: 100,
    default: 0.5,
    label: plain('Time for every key, as a share of the copy', '逐个 key 比对的时间，占复制时间的比例'),
    help: plain(
      "How long a comparison of every key may take under auto, as a share of the node's copy (0.5 = half as long). 10 s are always allowed: a sample takes as long.",
      '自动选择时，逐个 key 比对的时间不超过该节点复制时间的这一比例（0.5 表示一半）。10 秒以内总是允许：抽样也需要这么久。',
    ),
  },
  fullTimeMs: {
    kind: 'number',
    unit: 'time',
    flag: 'full-time',
    min: 1000,
    max: day,
    default: 30 * minute,
    label: plain('Longest comparison of every key', '逐个 key 比对的时间上限'),
    help: plain(
      'How long a comparison of every key may take under auto, however long the copy took. If it is not over by then, it goes on as a sample.',
      '自动选择时，无论复制用了多久，逐个 key 比对都不超过该时间。到时仍未完成，则改为抽样。',
    ),
  },
  samplePerType: {
    kind: 'number',
    flag: 'sample',
    min: 1,
    max: mostSampledPerType,
    default: 1000,
    label: plain('Keys per type in the sample', '每种类型的抽样 key 数'),
    help: plain(
      'Keys that a sample looks at, per type and database. Under auto at least 11,513, which find a loss of 0.1 %.',
      '抽样时每个库、每种类型比对的 key 数。自动选择时至少 11,513 个，丢失 0.1 % 即可发现。',
    ),
  },
  keyCounts: {
    kind: 'yes_no',
    default: false,
    label: plain('Compare exact key counts as well', '同时比对精确 key 数量'),
    help: plain(
      'The exact key counts are compared as well. For this both nodes scan all their keys, once no full sync runs.',
      '同时比对精确的 key 数量。为此两个节点都要在没有全量同步时扫描全部 key。',
    ),
  },
  ttlToleranceMs: {
    kind: 'number',
    unit: 'short_time',
    min: 0,
    max: day,
    default: 1000,
    label: plain('Tolerated difference of lifetimes', '允许的过期时间差'),
    help: plain(
      'A smaller difference of the remaining lifetimes of a key does not count.',
      'key 的剩余过期时间相差不超过该值时不计为差异。',
    ),
  },
  rounds: {
    kind: 'number',
    min: 1,
    max: 100,
    default: 3,
    label: plain('Rounds of a difference', '差异确认轮数'),
    help: plain(
      'A key counts as different if it differs in this many rounds.',
      '一个 key 连续这么多轮都不一致才计为差异。',
    ),
  },
  maxOpsPerSecond: {
    kind: 'number',
    min: 1,
    none: plain('no limit', '不限'),
    default: null,
    label: plain('Keys compared per second', '每秒比对的 key 数'),
    help: plain(
      'The most keys that the comparison asks of each node per second. An expiry counts as one more.',
      '比对时每秒最多向每个节点查询的 key 数；查询过期时间另计一次。',
    ),
  },
  maxBytesPerSecond: {
    kind: 'number',
    unit: 'rate',
    flag: 'max-bytes-per-second',
    min: 1024,
    none: plain('no limit', '不限'),
    default: null,
    label: plain('Data compared per second', '每秒比对的数据量'),
    help: plain(
      'The most bytes that the comparison reads from each node per second.',
      '比对时每秒最多从每个节点读取的字节数。',
    ),
  },
  fileHashes: {
    kind: 'yes_no',
    default: false,
    label: plain('Hash the files of the full sync', '对全量同步的文件计算哈希'),
    help: plain(
      'The agents on the hosts of master and node hash the table files of the dump, and rule `files_complete` compares the hashes.',
      '主节点和从节点主机上的代理程序对快照的表文件计算哈希，规则 `files_complete` 比对这些哈希。',
    ),
  },
} as const satisfies Fields;

const unwatched = plain('not watched', '不监测');

const healthFields = {
  masterLatencyMs: {
    kind: 'number',
    unit: 'short_time',
    flag: 'latency',
    fraction: true,
    above: 0,
    none: unwatched,
    default: null,
    label: plain('Latency of the master, p99', '主节点延迟 p99'),
    help: plain(
      "The 99th percentile of the service's own PINGs of the last seconds.",
      '服务自身最近数秒 PING 的第 99 百分位延迟。',
    ),
  },
  slaveLagBytes: {
    kind: 'number',
    unit: 'bytes',
    flag: 'lag',
    fraction: true,
    above: 0,
    none: unwatched,
    default: null,
    label: plain('Lag of its other slaves', '原有从节点的落后量'),
    help: plain('The lag of the slaves that the master had before.', '主节点原有从节点的 binlog 落后量。'),
  },
  commandsPerSecond: {
    kind: 'number',
    flag: 'commands',
    fraction: true,
    above: 0,
    none: unwatched,
    default: null,
    label: plain('Commands per second', '每秒命令数'),
    help: plain('The commands that the master carries out per second.', '主节点每秒执行的命令数。'),
  },
  endpoint: {
    kind: 'group',
    none: unwatched,
    label: plain('A figure of your own', '自定义指标'),
    help: plain('The address of a figure of your own, with its limit.', '自定义指标的地址及其上限。'),
    fields: {
      url: {
        kind: 'text',
        required: true,
        minLength: 8,
        maxLength: 2000,
        example: 'http://10.0.0.9:8000/pika-health',
        label: plain('Address of your own figure', '自定义指标的地址'),
        help: plain(
          'It answers GET with a number, or with {"value": number}.',
          '对 GET 请求返回一个数字，或 {"value": 数字}。',
        ),
      },
      limit: {
        kind: 'number',
        required: true,
        fraction: true,
        label: plain('Limit of your own figure', '自定义指标的上限'),
        help: plain('The most that this figure may be.', '该指标允许的最大值。'),
      },
    },
  },
} as const satisfies Fields;

const windowFields = {
  days: {
    kind: 'choices',
    choices: {
      mon: plain('Monday', '周一'),
      tue: plain('Tuesday', '周二'),
      wed: plain('Wednesday', '周三'),
      thu: plain('Thursday', '周四'),
      fri: plain('Friday', '周五'),
      sat: plain('Saturday', '周六'),
      sun: plain('Sunday', '周日'),
    },
    default: [],
    label: plain('Days', '日期'),
    help: plain('Days on which the window begins; empty = every day.', '时段开始的日子；为空表示每天。'),
  },
  from: {
    kind: 'text',
    required: true,
    pattern: patterns.time_of_day,
    minLength: 5,
    maxLength: 5,
    example: '22:00',
    label: plain('From', '从'),
    help: plain('`HH:MM` at which the window begins.', '时段开始的时间，`HH:MM`。'),
  },
  to: {
    kind: 'text',
    required: true,
    pattern: patterns.time_of_day,
    minLength: 5,
    maxLength: 5,
    example: '06:00',
    label: plain('To', '到'),
    help: plain(
      '`HH:MM` at which the window ends. If it is before `from`, the window ends on the next day; if both are equal, it lasts a whole day.',
      '时段结束的时间，`HH:MM`。早于 `from` 表示次日；与 `from` 相同表示一整天。',
    ),
  },
  timeZone: {
    kind: 'text',
    minLength: 1,
    maxLength: 64,
    example: 'Europe/Berlin',
    default: 'UTC',
    label: plain('Time zone', '时区'),
    help: plain('The IANA name of the time zone.', '时区的 IANA 名称。'),
  },
} as const satisfies Fields;

export const policyFields = {
  batchSize: {
    kind: 'number',
    section: 'main',
    min: 1,
    max: 256,
    words: { auto: plain('the service chooses, and says why', '由服务选择并说明理由') },
    default: 'auto',
    defaultWord: plain('auto', '自动'),
    label: plain('Nodes per batch', '每批节点数'),
    help: plain(
      'Nodes that are attached together. The version of the master may allow fewer.',
      '同时挂载的节点数；不会超过主节点版本允许的数量。',
    ),
  },
  approval: {
    kind: 'choice',
    section: 'main',
    choices: {
      none: plain('Go on by itself', '自动继续'),
      each_batch: plain('Wait for approval', '等待批准'),
    },
    default: 'none',
    label: plain('Between batches', '批次之间'),
    help: plain(
      'Whether an operator must approve every batch but the first.',
      '除第一批外，每批开始前是否需要操作员批准。',
    ),
  },
  fourEyes: {
    kind: 'yes_no',
    section: 'main',
    default: false,
    label: plain('Approval by another person', '须由他人批准'),
    help: plain(
      'Whether another person than the requester must approve the start. Every other approval must then be by another person too.',
      '开始前是否须由请求人以外的人批准。此时其他批准也须由他人作出。',
    ),
  },
  onFailure: {
    kind: 'choice',
    section: 'main',
    choices: {
      halt: plain('Halt and wait for a person', '停止并等待人工处理'),
      skip: plain('Skip the node and go on', '跳过该节点继续'),
      rollback: plain('Detach the nodes of the batch', '摘除本批挂载的节点'),
    },
    default: 'halt',
    label: plain('If a node fails for good', '节点最终失败时'),
    help: plain('What the service does when it gives a node up.', '服务放弃某个节点后的处理方式。'),
  },
  pauseBetweenBatchesMs: {
    kind: 'number',
    section: 'main',
    unit: 'time',
    min: 0,
    max: 7 * day,
    default: 0,
    label: plain('Pause between batches', '批次间隔'),
    help: plain('How long the service pauses between two batches.', '两个批次之间的停顿时间。'),
  },
  canary: {
    kind: 'number',
    section: 'main',
    min: 1,
    max: 200,
    none: plain('all nodes alike', '所有节点同等对待'),
    default: null,
    label: plain('Canary nodes', '金丝雀节点数'),
    help: plain(
      'The first so many nodes are proven before any other node is attached. If one of them fails, the expansion halts, even if failed nodes are to be skipped.',
      '先证实前若干个节点，之后才挂载其他节点。其中任何一个失败时，即使设置为跳过失败的节点，扩容任务也会停止。',
    ),
  },
  canaryRestMs: {
    kind: 'number',
    section: 'main',
    unit: 'time',
    min: 0,
    max: 7 * day,
    default: 0,
    label: plain('Wait after the canary', '金丝雀之后的等待'),
    help: plain(
      'How long the service waits after the last canary node before the other nodes begin.',
      '最后一个金丝雀节点完成后，等待多久再开始其他节点。',
    ),
  },
  canaryApproval: {
    kind: 'yes_no',
    section: 'main',
    default: false,
    label: plain('Approval after the canary', '金丝雀之后须经批准'),
    help: plain(
      'Whether an operator must approve the other nodes after the canary.',
      '金丝雀之后，其他节点开始前是否需要操作员批准。',
    ),
  },
  restBetweenExpansionsMs: {
    kind: 'number',
    section: 'main',
    unit: 'time',
    min: 0,
    max: 7 * day,
    default: 0,
    label: plain('Rest between two expansions', '两个扩容任务的间隔'),
    help: plain(
      'The least time between the end of the previous expansion of the same master and the beginning of this expansion.',
      '同一主节点上一个扩容任务结束后，至少间隔多久才开始本任务。',
    ),
  },
  verify: {
    kind: 'group',
    section: 'check',
    fields: verifyFields,
    label: plain('Data check', '数据校验'),
    help: plain("How the data of a node are compared with the master's.", '如何把节点的数据与主节点比对。'),
  },
  longerTtls: {
    kind: 'choice',
    section: 'main',
    flag: 'longer-ttls',
    choices: {
      note: plain('Verify, and say so', '通过校验并注明'),
      halt: plain('Ask a person', '请人工处理'),
    },
    default: 'note',
    label: plain('Keys that live longer on the node', '在节点上存活更久的 key'),
    help: plain(
      'What the service does if the data differ in nothing but that keys expire later on the node, or never. Pika does this with SET NX EX during a copy, and 3.5.5 with INCR. No data are missing, and no copy changes it.',
      '数据唯一的差异是 key 在节点上过期更晚或永不过期时怎么办。Pika 在复制期间的 SET NX EX 会造成这种差异，3.5.5 的 INCR 也会。没有数据缺失，重新复制也不会改变。',
    ),
  },
  requireAgent: {
    kind: 'yes_no',
    section: 'check',
    default: false,
    label: plain('Every file must be proven by agents', '须由代理程序证实每个文件'),
    help: plain(
      'A node is `verified` only if rule `files_complete` holds. Agents must run on the hosts of master and node.',
      '只有规则 `files_complete` 成立，节点才算已校验。主节点和从节点的主机上必须运行代理程序。',
    ),
  },
  maxAttempts: {
    kind: 'number',
    section: 'limits',
    min: 1,
    max: 20,
    default: 3,
    label: plain('Attempts per node', '每个节点的尝试次数'),
    help: plain(
      'How often a node is attached, the first time included.',
      '每个节点最多挂载的次数，含第一次。',
    ),
  },
  stallTimeoutMs: {
    kind: 'number',
    section: 'limits',
    unit: 'time',
    min: 1000,
    max: day,
    default: minute,
    label: plain('Full sync hung after', '判定全量同步卡死'),
    help: plain(
      'No byte and no change of state for this long in a full sync counts as hung.',
      '全量同步中持续这么久没有收到字节、状态也没有变化，即判定为卡死。',
    ),
  },
  nodeDownTimeoutMs: {
    kind: 'number',
    section: 'limits',
    unit: 'time',
    min: 1000,
    max: day,
    default: minute,
    label: plain('Attempt ended when the node is away for', '节点失联多久后结束本次尝试'),
    help: plain(
      'How long a node may be unreachable before its attempt has failed.',
      '节点失联超过该时间，本次尝试即失败。',
    ),
  },
  masterBusyTimeoutMs: {
    kind: 'number',
    section: 'limits',
    unit: 'time',
    min: 1000,
    max: 7 * day,
    default: 30 * minute,
    label: plain('Longest wait for a busy master', '等待主节点空闲的上限'),
    help: plain(
      'How long the service waits for a master that is busy (full sync of another node, bgsave, scan) before it asks a person. A hundredth of a copy may take as long; where the version counts no bytes, the whole copy.',
      '主节点忙于其他节点的全量同步、快照或扫描时，服务最多等待这么久，之后请人工处理。复制每百分之一也不得超过该时间；版本不统计字节时，整个复制不得超过该时间。',
    ),
  },
  lookIntervalMs: {
    kind: 'number',
    section: 'limits',
    unit: 'short_time',
    min: 50,
    max: minute,
    default: 250,
    label: plain('Time between two looks', '观测间隔'),
    help: plain(
      'Time between two looks at a node in full sync. In the middle of a copy a short time is stretched: to four times itself, but to 1 s at most. Around the dump and at the end of a copy looks are closer.',
      '对全量同步中的节点两次观测之间的间隔。在文件传输的中段，较短的间隔会放宽到四倍，但不超过 1 s；在快照前后和传输快结束时观测更密。',
    ),
  },
  stableLooks: {
    kind: 'number',
    section: 'limits',
    min: 1,
    max: 1000,
    default: 3,
    label: plain('Looks in a row before “verified”', '判定通过所需的连续观测次数'),
    help: plain(
      'Looks in a row in which everything must hold before the node is `verified`.',
      '连续这么多次观测全部满足条件，节点才算已校验。',
    ),
  },
  bandwidthBytesPerSecond: {
    kind: 'number',
    section: 'pace',
    unit: 'rate',
    min: 65_536,
    max: 2_147_483_647,
    none: plain("the nodes' own throttles", '节点自身的限速'),
    default: null,
    label: plain('Bandwidth for all nodes', '所有节点合计带宽'),
    help: plain(
      'The most that the master may send to all nodes in full sync together. The service sets the `throttle-bytes-per-second` of the nodes and puts it back.',
      '主节点向所有全量同步中的节点发送数据的合计上限。服务会设置各节点的 `throttle-bytes-per-second`，之后恢复原值。',
    ),
  },
  health: {
    kind: 'group',
    section: 'pace',
    flag: 'health',
    none: plain('nothing is watched', '不监测'),
    fields: healthFields,
    label: plain('Health of the master', '主节点健康'),
    help: plain(
      'Limits on the health of the master. Over a limit the nodes copy slower, and no batch begins.',
      '主节点健康的上限。超过上限时，节点降速复制，且不再开始新的批次。',
    ),
  },
  windows: {
    kind: 'list',
    section: 'pace',
    flag: 'window',
    most: 50,
    fields: windowFields,
    line: {
      pattern:
        /^(?:(?<days>[a-z]{3}(?:,[a-z]{3})*) )?(?<from>\d\d:\d\d)-(?<to>\d\d:\d\d)(?: (?<timeZone>\S+))?$/,
      example: 'sat,sun 22:00-06:00 Europe/Berlin',
    },
    label: plain('Hours in which batches begin', '允许开始批次的时段'),
    help: plain(
      'Batches begin only inside one of these windows; none = at any time. A running full sync is never cut.',
      '批次只在这些时段内开始；不设则随时可以开始。正在进行的全量同步不会被中断。',
    ),
  },
  mayRaiseBinlogRetention: {
    kind: 'yes_no',
    section: 'pace',
    default: false,
    label: plain('`expire-logs-nums` of the master may be raised', '允许调高主节点的 `expire-logs-nums`'),
    help: plain(
      'The service may raise `expire-logs-nums` of the master while nodes are synced, where its version (up to 3.4) would purge binlog that they still need. The old value is put back. The service changes no other setting of a master.',
      '仅 3.4 及更早的版本需要：同步期间主节点可能清除从节点仍需要的 binlog，此时服务可以调高 `expire-logs-nums`，之后恢复原值。除此之外，服务不会修改主节点的任何设置。',
    ),
  },
  mayAskForDump: {
    kind: 'yes_no',
    section: 'pace',
    default: false,
    label: plain('The master may be asked for a new dump', '允许让主节点重新做快照'),
    help: plain(
      'The service may run BGSAVE on the master where only a new dump can cure a node: its dump is missing or failed, or it lies before a FLUSHALL after which writes were lost. It does so once for each cause, and never while another slave copies.',
      '仅当只有新的快照才能修复从节点时（快照缺失或失败，或快照早于丢失写入的 FLUSHALL），服务可以在主节点执行 BGSAVE。每种原因只执行一次，且绝不在其他从节点复制期间执行。',
    ),
  },
  forecastTolerance: {
    kind: 'number',
    section: 'pace',
    fraction: true,
    min: 0.05,
    max: 100,
    none: plain('the expansion never waits', '从不等待'),
    default: 1,
    label: plain('Tolerated growth of the forecast', '预测允许的增幅'),
    help: plain(
      'The service makes the forecast anew before each batch. If time or bytes have grown by more than this share (1 = doubled), the expansion waits for approval.',
      '每批开始前服务会重新预测。时间或字节数的增幅超过该比例（1 表示翻倍）时，扩容任务等待批准。',
    ),
  },
} as const satisfies Fields;

export interface Policy extends ValuesOf<typeof policyFields> {}

/** What a request may give of a policy. */
export type PolicyInput = InputOf<typeof policyFields>;

/** How the data of two servers are compared. */
export interface VerifyPolicy extends ValuesOf<typeof verifyFields> {}

/** Limits on the master's health: over one of them less is copied and no batch begins. null = not watched. */
export interface HealthPolicy extends ValuesOf<typeof healthFields> {}

/** Hours in which batches may begin, on the clock of a place. `to` before `from` runs past midnight. */
export interface TimeWindow extends ValuesOf<typeof windowFields> {}

export type Weekday = TimeWindow['days'][number];
export const weekdays = Object.keys(windowFields.days.choices) as readonly Weekday[];

export const resolvePolicy = (input: PolicyInput = {}): Policy =>
  resolved(policyFields, input as Values) as unknown as Policy;

export const defaultPolicy: Policy = resolvePolicy();

export const noHealthLimits = resolved(healthFields) as unknown as HealthPolicy;

/** The policy that two inputs ask for together; what `own` gives wins. */
export const mergePolicies = (shared: PolicyInput, own: PolicyInput): PolicyInput =>
  merged(policyFields, shared as Values, own as Values) as PolicyInput;
