import type { demo as english } from './demo-en.ts';

/** `demo`：数据如何丢失，本服务如何防止。 */
export const demo: typeof english = {
  title: '模拟环境：1 个 Pika 3.5.4 主节点（有数据，持续写入）和 6 个空节点',
  naive: '1. 常见做法：依次在三个节点上执行 SLAVEOF',
  columns: { node: '节点', link: '连接', lag: '落后', keys: 'key 数', missing: '缺少' },
  lossy: (lossy, all) => `${all} 个节点中有 ${lossy} 个显示“up、落后 0”，却丢失了 key。从 INFO 中看不出来。`,
  noLoss: '这次没有丢失 key：演示没有重现故障。',
  itsLog: (node) => `但日志中看得出来。${node}：`,
  cure: '2. 同一个主节点，改由本服务添加全部六个节点，丢失数据的三个重新全量同步',
  evidence: '3. 校验证据',
  agent: '4. 其中一个节点旁的代理程序看到了什么',
  count: '5. 停止写入后，另行统计全部 key',
  complete: 'key 齐全',
  missing: (keys) => `缺少 ${keys} 个 key`,
  onMaster: (keys) => `（主节点有 ${keys} 个 key）`,
  lookYourself: (command) => `要亲自查看控制台和 API：${command}`,
  lookAtIt: '亲自查看',
  places: { dashboard: '控制台', api: 'API', commandLine: '命令行' },
  staysUp: '服务保持运行，按 Ctrl-C 结束。',
};
