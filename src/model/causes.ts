/** Why a full sync does not end whole, and what helps. A diagnosis finds causes by INFO and bytes; log lines name them too. */
import { type FaultInUse, usedWords } from './knowledge.ts';
import { type Facts, plain, type Reader, read, type Text } from './text.ts';

/**
 * Whether another copy can help against a cause. `yes`: the cause is an event, which has passed when the next copy begins.
 * `once`: perhaps, if the cause has gone meanwhile; when the same cause is found again, a person is asked.
 */
export type CopyHelps = 'yes' | 'once' | 'no';

interface CauseRow {
  readonly copyHelps: CopyHelps;
  /** How it looks on real servers (docs/diagnosis.md). */
  readonly looks: Readonly<Record<'info' | 'bytes' | 'logs', string>>;
  // biome-ignore lint/suspicious/noExplicitAny: as steps
  readonly title: Text<any>;
  /** What would tell whether it is this cause. */
  readonly wouldTell: Text;
  /** What a person does about it; then the full sync is repeated. */
  // biome-ignore lint/suspicious/noExplicitAny: a table holds steps of different facts
  readonly steps: Text<any, readonly string[]>;
  /** The steps end without another full sync. */
  readonly noRepeat?: true;
}

const steps = (en: readonly string[], zh: readonly string[]): CauseRow['steps'] => ({
  en: () => en,
  zh: () => zh,
});

interface OfFaults {
  readonly faults: readonly FaultInUse[];
}

/** What each fault of these two versions does and what to do instead, and what else is to be done. */
const stepsAgainstFaults = (
  en: readonly string[],
  zh: readonly string[],
): Text<OfFaults, readonly string[]> => ({
  en: ({ faults }, reader) => [...faults.map((fault) => faultStep(fault, reader)), ...en],
  zh: ({ faults }, reader) => [...faults.map((fault) => faultStep(fault, reader)), ...zh],
});

function faultStep({ used, text: what, instead }: FaultInUse, reader: Reader): string {
  const { language } = reader;
  return `${usedWords(used, reader)}${what[language]}${{ en: ' ', zh: '' }[language]}${instead[language]}`;
}

interface OfFolder {
  /** Folder of the database on the node; absent = no log names it. */
  readonly folder?: string;
}

/** Steps for a node that dies at each start, because its database is an unfinished copy. */
const unfinishedCopy = (
  en: readonly string[] = [],
  zh: readonly string[] = [],
): Text<OfFolder, readonly string[]> => ({
  en: (facts) => {
    const folder = folderOf(facts);
    return [
      ...en,
      `On the node, keep the process stopped and move ${folder} away: it holds the unfinished copy.`,
      `The old data lie in ${folder}_bak. Move this folder to ${folder} if you want them back, then start the node.`,
    ];
  },
  zh: (facts) => {
    const folder = folderOf(facts);
    return [
      ...zh,
      `在节点上保持进程停止，移走 ${folder}：其中是不完整的副本。`,
      `旧数据在 ${folder}_bak 中。如需恢复，请把它改回 ${folder}，然后启动节点。`,
    ];
  },
});

const folderOf = (facts: OfFolder): string => ('folder' in facts ? facts.folder! : 'db/<db>');

/** For what a master refuses a node. */
export type Refusal = 'auth' | 'id' | 'databases';

interface OfRefusal {
  /** Absent = nobody has read the log of the node. */
  readonly refusal?: Refusal;
}

const refusals: Readonly<Record<Refusal, { readonly what: Text; readonly step: Text }>> = {
  auth: {
    what: plain('masterauth is wrong or missing', 'masterauth 错误或缺失'),
    step: plain(
      'On the node, set masterauth to the master’s requirepass.',
      '在节点上把 masterauth 设为主节点的 requirepass。',
    ),
  },
  databases: {
    what: plain('the numbers of `databases` differ', '两边的 `databases` 数量不同'),
    step: plain(
      'Check that `databases` is the same in the configuration files of both; a change needs a restart.',
      '确认两边配置文件中的 `databases` 相同；修改后需要重启。',
    ),
  },
  id: {
    what: plain('the node holds the replication id of another master', '节点带有其他主节点的 replication id'),
    step: plain(
      'If the data of the node may be replaced, run SLAVEOF NO ONE, then CLEARREPLICATIONID on the node.',
      '如果节点的数据可以被覆盖，在节点上先执行 SLAVEOF NO ONE，再执行 CLEARREPLICATIONID。',
    ),
  },
};

const refusalOf = (facts: OfRefusal): Refusal | undefined => ('refusal' in facts ? facts.refusal : undefined);

