import type * as english from './look-en.ts';
import { verbZh } from './verbs-zh.ts';

export const findings: typeof english.findings = {
  alsoOf: (others, names) => `另外 ${others} 个节点同样如此：${names}`,
};

export const plan: typeof english.plan = {
  title: (id) => `计划 ${id}`,
  master: (name, facts) => `主节点 ${name}：${facts.filter((each) => each !== null).join('，')}`,
  version: (version, build) => `Pika ${version}${build === null ? '' : `（构建 ${build}）`}`,
  versionUnknown: '版本未知',
  tableFiles: (bytes) => `SST 文件 ${bytes}`,
  noSlaves: '目前没有从节点',
  slaves: (names) => `现有从节点：${names.join('、')}`,
  noFindings: '预检没有发现问题。',
  noBatches: '没有批次。',
  batch: (number, nodes) => `批次 ${number}：${nodes}`,
  waitsFor: (id) => `需要排队：扩容任务 ${id} 正在处理该主节点。`,
  canStart: '该计划可以启动。',
  refused: '该计划被拒绝，原因见上面的错误。没有做任何更改。',
  forecast: (total, perNode, bytes) => `预计：总共 ${total}，每个节点 ${perNode}，每个节点需复制 ${bytes}`,
  batchForecast: (batch, begins, takes, dump) =>
    `批次 ${batch}：${begins === null ? '开始时间未知' : `${begins} 后开始`}，用时 ${takes}（${dump === 'new' ? '新快照' : '共用快照'}）`,
  binlog: (bytes, kept) =>
    `最长批次期间写入的 binlog：${bytes}${kept === null ? '' : `；主节点保留 ${kept}`}`,
  disk: (bytes) => `磁盘：主节点多占 ${bytes}；每个节点上新旧数据同时存在`,
  range: (expected, low, high) => `${expected}（${low} 至 ${high}）`,
  unknown: '未知',
};

export const expand: typeof english.expand = {
  question: (nodes, master) => `要把 ${nodes} 个节点加为 ${master} 的从节点吗？[y/N] `,
  nothingStarted: '没有启动任何操作。',
  accepted: (id) => `已接受扩容任务 ${id}。`,
  watchIt: (id) => `查看进展：pika-expander watch ${id}`,
  cannotAskJson: '使用 --json 时无法提问。',
  addYes: '加上 --yes 可不经提问直接启动。',
  cannotAsk: '标准输入不是终端，无法提问。',
  addYesOrPlan: '加上 --yes 可不经提问直接启动，或先查看：pika-expander plan …',
};

export const expansion: typeof english.expansion = {
  headline: ({ master, verified, nodes, batch, batches }) =>
    `${master}：${nodes} 个节点中 ${verified} 个已校验${batches === null ? '' : `，批次 ${batch}/${batches}`}`,
  silent: (how, since, left) =>
    `${how === 'busy' ? '没有应答' : '无法连接'}已 ${since}，${left === null ? '本次尝试即将结束' : `本次尝试将在 ${left} 后结束`}`,
  behind: (bytes) => `binlog 落后 ${bytes}`,
  copied: (received, snapshot) => `${received}/${snapshot}`,
  files: (copied, listed) => `，${copied}${listed === null ? '' : `/${listed}`} 个文件`,
  rateUnknown: '速率未知',
  remainingUnknown: '剩余时间未知',
  left: (duration) => `剩余 ${duration}`,
  asked: (by, verb, reason) => `${by} 已请求${verbZh(verb)}（${reason}），将在下一个安全点生效。`,
  levels: { info: '', warning: '警告：', error: '错误：' },
  connectedAgain: '已重新连接',
  noConnection: (why) => `与服务的连接已断开（${why}），正在重试`,
  connectionLost: (why) => `与服务的连接已断开（${why}），正在重试。`,
  stoppedWaiting: (goesOn) => `已停止等待。${goesOn}`,
  stopWatching: '按 Ctrl-C 停止查看，扩容任务继续进行。',
  more: (count, phases) => `… 另有 ${count} 个：${phases}`,
  stopped: (id) => `已停止查看。扩容任务 ${id} 在服务中继续进行。`,
  watchAgain: (id) => `继续查看：pika-expander watch ${id}`,
  pauseIt: (id) => `暂停：    pika-expander pause ${id} --reason "…"`,
  cancelIt: (id) => `取消：    pika-expander cancel ${id} --reason "…"`,
  evidence: (id) => `校验证据：pika-expander evidence ${id}`,
  controlled: (verb, node, id) =>
    `已请求${verbZh(verb)}${node === null ? '' : ` ${node}`}（${id}），将在下一个安全点生效。`,
  reasonMissing: '缺少原因。',
  sayWhy: '请用 --reason "…" 说明原因；原因与请求者一并记录。',
};

