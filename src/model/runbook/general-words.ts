/** In general, what a code says whose words depend on its facts. `test/model/runbook.test.ts` names each code that lacks them. */
import { plain, type Text } from '../text.ts';

type Words = Readonly<Record<string, Text>>;

export const findingSteps: Words = {
  expansion_on_master: plain(
    'Nothing to do. If the other expansion is paused or halted, look at it, since this expansion waits for its end.',
    '无需操作。若另一个扩容任务已暂停或停下，请查看它：本扩容任务在等它结束。',
  ),
  master_port_too_high: plain(
    'Let the master listen on a port up to 55534: port + 10001 must be a port too.',
    '请让主节点监听不超过 55534 的端口：端口 + 10001 也须是有效端口。',
  ),
  disk_too_small: plain(
    'Free space on the disk that the finding names, or take another node.',
    '请在该检查结果所指的磁盘上腾出空间，或改用其他节点。',
  ),
  version_pair_refused: plain(
    'Add a node of the version of the master. To change versions, move the data by export and import.',
    '请添加与主节点相同版本的节点。要更换版本，请通过导出、导入迁移数据。',
  ),
  version_pair_flawed: plain(
    'Add a node of the version of the master, unless the finding says that your commands are not concerned.',
    '请添加与主节点相同版本的节点，除非该检查结果说明您使用的命令不受影响。',
  ),
  version_pair_untried: plain(
    'Add a node of the version of the master, or try this pair on servers that nobody needs.',
    '请添加与主节点相同版本的节点，或先在无人使用的服务器上试用这对版本。',
  ),
  version_has_bug: plain(
    'Keep BGSAVE (backups) and SLAVEOF by hand away from this master until the expansion has ended.',
    '在扩容任务结束之前，不要在该主节点上执行 BGSAVE（备份）或手工 SLAVEOF。',
  ),
  known_faults: plain(
    'The finding names the commands, and what to use instead of each command.',
    '该检查结果写明了相关命令以及替代做法。',
  ),
};

export const problemMeanings: Words = {
  comparison_not_possible: plain(
    'The credential that the comparison names is not configured.',
    '数据比对所指定的凭据没有配置。',
  ),
  master_busy: plain('The master was at work, or silent, for too long.', '主节点忙碌或没有应答的时间过长。'),
  master_unreachable: plain('The master could not be reached for too long.', '主节点无法连接的时间过长。'),
  master_denied: plain('The master refused the login for too long.', '主节点拒绝登录的时间过长。'),
  master_garbled: plain(
    'What answers at the address of the master does not speak like a Pika.',
    '在主节点地址上应答的程序不像 Pika。',
  ),
  master_facts_missing: plain(
    'The master answered without fields that every master shows.',
    '主节点的应答缺少应有的字段。',
  ),
  node_busy: plain('The node did not reply in time for too long.', '节点没有及时响应的时间过长。'),
  node_unreachable: plain('The node could not be reached for too long.', '节点无法连接的时间过长。'),
  node_denied: plain('The node refused the login for too long.', '节点拒绝登录的时间过长。'),
  node_garbled: plain(
    'What answers at the address of the node does not speak like a Pika.',
    '在节点地址上应答的程序不像 Pika。',
  ),
  comparison_inconclusive: plain(
    'The node is up, but comparisons with the master came to no result.',
    '节点已连接，但与主节点的数据比对没有得出结果。',
  ),
  evidence_missing: plain(
    'The node is up and its data agreed, but the service cannot prove that its full sync was complete.',
    '节点已连接且数据一致，但无法证实其全量同步完整。',
  ),
  expansion_failed: plain('The expansion of a job has failed.', '队列任务对应的扩容任务失败。'),
  expansion_cancelled: plain('The expansion of a job was cancelled.', '队列任务对应的扩容任务被取消。'),
};

export const auditMeanings: Words = {
  whole: plain('The data of the slave agree with those of its master.', '该从节点的数据与主节点一致。'),
  whole_but_expiries: plain(
    'The data agree, but some keys expire later on the slave.',
    '数据一致，但部分 key 在从节点上过期较晚。',
  ),
  data_differ: plain(
    'The data of the slave differ from those of its master, which is proven whole.',
    '该从节点的数据与主节点不同，而主节点已证明完整。',
  ),
  replication_ended: plain(
    'The slave has stopped replication and will not try again. It lacks all writes since then.',
    '该从节点已停止复制且不会重试，缺少此后的全部写入。',
  ),
  link_down: plain('The link of the slave to its master is down.', '该从节点与主节点的连接已断开。'),
  not_listed: plain('The master does not list the slave.', '主节点没有列出该从节点。'),
  not_syncing: plain(
    'The master lists the slave, but not in binlog sync.',
    '主节点列出了该从节点，但不在增量同步中。',
  ),
  says_unfinished: plain(
    'The slave itself says that a full sync of it was not finished.',
    '该从节点自称其全量同步没有完成。',
  ),
  behind: plain(
    'The slave has not passed the position that the master had when the audit looked.',
    '该从节点尚未越过巡检查看时主节点的位置。',
  ),
  in_full_sync: plain(
    'The slave is in a full sync, so its data are incomplete now.',
    '该从节点正在全量同步，当前数据不完整。',
  ),
  not_compared: plain('The data were not compared to an end.', '数据没有比对完。'),
  master_unready: plain(
    'The master is a slave itself and has no complete data now.',
    '主节点本身是从节点，目前没有完整的数据。',
  ),
};

export const guardMeanings: Words = {
  ...auditMeanings,
  unproven: plain(
    'What proved the data of the slave holds no longer.',
    '此前证明该从节点数据的依据不再有效。',
  ),
};
