import type * as english from './errors-en.ts';

/** 命令行自身的错误。 */
export const usage: typeof english.usage = {
  see: (command) => `选项和示例见：${command} --help`,
  didYouMean: (names) => `是否想写 ${names}？`,
  or: ' 或 ',
  unknownOption: (option) => `没有选项 ${option}。`,
  unknownCommand: (command) => `没有命令“${command}”。`,
  missingArgument: (name) => `缺少参数 <${name}>。`,
  missingValue: (option) => `选项 ${option} 缺少值。`,
  missingOption: (option) => `缺少选项 ${option}。`,
  tooMany: (expected, given) => `参数过多：给出 ${given} 个，最多 ${expected} 个。`,
  notAllowed: (option, value, allowed) => `选项 ${option} 为“${value}”；可选：${allowed}。`,
  conflict: (option, other) => `选项 ${option} 与 ${other} 不能同时使用。`,
  inside: (text) => `命令内部出错。${text}`,
  goesOn: '此前已启动的任务在服务中继续进行：pika-expander list',
  field: '字段',
  request: '请求',
  error: '错误:',
  noShell: (text, all) => `“${text}”不是支持的 shell；可选：${all}。`,
};

export const connection: typeof english.connection = {
  sources: { flag: '--url 选项', default: '默认值' },
  nothingListens: (where, source) => `${where}（来自 ${source}）没有程序监听：连接被拒绝。`,
  startIt: '服务在运行吗？启动服务：pika-expander serve',
  elsewhere: '如果服务在别处运行，请给出地址：--url http://host:port 或 PIKA_EXPANDER_URL。',
  notResolved: (where, source) => `无法解析 ${where}（来自 ${source}）中的主机名。`,
  checkSpelling: '请检查地址拼写：--url http://host:port 或 PIKA_EXPANDER_URL。',
  tooLate: (where, source) => `${where}（来自 ${source}）没有及时应答。`,
  perhapsDone: '请求可能已执行，也可能没有：用 pika-expander list 查看。',
  tryAgain: '请稍后重试。',
  lookAtHealth: (url) => `查看服务健康状况：${url}/readyz 及服务日志。`,
  failed: (where, source, why) => `与 ${where}（来自 ${source}）的连接失败：${why}。`,
  notTheService: (where, source) => `在 ${where}（来自 ${source}）应答的不是 pika-expander。`,
  checkAddress: '请检查地址：--url http://host:port 或 PIKA_EXPANDER_URL。',
  closed: '服务关闭了连接',
  http: (url, status) => `${url} 的服务返回 HTTP ${status}。`,
  giveToken: '请提供令牌：PIKA_EXPANDER_TOKEN、--token-file 或配置文件中的 "token"。',
  unknownToken: '服务不认识该令牌：请检查 PIKA_EXPANDER_TOKEN、--token-file 或配置文件。',
};

export const settings: typeof english.settings = {
  notAnAddress: (text, source) => `“${text}”（来自 ${source}）不是地址。`,
  notHttp: (text, source) => `“${text}”（来自 ${source}）既不是 http:// 也不是 https://。`,
  addressForm: '请写成 http://host:port，例如 --url http://127.0.0.1:8080。',
  holdsPassword: (source) => `来自 ${source} 的地址含有用户名或密码。`,
  leaveItOut: '请去掉，并用 --token-file、PIKA_EXPANDER_TOKEN 或配置文件提供令牌。',
  files: {
    token: '令牌文件',
    config: '配置文件',
    configWithToken: '含令牌的配置文件',
    policy: '策略文件',
    nodes: '节点文件',
    campaign: '批量扩容文件',
    masters: '主节点文件',
    agent: '代理程序文件',
    password: '密码文件',
    address: '地址文件',
    secret: '密钥文件',
  },
  openToAll: (what, path) => `本机所有用户都可以读取或修改${what} ${path}。`,
  closeIt: (path) => `请收回权限：chmod o= ${path}`,
  emptyToken: (path) => `令牌文件 ${path} 为空。`,
  unreadable: (what, path, why) => `无法读取${what} ${path}：${why}`,
  checkPath: '请检查路径和权限。',
  notJson: (what, path, why) => `${what} ${path} 不是 JSON：${why}`,
  notAnObject: (what, path) => `${what} ${path} 的内容不是 JSON 对象。`,
  unknownKey: (path, key) => `配置文件 ${path} 含有未知的键“${key}”。`,
  notAText: (path, key) => `配置文件 ${path} 中的“${key}”必须是文本。`,
  example: '内容形如 {"url": "http://127.0.0.1:8080", "tokenFile": "/path/to/token"}。',
};

export const request: typeof english.request = {
  nodeForm:
    '节点写成 host:port，逗号后写允许的事项：10.0.0.2:9221,overwrite-data,repoint,seen-as=192.168.7.2:9221,credential=name',
  notForMaster: (text) => `“${text}”：overwrite-data 和 repoint 用于要加入的节点，不用于主节点。`,
  noAddress: (text) => `“${text}”开头不是 host:port。`,
  badSeenAs: (text, value) => `“${text}”：seen-as 为“${value}”，不是 host:port。`,
  unknownPart: (text, part, nearest) =>
    `“${text}”：“${part}”无法识别。${nearest === null ? '' : `是否想写 ${nearest}？`}`,
  planAlone: '--plan 按原样使用已有计划；请去掉主节点和节点。',
  planPolicy: '--plan 按原样使用已有计划；请去掉策略及其选项。',
  noMaster: '没有指定主节点。',
  retryMaster: '--retry-of 使用所指扩容任务的主节点；请去掉 --master。',
  nameMaster:
    '请指定主节点（--master host:port）和节点，或已有计划（--plan ID），或已结束的扩容任务（--retry-of ID）。',
  noNode: '没有指定要加入的节点。',
  nameNodes: '请写在选项之后（host:port …），或在文件中每行一个：--nodes-file FILE。',
  noTime: (text) => `--at 为“${text}”，不是时间。`,
  timeForm: '请写 22:00（下一次）、2026-12-01T22:00，或带时差：2026-12-01T22:00+08:00。',
  passed: (text) => `--at 为“${text}”，已经过去。`,
  leaveAtOut: '不写则立即开始。',
};

export const flags: typeof english.flags = {
  unknownMember: (flag, name, nearest, examples) =>
    `${flag} 含有“${name}”。${nearest === null ? '' : `是否想写 ${nearest}？`}请给出名称和值，例如 ${examples}。`,
  form: (flag, text, example) => `${flag} 为“${text}”；请写成“${example}”的形式。`,
  give: (flag, text, allowed) => `${flag} 为“${text}”；请给出${allowed.join('或 ')}。`,
  groupExample: (example, more) => `例如 ${example}（还有 ${more}）`,
  listExample: (example) => `例如“${example}”；可多次给出`,
  withDefault: (text, value) => `${text}（默认：${value}）`,
  comma: '，',
  semicolon: '；',
  duration: '时长，如 500ms、30s、5m、1h',
  bytes: '字节数，如 500KB、10MB、1.5GB',
  number: '数字',
  whole: '整数',
};
