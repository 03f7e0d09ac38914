import { counted } from '../text.ts';

/** `simulate`: simulated nodes to try the service on, and the faults that a person may give them. */
export const simulate = {
  title: (facts: { version: string; nodes: number; keys: number; writes: number }) =>
    `Simulated Pika ${facts.version}: a master with ${counted(facts.keys, 'key')} and ${counted(facts.writes, 'write')} a second, and ${counted(facts.nodes, 'empty node')}.`,
  serveStep: 'In a second terminal, start the service:',
  expandStep: 'In a third terminal, add the nodes as slaves:',
  lastWords: 'Ctrl-C ends all nodes. For faults, type a command; help lists them.',
  help: [
    'nodes            how each node is, and how many keys it has lost for good',
    'burst [N …]      SLAVEOF on several nodes, one after the other: the way that loses keys',
    'bgsave [N]       somebody else makes a dump on the master, or on node N',
    'kill N, start N  the process of a node ends, or starts again',
    'stall N [S]      a node gives no answer for S seconds (default 30)',
    'cut N, heal N    the network between the master and a node fails, or works again',
    'full N, free N   the disk of a node has no room for a copy, or has room again',
    'lose N           half of the keys of a node disappear, and nobody is told',
    'writes off|on    clients stop writing to the master, or go on',
    'quit             ends all nodes',
  ],
  unknownCommand: (word: string, nearest: string | null) =>
    nearest === null
      ? `There is no command "${word}". Type help.`
      : `There is no command "${word}". Did you mean ${nearest}?`,
  noSuchNode: (word: string, nodes: string) => `There is no node "${word}". The nodes are ${nodes}.`,
  nodeMissing: (nodes: string) => `Name a node: ${nodes}.`,
  notSeconds: (word: string) => `"${word}" is no number of seconds from 1 to 3600.`,
  onOrOff: 'Write "writes off" or "writes on".',
  noNodeLeft: 'All nodes are slaves already. Name the nodes that shall be attached again: burst n1 n2 n3',
  master: (facts: { slaves: number; keys: number }) =>
    `master of ${counted(facts.slaves, 'slave')}, ${counted(facts.keys, 'key')}`,
  empty: 'no slave, empty',
  noSlave: (facts: { keys: number }) => `no slave, ${counted(facts.keys, 'key')}`,
  slave: (facts: { link: string; inFullSync: boolean; keys: number; lost: number }) =>
    `slave, link ${facts.link}${facts.inFullSync ? ', in full sync' : ''}, ${counted(facts.keys, 'key')}${facts.inFullSync || facts.lost === 0 ? '' : `, ${counted(facts.lost, 'key')} lost`}`,
  down: 'its process has ended',
  downFor: (reason: string) => `its process has ended: ${reason}`,
  ended: (node: string) => `${node}: the process has ended.`,
  started: (node: string) => `${node}: the process runs.`,
  runs: (node: string) => `${node} runs already.`,
  endedAlready: (node: string) => `${node} has ended already: start ${node}`,
  dump: (node: string) => `${node} makes a dump.`,
  sent: (node: string, reply: string) => `${node}: SLAVEOF, answer ${reply}`,
  noAnswer: (node: string) => `${node} gives no answer now.`,
  stalled: (node: string, seconds: number) => `${node} gives no answer for ${seconds} s.`,
  cut: (node: string) => `The network between the master and ${node} is cut: heal ${node}`,
  healed: (node: string) => `The network between the master and ${node} works again.`,
  full: (node: string) => `The disk of ${node} has no room for a copy: free ${node}`,
  free: (node: string) => `The disk of ${node} has room again.`,
  lost: (node: string, keys: number) => `${node} has lost ${counted(keys, 'key')}.`,
  writesOff: 'Clients have stopped writing to the master.',
  writesOn: 'Clients write to the master again.',
  notAVersion: (text: string, all: string) => `--version is "${text}"; the simulated versions are ${all}.`,
  notANumber: (flag: string, text: string, least: number, most: number) =>
    `${flag} is "${text}"; give a whole number from ${least} to ${most}.`,
  portTaken: (port: number) => `The nodes cannot listen: port ${port} is in use.`,
  otherPort: 'Take other ports: --port N (the nodes listen on N, N + 1, …, and 2000 and 10001 above these).',
};
