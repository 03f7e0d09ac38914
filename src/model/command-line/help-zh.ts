/** 命令行帮助的中文文本，按英文原文查找：英文与其描述的命令和选项写在一起。 */
export const helpZh: Readonly<Record<string, string>> = {
  // 标题
  'Usage:': '用法：',
  'Arguments:': '参数：',
  'Options:': '选项：',
  'Global Options:': '全局选项：',
  'Commands:': '命令：',
  'Examples:': '示例：',
  'display help for command': '显示帮助',

  // 命令
  'Adds slaves to Pika masters one batch at a time, each full sync proven complete.':
    '分批为 Pika 主节点添加从节点，每次全量同步都经过完整性校验。',
  'show what an expansion would do; nothing is started': '显示扩容任务将做什么，不启动任何操作',
  'play a plan on simulated nodes, with faults; nothing is started':
    '在模拟节点上演练计划（含故障），不启动任何操作',
  'plan, ask, start, and watch until it is over': '生成计划、询问、启动，并查看到结束',
  'watch an expansion until it is over (no id: the one that is going on)':
    '查看扩容任务直到结束（不写 id：正在进行的那个）',
  'list expansions, the newest first': '列出扩容任务，最新的在前',
  'show an expansion, or a node with its host, as it stands': '显示扩容任务的现状，或某个节点及其主机',
  'show per node why it counts as verified, or why not; check a file of it':
    '逐节点显示通过或未通过校验的依据；检查证据文件',
  'begin no further batch; nodes in full sync are finished first':
    '不再开始新批次；正在全量同步的节点会先完成',
  'go on after a pause or a halt': '暂停或停下之后继续',
  'end an expansion; nodes that are not verified are detached': '结束扩容任务；未通过校验的节点会被断开',
  'let the next batch begin': '允许下一批次开始',
  'attach a given-up node once more': '再次挂接已放弃的节点',
  'go on without a node': '跳过某个节点继续',
  'keep every worker from attaching any node': '禁止所有工作进程挂接节点',
  'let workers attach nodes again': '恢复挂接节点',
  'add nodes to many masters: canaries first, then the rest': '为多个主节点添加节点：先金丝雀，再其余',
  'list campaigns, the newest first': '列出批量扩容，最新的在前',
  'show a campaign as it stands (without one: the only one going on)':
    '显示批量扩容的现状（不写：正在进行的唯一一个）',
  'watch a campaign until it is over': '查看批量扩容直到结束',
  'begin no further member; members at work go on': '不再开始新成员；进行中的成员继续',
  'go on with a paused campaign': '继续已暂停的批量扩容',
  'let the rest begin after the canaries': '允许金丝雀之后的成员开始',
  'end a campaign: no further member begins': '结束批量扩容：不再开始新成员',
  'print what became of every member and node (Markdown; --json)':
    '输出每个成员和节点的结果（Markdown；--json）',
  'watch masters and their slaves all the time, and audit them at set times':
    '持续值守主节点及其从节点，并定时巡检',
  'watch some masters until it is ended': '值守若干主节点，直到结束',
  'list guards, the newest first': '列出值守，最新的在前',
  'show what a guard finds now (without one: the only one that is on)':
    '显示值守目前的发现（不写：唯一开启的那个）',
  'guard a slave no longer that was taken out on purpose': '不再值守有意摘除的从节点',
  'end a guard': '结束值守',
  'how the service is, who waits for what, and what needs a person':
    '服务状况、谁在等待什么、哪些需要人工处理',
  'whether readers may get a node: 0 only while its last proof holds':
    '节点能否对外提供读取：仅当最近一次校验仍有效时返回 0',
  'keep a master free of further full syncs for a while, for a backup':
    '在一段时间内不让主节点做新的全量同步，以便备份',
  'hold a master (the default: "hold <master>")': '占用主节点（默认：“hold <master>”）',
  'list the holds that are active, the newest first': '列出有效的占用，最新的在前',
  'show whether a dump is safe, and what goes on at the master': '显示此时做快照是否安全，以及主节点上的情况',
  'let a hold last longer: so long from now on': '延长占用：从现在起再持续这么久',
  'end a hold: full syncs may begin again': '结束占用：可以重新开始全量同步',
  'replace slaves: new ones first, verified': '替换从节点：先加入新节点并通过校验',
  'take slaves from their master': '从主节点摘除从节点',
  'list, show, approve and cancel replacements': '列出、显示、批准和取消替换',
  'list replacements, the newest first': '列出替换，最新的在前',
  'show a replacement with its slaves': '显示替换及其从节点',
  'approve that its slaves go; for another person than the requester':
    '批准摘除其从节点；须由提交者以外的人批准',
  'end a replacement; no further slave is detached': '结束替换；不再断开从节点',
  'judge every slave of some masters; 0 only when all are whole':
    '判断若干主节点的所有从节点；全部完整才返回 0',
  'list audits, or show one of them, repair what it found, or end it':
    '列出巡检，或显示某次巡检、修复其发现、结束它',
  'create, list, revoke and rotate tokens, without a restart': '创建、列出、吊销和轮换令牌，无需重启',
  'create a token; its text is shown this once': '创建令牌；内容只显示这一次',
  'list the tokens that were created, the newest first': '列出已创建的令牌，最新的在前',
  'end a token, with its sessions and event streams': '吊销令牌，及其会话和事件流',
  'give a token another text; it is shown this once': '更换令牌内容；只显示这一次',
  'list the browsers that are signed in, and end their sessions': '列出已登录的浏览器，并可结束会话',
  'list the browsers that are signed in, the newest first': '列出已登录的浏览器，最新的在前',
  'end a session, with its event streams': '结束会话及其事件流',
  'make, list and remove webhooks, and see what became of deliveries':
    '创建、列出和删除 webhook，查看投递结果',
  'make a webhook; the key of its signatures is shown this once': '创建 webhook；签名密钥只显示这一次',
  'list webhooks, the oldest first': '列出 webhook，最早的在前',
  'show what became of what was sent to a webhook, the newest first': '显示向 webhook 投递的结果，最新的在前',
  'remove a webhook with its deliveries': '删除 webhook 及其投递记录',
  'compare the data of two servers; 0 only when they are equal': '比对两个服务器的数据；一致才返回 0',
  'show or steer a comparison': '显示或控制比对',
  'list comparisons, the newest first': '列出比对，最新的在前',
  'show which agents report, of which servers, and what of it does not count':
    '显示哪些代理程序在上报、涉及哪些服务器、哪些不被采信',
  'write what an expansion saw as a recording, for replay': '把扩容任务的观察写成录制文件，供 replay 使用',
  'run a recording through the full-sync tracker (post-mortem)': '用录制文件重放全量同步的判断（事后分析）',
  'record what servers say about themselves, for replay; sends INFO and LASTSAVE':
    '录制服务器的自述，供 replay 使用；只发送 INFO 和 LASTSAVE',
  'what the log files of a slave tell of its full syncs': '从节点日志文件中的全量同步情况',
  'who asked the service for what; check that nobody has changed it':
    '谁向服务请求了什么；检查记录是否被改动',
  'list what was asked for, the newest first': '列出请求记录，最新的在前',
  'write all entries as JSON lines': '把所有记录写成 JSON 行',
  'print the signed head of the trail; keep it elsewhere': '输出留痕的签名头；请保存在别处',
  'check an export, or the trail of the service where no file is given':
    '检查导出文件；不给文件则检查服务中的留痕',
  'run the service: API, dashboard and worker': '运行服务：API、控制台和工作进程',
  'write all that the service keeps to a new file, also while it runs':
    '把服务保存的一切写入新文件，运行中也可以',
  'put a backup in the place of what the database holds; stop the service first':
    '用备份替换数据库内容；请先停止服务',
  'run beside the servers of this host: tell the service of their logs, folders and disks':
    '在本机服务器旁运行：向服务上报其日志、目录和磁盘',
  'show on simulated nodes how data get lost, and how this service prevents it':
    '在模拟节点上演示数据如何丢失，以及本服务如何避免',
  'serve simulated Pika nodes to try the service on, until Ctrl-C':
    '提供模拟的 Pika 节点供试用，直到按 Ctrl-C',
  'print the completion script of a shell (bash, zsh, fish)': '输出 shell 补全脚本（bash、zsh、fish）',

  'tell people what needs them: Slack, DingTalk, Feishu, WeCom, e-mail':
    '把需要人工处理的事项通知到人：Slack、钉钉、飞书、企业微信、电子邮件',
  'make a channel': '创建通知渠道',
  'change what is given, and leave the rest': '修改给出的内容，其余不变',
  'list the channels, the oldest first': '列出通知渠道，最早的在前',
  'send a test message now': '立即发送一条测试消息',
  'delete a channel with its messages': '删除通知渠道及其消息',
  'list what needs a person, the newest first': '列出需要人工处理的事项，最新的在前',
  'say that you see to it: it is not said again': '确认由你处理：不再重复通知',

  // 说明
  [`
Exit codes: 0 succeeded, 1 failed, 2 wrong usage, 3 refused by preflight,
            4 halted or waiting for a person, 130 stopped watching by Ctrl-C`]: `
退出码：0 成功，1 失败，2 用法错误，3 预检拒绝，
        4 已停下或等待人工，130 用 Ctrl-C 停止查看`,
  [`
A node is host:port, with what the request permits after commas:
  10.0.0.2:9221,overwrite-data      its own data may be replaced
  10.0.0.2:9221,repoint             it may be taken away from the master it has now
  10.0.0.2:9221,seen-as=10.8.0.2:9221,credential=name`]: `
节点写成 host:port，逗号后写允许的事项：
  10.0.0.2:9221,overwrite-data      可以替换其自身数据
  10.0.0.2:9221,repoint             可以从现有主节点移走
  10.0.0.2:9221,seen-as=10.8.0.2:9221,credential=name`,
  [`
Exit codes of --verify: 0 every verdict follows, 1 changed, signed by another key, or a verdict does not follow,
                        4 looks that would show a rule are not in the file`]: `
--verify 的退出码：0 所有结论都成立，1 被改动、由其他密钥签名或有结论不成立，
                   4 文件中缺少能说明某条规则的观察`,
  [`
Exit codes of an audit: 0 every slave is whole, 1 a slave is damaged,
                        4 none is damaged, but a slave or a master is doubtful or not judged`]: `
巡检的退出码：0 所有从节点完整，1 有从节点受损，
              4 没有受损，但有从节点或主节点存疑或未判断`,
  [`
Exit codes: 0 nothing is to be done, 1 a part of the service does not work, 4 something needs a person`]: `
退出码：0 无需处理，1 服务的某部分不工作，4 有事项需要人工处理`,
  [`
Exit codes: 0 ready, 1 not ready, or the service cannot be asked`]: `
退出码：0 可读取，1 不可读取或无法询问服务`,
  [`
Exit codes: 0 nothing is found, 1 at least one error, 4 only warnings`]: `
退出码：0 没有发现问题，1 至少一个错误，4 只有警告`,
  [`
Exit codes: 0 a dump is safe (with --wait), 1 the hold was over before that, 130 you stopped waiting`]: `
退出码：0 可以安全做快照（与 --wait 合用），1 占用先结束了，130 停止等待`,
  [`
Exit codes: 0 every slave was taken out, 1 it failed or was cancelled, 4 it needs a person`]: `
退出码：0 所有从节点已摘除，1 失败或已取消，4 需要人工处理`,
  [`
Exit codes: 0 whole, 1 changed, cut off, or signed by another key,
            4 whole, but not compared with the kept head`]: `
退出码：0 完整，1 被改动、被截断或由其他密钥签名，
        4 完整，但没有与保存的签名头比较`,
  [`
The configuration file of the service is given by --config or PIKA_EXPANDER_CONFIG.`]: `
服务的配置文件由 --config 或 PIKA_EXPANDER_CONFIG 指定。`,
  [`
The database is that of the service: DATABASE_URL, or the folder of the embedded one; --config or PIKA_EXPANDER_CONFIG.`]: `
数据库即服务的数据库：DATABASE_URL，或内嵌数据库的目录；--config 或 PIKA_EXPANDER_CONFIG。`,
  [`
With --config <file> the agent reads these options from a JSON file, see docs/agent.md. The token comes from
--token-file or PIKA_EXPANDER_TOKEN.`]: `
用 --config <file> 时，代理程序从 JSON 文件读取这些选项，见 docs/agent.md。令牌来自
--token-file 或 PIKA_EXPANDER_TOKEN。`,

  // 选项
  'address of the service (else PIKA_EXPANDER_URL, config file, http://127.0.0.1:8080)':
    '服务地址（否则用 PIKA_EXPANDER_URL、配置文件、http://127.0.0.1:8080）',
  'token to sign in by; visible to others in the process list, so rather:':
    '登录用的令牌；他人可在进程列表中看到，建议改用：',
  'file that holds the token (else PIKA_EXPANDER_TOKEN, config file)':
    '存放令牌的文件（否则用 PIKA_EXPANDER_TOKEN、配置文件）',
  'config file (default: ~/.config/pika-expander/config.json)':
    '配置文件（默认：~/.config/pika-expander/config.json）',
  'print JSON: one document, or one object per line where the output goes on':
    '输出 JSON：一个文档；持续输出时每行一个对象',
  'print lines instead of moving bars': '逐行输出，不用动态进度条',
  'language of the texts (default: that of the terminal)': '文本语言（默认：终端的语言）',
  'output the version number': '输出版本号',
  'the master; may carry ,seen-as=… and ,credential=…': '主节点；可带 ,seen-as=… 和 ,credential=…',
  'an ended expansion, in place of the master: what it has left unverified':
    '用已结束的扩容任务代替主节点：处理其未通过校验的节点',
  'more nodes, one a line (- = standard input)': '更多节点，每行一个（- = 标准输入）',
  'JSON file with a policy (- = standard input); the flags win over it':
    'JSON 策略文件（- = 标准输入）；选项优先',
  'a plan that was made before, in place of master and nodes': '用已有计划代替主节点和节点',
  'a text to recognise the expansion by': '便于识别该扩容任务的文本',
  'begin then: 22:00, 2026-12-01T22:00, 2026-12-01T22:00+08:00':
    '开始时间：22:00、2026-12-01T22:00、2026-12-01T22:00+08:00',
  'start without asking': '不询问，直接启动',
  'do not watch': '启动后不查看',
  'keep watching while it waits for a person': '等待人工时继续查看',
  'the same key starts the same expansion only once': '同一个键只启动一次同一扩容任务',
  'begin after this event': '从该事件之后开始',
  'only these states': '只列这些状态',
  'only where label, master or node holds the text': '只列标签、主节点或节点含该文本的',
  'only of this master': '只列该主节点的',
  'how many (1 to 200)': '数量（1 到 200）',
  'go on where the last page ended': '从上一页末尾继续',
  'only this node, with the files, disks and log lines that agents see':
    '只看该节点，含代理程序看到的文件、磁盘和日志行',
  'write the signed evidence to this file; it must not exist': '把签名的证据写入该文件；文件不得已存在',
  'check such a file, without the service: 0 only when every verdict follows':
    '不经服务检查证据文件：所有结论都成立才返回 0',
  'with --verify: the key that must have signed it': '与 --verify 合用：必须由该密钥签名',
  'why (required); recorded with who asked': '原因（必填）；与请求者一并记录',
  'watch the expansion afterwards': '之后查看该扩容任务',
  'why; recorded with who asked': '原因；与请求者一并记录',
  'only show whether it is frozen': '只显示是否已冻结',
  'the campaign, YAML or JSON (- = standard input)': '批量扩容文件，YAML 或 JSON（- = 标准输入）',
  'only show what each member would do': '只显示每个成员将做什么',
  'the same key starts the same campaign only once': '同一个键只启动一次同一批量扩容',
  'only where label, a master or a node holds the text': '只列标签、主节点或节点含该文本的',
  'watch the campaign afterwards': '之后查看该批量扩容',
  'also cancel the expansions of members at work': '同时取消进行中成员的扩容任务',
  'more masters, one a line (- = standard input)': '更多主节点，每行一个（- = 标准输入）',
  'the masters of all expansions that the service keeps': '服务保存的所有扩容任务的主节点',
  'how the service reaches a slave that its master lists as seen-as; may be repeated':
    '服务访问从节点的地址（主节点列出的是 seen-as）；可重复',
  'how people find it again': '便于查找的标签',
  'whose slave it has to be': '必须是谁的从节点',
  'exit with 0 also where the service cannot be asked': '无法询问服务时也返回 0',
  'why (required); shown to everybody who waits for its end': '原因（必填）；等待其结束的人都会看到',
  'wait until a dump is safe': '等到可以安全做快照',
  'also those that are over': '也列已结束的',
  'connections from this IP address are no readers; may be repeated': '来自该 IP 的连接不是读者；可重复',
  'follow it until it ends or needs a person': '跟踪到结束或需要人工',
  'the same key starts the same replacement once': '同一个键只启动一次同一替换',
  'do not wait for the result': '不等待结果',
  'print the report in Markdown': '以 Markdown 输出报告',
  'plan, ask and start expansions that give damaged slaves (default: all) a full sync':
    '为受损的从节点（默认全部）生成计划、询问并启动全量同步',
  'with --repair: start without asking': '与 --repair 合用：不询问，直接启动',
  'end it; what was judged stays': '结束；已判断的结果保留',
  'its name (required): the name of the requester in events and logs':
    '名称（必填）：事件和日志中的请求者名称',
  'its role (required): viewer, operator, approver, admin, agent, producer':
    '角色（必填）：viewer、operator、approver、admin、agent、producer',
  'masters that it may act on, in the form of PIKA_NODES': '可操作的主节点，写法同 PIKA_NODES',
  'nodes that it may act on; of an agent: its servers': '可操作的节点；代理程序：其服务器',
  'only these actions of its role (docs/access.md)': '只限角色中的这些动作（docs/access.md）',
  'when it ends: 90d, 12h (default: never)': '有效期：90d、12h（默认：永久）',
  why: '原因',
  'for how long the old text counts (default: not at all)': '旧内容继续有效的时间（默认：立即失效）',
  'notify: told of events; veto: asked before steps; trail: told of entries of the trail':
    'notify：接收事件；veto：在步骤前被询问；trail：接收留痕记录',
  'only these types of events (default: all)': '只限这些事件类型（默认：全部）',
  'of a veto: the steps that it is asked about (default: before_batch)':
    'veto：在哪些步骤前询问（默认：before_batch）',
  'of a veto: how long its answer may take (default: 1h)': 'veto：应答的时限（默认：1h）',
  'print all differences as JSON lines': '把所有差异输出为 JSON 行',
  'pause it': '暂停',
  'go on': '继续',
  'end it': '结束',
  'file to write; it must not exist (default: standard output)': '要写入的文件；不得已存在（默认：标准输出）',
  'put other addresses in the place of all': '用其他地址替换所有地址',
  'the master, named m in the recording; nodes are s1, s2, …': '主节点，在录制中名为 m；节点名为 s1、s2、…',
  'file to write; it must not exist': '要写入的文件；不得已存在',
  'end after this time (or by Ctrl-C)': '到时结束（或按 Ctrl-C）',
  'time between two looks at a server': '两次查看之间的间隔',
  'follow this log file of m, s1, … on this machine': '跟踪本机上 m、s1、… 的日志文件',
  'file that holds the password of the servers': '存放服务器密码的文件',
  'log files of its master: they tell of dumps that were made meanwhile':
    '其主节点的日志文件：说明期间做过哪些快照',
  'only of this token': '只列该令牌的',
  'only this method and route': '只列该方法和路由',
  'only what concerns this id': '只列与该 id 有关的',
  'only from then on: 24h ago, or 2026-12-01T22:00': '只列此后的：24h 前，或 2026-12-01T22:00',
  'write them to this file; it must not exist': '写入该文件；不得已存在',
  'only what comes after the entry of this number': '只列该编号之后的记录',
  'a head that was kept: the trail must still hold what it saw': '保存的签名头：留痕必须仍包含其所见',
  'the key that must have signed it': '必须由该密钥签名',
  'what this process does': '该进程的职责',
  'where to listen (default: 127.0.0.1)': '监听地址（默认：127.0.0.1）',
  'port to listen on (default: 8080)': '监听端口（默认：8080）',
  'folder of the embedded database (default: ./data)': '内嵌数据库的目录（默认：./data）',
  'fatal, error, warn, info, debug, trace or silent': 'fatal、error、warn、info、debug、trace 或 silent',
  'also restore it into a database of its own, and compare': '并恢复到独立的数据库进行比对',
  'also where the database holds expansions; they are gone then': '数据库中已有扩容任务也执行；它们会丢失',
  'only note that pg_restore, or a copy of the disk, has restored the database':
    '只注明数据库已由 pg_restore 或磁盘副本恢复',
  'address of the service (else --url, PIKA_EXPANDER_URL)': '服务地址（否则用 --url、PIKA_EXPANDER_URL）',
  'pika.conf of a server; may be repeated (default: of those that run)':
    '服务器的 pika.conf；可重复（默认：正在运行的）',
  'address under which a server is known; may be repeated': '服务器的公开地址；可重复',
  'file in which it keeps its place in the logs': '记录日志读取位置的文件',
  'print one report and end; nothing is sent': '输出一份上报内容后结束；不发送',
  'leave the service running at the end, until Ctrl-C (default: on a terminal)':
    '结束后保持服务运行，直到按 Ctrl-C（默认：在终端上如此）',
  'release of Pika that the nodes play (default: 3.5.4)': '节点模拟的 Pika 版本（默认：3.5.4）',
  'empty nodes beside the master (default: 6)': '主节点之外的空节点数（默认：6）',
  'port of the master; those of the nodes follow (default: 9221; 0: any free ports)':
    '主节点端口，节点端口依次递增（默认：9221；0：任意空闲端口）',
  'keys on the master (default: 24000)': '主节点上的 key 数（默认：24000）',
  'writes to the master, per second (default: 200)': '主节点每秒写入次数（默认：200）',
  'what people call it (required)': '便于识别的名称（必填）',
  'what people call it': '便于识别的名称',
  'what it is (required): slack, dingtalk, feishu, wecom, email, generic':
    '类型（必填）：slack、dingtalk、feishu、wecom、email、generic',
  'file with the address that the service gave you (required), or:':
    '存放对方服务所给地址的文件（必填），或：',
  'file with the address that the service gave you, or:': '存放对方服务所给地址的文件，或：',
  'the address itself; visible to others in the process list': '地址本身；他人可在进程列表中看到',
  'file with the secret that signs, or the password of the mail server': '存放签名密钥或邮件服务器密码的文件',
  'of email: the sender': 'email：发件人',
  'of email: the receivers': 'email：收件人',
  'of email: the login': 'email：登录名',
  'only these topics, or all: halted, approval, failed, node, setting, replacement, audit, guard, frozen, unattended':
    '只限这些主题，all 表示全部：halted、approval、failed、node、setting、replacement、audit、guard、frozen、unattended',
  'only incidents of these masters, in the form of PIKA_NODES, or all':
    '只限这些主节点的事项，写法同 PIKA_NODES，all 表示全部',
  'the language of its messages: en, zh (default: en)': '消息语言：en、zh（默认：en）',
  'quiet hours and their time zone, as 22:00-08:00 Asia/Shanghai, or never':
    '免打扰时段及时区，如 22:00-08:00 Asia/Shanghai，never 表示没有',
  'what is said in quiet hours all the same (default: halted unattended)':
    '免打扰时段仍要通知的主题（默认：halted unattended）',
  'what nobody acknowledges is said again after this time, or never (default: 30m)':
    '无人确认时隔多久再次通知，或 never（默认：30m）',
  'what you tell the others': '留给其他人的说明',
};