function refusalWords(facts: OfRefusal, reader: Reader, before: string): string {
  const refusal = refusalOf(facts);
  return refusal ? `${before}${refusals[refusal].what[reader.language]({}, reader)}` : '';
}

/** Where nobody knows for what the master refused the node, what can be wrong. */
function refusalSteps(facts: OfRefusal, reader: Reader): readonly string[] {
  const refusal = refusalOf(facts);
  return refusal
    ? [refusals[refusal].step[reader.language]({}, reader)]
    : findRefusal[reader.language]({}, reader);
}

const findRefusal = steps(
  [
    'On the node, set masterauth to the master’s requirepass; check that `databases` is the same on both.',
    'Look into the node’s log for “Invalid masterauth”, “inconsistent with master” or “replicationid”.',
    'A setting alone changes nothing until the node is attached again.',
  ],
  [
    '在节点上把 masterauth 设为主节点的 requirepass；确认两边的 `databases` 相同。',
    '在节点日志中查找 “Invalid masterauth”、“inconsistent with master” 或 “replicationid”。',
    '仅修改配置不会生效，必须重新挂载。',
  ],
);

export const causes = {
  snapshot_superseded: {
    copyHelps: 'yes',
    looks: {
      info: 'LASTSAVE of the master changes while a database of the node is in WaitDBSync. On 3.5.0 to 3.5.4 and 4.0.0 the link can be up afterwards.',
      bytes: 'Fewer bytes have come than the snapshot holds, or none come any more.',
      logs: 'Node: “receive newer dump, reset state to STOP”. Master: “bgsave_info: path=…” during the copy.',
    },
    title: plain(
      'The master made a newer dump while the node was still copying the old dump.',
      '节点还在复制旧快照时，主节点又做了新的快照。',
    ),
    wouldTell: plain(
      'LASTSAVE on the master: it changes with each dump.',
      '主节点的 LASTSAVE：每做一次快照都会变化。',
    ),
    steps: steps(
      [
        'Add nodes one at a time. Keep backups (BGSAVE) and other tools away from this master until the full syncs have ended.',
      ],
      ['逐个添加节点。全量同步结束之前，不要在该主节点上做备份 (BGSAVE)，也不要让其他工具操作它。'],
    ),
  },
  copy_incomplete: {
    copyHelps: 'once',
    looks: {
      info: 'The link is up, the lag is 0 and every database is connected. From 3.5.5 and 4.0.1 on `is_eligible_for_master_election` can be false.',
      bytes: 'Fewer bytes have come than the snapshot holds.',
      logs: 'Node: “Change db success”, and fewer lines “copy remote file” than “file_set”.',
    },
    title: plain('The node has opened an incomplete copy.', '节点打开了不完整的副本。'),
    wouldTell: plain(
      'The node’s log: a complete copy has a line “copy remote file” for each file of the list, and no line “receive newer dump”.',
      '节点日志：完整的复制对列表中每个文件都有一行 “copy remote file”，且没有 “receive newer dump”。',
    ),
    steps: steps(
      ['Nobody should read from this node until it is verified.'],
      ['该节点通过校验之前，不要读取它。'],
    ),
  },
  copy_stalled: {
    copyHelps: 'once',
    looks: {
      info: 'A database stays in WaitDBSync.',
      bytes:
        '`total_net_repl_input_bytes` of the node grew, and grows no more, or by pings alone (some 16 B/s).',
      logs: 'Node: “rsync timeout” means the network. No new line at all means a process that hangs.',
    },
    title: plain('The copy began, and no more files come.', '复制已开始，但不再有文件到达。'),
    wouldTell: plain(
      'The logs of node and master: “rsync timeout” means the network, nothing at all means a process that hangs.',
      '节点与主节点的日志：“rsync timeout” 说明是网络问题；什么都没有说明进程卡住。',
    ),
    steps: steps(
      ['Check the network between node and master, and whether both processes work.'],
      ['检查节点与主节点之间的网络，以及两边的进程是否正常。'],
    ),
  },
  copy_too_slow: {
    copyHelps: 'once',
    looks: {
      info: 'A database stays in WaitDBSync.',
      bytes:
        '`total_net_repl_input_bytes` of the node grows, by less than a hundredth of the snapshot in minutes.',
      logs: 'Node: “copy remote file” lines, far apart.',
    },
    title: plain('Files come so slowly that the copy never ends.', '文件到达得太慢，复制永远不会结束。'),
    wouldTell: plain(
      'CONFIG GET throttle-bytes-per-second on the node; the load of the disks and of the network.',
      '节点上的 CONFIG GET throttle-bytes-per-second；磁盘与网络的负载。',
    ),
    steps: steps(
      [
        'Look at throttle-bytes-per-second of the node, and raise it with CONFIG SET if it is low.',
        'Check the network between node and master, and the load of their disks.',
      ],
      [
        '查看节点的 throttle-bytes-per-second，若过低请用 CONFIG SET 调高。',
        '检查节点与主节点之间的网络以及两边磁盘的负载。',
      ],
    ),
  },
  disk_full: {
    copyHelps: 'no',
    looks: {
      info: 'A database stays in WaitDBSync without an end.',
      bytes:
        'The node receives more than the snapshot holds, since it starts files again and again: 12.7 GB for 156 MB in one run.',
      logs: 'Node: “pwrite failed” with “No space left on device”. With log-path on the full disk lines are missing.',
    },
    title: plain('The disk of the node is full.', '节点的磁盘已满。'),
    wouldTell: plain(
      'pika.INFO of the node: “No space left on device”; `df -h` of db-sync-path.',
      '节点的 pika.INFO 中有 “No space left on device”；对 db-sync-path 执行 `df -h`。',
    ),
    steps: steps(
      ['Make room on the node: the copy needs the size of the snapshot beside the old data.'],
      ['在节点上腾出空间：除旧数据外，复制还需要与快照同样大的空间。'],
    ),
  },
  requests_time_out: {
    copyHelps: 'no',
    looks: {
      info: 'A database stays in WaitDBSync without an end.',
      bytes:
        'The node receives more than the snapshot holds, as with a full disk: 464 MB for 33 MB in 90 s with rsync-timeout-ms 20 on 4.0.1, and not one file was whole. On 3.5.4 little comes for 20 s, because small files come first.',
      logs: 'Node: “rsync timeout”, ten times for a file, which it then starts again.',
    },
    title: plain(
      'Requests for files time out: the network is slower than throttle-bytes-per-second, or rsync-timeout-ms is too short.',
      '请求文件超时：网络比 throttle-bytes-per-second 慢，或 rsync-timeout-ms 太短。',
    ),
    wouldTell: plain(
      'pika.INFO of the node: “rsync timeout”; rsync-timeout-ms in its configuration file (default: 1000). CONFIG GET does not show it.',
      '节点的 pika.INFO 中有 “rsync timeout”；以及其配置文件中的 rsync-timeout-ms（默认 1000；CONFIG GET 读不到）。',
    ),
    steps: steps(
      [
        'Run CONFIG SET rsync-timeout-ms 1000 on the node, and set it in its configuration file as well.',
        'If it was 1000 or more before, set throttle-bytes-per-second below the rate of the network.',
        'If pika.INFO of the node says “No space left on device”, make room on its disk instead.',
      ],
      [
        '在节点上执行 CONFIG SET rsync-timeout-ms 1000，并在其配置文件中同样设置。',
        '若原本已不小于 1000，请把 throttle-bytes-per-second 设到网络速率以下。',
        '若节点的 pika.INFO 中有 “No space left on device”，则应腾出磁盘空间。',
      ],
    ),
  },
  dump_failed: {
    copyHelps: 'once',
    looks: {
      info: 'A database stays in WaitDBSync; on 3.5.3 and 3.5.4 it can be Error. The master shows “full syncing” and `is_bgsaving:No`. LASTSAVE moves all the same.',
      bytes:
        '200 to 520 B/s come and no file. The same after some files means that the folder of the dump was deleted meanwhile.',
      logs: 'Master: “create new backup failed”, then “open file … failed” without an end. Node: a list of one file.',
    },
    title: plain('The dump of the master failed or is missing.', '主节点的快照失败或不存在。'),
    wouldTell: plain(
      'pika.WARNING of the master: “create new backup failed”. LASTSAVE proves nothing: it moves with a failed dump too.',
      '主节点的 pika.WARNING 中有 “create new backup failed”。LASTSAVE 不能说明问题：快照失败时它也会变化。',
    ),
    steps: steps(
      [
        'On the master, look at the free space of dump-path (`df -h`) and at the rights of its folder.',
        'On the master, look into pika.WARNING for “create new backup failed”.',
        'When dump-path can be written, run BGSAVE on the master.',
      ],
      [
        '在主节点上检查 dump-path 的剩余空间 (`df -h`) 与目录权限。',
        '在主节点的 pika.WARNING 中查找 “create new backup failed”。',
        'dump-path 可写之后，在主节点执行 BGSAVE。',
      ],
    ),
  },
  rsync_port_closed: {
    copyHelps: 'once',
    looks: {
      info: 'A database stays in WaitDBSync. 3.5.4 shows Error after about 12 s, and from 3.5.5 on after 64 tries.',
      bytes: 'About 16 B/s come: pings.',
      logs: 'Node: “copy remote meta failed”. Master: no “connection accepted” of rsync_server.cc.',
    },
    title: plain(
      'The node gets no answer from port + 10001 of the master, through which the files come.',
      '节点无法从主节点的端口 + 10001（传输文件的端口）得到应答。',
    ),
    wouldTell: plain(
      'From the node: connect to port + 10001 of the master.',
      '从节点所在主机连接主节点的端口 + 10001。',
    ),
    steps: steps(
      [
        'From the node, try to connect to port + 10001 of the master; open it in firewalls and port mappings.',
      ],
      ['从节点所在主机尝试连接主节点的端口 + 10001；在防火墙与端口映射中放行。'],
    ),
  },
  replication_port_closed: {
    copyHelps: 'no',
    looks: {
      info: 'The link is down and every database stays in NoConnect. The master does not list the node.',
      bytes: '0 bytes have come since SLAVEOF.',
      logs: 'Node: “Try Send Meta Sync” every 10 s. “close connection … reason 7” means refused; nothing more means that packets are dropped.',
    },
    title: plain(
      'The node cannot reach port + 2000 of the master, through which it asks for everything.',
      '节点无法连接主节点的端口 + 2000（所有复制请求的端口）。',
    ),
    wouldTell: plain(
      'From the node: connect to port + 2000 of the master.',
      '从节点所在主机连接主节点的端口 + 2000。',
    ),
    steps: steps(
      [
        'From the node, try to connect to port + 2000 of the master; open it in firewalls and port mappings.',
        'If the node sees the master under another address than the service does, name that address as `seenAs` of the master.',
      ],
      [
        '从节点所在主机尝试连接主节点的端口 + 2000；在防火墙与端口映射中放行。',
        '如果节点看到的主节点地址与服务看到的不同，请在主节点的 `seenAs` 中写明。',
      ],
    ),
  },
  master_refuses: {
    copyHelps: 'no',
    looks: {
      info: 'The link is down and every database stays in NoConnect. The master does not list the node.',
      bytes: '52 bytes have come once since SLAVEOF: one question and its answer.',
      logs: 'Node: “Invalid masterauth”, or that the replication id or the number of databases differs.',
    },
    title: {
      en: (facts: OfRefusal, reader) => `The master refused the node${refusalWords(facts, reader, ': ')}.`,
      zh: (facts: OfRefusal, reader) => `主节点拒绝了该节点${refusalWords(facts, reader, '：')}。`,
    },
    wouldTell: plain(
      'The node’s log: “Invalid masterauth”, “inconsistent with master” or “replicationid”.',
      '节点日志中的 “Invalid masterauth”、“inconsistent with master” 或 “replicationid”。',
    ),
    steps: {
      en: (facts: OfRefusal, reader) => refusalSteps(facts, reader),
      zh: (facts: OfRefusal, reader) => refusalSteps(facts, reader),
    },
  },
  already_listed: {
    copyHelps: 'once',
    looks: {
      info: 'The link is down and every database stays in NoConnect, yet the master lists the address of the node.',
      bytes: 'Some 50 bytes come every 10 s.',
      logs: 'Master: “Slave AlreadyExist”.',
    },
    title: plain(
      'The master still lists an earlier connection of the node, and does not take a second one.',
      '主节点仍列着该节点先前的连接，不接受第二个连接。',
    ),
    wouldTell: plain(
      'The master’s log: “Slave AlreadyExist”. The entry goes 180 s after the last word of the earlier connection.',
      '主节点日志中的 “Slave AlreadyExist”。先前连接静默 180 秒后，该条目消失。',
    ),
    steps: steps(
      ['Look whether another node announces the same address and port to the master (NAT, containers).'],
      ['检查是否有其他节点以相同的地址与端口向主节点注册（NAT、容器）。'],
    ),
  },
  listed_otherwise: {
    copyHelps: 'no',
    looks: {
      info: 'The node is up. The master lists no entry of its address, and has an entry that belongs to no known node.',
      bytes: 'All bytes of the snapshot have come.',
      logs: 'Master: “Add New Slave” with an address that is not among those of the node.',
    },
    title: plain(
      'The master lists the node under an address that the service does not know.',
      '主节点以本服务不知道的地址列出了该节点。',
    ),
    wouldTell: plain(
      'The address from which the node connects to its master (`ss -tn` on the node): the master lists that address.',
      '节点连接主节点时使用的地址（在节点上执行 `ss -tn`）：主节点列出的就是它。',
    ),
    steps: steps(
      [
        'Find out under which of the named addresses the master lists the node.',
        'Cancel this expansion. The node keeps following its master.',
        'Name that address as seenAs (seen-as on the command line) of the node in a new request, with permission to replace its data.',
      ],
      [
        '确认主节点以上述哪个地址列出该节点。',
        '取消本扩容任务。该节点会继续跟随主节点。',
        '在新请求中用 seenAs（命令行为 seen-as）写明该地址，并允许覆盖其数据。',
      ],
    ),
    noRepeat: true,
  },
  reply_missed: {
    copyHelps: 'yes',
    looks: {
      info: 'The link is down and a database stays in kWaitReply (`connecting`). The master shows “not syncing”.',
      bytes: 'All bytes of the snapshot have come, and no more come.',
      logs: 'Node: “TrySync Ok” or “Need Wait To Sync”, and 2 s later INFO still says kWaitReply.',
    },
    title: plain(
      'The reply of the master came before the node waited for it, so the node waits for ever (a fault of Pika).',
      '主节点的应答早于节点进入等待状态，节点因此一直等待（Pika 的缺陷）。',
    ),
    wouldTell: plain(
      'The node’s log: “TrySync Ok” or “Need Wait To Sync” while INFO says WaitReply.',
      '节点日志有 “TrySync Ok” 或 “Need Wait To Sync”，而 INFO 显示 WaitReply。',
    ),
    steps: steps(
      ['If it happens often, look at the load of the node’s host.'],
      ['如果经常出现，请检查该节点主机的负载。'],
    ),
  },
  doing_bgsave: {
    copyHelps: 'once',
    looks: {
      info: '`is_bgsaving:Yes` on the master for more than 10 s. 3.5.3 and 3.5.4 show Error, and begin again by themselves after about 118 s.',
      bytes: 'No file comes before the dump is there.',
      logs: 'Node: “kRsyncMeta request failed! db is not exist or doing bgsave, retries:10”. Master: “waiting bgsave done”.',
    },
    title: plain(
      'The dump of the master takes longer than the 10 s for which the node waits for the list of files.',
      '主节点做快照的时间超过了节点等待文件列表的 10 秒。',
    ),
    wouldTell: plain(
      'The node’s log: “copy remote meta failed”; the time from “bgsave” to LASTSAVE on the master.',
      '节点日志中的 “copy remote meta failed”；主节点从 bgsave 到 LASTSAVE 变化的时间。',
    ),
    steps: steps(
      [
        'Look why dumps of the master take so long: dump-path on another disk than db-path, or very many files.',
      ],
      ['检查主节点做快照为何这么慢：dump-path 与 db-path 不在同一磁盘，或文件数量极多。'],
    ),
  },
  copy_on_another_mount: {
    copyHelps: 'no',
    looks: {
      info: 'The state changes from WaitDBSync to Error at the end of the copy.',
      bytes: 'All bytes of the snapshot have come.',
      logs: 'Node: “Failed to rename” with “Invalid cross-device link”.',
    },
    title: plain(
      'db-sync-path of the node lies on another mount than its db-path, so the node cannot move the copy into place.',
      '节点的 db-sync-path 与 db-path 不在同一挂载点，无法把副本移动到位。',
    ),
    wouldTell: plain(
      'The node’s log: “Failed to rename”; `df` of db-sync-path and of db-path name two devices.',
      '节点日志中的 “Failed to rename”；对 db-sync-path 与 db-path 执行 `df` 显示两个设备。',
    ),
    steps: {
      en: (facts: OfFolder) => [
        `Do not read from this node, and do not attach it again: the first read ends its process, and the next full sync deletes its old data in ${folderOf(facts)}_bak.`,
        `Stop its process. Save ${folderOf(facts)}_bak if the old data matter.`,
        'Put db-sync-path on the same mount as db-path, and start the node.',
      ],
      zh: (facts: OfFolder) => [
        `不要读取该节点，也不要再次挂载：第一次读取会使进程退出，下一次全量同步会删除 ${folderOf(facts)}_bak 中的旧数据。`,
        `停止该进程。如果旧数据重要，请先保存 ${folderOf(facts)}_bak。`,
        '把 db-sync-path 放到与 db-path 相同的挂载点，启动节点。',
      ],
    },
  },
  command_not_applied: {
    copyHelps: 'no',
    looks: {
      info: 'The link goes up and down. The binlog offset of the node stands still, and the lag reads 0.',
      bytes: 'Bytes of the binlog come again and again.',
      logs: 'Node: “Fail to initial command from binlog”, then “Redis parser failed” ten times a second.',
    },
    title: plain(
      'The node cannot apply a command of the master’s binlog, and stops there for good (a fault of Pika 4.0).',
      '节点无法应用主节点 binlog 中的某条命令，永久停在此处（Pika 4.0 的缺陷）。',
    ),
    wouldTell: plain(
      'The node’s log: “Fail to initial command from binlog”, then “Redis parser failed” ten times a second.',
      '节点日志中先有 “Fail to initial command from binlog”，随后每秒十次 “Redis parser failed”。',
    ),
    steps: stepsAgainstFaults(
      [
        'Run BGSAVE on the master, so that the dump lies after the command.',
        'Restart the node’s process: its parser stays broken until then.',
        'Check the other slaves of this master: the same command stops them all.',
      ],
      [
        '在主节点执行 BGSAVE，使快照位于该命令之后。',
        '重启该节点的进程：在此之前它的解析器一直是坏的。',
        '检查该主节点的其他从节点：同一条命令会使它们全部停止。',
      ],
    ),
  },
  offsets_apart: {
    copyHelps: 'once',
    looks: {
      info: 'A database was connected, changes to Error and stays there.',
      bytes: 'Bytes came until the first INCR, INCRBY or APPEND of the master.',
      logs: 'Node: “TrySync Error, Because the invalid filenum and offset”. Master: “Slave offset is larger than mine”.',
    },
    title: plain(
      'The node has logged a command in other words than its master, so that the master no longer knows its offset.',
      '节点写入 binlog 的命令与主节点不同，主节点不再认识它的偏移量。',
    ),
    wouldTell: plain(
      'The versions of both: a slave of 3.5.5 under a master of 3.5.4 breaks at the first INCR, INCRBY or APPEND.',
      '两边的版本：3.5.4 主节点下的 3.5.5 从节点在第一条 INCR、INCRBY 或 APPEND 时中断。',
    ),
    steps: steps(
      [
        'Let node and master run the same version. To upgrade from 3.5.4 to 3.5.5, upgrade a node that has no master, or the master first.',
      ],
      ['让节点与主节点运行相同版本。从 3.5.4 升级到 3.5.5 时，先升级没有主节点的节点，或先升级主节点。'],
    ),
  },
  replicated_wrongly: {
    copyHelps: 'no',
    looks: {
      info: 'The link is up, the lag is 0 and every database is connected.',
      bytes: 'All bytes of the snapshot have come.',
      logs: 'Nothing. The comparison tells: the keys were written by such commands since the dump.',
    },
    title: plain(
      'The full sync was whole; this version of Pika replicates some commands wrongly.',
      '全量同步是完整的；是该版本的 Pika 错误地复制了某些命令。',
    ),
    wouldTell: plain(
      'Compare a key right after it was written by such a command: it differs on every slave of this master.',
      '用这类命令写入一个键后立即比较：它在该主节点的每个从节点上都不同。',
    ),
    steps: stepsAgainstFaults(
      [
        'Another full sync does not help. Change the application or the version, then retry the node; or skip it if you accept the difference.',
      ],
      ['再做一次全量同步没有用。请修改应用或更换版本，然后重试该节点；如果可以接受差异，也可以跳过它。'],
    ),
    noRepeat: true,
  },
  lost_after_flush: {
    copyHelps: 'no',
    looks: {
      info: 'The link is up, the lag is 0 and every database is connected.',
      bytes: 'All bytes of the snapshot have come. After a flush the master is much smaller than this now.',
      logs: 'Nothing. The comparison tells: the keys were written right after or right before the delete.',
    },
    title: plain(
      'The master deleted keys by FLUSHALL, FLUSHDB or PKPATTERNMATCHDEL. Slaves of this version apply these beside other writes, so that keys get lost or stay.',
      '主节点执行过 FLUSHALL、FLUSHDB 或 PKPATTERNMATCHDEL。该版本的从节点把它们与其他写入并行执行，会丢失或残留部分键。',
    ),
    wouldTell: plain(
      'The missing keys were all written right after the delete, and the keys that the node has alone right before it.',
      '缺失的键都是在删除之后立即写入的，仅节点持有的键都是在删除之前不久写入的。',
    ),
    steps: steps(
      [
        'Run BGSAVE on the master: without it, the next full sync gets the dump from before the delete again.',
      ],
      ['在主节点执行 BGSAVE：否则下一次全量同步仍会得到删除之前的快照。'],
    ),
  },
  dump_during_copy: {
    copyHelps: 'yes',
    looks: {
      info: 'LASTSAVE of the master changes shortly before the copy ends.',
      bytes: 'All bytes of the snapshot have come.',
      logs: 'Master: “bgsave_info: path=…” between “Rsync Meta request” and the node’s last “copy remote file”.',
    },
    title: plain(
      'The master began a dump while the node copied its last files: they may belong to another dump.',
      '节点复制最后几个文件时主节点开始做新快照：这些文件可能来自另一个快照。',
    ),
    wouldTell: plain(
      'Compare the data of node and master: files of two dumps leave keys missing or different.',
      '对比节点与主节点的数据：来自两个快照的文件会造成键缺失或不同。',
    ),
    steps: steps(['Compare the data of node and master.'], ['对比节点与主节点的数据。']),
  },
  proof_gone: {
    copyHelps: 'once',
    looks: {
      info: 'As a whole copy: link up, the data agree.',
      bytes: 'All bytes of the snapshot have come.',
      logs: 'Master: “bgsave_info: path=…” during the copy or right after it.',
    },
    title: plain(
      'What proves the files of the copy was gone before the agents saw it.',
      '代理程序看到之前，能证明副本文件的证据已经消失。',
    ),
    wouldTell: plain(
      'The rule `files_complete` in the evidence names what is missing.',
      '证据中的规则 `files_complete` 指明缺少什么。',
    ),
    steps: steps(
      [
        'Keep backups (BGSAVE) and heavy writes away from the master until the full sync has ended, then retry the node.',
        'The data of the node agreed. To accept that as proof, skip the node, or leave `requireAgent` out of a new request.',
      ],
      [
        '全量同步结束之前，不要在主节点上做备份 (BGSAVE)，并避免大量写入；然后重试该节点。',
        '该节点的数据一致。若认可这一点，可跳过该节点，或在新请求中去掉 `requireAgent`。',
      ],
    ),
  },
  write_failed: {
    copyHelps: 'once',
    looks: {
      info: 'A database stays in WaitDBSync.',
      bytes: 'The node receives the same files again and again.',
      logs: 'Node: “pwrite failed” with another error than “No space left on device”.',
    },
    title: plain('The node could not write a file.', '节点无法写入文件。'),
    wouldTell: plain(
      'The node’s log: “pwrite failed” with its errno.',
      '节点日志中的 “pwrite failed” 与 errno。',
    ),
    steps: steps(
      [
        'Look at the disk of the node, and whether db-sync-path exists and can be written: its rights, a read-only mount.',
      ],
      ['检查节点的磁盘，以及 db-sync-path 是否存在、是否可写：权限、只读挂载。'],
    ),
  },
  manifest_missing: {
    copyHelps: 'no',
    looks: {
      info: 'The node does not answer: its process has ended.',
      bytes: 'Fewer bytes have come than the snapshot holds.',
      logs: 'Node: “open … db failed” with “No such file or directory” and MANIFEST, at each start.',
    },
    title: plain(
      'The node died when it opened the copy: the MANIFEST is missing.',
      '节点打开副本时退出：缺少 MANIFEST。',
    ),
    wouldTell: plain('pika.FATAL of the node: its last line.', '节点的 pika.FATAL：最后一行。'),
    steps: unfinishedCopy(),
  },
  checksum: {
    copyHelps: 'no',
    looks: {
      info: 'The node does not answer: its process has ended.',
      bytes: 'All bytes of the snapshot have come.',
      logs: 'Node: “open … db failed” with “checksum mismatch”, at each start.',
    },
    title: plain(
      'The node died when it opened the copy: a checksum is wrong.',
      '节点打开副本时退出：校验和不符。',
    ),
    wouldTell: plain('pika.FATAL of the node: its last line.', '节点的 pika.FATAL：最后一行。'),
    steps: unfinishedCopy(['Check disk and memory of both hosts.'], ['检查两台主机的磁盘与内存。']),
  },
  crashed_on_open: {
    copyHelps: 'no',
    looks: {
      info: 'The node does not answer: its process has ended.',
      bytes: 'Fewer bytes have come than the snapshot holds.',
      logs: 'Node: “open … db failed” with “Corruption” or “IO error”, at each start.',
    },
    title: plain('The node died when it opened its database.', '节点打开数据库时退出。'),
    wouldTell: plain('pika.FATAL of the node: its last line.', '节点的 pika.FATAL：最后一行。'),
    steps: unfinishedCopy(),
  },
  hung_in_full_sync: {
    copyHelps: 'once',
    looks: {
      info: 'A database stays in WaitDBSync without an end (3.5.0 to 3.5.4 and 4.0.0).',
      bytes: 'Files came, and no more come.',
      logs: 'Node: “info path: … not exist”, ten times a second.',
    },
    title: plain(
      'The node hangs: its copy ended without the file info, and it waits for this file for ever.',
      '节点卡住：复制结束但没有 info 文件，节点会永远等下去。',
    ),
    wouldTell: plain(
      'The node’s log: “info path: … not exist”, ten times a second.',
      '节点日志中每秒十次的 “info path: … not exist”。',
    ),
    steps: steps(
      ['Find in the log what ended the copy before its time; most often a newer dump of the master.'],
      ['在日志中查明是什么提前结束了复制；多数情况是主节点做了新的快照。'],
    ),
  },
  swap_failed: {
    copyHelps: 'no',
    looks: {
      info: 'The state changes from WaitDBSync to Error at the end of the copy.',
      bytes: 'All bytes of the snapshot have come.',
      logs: 'Node: “Failed to rename” or “Failed to change db”.',
    },
    title: plain('The node could not put the copy in place of its database.', '节点无法用副本替换原数据库。'),
    wouldTell: plain(
      'The node’s log: the lines before “Failed to change db”.',
      '节点日志中 “Failed to change db” 之前的几行。',
    ),
    steps: steps(
      ['Look at the rights and mounts of db-path and db-sync-path.'],
      ['检查 db-path 与 db-sync-path 的权限和挂载点。'],
    ),
  },
  session_lost: {
    copyHelps: 'yes',
    looks: {
      info: 'The link goes down, and the database leaves WaitDBSync.',
      bytes: 'The copy begins again from its first byte.',
      logs: 'Node: “Master conn disconnect”, then “RsyncClient stop”.',
    },
    title: plain('The node lost its connection to the master.', '节点与主节点的连接断开。'),
    wouldTell: plain('The node’s log: “Master conn disconnect”.', '节点日志中的 “Master conn disconnect”。'),
    steps: steps(
      ['Wait: the node begins the full sync again by itself after 10 s.'],
      ['等待：节点会在 10 秒后自行重新开始全量同步。'],
    ),
    noRepeat: true,
  },
  detached: {
    copyHelps: 'no',
    looks: {
      info: 'The node is a master, or follows another master.',
      bytes: 'No more bytes come.',
      logs: 'Node: “Remove Master Success”.',
    },
    title: plain('Somebody gave the node another master, or none.', '有人给节点换了主节点，或取消了主节点。'),
    wouldTell: plain('The node’s log: “Remove Master Success”.', '节点日志中的 “Remove Master Success”。'),
    steps: steps(['Find who sent SLAVEOF to the node.'], ['查明是谁向节点发送了 SLAVEOF。']),
  },
  node_restarted: {
    copyHelps: 'once',
    looks: {
      info: '`uptime_in_seconds` of the node starts again from 0.',
      bytes: 'The copy begins again from its first byte.',
      logs: 'Node: a new log file, in which “Server at” stands first.',
    },
    title: plain('The process of the node ended.', '节点进程结束了。'),
    wouldTell: plain(
      'The end of the log before: a FATAL line, “Catch Signal”, or nothing where the process was killed.',
      '先前日志的末尾：FATAL 行、“Catch Signal”；如果进程被强制杀死则什么都没有。',
    ),
    steps: steps(
      ['Find why the process ended. After a start the node begins the full sync again.'],
      ['查明进程结束的原因。启动后节点会重新开始全量同步。'],
    ),
    noRepeat: true,
  },
} as const satisfies Readonly<Record<string, CauseRow>>;

