import type * as english from './hosts-en.ts';

/** 代理程序、日志与节点就绪状态。 */
export const agents: typeof english.agents = {
  none: '一天之内没有代理程序上报。',
  columns: {
    agent: '代理程序',
    host: '主机',
    version: '版本',
    lastReport: '最近上报',
    servers: '服务器',
  },
  lastReport: (ago, silent) => `${ago}前${silent ? '，没有继续上报' : ''}`,
};

/** 服务器旁的代理程序。 */
export const agent: typeof english.agent = {
  noTokenFlag: '代理程序不接受 --token：主机上的所有人都能在进程列表中看到它。',
  tokenOtherwise: '请用 --token-file 或 PIKA_EXPANDER_TOKEN 给出令牌。',
  noToken: '代理程序没有令牌。',
  giveToken: '请用 --token-file 或 PIKA_EXPANDER_TOKEN 给出令牌；服务如何识别它，见 docs/agent.md。',
  badAs: (text) => `--as 为“${text}”。`,
  asForm: '请写 host:port，或 PORT=host:port，其中 PORT 是 pika.conf 中的端口。',
  notJson: (path, why) => `文件 ${path} 不是 JSON：${why}`,
  notAnObject: (path) => `文件 ${path} 的内容不是 JSON 对象。`,
  unknownKey: (path, key) => `文件 ${path} 中有未知的键“${key}”。`,
  notTexts: (path, key, isList) => `文件 ${path} 中的“${key}”必须是${isList ? '字符串列表' : '字符串'}。`,
  example:
    '文件内容是 JSON，例如 {"service": "https://expander:8080", "tokenFile": "/etc/pika-expander/token", "conf": ["/etc/pika/pika.conf"]}。',
};

export const ready: typeof english.ready = {
  unknown: (node, why) => `无法得知 ${node} 是否就绪：${why}`,
  ready: (node, by, at) => `${node} 已就绪：${by} 于 ${at} 证明了它。`,
  notReady: (node, why) => `${node} 未就绪：${why}`,
};

export const logs: typeof english.logs = {
  give: '请给出 Pika 的 INFO 日志（log-path 下的 pika.INFO，可以是 gzip 压缩的），或其所在目录。',
  unreadable: (why) => `无法读取日志：${why}`,
  none: '日志中没有该服务器的全量同步。',
  times: '以上为服务器自身的时钟和时区。',
  columns: { started: '开始', ended: '结束', db: 'DB', files: '文件', verdict: '结论' },
  verdicts: {
    complete: '完整',
    incomplete: '不完整',
    failed: '失败',
    running: '进行中',
    undecided: '无法判断',
  },
  files: (copied, listed) => `${copied}/${listed ?? '?'}`,
  cause: (code, text) => `${code}：${text}`,
  finding: ({ code, count, log, text }) =>
    `${code}${count > 1 ? `（${count} 行）` : ''}，${{ slave: '从节点', master: '主节点' }[log]}的日志：${text}`,
};
