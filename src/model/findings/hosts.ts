/** Findings about the hosts of the servers, as the agents there see them. */
import { readableBytes } from '../quantities.ts';
import { listed, plain, type Reader, type Text } from '../text.ts';
import { nothingToDo, row } from './row.ts';

/** Servers of the request on whose hosts no agent reports. */
export interface Unseen {
  readonly servers: readonly string[];
}

const notSeen: Text<Unseen> = {
  en: ({ servers }, reader) =>
    `No agent reports from the host of ${listed(servers, reader)}. Free disk space, mounts, log files and the files of a copy are not seen there.`,
  zh: ({ servers }, reader) =>
    `${listed(servers, reader)} 的主机上没有代理程序上报，因此看不到那里的磁盘空间、挂载点、日志和副本的文件。`,
};

/** A server that more than one agent speaks for; an agent is `name@host`, twice the same = two agents. */
export interface Contested {
  readonly server: string;
  readonly agents: readonly string[];
}

const contest =
  ({ language }: Reader) =>
  ({ server, agents }: Contested): string =>
    ({
      en: `${server} (${[...new Set(agents)].join(', ')})`,
      zh: `${server}（${[...new Set(agents)].join('、')}）`,
    })[language];

/** The disk that has too little room: the node's for its copy, the master's for its dump, or for binlog and dump together. */
export interface TooSmall {
  readonly what: 'copy' | 'dump' | 'growth';
  readonly path: string;
  readonly freeBytes: number;
  readonly neededBytes: number;
}

export interface HostPort {
  readonly port: number;
  readonly outcome: 'refused' | 'no_answer' | 'unresolved';
}

const tried = ({ port, outcome }: HostPort, { language }: Reader): string =>
  ({
    refused: { en: `port ${port} refused`, zh: `端口 ${port} 拒绝连接` },
    no_answer: { en: `port ${port} gave no answer`, zh: `端口 ${port} 没有应答` },
    unresolved: { en: `the name for port ${port} was not resolved`, zh: `端口 ${port} 的名称无法解析` },
  })[outcome][language];