export const next: typeof english.next = {
  approval: '正在等待批准下一批次：',
  paused: '已暂停。要继续：',
  unverified: '要为未通过校验的节点重新提交：',
  halted: '已停下，等待人工决定：',
  stateAsked: (state, verb) => `${state}，已请求${verbZh(verb)}`,
};

export const lists: typeof english.lists = {
  noExpansions: '没有扩容任务。',
  columns: {
    id: 'ID',
    state: '状态',
    master: '主节点',
    verified: '已校验',
    accepted: '接受时间',
    label: '标签',
  },
  more: (cursor) => `更多：加上 --cursor ${cursor}`,
  held: ({ master, until, by, reason, id, safe }) =>
    `${master} 被 ${by} 占用至 ${until}：${reason}（${id}；此时做快照${safe ? '安全' : '不安全'}）`,
  several: '有多个扩容任务尚未结束，请指定其中一个。',
  one: (id, master, state) => `${id}（${master}，${state}）`,
  none: '还没有扩容任务。',
  startOne: '启动一个：pika-expander expand --master HOST:PORT HOST:PORT',
  notFrozen: '未冻结：扩容任务按计划挂接节点。',
  frozen: (since, by, reason) => `${by}${since === null ? ' ' : ` 于 ${since} `}冻结：${reason}`,
  unfreeze: '解除之前不会挂接任何节点：pika-expander unfreeze --reason "…"',
  unknownPerson: '未知人员',
  keyBelongs: '--key 只能与 --verify FILE 一起使用。',
  evidenceWritten: (file) => `签名的校验证据已写入 ${file}。检查：pika-expander evidence --verify ${file}`,
  notAnEvent: (text) => `--after 为“${text}”；请给出事件编号。`,
};

export const evidence: typeof english.evidence = {
  title: (id, master) => `${id} 的校验证据，主节点 ${master}`,
  attempt: (attempt, at) => `（第 ${attempt} 次尝试，${at}）`,
  verdict: (verdict, attempt) => `（结论 ${verdict}，第 ${attempt} 次尝试）`,
  notYet: '还没有证据。',
  none: '没有证据：该节点的全量同步都没有进行到可以判断的程度。',
  notJudged: '（未判断）',
  comparison: (id, verdict) => `比对 ${id}：${verdict ?? '尚未结束'}`,
};

export const node: typeof english.node = {
  files: '文件',
  disks: '磁盘',
  fullSyncs: '节点日志中的全量同步',
  log: '日志',
  agents: '代理程序',
  servers: { node: '从节点', master: '主节点' },
  noAgent: (server) => `${server === 'node' ? '从节点' : '主节点'}所在主机没有代理程序上报`,
  told: (agent, server, ago) => `“${agent}”${ago}前上报了${server === 'node' ? '从节点' : '主节点'}`,
  sentence: (parts) => `${parts.join('；')}。`,
  came: (copied, listed) => `已收到 ${copied}${listed === null ? '' : `/${listed}`} 个`,
  free: (free, total) => `剩余 ${free}，共 ${total}`,
  toCome: (bytes, fits) => `，还有 ${bytes} 待接收${fits ? '' : '：空间不足'}`,
};

export const diagnosis: typeof english.diagnosis = {
  likeliest: '最可能的原因',
  or: '或者',
  copyHelps: {
    yes: '重新复制可能有用',
    once: '重新复制一次可能有用',
    no: '重新复制没有用',
  },
  waits: (until) => `节点可以自行恢复。本服务等到 ${until}。`,
  reattaches: '本服务会重新挂接该节点。',
  asksForDump: '本服务会让主节点做新快照，并重新挂接该节点。',
};

export const schedule: typeof english.schedule = {
  forecast: (total) => `预计：总共 ${total}`,
  outcome: (total, real) => `预计：总共 ${total}；实际 ${real}`,
  node: ({ copy, copied, rate, rated }) =>
    `复制预计 ${copy}，实际 ${copied}；速率预计 ${rate}，实际 ${rated}`,
  nothing: '无',
  notMeasured: '未测得',
  health: (percent) => `主节点健康：复制可使用 ${percent} % 的带宽`,
  figures: {
    master_latency_ms: '主节点延迟，p99，毫秒',
    slave_lag_bytes: '其他从节点的落后字节数',
    commands_per_second: '每秒命令数',
    endpoint: '自定义指标',
  },
  reading: (name, value, ownDelayMs, limit) =>
    `${name}：${value}${ownDelayMs === null ? '' : `（已扣除本服务自身延误的 ${ownDelayMs} 毫秒）`}，上限 ${limit}`,
  over: (reading) => `${reading}：已超过，不会开始新批次`,
  borrowed: ({ name, master, seen, old, state }) =>
    `${master} 的 ${name}：${seen}，扩容前为 ${old}（${state}）`,
  borrowedStates: {
    borrowed: '扩容期间已更改',
    restored: '已恢复',
    left: '他人已更改，保持不动',
    lost: '无法恢复',
    refused: '主节点拒绝更改',
  },
};
