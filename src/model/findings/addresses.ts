/** Findings about addresses: under which of them master and nodes find each other. */
import { counted, plain, type Text } from '../text.ts';
import { row, seenAsOf, seenAsWord } from './row.ts';

const stateIp: Text<unknown> = {
  en: (_facts, reader) =>
    `State the IP address under which the master sees this node as ${seenAsWord(reader)}.`,
  zh: (_facts, reader) => `请用 ${seenAsWord(reader)} 写明主节点看到该节点时的 IP 地址。`,
};

export const addressFindings = {
  announced_address_shared: row<{ other: string; seenAs: string }>({
    severity: 'error',
    meaning: plain(
      'Two nodes announce themselves to the master under one address. The master keys its slaves by the announced address and refuses the second for good ("Slave AlreadyExist").',
      '两个节点以同一地址向主节点报到。主节点按该地址登记从节点，会一直拒绝第二个（"Slave AlreadyExist"）。',
    ),
    text: {
      en: ({ node, other, seenAs }) =>
        `The master knows both ${node} and ${other} as ${seenAs}. It takes only one of them.`,
      zh: ({ node, other, seenAs }) => `在主节点看来 ${node} 和 ${other} 都是 ${seenAs}，它只接受其中一个。`,
    },
    nextStep: {
      en: (_facts, reader) =>
        `Give each node its own port (or IP) in its configuration, and state it as ${seenAsWord(reader)}.`,
      zh: (_facts, reader) =>
        `请在配置中为每个节点设置各自的端口（或 IP），并用 ${seenAsWord(reader)} 写明。`,
    },
  }),
  master_given_by_name: row<{ host: string; version: string }>({
    severity: 'error',
    meaning: plain(
      'Up to 3.4 a node compares the address of its master with the IP address in the dump. With a name the full sync ends in Error.',
      '3.4 及以前的节点会把主节点地址与快照中记录的 IP 比较；用名称给出时，全量同步以 Error 结束。',
    ),
    text: {
      en: ({ node, master, host, version }) =>
        `${node} runs ${version} and would be told the name "${host}" for its master ${master}. The dump names the master by its IP address, so the full sync would end in Error.`,
      zh: ({ node, master, host, version }) =>
        `${node} 的版本是 ${version}，会得到主节点 ${master} 的名称“${host}”；而快照中记录的是 IP，全量同步会以 Error 结束。`,
    },
    nextStep: {
      en: (_facts, reader) =>
        `State the IP address of the master that the nodes use as ${seenAsWord(reader)}.`,
      zh: (_facts, reader) => `请用 ${seenAsWord(reader)} 写明各节点使用的主节点 IP 地址。`,
    },
  }),
  announced_port_differs: row<{ listens: number; told: number }>({
    severity: 'error',
    meaning: plain(
      'A node announces its own configured port to the master, not a mapped port. Under the port of the request the master’s list would never show it.',
      '节点向主节点报告的是自己配置的端口，而不是映射后的端口；按请求中的端口在主节点的列表里永远找不到它。',
    ),
    text: {
      en: ({ node, listens, told }) =>
        `${node} is configured for port ${listens}, and announces this port to the master, not ${told}.`,
      zh: ({ node, listens, told }) =>
        `${node} 配置的端口是 ${listens}，它向主节点报告的是这个端口，而不是 ${told}。`,
    },
    nextStep: {
      en: ({ listens }, reader) =>
        `State ${seenAsOf(`IP:${listens}`, reader)} for this node. IP is the address under which the master sees this node.`,
      zh: ({ listens }, reader) =>
        `请为该节点写明 ${seenAsOf(`IP:${listens}`, reader)}，其中 IP 是主节点看到的该节点地址。`,
    },
  }),
  node_seen_as_loopback: row<{ seenAs: string }>({
    severity: 'warning',
    meaning: plain(
      'The node is given by a loopback address although the master is not. The master will list it under another address.',
      '节点用环回地址给出，而主节点不是；主节点会以另一个地址列出它。',
    ),
    text: {
      en: ({ node, seenAs }) =>
        `${node} is given by a loopback address, but its master (${seenAs}) is not. The master will list the node under another address, so the service can find it by its port only.`,
      zh: ({ node, seenAs }) =>
        `${node} 用环回地址给出，而主节点（${seenAs}）不是。主节点会以另一个地址列出它，本服务只能凭端口辨认。`,
    },
    nextStep: stateIp,
  }),
  node_seen_by_name: row<{ host: string; port: number; samePort: number }>({
    severity: 'warning',
    meaning: plain(
      'The master lists its slaves by IP address, so a node given by name cannot be found in that list for certain.',
      '主节点按 IP 列出从节点，用名称给出的节点无法确定地在列表中找到。',
    ),
    text: {
      en: ({ node, host, port, samePort }) =>
        `${node} is given by the name "${host}", but the master lists slaves by IP address. The service can find it by its port only${samePort > 0 ? `; the master already lists ${counted(samePort, 'slave')} on port ${port}` : ''}.`,
      zh: ({ node, host, port, samePort }) =>
        `${node} 用名称“${host}”给出，而主节点按 IP 列出从节点，本服务只能凭端口辨认${samePort > 0 ? `；主节点的列表中已有 ${samePort} 个从节点使用端口 ${port}` : ''}。`,
    },
    nextStep: stateIp,
  }),
  loopback_trap: row<{ seenAs: string }>({
    severity: 'error',
    meaning: plain(
      'The master is given by a loopback address, but the node is elsewhere. Pika replaces 127.0.0.1 by an address of the node itself, so the node would look for the master on its own machine.',
      '主节点用环回地址给出，而节点在别的机器上。Pika 会把 127.0.0.1 换成节点自己的地址，节点就会在本机上找主节点。',
    ),
    text: {
      en: ({ node, seenAs }) =>
        `${node} would be told that its master is ${seenAs}. On the machine of ${node} this address leads to itself.`,
      zh: ({ node, seenAs }) => `${node} 会被告知主节点是 ${seenAs}，而在它自己的机器上这个地址指向它自己。`,
    },
    nextStep: {
      en: (_facts, reader) =>
        `Give the master by an address that the nodes can reach, as its address or as ${seenAsWord(reader)}.`,
      zh: (_facts, reader) => `请把主节点的地址（或 ${seenAsWord(reader)}）改成各节点能访问的地址。`,
    },
  }),
  ipv6_unsupported: row<{ seenAs: string }>({
    severity: 'error',
    meaning: plain(
      'Pika speaks IPv4 only between nodes (3.3.6 to 4.0.1).',
      'Pika 节点之间只支持 IPv4（3.3.6 至 4.0.1）。',
    ),
    text: {
      en: ({ node, seenAs }) =>
        node === ''
          ? `The nodes are to reach the master at ${seenAs}, but Pika nodes speak IPv4 only with each other.`
          : `The master is to see ${node} as ${seenAs}, but Pika nodes speak IPv4 only with each other.`,
      zh: ({ node, seenAs }) =>
        node === ''
          ? `各节点要通过 ${seenAs} 连接主节点，但 Pika 节点之间只支持 IPv4。`
          : `主节点要通过 ${seenAs} 看到 ${node}，但 Pika 节点之间只支持 IPv4。`,
    },
    nextStep: {
      en: ({ node }, reader) =>
        `State the IPv4 address of ${node === '' ? 'the master' : 'this node'} as ${seenAsWord(reader)}.`,
      zh: ({ node }, reader) =>
        `请用 ${seenAsWord(reader)} 写明${node === '' ? '主节点' : '该节点'}的 IPv4 地址。`,
    },
  }),
  master_port_too_high: row<{ port: number; shift: number }>({
    severity: 'warning',
    meaning: plain(
      'Pika derives further ports from its own, up to + 10001 (3.5.0 and later). Above 55534 that port does not exist.',
      'Pika 由自己的端口推算出其他端口，最大 + 10001（3.5.0 及以后）；端口大于 55534 时该端口不存在。',
    ),
    text: {
      en: ({ port, shift }) =>
        `The nodes are told port ${port} for the master. They pull its dump from port ${port} + ${shift} = ${port + shift}, but the highest port is 65535.`,
      zh: ({ port, shift }) =>
        `节点得到的主节点端口是 ${port}。它们从端口 ${port} + ${shift} = ${port + shift} 拉取快照，而端口最大为 65535。`,
    },
    nextStep: {
      en: ({ shift }, reader) =>
        `If the full sync does not begin, run the master on a port up to ${65_535 - shift}, or give the address that the nodes use as ${seenAsWord(reader)}.`,
      zh: ({ shift }, reader) =>
        `若全量同步无法开始，请让主节点使用不大于 ${65_535 - shift} 的端口，或用 ${seenAsWord(reader)} 写明各节点使用的地址。`,
    },
  }),
  master_port_mapped: row<{ listens: number; told: number }>({
    severity: 'warning',
    meaning: plain(
      'The master listens on another port than the nodes are told. They also connect to that port + 2000 and + 10001 (3.5.0 and later), so the mapping must keep these distances.',
      '主节点监听的端口与告知节点的不同。节点还要连接该端口 + 2000 和 + 10001（3.5.0 及以后），端口映射必须保持这两个间距。',
    ),
    text: {
      en: ({ listens, told }) =>
        `The master listens on port ${listens}, but the nodes are told ${told}. They also connect to ${told + 2000} and ${told + 10_001}.`,
      zh: ({ listens, told }) =>
        `主节点监听端口 ${listens}，而节点得到的是 ${told}。它们还会连接 ${told + 2000} 和 ${told + 10_001}。`,
    },
    nextStep: {
      en: ({ listens, told }, reader) =>
        `Check that ${told + 2000} and ${told + 10_001} lead to ${listens + 2000} and ${listens + 10_001} of the master, or give the address that the nodes use as ${seenAsWord(reader)}.`,
      zh: ({ listens, told }, reader) =>
        `请确认 ${told + 2000} 和 ${told + 10_001} 分别通到主节点的 ${listens + 2000} 和 ${listens + 10_001}，或用 ${seenAsWord(reader)} 写明各节点使用的地址。`,
    },
  }),
};