export type CauseCode = keyof typeof causes;
const rows: Readonly<Record<string, CauseRow | undefined>> = causes;

export const isCause = (code: string): code is CauseCode => Object.hasOwn(causes, code);

/** How a cause that was found reads for this reader. */
export const causeText = (cause: { readonly code: string; readonly text: string }, reader: Reader): string =>
  read(rows[cause.code]?.title, {}, reader, cause.text);

export const causeWouldTell = (
  cause: { readonly code: string; readonly wouldTell: string },
  reader: Reader,
): string => read(rows[cause.code]?.wouldTell, {}, reader, cause.wouldTell);

type Found = { readonly code: string; readonly facts?: Facts };

const retryNode = plain('Then retry the node.', '然后重试该节点。');
const repeatBySlaveof = plain(
  'Then repeat the full sync: SLAVEOF NO ONE, then SLAVEOF … force.',
  '然后重做全量同步：先 SLAVEOF NO ONE，再 SLAVEOF … force。',
);

/** The steps of somebody who has the service. */
export const causeSteps = (cause: Found, reader: Reader, stored: readonly string[] = []): readonly string[] =>
  stepsWith(retryNode, cause, reader, stored);

/** The steps of somebody who has the servers alone. */
export const causeStepsBySlaveof = (cause: Found, reader: Reader): readonly string[] =>
  stepsWith(repeatBySlaveof, cause, reader, []);

function stepsWith(
  repeat: Text,
  { code, facts = {} }: Found,
  reader: Reader,
  stored: readonly string[],
): readonly string[] {
  const row = rows[code];
  const own = read(row?.steps, facts, reader, stored);
  return own === stored || row?.noRepeat ? own : [...own, repeat[reader.language]({}, reader)];
}
