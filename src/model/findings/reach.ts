/** Findings about the request as a whole, and about servers that cannot be read. */
import { acts } from '../acts.ts';
import { renamedCommands } from '../commands.ts';
import type { ExpansionState } from '../expansion.ts';
import type { HeldBy } from '../hold.ts';
import { type NotAllowed, notAllowedStep, notAllowedText } from '../not-allowed.ts';
import { stateWord } from '../state-words.ts';
import { type Language, listed, plain, type Reader } from '../text.ts';
import { loginStep, type Met, row } from './row.ts';

/** Parts of a look that are missing: commands and sections of INFO by name, and the positions that INFO replication should print. */
export type MissingPart = 'INFO server' | 'INFO replication' | 'INFO stats' | 'LASTSAVE' | 'binlog_position';

const parts = (missing: readonly MissingPart[], reader: Reader): string =>
  listed(
    missing.map((part) => {
      if (part !== 'binlog_position') return part;
      return {
        en: 'the binlog position of any DB (INFO replication prints none; is it in sharding mode?)',
        zh: '各 DB 的 binlog 偏移量（INFO replication 没有打印；该实例是否处于 sharding 模式？）',
      }[reader.language];
    }),
    reader,
  );

const checkAddress = plain<unknown>(
  'Check the address, that the server runs, and that this service may connect to it.',
  '请检查地址是否正确、服务器是否在运行，以及本服务能否连接到它。',
);
const checkPort = plain<unknown>('Check the address and the port.', '请检查地址和端口。');

/** How two entries of a request are known to be one server. */
export type Sameness = 'name' | 'address' | 'process';
const sameness: Readonly<Record<Sameness, Readonly<Record<Language, string>>>> = {
  name: { en: 'the same name', zh: '名称相同' },
  address: { en: 'the same address', zh: '地址相同' },
  process: { en: 'the same run id and process id', zh: 'run id 和进程号相同' },
};

export interface ClosedPort {
  readonly port: number;
  readonly shift: number;
  readonly outcome: 'refused' | 'no_answer';
}

const portText = ({ port, shift, outcome }: ClosedPort): string =>
  `port ${port} (+ ${shift}) ${outcome === 'refused' ? 'was refused' : 'gave no answer'}`;
const portTextZh = ({ port, shift, outcome }: ClosedPort): string =>
  `端口 ${port}（+ ${shift}）${outcome === 'refused' ? '拒绝连接' : '没有应答'}`;

/** What happens to a full sync without this port; measured on 3.5.4 and 4.0.1. */
function portEffect(shift: number): Readonly<Record<Language, string>> {
  if (shift === 2000)
    return {
      en: 'A node that cannot reach + 2000 receives 0 bytes for ever.',
      zh: '连不上 + 2000 的节点会一直收到 0 字节。',
    };
  if (shift === 1000)
    return {
      en: 'A master that cannot reach + 1000 cannot send its dump to the node.',
      zh: '主节点连不上 + 1000 就无法把快照发给该节点。',
    };
  return {
    en: 'A node that cannot reach + 10001 receives no file, only about 16 B/s that keep the connection alive.',
    zh: '连不上 + 10001 的节点收不到任何文件，只有约 16 B/s 的保活流量。',
  };
}

const triedInstead = (seenAs: string | null, language: Language): string => {
  if (seenAs === null) return '';
  return {
    en: ` The service tried the address that the service itself uses, not ${seenAs}.`,
    zh: `本服务试的是自己使用的地址，没有试 ${seenAs}。`,
  }[language];
};

/** Where the service is told the names that commands have on a server. */
const namesFor = (commands: readonly string[]): Record<Language, string> =>
  commands.some((command) => renamedCommands.some((name) => name === command))
    ? {
        en: ' Or give the service the names that they have there: PIKA_COMMANDS, or PIKA_CREDENTIAL_<NAME>_COMMANDS.',
        zh: '也可将它们在那里的名称写入 PIKA_COMMANDS 或 PIKA_CREDENTIAL_<NAME>_COMMANDS。',
      }
    : { en: '', zh: '' };

const upper = (name: string): string => name.toUpperCase();

