import type * as english from './recordings-en.ts';

/** 录制、重放与演练。 */
export const recordings: typeof english.recordings = {
  begun: (file) => `正在录制到 ${file}。按 Ctrl-C 结束。`,
  neverAnswered: (node, error) => `${node} 始终没有应答：${error}`,
  recorded: (rows, file) => `${file} 中有 ${rows} 行。判断结果：pika-expander replay ${file}`,
  failed: (rows, why) => `录制在 ${rows} 行之后结束：${why}`,
  checkFiles: '请检查各日志文件是否可读，以及是否有空间存放录制文件。',
  addressAlone: (text) => `“${text}”：要录制的服务器只写 host:port。`,
  givePassword: '服务器的密码请用 --password-file 给出。',
  isGiven: (flag, text) => `${flag} 为“${text}”。`,
  durationForm: (least, most) => `请写 ${least} 到 ${most} 毫秒之间的时长，例如 500ms、30s 或 10m。`,
  logForm: (names) => `请写 NAME=FILE，其中 NAME 为 ${names.join('、')} 之一。`,
  written: (file) => `录制已写入 ${file}。判断结果：pika-expander replay ${file}`,
  notReplayed: (file, why) => `无法重放录制文件 ${file}：${why}`,
  form: '录制文件由 pika-expander record 写出，每行一个 JSON：docs/recordings.md。',
  noSlave: '录制文件中没有从节点。',
  columns: { slave: '从节点', fullSync: '全量同步', received: '已接收', anomalies: '异常' },
  received: (received, snapshot) => `${received} / ${snapshot}`,
  phase: (phase, seconds) => `${phase} ${seconds}`,
};

export const rehearsals: typeof english.rehearsals = {
  title: (planId, version) => `计划 ${planId} 在模拟的 Pika ${version} 上的演练`,
  asPlanned: (outcome) => `按计划：${outcome}`,
  outcome: (state, duration, dumps) => `${duration} 后${state}，${dumps} 次快照`,
  reached: (node, phase, at) => `${node} 于 ${at} ${phase}`,
  node: ({ node, phase, attempts, anomalies }) =>
    `${node} ${phase}${attempts > 1 ? `，第 ${attempts} 次尝试` : ''}${anomalies.length > 0 ? `（${anomalies.join('，')}）` : ''}`,
  nodes: (nodes) => nodes.join('；'),
  after: (outcome, nodes) => `${outcome}；${nodes}`,
  burst: (gapSeconds, dumps) => `不用本服务，每隔 ${gapSeconds} 秒挂接一个节点：${dumps} 次快照`,
  burstNode: (node, text) => `${node}：${text}`,
  dead: '打开不完整的数据库时进程退出',
  syncing: '到最后仍未 up：卡在全量同步',
  complete: 'up 且数据完整',
  lost: (percent) => `显示 up、落后 0，却永久缺少 ${percent} % 的 key`,
};