export const hostFindings = {
  agents_missing: row<Unseen>({
    severity: 'info',
    meaning: plain(
      'No agent (`pika-expander agent`) reports from the host of a server. The service does not see the disks, the mounts, the log files and the files of a copy there. Everything else works as with agents.',
      '服务器的主机上没有代理程序（`pika-expander agent`）上报，本服务看不到那里的磁盘、挂载点、日志和副本的文件；其余功能不受影响。',
    ),
    text: notSeen,
    nextStep: plain(
      'Nothing to do. To see these, run `pika-expander agent` on these hosts.',
      '无需操作。如需查看，请在这些主机上运行 `pika-expander agent`。',
    ),
  }),
  agents_required: row<Unseen>({
    severity: 'error',
    meaning: plain(
      'The policy requires agents (`requireAgent`), and none reports from the host of a server: no node could become verified.',
      '策略要求代理程序（`requireAgent`），但服务器的主机上没有代理程序上报：任何节点都无法通过校验。',
    ),
    text: {
      en: ({ servers }, reader) =>
        `The policy requires agents, and the service can believe none on the host of ${listed(servers, reader)}.`,
      zh: ({ servers }, reader) =>
        `策略要求代理程序，而 ${listed(servers, reader)} 的主机上没有可采信的代理程序。`,
    },
    nextStep: plain(
      'Run `pika-expander agent` on these hosts, or leave `requireAgent` out of the policy.',
      '请在这些主机上运行 `pika-expander agent`，或在策略中去掉 `requireAgent`。',
    ),
  }),
  agents_contested: row<{ servers: readonly Contested[] }>({
    severity: 'warning',
    meaning: plain(
      'Two agents speak for one server, so the service believes neither: their tokens list the same address, or two hosts of one name use one token. The service sees and proves as little there as without an agent.',
      '两个代理程序代表同一服务器，本服务都不采信：它们的令牌列出了同一地址，或者两台同名主机使用同一令牌。对该服务器，本服务所见与所能证实的和没有代理程序时一样。',
    ),
    text: {
      en: ({ servers }, reader) =>
        `The service believes no agent about ${listed(servers.map(contest(reader)), reader)}: each has two agents that speak for it.`,
      zh: ({ servers }, reader) =>
        `本服务对 ${listed(servers.map(contest(reader)), reader)} 不采信任何代理程序：有两个代理程序代表它。`,
    },
    nextStep: plain(
      'Stop the agent that runs on the wrong host, or give each host a token of its own with the addresses of that host.',
      '请停掉运行在错误主机上的代理程序，或为每台主机使用各自的令牌，并只列出该主机的地址。',
    ),
  }),
  disk_too_small: row<TooSmall>({
    severity: 'error',
    meaning: plain(
      'A disk has too little room, as the agent on its host sees it. A node keeps its old data beside the whole copy until the swap. A master whose dump-path is on another mount copies all data for each dump. While a node copies, the master keeps its dump and all binlog.',
      '主机上的代理程序看到磁盘空间不足。节点在切换之前同时保留旧数据和完整副本；dump-path 在另一挂载点的主节点每次快照都会复制全部数据；节点复制期间，主节点保留快照和全部 binlog。',
    ),
    text: {
      en: ({ node, master, what, path, freeBytes, neededBytes }) => {
        const [free, needed] = [readableBytes(freeBytes), readableBytes(neededBytes)];
        return {
          copy: `${node} has ${free} free for ${path}, and the copy needs ${needed} beside the old data.`,
          dump: `The master ${master} has ${free} free for ${path}, and its dump needs ${needed} there: dump-path is on another mount than db-path.`,
          growth: `The master ${master} has ${free} free for ${path}. Dump and binlog need ${needed} at least while the nodes copy.`,
        }[what];
      },
      zh: ({ node, master, what, path, freeBytes, neededBytes }) => {
        const [free, needed] = [readableBytes(freeBytes), readableBytes(neededBytes)];
        return {
          copy: `${node} 的 ${path} 只剩 ${free}，而副本在旧数据之外还需要 ${needed}。`,
          dump: `主节点 ${master} 的 ${path} 只剩 ${free}，而快照在那里需要 ${needed}：dump-path 与 db-path 不在同一挂载点。`,
          growth: `主节点 ${master} 的 ${path} 只剩 ${free}。节点复制期间，快照和 binlog 至少需要 ${needed}。`,
        }[what];
      },
    },
    nextStep: {
      en: ({ node, master, path, freeBytes, neededBytes }) =>
        `Free at least ${readableBytes(Math.max(0, neededBytes - freeBytes))} for ${path} on ${node || master}, or use a larger disk.`,
      zh: ({ node, master, path, freeBytes, neededBytes }) =>
        `请在 ${node || master} 上为 ${path} 至少腾出 ${readableBytes(Math.max(0, neededBytes - freeBytes))}，或换用更大的磁盘。`,
    },
  }),
  paths_on_different_mounts: row<{ dbPath: string; dbSyncPath: string }>({
    severity: 'error',
    meaning: plain(
      'db-path and db-sync-path of a node lie on two mounts, as the agent on its host sees it. The node cannot rename its copy into place: the full sync fails at its end, the node then dies at the next read, and the next full sync deletes the old data.',
      '主机上的代理程序看到节点的 db-path 与 db-sync-path 不在同一挂载点。节点无法用重命名把副本移到位：全量同步会在最后失败，之后一次读取就会使进程退出，再次同步会删除原有数据。',
    ),
    text: {
      en: ({ node, dbPath, dbSyncPath }) =>
        `On ${node} db-path (${dbPath}) and db-sync-path (${dbSyncPath}) lie on two mounts, so no full sync can succeed.`,
      zh: ({ node, dbPath, dbSyncPath }) =>
        `${node} 的 db-path（${dbPath}）与 db-sync-path（${dbSyncPath}）不在同一挂载点，全量同步不可能成功。`,
    },
    nextStep: {
      en: ({ node, dbPath }) =>
        `Set db-sync-path of ${node} to a folder beside ${dbPath}, and restart the node.`,
      zh: ({ node, dbPath }) => `请把 ${node} 的 db-sync-path 设到 ${dbPath} 旁边的目录，并重启节点。`,
    },
  }),
  ports_closed_to_node: row<{ host: string; ports: readonly HostPort[] }>({
    severity: 'error',
    meaning: plain(
      'The agent on the host of a node could not connect to a port of the master that a full sync needs. It tried as the node will: from the same host, with the same name or address. Nodes connect to the port of the master, to + 2000, and from 3.5.0 on to + 10001.',
      '节点主机上的代理程序无法连接全量同步所需的主节点端口。它与节点的做法相同：从同一主机、用同样的名称或地址连接。节点要连接主节点的端口、+ 2000，从 3.5.0 起还有 + 10001。',
    ),
    text: {
      en: ({ node, host, ports }, reader) =>
        `From the host of ${node}, ${listed(
          ports.map((port) => tried(port, reader)),
          reader,
        )} of the master at ${host}: no full sync can succeed.`,
      zh: ({ node, host, ports }, reader) =>
        `从 ${node} 所在主机连接主节点 ${host}：${ports.map((port) => tried(port, reader)).join('；')}。全量同步不可能成功。`,
    },
    nextStep: {
      en: ({ node, master, ports }) =>
        `Open ${ports.length === 1 ? 'port' : 'ports'} ${ports.map(({ port }) => port).join(', ')} of ${master} to the host of ${node} in the firewall, or correct the address that the node uses.`,
      zh: ({ node, master, ports }) =>
        `请在防火墙中对 ${node} 的主机开放 ${master} 的端口 ${ports.map(({ port }) => port).join('、')}，或更正节点使用的地址。`,
    },
  }),
  ports_closed_to_master: row<{ host: string; ports: readonly HostPort[] }>({
    severity: 'error',
    meaning: plain(
      'The agent on the host of the master could not connect to a port of a node that a full sync needs. Up to 3.4 the master pushes its dump to port + 1000 of the node.',
      '主节点主机上的代理程序无法连接全量同步所需的节点端口。3.4 及以前由主节点把快照推送到节点端口 + 1000。',
    ),
    text: {
      en: ({ node, host, ports }, reader) =>
        `From the host of the master, ${listed(
          ports.map((port) => tried(port, reader)),
          reader,
        )} of ${node} at ${host}: no full sync can succeed.`,
      zh: ({ node, host, ports }, reader) =>
        `从主节点所在主机连接 ${node}（${host}）：${ports.map((port) => tried(port, reader)).join('；')}。全量同步不可能成功。`,
    },
    nextStep: {
      en: ({ node, master, ports }) =>
        `Open port ${ports.map(({ port }) => port).join(', ')} of ${node} to the host of ${master} in the firewall.`,
      zh: ({ node, master, ports }) =>
        `请在防火墙中对 ${master} 的主机开放 ${node} 的端口 ${ports.map(({ port }) => port).join('、')}。`,
    },
  }),
  open_file_limit: row<{ limit: number; needed: number }>({
    severity: 'warning',
    meaning: plain(
      'The process of a node may open fewer files than its databases need. Pika keeps 5000 for its files.',
      '节点进程可打开的文件数少于其数据库所需。Pika 为文件保留 5000 个。',
    ),
    text: {
      en: ({ node, limit, needed }) =>
        `The process of ${node} may open ${limit} files, and it needs about ${needed} after the full sync.`,
      zh: ({ node, limit, needed }) =>
        `${node} 的进程最多可打开 ${limit} 个文件，全量同步之后约需 ${needed} 个。`,
    },
    nextStep: {
      en: ({ node, needed }) =>
        `Raise the limit of open files (\`ulimit -n\`, LimitNOFILE) of ${node} above ${needed}, and restart the node.`,
      zh: ({ node, needed }) =>
        `请把 ${node} 的打开文件数上限（\`ulimit -n\`、LimitNOFILE）调到 ${needed} 以上，并重启节点。`,
    },
  }),
  clock_skew: row<{ aheadMs: number }>({
    severity: 'warning',
    meaning: plain(
      'The clocks of the hosts of node and master differ by more than 2 s. A copy holds the moments at which keys expire, so the node lets keys expire earlier or later than the master.',
      '节点与主节点主机的时钟相差超过 2 s。副本中保存的是 key 的过期时刻，因此节点上的 key 会比主节点更早或更晚过期。',
    ),
    text: {
      en: ({ node, aheadMs }) =>
        `The clock of the host of ${node} is ${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the master's clock. Keys with a lifetime expire ${aheadMs > 0 ? 'earlier' : 'later'} on the node.`,
      zh: ({ node, aheadMs }) =>
        `${node} 主机的时钟比主节点${aheadMs > 0 ? '快' : '慢'} ${(Math.abs(aheadMs) / 1000).toFixed(1)} s，带过期时间的 key 在该节点上会更${aheadMs > 0 ? '早' : '晚'}过期。`,
    },
    nextStep: plain(
      'Let both hosts take their time from the same source (NTP, chrony).',
      '请让两台主机从同一时间源对时（NTP、chrony）。',
    ),
  }),
  another_pika_shares_disk: row<{ ports: readonly number[] }>({
    severity: 'info',
    meaning: plain(
      'Other Pika servers of the host have their db-path on the same mount as the node. They share its room and its throughput with the copy.',
      '同一主机上其他 Pika 的 db-path 与该节点在同一挂载点，它们与副本共用空间和吞吐。',
    ),
    text: {
      en: ({ node, ports }, reader) =>
        `The disk of ${node} also holds the data of the Pika ${ports.length === 1 ? 'server at port' : 'servers at ports'} ${listed(ports.map(String), reader)} of its host.`,
      zh: ({ node, ports }, reader) =>
        `${node} 的磁盘上还有同一主机上端口 ${listed(ports.map(String), reader)} 的 Pika 的数据。`,
    },
    nextStep: nothingToDo,
  }),
};