export const reachFindings = {
  no_nodes: row({
    severity: 'error',
    meaning: plain('The request names no node.', '请求中没有节点。'),
    text: plain('The request names no node to add.', '请求中没有要添加的节点。'),
    nextStep: plain('Name at least one node.', '请至少填写一个节点。'),
  }),
  too_many_nodes: row<{ nodes: number; limit: number }>({
    severity: 'error',
    meaning: plain(
      'The request names more nodes than one expansion takes.',
      '请求的节点数超过一个扩容任务的上限。',
    ),
    text: {
      en: ({ nodes, limit }) => `The request names ${nodes} nodes. One expansion takes at most ${limit}.`,
      zh: ({ nodes, limit }) => `请求中有 ${nodes} 个节点，一个扩容任务最多 ${limit} 个。`,
    },
    nextStep: plain(
      'Split the nodes over several expansions. On one master they run one after another.',
      '请拆成多个扩容任务；同一主节点上的任务会依次执行。',
    ),
  }),
  expansion_on_master: row<{ expansions: readonly string[]; state: ExpansionState }>({
    severity: 'info',
    meaning: plain(
      'Another expansion is at work on this master. This expansion waits for its turn.',
      '该主节点上已有扩容任务在执行，本任务排队等待。',
    ),
    text: {
      en: ({ expansions: [first, ...more], state }, reader) =>
        `Expansion ${first} on this master has not ended (${stateWord(state, reader)}). This expansion begins after it${more.length > 0 ? ` and after ${more.length} more that already wait` : ''}.`,
      zh: ({ expansions: [first, ...more], state }, reader) =>
        `该主节点上的扩容任务 ${first} 尚未结束（${stateWord(state, reader)}）。本任务在它${more.length > 0 ? `以及另外 ${more.length} 个已在排队的任务` : ''}之后开始。`,
    },
    nextStep: {
      en: ({ expansions: [first] }) =>
        `Nothing to do. If expansion ${first} is paused or halted, look at it, since this expansion waits for its end.`,
      zh: ({ expansions: [first] }) =>
        `无需操作。若任务 ${first} 已暂停或停住，请先处理它，本任务要等它结束。`,
    },
  }),
  master_held: row<HeldBy>({
    severity: 'info',
    meaning: plain(
      'Somebody holds this master, as a backup does. The expansion is accepted, and no full sync begins before the hold is over.',
      '有人占用该主节点（例如备份）。任务会被受理，但占用结束之前不会开始全量同步。',
    ),
    text: {
      en: ({ hold, by, why, until }) =>
        `${by} holds this master until ${new Date(until).toISOString()} at most (${why}; hold ${hold}). No full sync begins before that.`,
      zh: ({ hold, by, why, until }) =>
        `${by} 占用该主节点，最迟至 ${new Date(until).toISOString()}（${why}；占用 ${hold}）。在此之前不会开始全量同步。`,
    },
    nextStep: {
      en: ({ hold }, reader) =>
        `Nothing to do. If the hold is no longer needed, end it: ${acts.endHold(reader, hold)}.`,
      zh: ({ hold }, reader) => `无需操作。如不再需要该占用，请结束它：${acts.endHold(reader, hold)}。`,
    },
  }),
  node_in_other_expansion: row<{ expansion: string }>({
    severity: 'error',
    meaning: plain(
      'The node belongs to another expansion that has not ended.',
      '该节点属于另一个尚未结束的扩容任务。',
    ),
    text: {
      en: ({ node, expansion }) => `${node} belongs to expansion ${expansion}, which has not ended.`,
      zh: ({ node, expansion }) => `${node} 属于尚未结束的扩容任务 ${expansion}。`,
    },
    nextStep: {
      en: ({ expansion }) =>
        `Wait for the end of ${expansion}, cancel it, or skip this node in it. Then ask again.`,
      zh: ({ expansion }) => `请等待 ${expansion} 结束，或取消它，或在其中跳过该节点，然后重新请求。`,
    },
  }),

  node_is_master: row<{ how: Sameness }>({
    severity: 'error',
    meaning: plain('A node to be added is the master itself.', '要添加的节点就是主节点本身。'),
    text: {
      en: ({ node, master, how }) =>
        node === master
          ? `${node} is the master itself.`
          : `${node} is the master ${master} itself (${sameness[how].en}).`,
      zh: ({ node, master, how }) =>
        node === master
          ? `${node} 就是主节点本身。`
          : `${node} 就是主节点 ${master} 本身（${sameness[how].zh}）。`,
    },
    nextStep: plain(
      'Take it out of the list of nodes, or name the master that was meant.',
      '请从节点列表中去掉它，或改填真正的主节点。',
    ),
  }),
  node_named_twice: row<{ other: string; how: Sameness }>({
    severity: 'error',
    meaning: plain('Two entries of the request lead to one server.', '请求中的两项指向同一台服务器。'),
    text: {
      en: ({ node, other, how }) =>
        node === other
          ? `The request names ${node} twice.`
          : `${node} and ${other} are one server (${sameness[how].en}).`,
      zh: ({ node, other, how }) =>
        node === other
          ? `请求中 ${node} 出现了两次。`
          : `${node} 和 ${other} 是同一台服务器（${sameness[how].zh}）。`,
    },
    nextStep: plain(
      'Name every node once. Two servers that were started from one copied configuration share a run id: remove `run-id` from one of them and restart it.',
      '每个节点只填一次。若两台服务器由同一份配置复制而来，它们的 run id 会相同：请在其中一台上删除 `run-id` 并重启。',
    ),
  }),

  master_unreachable: row<Met>({
    severity: 'error',
    meaning: plain(
      'The address of the master refuses, or cannot be reached or resolved.',
      '主节点的地址拒绝连接、无法到达或无法解析。',
    ),
    text: {
      en: ({ master, address, met }) =>
        `The master ${master} cannot be reached at ${address}: ${met}. Nothing was done to any node.`,
      zh: ({ master, address, met }) =>
        `无法连接主节点 ${master}（${address}）：${met}。未对任何节点做任何操作。`,
    },
    nextStep: checkAddress,
  }),
  master_no_answer: row<{ waitedMs: number }>({
    severity: 'error',
    meaning: plain(
      'The master took the connection, but did not reply within the limit.',
      '主节点接受了连接，但未在时限内应答。',
    ),
    text: {
      en: ({ master, waitedMs }) =>
        `The master ${master} took the connection, but did not reply within ${shortTime(waitedMs)}.`,
      zh: ({ master, waitedMs }) => `主节点 ${master} 接受了连接，但 ${shortTime(waitedMs)} 内没有应答。`,
    },
    nextStep: plain(
      'Ask again in a moment. If it stays so, look at the load and the log of the master first.',
      '请稍后重试。若仍如此，请先查看主节点的负载和日志。',
    ),
  }),
  master_not_allowed: row<NotAllowed>({
    severity: 'error',
    meaning: plain(
      'The configuration does not allow the service to connect to the master, or to send it this credential.',
      '配置不允许本服务连接该主节点，或向它发送此凭据。',
    ),
    text: notAllowedText,
    nextStep: notAllowedStep,
  }),
  master_denied: row<Met & { credential: string | null }>({
    severity: 'error',
    meaning: plain(
      'The master answered, but would not let the service in.',
      '主节点有应答，但拒绝本服务登录。',
    ),
    text: {
      en: ({ master, met }) => `The master ${master} refuses the login: ${met}.`,
      zh: ({ master, met }) => `主节点 ${master} 拒绝登录：${met}。`,
    },
    nextStep: loginStep,
  }),
  master_garbled: row<Met>({
    severity: 'error',
    meaning: plain(
      'What answers at the address of the master does not speak like a Pika.',
      '主节点地址上的应答方不是 Pika。',
    ),
    text: {
      en: ({ address, met }) => `The server at ${address} does not speak like a Pika: ${met}.`,
      zh: ({ address, met }) => `${address} 上的服务器应答不像 Pika：${met}。`,
    },
    nextStep: checkPort,
  }),
  master_facts_missing: row<{ missing: readonly MissingPart[] }>({
    severity: 'error',
    meaning: plain(
      'The master answered, but not all that a decision needs could be read.',
      '主节点有应答，但未能读到做决定所需的全部信息。',
    ),
    text: {
      en: ({ master, missing }, reader) =>
        `The master ${master} answered, but ${parts(missing, reader)} could not be read.`,
      zh: ({ master, missing }, reader) => `主节点 ${master} 有应答，但未能读到${parts(missing, reader)}。`,
    },
    nextStep: plain(
      'Give the user of the service the right to run INFO, CONFIG GET and LASTSAVE, and check that the server is a Pika.',
      '请授予本服务的用户执行 INFO、CONFIG GET 和 LASTSAVE 的权限，并确认该服务器是 Pika。',
    ),
  }),
  ports_unreachable: row<{
    host: string;
    ports: readonly ClosedPort[];
    /** The address that the other side uses, if the service tried another address; null = the same. */
    seenAs: string | null;
  }>({
    severity: 'warning',
    meaning: plain(
      'A port that a full sync needs besides the own port of a server cannot be reached from the service. The nodes connect to port + 2000 of the master, and from 3.5.0 on to + 10001. Up to 3.4 the master connects to port + 1000 of the node. The service tries each port once, from its own machine and at the address that the service itself uses. The result says nothing for certain about the way between the servers: a port that the service reaches may be closed to them, and the other way round.',
      '本服务无法连接全量同步所需的某个附加端口。节点要连接主节点端口 + 2000，从 3.5.0 起还要连接 + 10001；3.4 及以前由主节点连接节点端口 + 1000。本服务只从自己所在的机器、用自己使用的地址各试一次，因此不能据此断定服务器之间的情况：本服务能连上的端口对它们可能是关闭的，反之亦然。',
    ),
    text: {
      en: (facts, reader) =>
        `Connections from the service to ${facts.node || `the master ${facts.master}`} at ${facts.host}: ${listed(facts.ports.map(portText), reader)}. ${facts.ports.map(({ shift }) => portEffect(shift).en).join(' ')}${triedInstead(facts.seenAs, 'en')}`,
      zh: (facts, reader) =>
        `从本服务连接${facts.node ? ` ${facts.node}` : `主节点 ${facts.master}`}（${facts.host}）：${listed(facts.ports.map(portTextZh), reader)}。${facts.ports.map(({ shift }) => portEffect(shift).zh).join('')}${triedInstead(facts.seenAs, 'zh')}`,
    },
    nextStep: {
      en: ({ node, ports }) =>
        node
          ? `Open port ${ports.map(({ port }) => port).join(' and ')} of ${node} to the master, and try it from the machine of the master. If it is open there, there is nothing to do.`
          : `Open port ${ports.map(({ port }) => port).join(' and ')} of the master to every node, and try it from the machine of a node. If it is open there, there is nothing to do.`,
      zh: ({ node, ports }) =>
        node
          ? `请对主节点开放 ${node} 的端口 ${ports.map(({ port }) => port).join(' 和 ')}，并从主节点所在的机器上试连。若在那里能连上，则无需操作。`
          : `请对所有节点开放主节点的端口 ${ports.map(({ port }) => port).join(' 和 ')}，并从节点所在的机器上试连。若在那里能连上，则无需操作。`,
    },
  }),
  command_hidden: row<{ commands: readonly string[] }>({
    severity: 'error',
    meaning: plain(
      'A server does not know a command that the service needs. `rename-command` in its configuration hides the command. The service sees this for CONFIG and SCAN, which it sends anyway, and for SLAVEOF, which it sends to each node without arguments: Pika then answers with an error and does nothing.',
      '服务器不认识本服务所需的命令：其配置中的 `rename-command` 隐藏了该命令。本服务会检查 CONFIG 和 SCAN（它们本来就会用到），并向每个节点发送不带参数的 SLAVEOF：Pika 只会应答错误，不做任何操作。',
    ),
    text: {
      en: ({ node, master, commands }, reader) =>
        `${node || `The master ${master}`} does not know ${listed(commands.map(upper), reader)} under ${commands.length === 1 ? 'this name' : 'these names'}.`,
      zh: ({ node, master, commands }, reader) =>
        `${node || `主节点 ${master}`} 不认识命令 ${listed(commands.map(upper), reader)}。`,
    },
    nextStep: {
      en: ({ node, master, commands }, reader) =>
        `Remove rename-command for ${listed(commands.map(upper), reader)} from the configuration file of ${node || master} and restart it.${namesFor(commands).en}`,
      zh: ({ node, master, commands }, reader) =>
        `请在 ${node || master} 的配置文件中去掉 ${listed(commands.map(upper), reader)} 的 rename-command 并重启。${namesFor(commands).zh}`,
    },
  }),

  node_unreachable: row<Met>({
    severity: 'error',
    meaning: plain(
      'The address of the node refuses, or cannot be reached or resolved.',
      '节点的地址拒绝连接、无法到达或无法解析。',
    ),
    text: {
      en: ({ node, address, met }) =>
        `${node} cannot be reached at ${address}: ${met}. Nothing was done to it.`,
      zh: ({ node, address, met }) => `无法连接 ${node}（${address}）：${met}。未对它做任何操作。`,
    },
    nextStep: checkAddress,
  }),
  node_busy: row<{ waitedMs: number }>({
    severity: 'error',
    meaning: plain(
      'The node took the connection, but did not reply within the limit.',
      '节点接受了连接，但未在时限内应答。',
    ),
    text: {
      en: ({ node, waitedMs }) =>
        `${node} took the connection, but did not reply within ${shortTime(waitedMs)}. It may be swapping databases or leaving a master.`,
      zh: ({ node, waitedMs }) =>
        `${node} 接受了连接，但 ${shortTime(waitedMs)} 内没有应答。它可能正在切换数据库或脱离主节点。`,
    },
    nextStep: plain(
      'Ask again in a moment. If it stays so, look at the log of the node.',
      '请稍后重试。若仍如此，请查看该节点的日志。',
    ),
  }),
  node_not_allowed: row<NotAllowed>({
    severity: 'error',
    meaning: plain(
      'The configuration does not allow the service to connect to the node, or to send it this credential.',
      '配置不允许本服务连接该节点，或向它发送此凭据。',
    ),
    text: notAllowedText,
    nextStep: notAllowedStep,
  }),
  node_denied: row<Met & { credential: string | null }>({
    severity: 'error',
    meaning: plain('The node answered, but would not let the service in.', '节点有应答，但拒绝本服务登录。'),
    text: {
      en: ({ node, met }) => `${node} refuses the login: ${met}.`,
      zh: ({ node, met }) => `${node} 拒绝登录：${met}。`,
    },
    nextStep: loginStep,
  }),
  node_garbled: row<Met>({
    severity: 'error',
    meaning: plain(
      'What answers at the address of the node does not speak like a Pika.',
      '节点地址上的应答方不是 Pika。',
    ),
    text: {
      en: ({ address, met }) => `The server at ${address} does not speak like a Pika: ${met}.`,
      zh: ({ address, met }) => `${address} 上的服务器应答不像 Pika：${met}。`,
    },
    nextStep: checkPort,
  }),
  node_facts_missing: row<{ missing: readonly MissingPart[] }>({
    severity: 'error',
    meaning: plain(
      'The node answered, but not all that a decision needs could be read.',
      '节点有应答，但未能读到做决定所需的全部信息。',
    ),
    text: {
      en: ({ node, missing }, reader) => `${node} answered, but ${parts(missing, reader)} could not be read.`,
      zh: ({ node, missing }, reader) => `${node} 有应答，但未能读到${parts(missing, reader)}。`,
    },
    nextStep: plain(
      'Give the user of the service the right to run INFO, CONFIG GET, SCAN and SLAVEOF, and check that the server is a Pika.',
      '请授予本服务的用户执行 INFO、CONFIG GET、SCAN 和 SLAVEOF 的权限，并确认该服务器是 Pika。',
    ),
  }),
};

/** `800 ms`, `5 s`: a limit that was waited for, without the milliseconds that came on top. */
const shortTime = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`);
